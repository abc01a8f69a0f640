import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RequestError, toRequestError } from '../api/errors';
import { ICTADataAPI } from '../tokens';
import { SearchResults } from './collection';

/** A search for names below a directory, and its results so far. */
export class Search implements IDisposable {
  constructor(
    private _api: ICTADataAPI,
    readonly path: string,
    readonly pattern: string
  ) {
    this.results = new SearchResults(path);
  }

  readonly results: SearchResults;

  /** Emitted when there are new results or the search ends. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get running(): boolean {
    return this._abort !== null;
  }

  /** Number of directories searched. */
  get directories(): number {
    return this._directories;
  }

  /** Whether the results were cut off. */
  get truncated(): boolean {
    return this._truncated;
  }

  /** Number of directories that could not be listed. */
  get failed(): number {
    return this._failed;
  }

  /** Why the search failed. */
  get error(): RequestError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop the search and ignore further results. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
    this.cancel();
  }

  /** Stop the search; keep its results. */
  cancel(): void {
    this._abort?.abort();
    this._abort = null;
    this._changed.emit();
  }

  async run(): Promise<void> {
    const abort = (this._abort = new AbortController());
    try {
      await this._api.search(
        this.path,
        this.pattern,
        line => {
          this._directories = line.directories;
          if ('done' in line) {
            this._truncated = line.truncated;
            this._failed = line.failures.length;
          } else {
            this.results.add(line.entries);
          }
          this._changed.emit();
        },
        abort.signal
      );
    } catch (error) {
      if (this._abort === abort) {
        this._error = toRequestError(error);
      }
    }
    if (this._abort === abort) {
      this._abort = null;
      this._changed.emit();
    }
  }

  private _abort: AbortController | null = null;
  private _directories = 0;
  private _truncated = false;
  private _failed = 0;
  private _error: RequestError | null = null;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
