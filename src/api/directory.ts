import { baseName } from '../common/paths';
import { IColumns, IEntry } from './types';

/** The entries of a directory by index: in natural order, directories first. */
export interface IDirectory {
  readonly path: string;
  /** Whether the directory has more entries than were sent. */
  readonly truncated: boolean;
  /** The directory itself, as an entry of the one that contains it. */
  readonly own: IEntry;
  /** The number of entries. */
  readonly length: number;
  /** The number of directories, which come first. */
  readonly directories: number;
  name(index: number): string;
  isDirectory(index: number): boolean;
  /** Bytes; null where the storage does not say. */
  size(index: number): number | null;
  /** Seconds since 1970 (UTC). */
  modified(index: number): number | null;
  entry(index: number): IEntry;
}

/** Whether a listed path is a directory; a file is just its entry. */
export function isDirectory(listed: IDirectory | IEntry): listed is IDirectory {
  return 'entry' in listed;
}

/** A directory in columns, as the server sends it. */
export class Directory implements IDirectory {
  constructor(
    readonly path: string,
    private _columns: IColumns,
    /** Whether there are more entries than were sent. */
    readonly truncated: boolean
  ) {}

  /** This directory as an entry of its parent. */
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
}
