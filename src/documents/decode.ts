import { Contents } from '@jupyterlab/services';

import { RequestError } from '../request';

/** How many bytes are made characters at once: a call takes only so many arguments. */
const PIECE = 1 << 15;

/**
 * Make of a file's bytes what a document of that format expects.
 *
 * @throws RequestError; 'no-viewer' where they are something else
 */
export function decode(
  bytes: Uint8Array,
  format: NonNullable<Contents.FileFormat>
): unknown {
  switch (format) {
    case 'base64':
      return toBase64(bytes);
    case 'text':
      return toText(bytes);
    case 'json':
      return toNotebook(toText(bytes));
  }
}

function toBase64(bytes: Uint8Array): string {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += PIECE) {
    pieces.push(String.fromCharCode(...bytes.subarray(start, start + PIECE)));
  }
  return btoa(pieces.join(''));
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

/** Read a notebook (nbformat 4), none of whose outputs are trusted, whatever it says of itself. */
function toNotebook(text: string): unknown {
  let notebook;
  try {
    notebook = JSON.parse(text);
  } catch {
    throw new RequestError('no-viewer', '');
  }
  if (notebook?.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new RequestError('no-viewer', '');
  }
  for (const cell of notebook.cells) {
    // The Jupyter server decides that of its own files, by their signatures.
    delete cell?.metadata?.trusted;
  }
  return notebook;
}
