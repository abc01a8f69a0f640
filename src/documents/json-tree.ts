/** What is nested deeper is shown as text: no file for people is, and each level takes memory. */
const MAX_DEPTH = 1000;

/** How many children are shown in one place; more are divided into groups. */
const GROUP = 1000;

/** Characters of a value or a key that are shown. */
export const MAX_VALUE = 10_000;

/** A row of the tree. */
export interface INode {
  /** The key in the object, the index in the array, or the range of them; null for the whole file. */
  key: string | null;
  value: unknown;
  depth: number;
  isOpen: boolean;
  /** How many values an object, an array or a group has; null for anything else. */
  size: number | null;
  /** Which children a group has; null where it is the value itself. */
  range: readonly [start: number, stop: number] | null;
}

/** Read JSON (RFC 8259); undefined where it is none, or nested too deep. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON value as rows, of which only those exist that somebody has opened. */
export class JsonTree {
  constructor(value: unknown) {
    this.rows = [nodeOf(null, value, 0)];
    this.toggle(0);
  }

  rows: readonly INode[];

  /** Open a row, or close it with all that is in it. */
  toggle(index: number): void {
    const node = this.rows[index];
    const children = childrenOf(node);
    if (children.length === 0) {
      return;
    }
    let stop = index + 1;
    while (stop < this.rows.length && this.rows[stop].depth > node.depth) {
      stop += 1;
    }
    this.rows = [
      ...this.rows.slice(0, index),
      { ...node, isOpen: !node.isOpen },
      ...(node.isOpen ? [] : children),
      ...this.rows.slice(stop)
    ];
  }

  /** The row that contains this one; the first one contains itself. */
  parentOf(index: number): number {
    const { depth } = this.rows[index];
    let parent = index;
    while (parent > 0 && this.rows[parent].depth >= depth) {
      parent -= 1;
    }
    return parent;
  }
}

function nodeOf(key: string | null, value: unknown, depth: number): INode {
  return { key, value, depth, isOpen: false, size: sizeOf(value), range: null };
}

function sizeOf(value: unknown): number | null {
  if (Array.isArray(value)) {
    return value.length;
  }
  return typeof value === 'object' && value !== null
    ? Object.keys(value).length
    : null;
}

function childrenOf(node: INode): INode[] {
  const size = node.size ?? 0;
  const [start, stop] = node.range ?? [0, size];
  const depth = node.depth + 1;
  const children: INode[] = [];
  if (size > GROUP) {
    let step = GROUP;
    while (step * GROUP < size) {
      step *= GROUP;
    }
    for (let from = start; from < stop; from += step) {
      const to = Math.min(stop, from + step);
      children.push({
        key: `${from} … ${to - 1}`,
        value: node.value,
        depth,
        isOpen: false,
        size: to - from,
        range: [from, to]
      });
    }
    return children;
  }
  const value = node.value as Record<string, unknown>;
  const keys = Array.isArray(value) ? null : Object.keys(value);
  for (let index = start; index < stop; index++) {
    const key = keys ? keys[index] : String(index);
    children.push(nodeOf(key, value[key], depth));
  }
  return children;
}

/** Whether brackets are nested deeper than is shown; those in strings do not count. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isString = false;
  for (let position = 0; position < text.length; position++) {
    const character = text[position];
    if (isString) {
      if (character === '\\') {
        position += 1;
      } else if (character === '"') {
        isString = false;
      }
    } else if (character === '"') {
      isString = true;
    } else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > MAX_DEPTH) {
        return true;
      }
    } else if (character === ']' || character === '}') {
      depth -= 1;
    }
  }
  return false;
}
