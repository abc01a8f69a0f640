/** Maximum nesting; deeper JSON is shown as text, because each level takes memory. */
const MAX_DEPTH = 1000;

/** Maximum number of children shown at once; more are divided into groups. */
const GROUP = 1000;

/** Maximum number of characters shown of a value or key. */
export const MAX_VALUE = 10_000;

/** A row of the tree. */
export interface INode {
  /** Its key, index, or range of indices; null for the root. */
  key: string | null;
  value: unknown;
  depth: number;
  isOpen: boolean;
  /** Number of values in an object, array or group; null for other values. */
  size: number | null;
  /** The range of children in a group; null for a value. */
  range: readonly [start: number, stop: number] | null;
}

/** Parse JSON (RFC 8259); undefined if it is invalid or nested too deeply. */
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

/** A JSON value as the rows of a tree; rows are created when their parent is expanded. */
export class JsonTree {
  constructor(value: unknown) {
    this.rows = [nodeOf(null, value, 0)];
    this.toggle(0);
  }

  rows: readonly INode[];

  /** Expand a row, or collapse it with all rows below it. */
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

  /** The parent row; the root is its own parent. */
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

/** Whether brackets outside strings are nested too deeply. */
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
