import { IDirectory } from '../api/directory';
import { fold } from '../common/natural-order';
import { normalizePath } from '../common/paths';

/** Maximum number of suggestions. */
const MAX = 50;

/** Split a typed path into a complete directory and the start of a name in it. */
export function splitTyped(text: string): { parent: string; start: string } {
  const end = text.lastIndexOf('/') + 1;
  return {
    parent: normalizePath(text.slice(0, end).trimStart()),
    start: text.slice(end).trimStart()
  };
}

/** The paths that start with the typed text; those of directories end with a slash. */
export function completions(directory: IDirectory, start: string): string[] {
  const wanted = fold(start);
  const prefix = directory.path === '' ? '' : `${directory.path}/`;
  const found: string[] = [];
  for (let index = 0; index < directory.length && found.length < MAX; index++) {
    const name = directory.name(index);
    if (fold(name).startsWith(wanted)) {
      found.push(prefix + name + (directory.isDirectory(index) ? '/' : ''));
    }
  }
  return found;
}

/** Of these paths, those that start with the typed text. */
export function fitting(paths: readonly string[], text: string): string[] {
  const { parent, start } = splitTyped(text);
  const wanted = fold(parent === '' ? start : `${parent}/${start}`);
  return paths.filter(path => fold(path).startsWith(wanted));
}

/** The longest common prefix. */
export function commonStart(paths: readonly string[]): string {
  let common = paths[0] ?? '';
  for (const path of paths) {
    let length = 0;
    while (length < common.length && common[length] === path[length]) {
      length += 1;
    }
    common = common.slice(0, length);
  }
  return common;
}
