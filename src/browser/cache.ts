import { Directory } from './collection';

/** Entries that are kept altogether. */
const MAX_ENTRIES = 400_000;

/** Listings that were shown before, so that going back needs no waiting; the oldest go first. */
export class ListingCache {
  constructor(private _maxEntries = MAX_ENTRIES) {}

  get(path: string): Directory | null {
    const directory = this._directories.get(path);
    if (!directory) {
      return null;
    }
    // It is the youngest now.
    this._directories.delete(path);
    this._directories.set(path, directory);
    return directory;
  }

  set(directory: Directory): void {
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

  delete(path: string): void {
    const directory = this._directories.get(path);
    if (directory) {
      this._directories.delete(path);
      this._entries -= directory.length;
    }
  }

  private _directories = new Map<string, Directory>();
  private _entries = 0;
}
