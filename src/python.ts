import { IEntry } from './api';

/** Write a notebook cell that downloads these. */
export function downloadCode(entries: readonly IEntry[]): string {
  const calls = entries.map(({ path, type }) => {
    // A JSON string is a Python string: the escapes of JSON mean the same in Python.
    const literal = JSON.stringify(path);
    return type === 'directory'
      ? `ctadata.fetch_and_save_file_or_dir(${literal}, recursive=True)`
      : `ctadata.fetch_and_save_file(${literal})`;
  });
  return ['import ctadata', ...calls, ''].join('\n');
}
