/** Storage paths: segments joined by '/', without a leading or trailing slash; '' is the root. */

/** Remove superfluous slashes; spaces at either end are part of a name. */
export function normalizePath(text: string): string {
  return text
    .split('/')
    .filter(segment => segment !== '')
    .join('/');
}

/** The parent directory; the root is its own parent. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last segment of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Append a name to a directory's path. */
export function joinPath(directory: string, name: string): string {
  return [directory, name].filter(part => part !== '').join('/');
}

/** Percent-encode each segment, so that no name can act as a separator, query or fragment. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The directories from the root's child down to the path itself. */
export function crumbsOf(path: string): { name: string; path: string }[] {
  if (path === '') {
    return [];
  }
  const segments = path.split('/');
  return segments.map((name, index) => ({
    name,
    path: segments.slice(0, index + 1).join('/')
  }));
}
