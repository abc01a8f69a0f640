import { ISignal, Signal } from '@lumino/signaling';

import { API } from '../api/client';
import { RequestError, toRequestError } from '../api/errors';
import { IEntry, ILocalFolder } from '../api/types';

/** From so many bytes on a download is large. */
const LARGE = 1024 ** 3;

/** A download into the workspace before it starts: how much it is, where it goes, what room there is. */
export class DownloadPlan {
  constructor(
    private _api: API,
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

  /** Emitted whenever there is something to render anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Bytes, as far as they are counted. */
  get bytes(): number {
    return this._bytes;
  }

  /** Files, as far as they are counted. */
  get files(): number {
    return this._files;
  }

  get counting(): boolean {
    return this._count !== null;
  }

  /** Whether all of it has been counted. */
  get counted(): boolean {
    return this._uncounted.length === 0;
  }

  /** What prevented the counting. */
  get error(): RequestError | null {
    return this._error;
  }

  get folder(): string {
    return this._folder;
  }

  /** Bytes on the disk of the folder; null as long as they are not known. */
  get free(): number | null {
    return this._local && this._local.free;
  }

  /** How many bytes the disk lacks for what has been counted. */
  get lacking(): number {
    return this.free === null ? 0 : Math.max(0, this._bytes - this.free);
  }

  /** Whether it is worth a question before it starts. */
  get isLarge(): boolean {
    return !this.counted || this._bytes > LARGE || this.lacking > 0;
  }

  /** Count what is in the directories. */
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

  /** Be content with what has been counted. */
  stop(): void {
    this._count?.abort();
  }

  /** Choose another folder. */
  async into(folder: string): Promise<void> {
    this._folder = folder;
    this._local = null;
    await this.look();
  }

  /** Look how much room there is. */
  async look(): Promise<void> {
    const folder = this._folder;
    try {
      const local = await this._api.localFiles(folder);
      if (folder === this._folder) {
        this._local = local;
      }
    } catch (error) {
      // Whether there is room is then found out by the download.
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
