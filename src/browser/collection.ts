import { IDirectory } from '../api/directory';
import { IEntry } from '../api/types';
import {
  compareNaturally,
  compareText,
  naturalKey
} from '../common/natural-order';

/**
 * A list of entries: the content of a directory, or the results of a search.
 *
 * Stored in columns, because a directory may have 100,000 entries. An entry becomes an object only
 * when it is used.
 */
export interface ICollection extends Pick<
  IDirectory,
  | 'length'
  | 'directories'
  | 'name'
  | 'isDirectory'
  | 'size'
  | 'modified'
  | 'entry'
> {
  /** A key that is unique in the collection. Without it, names are unique. */
  key?(index: number): string;
  /** The natural order of names, directories first; without it, the entries are already in it. */
  naturalOrder?(): Uint32Array;
}

/** The results of a search so far, in the order in which they were found. */
export class SearchResults implements ICollection {
  constructor(readonly path: string) {}

  get length(): number {
    return this._entries.length;
  }

  get directories(): number {
    return this._directories;
  }

  add(entries: readonly IEntry[]): void {
    for (const entry of entries) {
      this._entries.push(entry);
      this._keys.push(naturalKey(entry.name));
      this._directories += entry.type === 'directory' ? 1 : 0;
    }
  }

  /** The path relative to the directory where the search began. */
  key(index: number): string {
    const { path } = this._entries[index];
    return this.path === '' ? path : path.slice(this.path.length + 1);
  }

  name(index: number): string {
    return this._entries[index].name;
  }

  isDirectory(index: number): boolean {
    return this._entries[index].type === 'directory';
  }

  size(index: number): number | null {
    return this._entries[index].size;
  }

  modified(index: number): number | null {
    return this._entries[index].modified;
  }

  entry(index: number): IEntry {
    return this._entries[index];
  }

  naturalOrder(): Uint32Array {
    const rank = (index: number) => (this.isDirectory(index) ? 0 : 1);
    const entries = this._entries;
    const keys = this._keys;
    return Uint32Array.from(keys.keys()).sort(
      (a, b) =>
        rank(a) - rank(b) ||
        compareText(keys[a], keys[b]) ||
        compareText(entries[a].name, entries[b].name) ||
        compareNaturally(entries[a].path, entries[b].path)
    );
  }

  private _entries: IEntry[] = [];
  private _keys: string[] = [];
  private _directories = 0;
}
