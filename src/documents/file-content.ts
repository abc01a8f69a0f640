import { RequestError } from '../api/errors';
import { CsvTable } from './csv-table';
import { ImageType, imageType } from './image-type';
import { parseJson } from './json-tree';
import { cellsOf } from './notebook-cells';

/**
 * What a file is shown as: this is all there is.
 *
 * JupyterLab's own viewers are not asked, nor those of its extensions: many of them run or fetch what a file says.
 */
export type Content =
  | { kind: 'text'; text: string }
  | { kind: 'image'; bytes: Uint8Array; type: ImageType }
  | { kind: 'table'; table: CsvTable }
  | { kind: 'json'; value: unknown }
  | { kind: 'notebook'; cells: unknown[] };

const IMAGES = ['bmp', 'gif', 'jpeg', 'jpg', 'png', 'webp'];

/** Files that need not come, since nothing of them can be shown. */
const BINARY =
  /^(7z|avif|bz2|docx?|exe|fits?|fz|gz|h5|hdf5?|heic|mp[34]|npy|npz|odt|parquet|pdf|pickle|pkl|pptx?|root|so|tar|tgz|tiff?|whl|xlsx?|xz|zip|zst)$/;

/**
 * Tell whether a file of that name can be shown at all, as far as the name says.
 *
 * @throws RequestError; 'no-viewer' where it cannot
 */
export function checkName(name: string): void {
  if (BINARY.test(endingOf(name))) {
    throw new RequestError('no-viewer', '');
  }
}

/**
 * Make of a file's bytes what is shown. The name says what is tried, the bytes whether that is true; what is text is
 * shown as text otherwise.
 *
 * @throws RequestError; 'no-viewer' where it is nothing of all this
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
