import { ImageType, imageType } from './images';
import { shorten, withoutEscapes } from './texts';

/** Characters of a text that are shown. */
const MAX_TEXT = 100_000;

/** Outputs of a cell that are shown. */
const MAX_OUTPUTS = 100;

/** MIME types of an output that a note names, and characters of each. */
const MAX_TYPES = 5;
const MAX_TYPE = 60;

/** What is shown of an output. */
export type Output =
  | { kind: 'text'; text: string; isError: boolean }
  | { kind: 'image'; bytes: Uint8Array; type: ImageType }
  | { kind: 'table'; rows: string[][] }
  /** What is not shown: its MIME types, without parameters of ours. */
  | { kind: 'note'; types: string[] };

/** What is shown of a cell. */
export interface ICell {
  type: 'code' | 'markdown' | 'raw';
  source: string;
  /** The number in the prompt. */
  count: number | null;
  outputs: Output[];
  /** How many outputs and attachments are left out altogether. */
  moreOutputs: number;
  attachments: number;
}

/** Takes the tables out of HTML, as rows of text; null where there is none. */
export type Tabulate = (html: string) => string[][] | null;

type Fields = Readonly<Record<string, unknown>>;

/** The cells of a notebook (nbformat 4), not looked at yet; null where it is none. */
export function cellsOf(value: unknown): unknown[] | null {
  const { nbformat, cells } = fieldsOf(value);
  return nbformat === 4 && Array.isArray(cells) ? cells : null;
}

/**
 * Make of a cell what can be shown without running or fetching anything.
 *
 * Nothing else of it is used: neither metadata nor attachments.
 */
export function readCell(cell: unknown, tabulate: Tabulate): ICell {
  const fields = fieldsOf(cell);
  const type = fields.cell_type;
  const outputs =
    type === 'code' && Array.isArray(fields.outputs) ? fields.outputs : [];
  const count = fields.execution_count;
  return {
    type: type === 'code' || type === 'markdown' ? type : 'raw',
    source: cut(textOf(fields.source)),
    count: typeof count === 'number' ? count : null,
    outputs: outputs
      .slice(0, MAX_OUTPUTS)
      .flatMap(output => readOutput(fieldsOf(output), tabulate)),
    moreOutputs: Math.max(0, outputs.length - MAX_OUTPUTS),
    attachments: Object.keys(fieldsOf(fields.attachments)).length
  };
}

function readOutput(output: Fields, tabulate: Tabulate): Output[] {
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
      return readBundle(fieldsOf(output.data), tabulate);
    default:
      return [{ kind: 'note', types: [] }];
  }
}

/** Of several forms of one output the best that is harmless, and a note where a text stands for something else. */
function readBundle(data: Fields, tabulate: Tabulate): Output[] {
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

/** An image of one of the formats that are shown, whatever it is said to be. */
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

/** A text of a notebook: one string or several lines. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) {
    return value.filter(line => typeof line === 'string').join('');
  }
  return typeof value === 'string' ? value : '';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
