import { ITableCell, tabulate } from './html-table';
import { ImageType, imageType } from './image-type';
import { shorten, withoutEscapes } from './plain-text';

/** Maximum number of characters shown of a text. */
const MAX_TEXT = 100_000;

/** Maximum number of outputs shown per cell. */
const MAX_OUTPUTS = 100;

/** Maximum number of outputs and table cells shown per cell, and per batch of cells. */
const MAX_WEIGHT = 10_000;

/** Cells per batch. */
const PAGE = 200;

/** Maximum number of MIME types named in a note, and characters of each. */
const MAX_TYPES = 5;
const MAX_TYPE = 60;

/** A displayable output. */
export type Output =
  | { kind: 'text'; text: string; isError: boolean }
  | { kind: 'image'; bytes: Uint8Array; type: ImageType }
  | { kind: 'table'; rows: ITableCell[][] }
  /** The MIME types of an output that is not shown. */
  | { kind: 'note'; types: string[] };

/** A displayable cell. */
export interface ICell {
  type: 'code' | 'markdown' | 'raw';
  source: string;
  /** The number in the prompt. */
  count: number | null;
  outputs: Output[];
  /** Number of outputs and attachments left out. */
  moreOutputs: number;
  attachments: number;
  /** Its size on the page. */
  weight: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** The unparsed cells of a notebook (nbformat 4); null if it is not a notebook. */
export function cellsOf(value: unknown): unknown[] | null {
  const { nbformat, cells } = fieldsOf(value);
  return nbformat === 4 && Array.isArray(cells) ? cells : null;
}

/** The next batch of cells, from this one on. */
export function readPage(cells: readonly unknown[], start: number): ICell[] {
  const page = [];
  let weight = 0;
  while (page.length < PAGE && weight < MAX_WEIGHT) {
    if (start + page.length === cells.length) {
      break;
    }
    const cell = readCell(cells[start + page.length]);
    page.push(cell);
    weight += cell.weight;
  }
  return page;
}

/**
 * Reduce a cell to what can be shown without running or fetching anything.
 *
 * Metadata and attachments are not used.
 */
export function readCell(cell: unknown): ICell {
  const fields = fieldsOf(cell);
  const type = fields.cell_type;
  const given =
    type === 'code' && Array.isArray(fields.outputs) ? fields.outputs : [];
  const outputs: Output[] = [];
  let read = 0;
  let weight = 1;
  while (read < Math.min(MAX_OUTPUTS, given.length) && weight < MAX_WEIGHT) {
    const shown = readOutput(fieldsOf(given[read]));
    outputs.push(...shown);
    read += 1;
    weight += shown.reduce((sum, output) => sum + weightOf(output), 0);
  }
  const count = fields.execution_count;
  return {
    type: type === 'code' || type === 'markdown' ? type : 'raw',
    source: cut(textOf(fields.source)),
    count: typeof count === 'number' ? count : null,
    outputs,
    moreOutputs: given.length - read,
    attachments: Object.keys(fieldsOf(fields.attachments)).length,
    weight
  };
}

function weightOf(output: Output): number {
  return output.kind === 'table'
    ? output.rows
        .flat()
        .reduce((sum, { colSpan, rowSpan }) => sum + colSpan * rowSpan, 0)
    : 1;
}

function readOutput(output: Fields): Output[] {
  switch (output.output_type) {
    case 'stream':
      return [textOutput(textOf(output.text), output.name === 'stderr')];
    case 'error': {
      const { ename, evalue, traceback } = output;
      const lines = Array.isArray(traceback) ? traceback.map(textOf) : [];
      const text = lines.join('\n') || `${textOf(ename)}: ${textOf(evalue)}`;
      return [textOutput(text, true)];
    }
    case 'display_data':
    case 'execute_result':
      return readBundle(fieldsOf(output.data));
    default:
      return [{ kind: 'note', types: [] }];
  }
}

/** The best harmless representation of an output, and a note if a text replaces something richer. */
function readBundle(data: Fields): Output[] {
  for (const type of ['image/png', 'image/jpeg', 'image/gif']) {
    const image = readImage(textOf(data[type]));
    if (image) {
      return [image];
    }
  }
  const rows = tabulate(textOf(data['text/html']));
  if (rows) {
    return [{ kind: 'table', rows }];
  }
  const others = Object.keys(data).filter(type => type !== 'text/plain');
  const types = others.slice(0, MAX_TYPES).map(type => shorten(type, MAX_TYPE));
  const note: Output = {
    kind: 'note',
    types: others.length > MAX_TYPES ? [...types, '…'] : types
  };
  const text = textOf(data['text/plain']);
  if (text === '') {
    return [note];
  }
  return [textOutput(text, false), ...(others.length > 0 ? [note] : [])];
}

/** An image in a supported format, whatever its declared MIME type. */
function readImage(base64: string): Output | null {
  let binary;
  try {
    binary = atob(base64);
  } catch {
    return null;
  }
  const bytes = Uint8Array.from(binary, character => character.charCodeAt(0));
  const type = imageType(bytes);
  return type && { kind: 'image', bytes, type };
}

function textOutput(text: string, isError: boolean): Output {
  return { kind: 'text', text: withoutEscapes(cut(text)), isError };
}

function cut(text: string): string {
  return shorten(text, MAX_TEXT);
}

/** A notebook's text: a string or a list of lines. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) {
    return value.filter(line => typeof line === 'string').join('');
  }
  return typeof value === 'string' ? value : '';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
