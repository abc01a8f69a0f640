import { ISignal, Signal } from '@lumino/signaling';

import { RequestError, toRequestError } from '../api/errors';
import { IEntry, ILocalFolder } from '../api/types';
import { ICTADataAPI } from '../tokens';

/** Bytes from which a download counts as large. */
const LARGE = 1024 ** 3;

/** A planned download into the workspace: its size, its target, and the free space there. */
export class DownloadPlan {
  constructor(
    private _api: ICTADataAPI,
    readonly entries: readonly IEntry[],
    folder: string
  ) {
    this._folder = folder;
    this._uncounted = entries.filter(({ size }) => size === null);
    this._bytes = this._known = entries.reduce(
      (sum, { size }) => sum + (size ?? 0),
      0
    );
    this._files = entries.length - this._uncounted.length;
  }

  /** Emitted when the views must render again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Bytes counted so far. */
  get bytes(): number {
    return this._bytes;
  }

  /** Files counted so far. */
  get files(): number {
    return this._files;
  }

  get counting(): boolean {
    return this._count !== null;
  }

  /** Whether everything has been counted. */
  get counted(): boolean {
    return this._uncounted.length === 0;
  }

  /** Why counting failed. */
  get error(): RequestError | null {
    return this._error;
  }

  get folder(): string {
    return this._folder;
  }

  /** Free bytes on the folder's disk; null while unknown. */
  get free(): number | null {
    return this._local && this._local.free;
  }

  /** Bytes missing on the disk for what has been counted. */
  get lacking(): number {
    return this.free === null ? 0 : Math.max(0, this._bytes - this.free);
  }

  /** Whether it is large enough to ask for confirmation. */
  get isLarge(): boolean {
    return !this.counted || this._bytes > LARGE || this.lacking > 0;
  }

  /** Count the files in the directories. */
  async count(): Promise<void> {
    if (this.counted || this._count) {
      return;
    }
    const count = new AbortController();
    const files = this._files;
    this._count = count;
    try {
      const { failures } = await this._api.totals(
        this._uncounted.map(({ path }) => path),
        line => {
          this._bytes = this._known + line.bytes;
          this._files = files + line.files;
          this._changed.emit();
        },
        count.signal
      );
      const [failure] = failures ?? [];
      if (failure) {
        this._error = new RequestError(failure.code, failure.message);
      } else {
        this._uncounted = [];
      }
    } catch (error) {
      if (!count.signal.aborted) {
        this._error = toRequestError(error);
      }
    }
    this._count = null;
    this._changed.emit();
  }

  /** Stop counting. */
  stop(): void {
    this._count?.abort();
  }

  /** Choose another folder. */
  async into(folder: string): Promise<void> {
    this._folder = folder;
    this._local = null;
    await this.look();
  }

  /** Find out how much space is free. */
  async look(): Promise<void> {
    const folder = this._folder;
    try {
      const local = await this._api.localFiles(folder);
      if (folder === this._folder) {
        this._local = local;
      }
    } catch (error) {
      // The download itself will find out.
      console.warn('ctadata: free space unknown:', error);
    }
    this._changed.emit();
  }

  private _uncounted: readonly IEntry[];
  private _known: number;
  private _bytes: number;
  private _files: number;
  private _folder: string;
  private _local: ILocalFolder | null = null;
  private _count: AbortController | null = null;
  private _error: RequestError | null = null;
  private _changed = new Signal<this, void>(this);
}
