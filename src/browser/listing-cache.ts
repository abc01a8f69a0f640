import { IDirectory } from '../api/directory';

/** Maximum number of entries in the cache. */
const MAX_ENTRIES = 400_000;

/**
 * Recent listings, so that going back needs no request; the least recently used are dropped first.
 *
 * A directory's version counts its changes: the answer to a request sent before the last change may
 * be out of date.
 */
export class ListingCache {
  constructor(private _maxEntries = MAX_ENTRIES) {}

  get(path: string): IDirectory | null {
    const directory = this._directories.get(path);
    if (!directory) {
      return null;
    }
    // Now the most recently used.
    this._directories.delete(path);
    this._directories.set(path, directory);
    return directory;
  }

  version(path: string): number {
    return this._versions.get(path) ?? 0;
  }

  /** Keep a listing, unless the directory has changed since this version. */
  set(directory: IDirectory, version = this.version(directory.path)): void {
    if (version !== this.version(directory.path)) {
      return;
    }
    this.delete(directory.path);
    this._directories.set(directory.path, directory);
    this._entries += directory.length;
    for (const path of this._directories.keys()) {
      if (this._entries <= this._maxEntries) {
        return;
      }
      this.delete(path);
    }
  }

  /** Drop the listing of a directory that has changed. */
  invalidate(path: string): void {
    this._versions.set(path, this.version(path) + 1);
    this.delete(path);
  }

  delete(path: string): void {
    const directory = this._directories.get(path);
    if (directory) {
      this._directories.delete(path);
      this._entries -= directory.length;
    }
  }

  private _directories = new Map<string, IDirectory>();
  private _versions = new Map<string, number>();
  private _entries = 0;
}
