/** Paths of the storage: segments joined by '/', neither a leading nor a trailing one; '' is the root. */

/** Bring a path with superfluous slashes into that form; a name may begin and end with spaces. */
export function normalizePath(text: string): string {
  return text
    .split('/')
    .filter(segment => segment !== '')
    .join('/');
}

/** The directory that contains a path; the root contains itself. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last segment of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a name means in a directory. */
export function joinPath(directory: string, name: string): string {
  return [directory, name].filter(part => part !== '').join('/');
}

/** Percent-encode each segment once, so that no name can become a separator, query or fragment. */
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
