import { IEntry } from '../api/client';
import {
  compareNaturally,
  compareText,
  naturalKey
} from '../common/natural-order';
import { baseName } from '../common/paths';

/** What a directory contains, in columns: one item for each name, the directories first. */
export interface IColumns {
  names: string[];
  /** How many of the first ones are directories. */
  directories: number;
  /** Bytes; null where the storage does not say. */
  sizes: (number | null)[];
  /** Seconds since 1970 (UTC). */
  modified: (number | null)[];
}

/**
 * Entries that are listed together: those of a directory, or those that a search has found.
 *
 * Kept in columns, since a directory may have 100,000 of them; a row becomes an object only when
 * somebody looks at it.
 */
export interface ICollection {
  readonly length: number;
  /** How many of the entries are directories. */
  readonly directories: number;
  /** What nothing else in the collection is called. */
  key(index: number): string;
  name(index: number): string;
  isDirectory(index: number): boolean;
  size(index: number): number | null;
  modified(index: number): number | null;
  entry(index: number): IEntry;
  /** Natural order of names, directories first; null where the entries are in it already. */
  naturalOrder(): Uint32Array | null;
}

/** A directory's entries, in the server's order, which is the natural one. */
export class Directory implements ICollection {
  constructor(
    readonly path: string,
    private _columns: IColumns,
    /** Whether there are more entries than were sent. */
    readonly truncated: boolean
  ) {}

  /** The directory itself, as an entry of the one that contains it. */
  get own(): IEntry {
    return {
      name: baseName(this.path),
      path: this.path,
      type: 'directory',
      size: null,
      modified: null
    };
  }

  get length(): number {
    return this._columns.names.length;
  }

  get directories(): number {
    return this._columns.directories;
  }

  key(index: number): string {
    return this._columns.names[index];
  }

  name(index: number): string {
    return this._columns.names[index];
  }

  isDirectory(index: number): boolean {
    return index < this._columns.directories;
  }

  size(index: number): number | null {
    return this._columns.sizes[index];
  }

  modified(index: number): number | null {
    return this._columns.modified[index];
  }

  entry(index: number): IEntry {
    const name = this.name(index);
    return {
      name,
      path: this.path === '' ? name : `${this.path}/${name}`,
      type: this.isDirectory(index) ? 'directory' : 'file',
      size: this.size(index),
      modified: this.modified(index)
    };
  }

  naturalOrder(): null {
    return null;
  }
}

/** What a search has found so far below a directory, in the order of finding. */
export class Findings implements ICollection {
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

  /** The path from the directory where the search began. */
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
