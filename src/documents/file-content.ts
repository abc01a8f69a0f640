import { RequestError } from '../api/errors';
import { CsvTable } from './csv-table';
import { ImageType, imageType } from './image-type';
import { parseJson } from './json-tree';
import { cellsOf } from './notebook-cells';

/**
 * The kinds of content that the panel can preview.
 *
 * JupyterLab's viewers and those of its extensions are not used: many of them run or fetch what a file contains.
 */
export type Content =
  | { kind: 'text'; text: string }
  | { kind: 'image'; bytes: Uint8Array; type: ImageType }
  | { kind: 'table'; table: CsvTable }
  | { kind: 'json'; value: unknown }
  | { kind: 'notebook'; cells: unknown[] };

const IMAGES = ['bmp', 'gif', 'jpeg', 'jpg', 'png', 'webp'];

/** Files that are not fetched, because they cannot be previewed. */
const BINARY =
  /^(7z|avif|bz2|docx?|exe|fits?|fz|gz|h5|hdf5?|heic|mp[34]|npy|npz|odt|parquet|pdf|pickle|pkl|pptx?|root|so|tar|tgz|tiff?|whl|xlsx?|xz|zip|zst)$/;

/**
 * Check by its name whether a file may be previewable.
 *
 * @throws RequestError; 'no-viewer' if it is not
 */
export function checkName(name: string): void {
  if (BINARY.test(endingOf(name))) {
    throw new RequestError('no-viewer', '');
  }
}

/**
 * Decode a file's bytes for the preview. The name selects the format, the bytes must confirm it; other UTF-8 is shown
 * as text.
 *
 * @throws RequestError; 'no-viewer' if no format fits
 */
export function contentOf(name: string, bytes: Uint8Array): Content {
  const ending = endingOf(name);
  const type = IMAGES.includes(ending) ? imageType(bytes) : null;
  if (type) {
    return { kind: 'image', bytes, type };
  }
  const text = toText(bytes);
  if (ending === 'csv' || ending === 'tsv') {
    const table = new CsvTable(text, ending === 'tsv' ? '\t' : undefined);
    return { kind: 'table', table };
  }
  const value =
    ending === 'ipynb' || /json$/.test(ending) ? parseJson(text) : undefined;
  const cells = ending === 'ipynb' ? cellsOf(value) : null;
  if (cells) {
    return { kind: 'notebook', cells };
  }
  return value === undefined ? { kind: 'text', text } : { kind: 'json', value };
}

function endingOf(name: string): string {
  return /\.([^.]*)$/.exec(name)?.[1].toLowerCase() ?? '';
}

function toText(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) {
      return text;
    }
  } catch {
    // It is not UTF-8.
  }
  throw new RequestError('no-viewer', '');
}
