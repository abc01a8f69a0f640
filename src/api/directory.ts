import { baseName } from '../common/paths';
import { IColumns, IEntry } from './types';

/** A directory's entries in the server's order, the natural one. */
export class Directory {
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
