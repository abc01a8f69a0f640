import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ErrorCode, RequestError } from '../api/errors';

/** Milliseconds after which a load counts as slow. */
const SLOW = 5000;

/** Who started a load: the user or the panel. */
export type Origin = 'user' | 'panel';

/** A load in progress. */
export interface ILoad {
  readonly origin: Origin;
  /** The directory or file being loaded; null if its path is not known yet. */
  readonly path: string | null;
}

/**
 * Loads one thing at a time; the user's last request comes first.
 *
 * A load started by the user replaces the current one. A load started by the panel waits until none is
 * in progress. A load that is replaced or cancelled rejects, and its answer is ignored.
 */
export class Loader implements IDisposable {
  /** Emitted when a load begins, ends, or becomes slow. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The load in progress. */
  get current(): ILoad | null {
    return this._current;
  }

  /** Whether the current load is slow. */
  get slow(): boolean {
    return this._slow;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._stop('cancelled');
      Signal.clearData(this);
    }
  }

  /**
   * Load something.
   *
   * @param work - sends the request and returns a function that takes over the answer; it is called
   *     only if nothing has replaced the load meanwhile
   * @throws RequestError; 'superseded' if the user has asked for something else, or the panel asks
   *     while the user waits for something; 'cancelled' if the user cancelled it
   */
  async run(
    origin: Origin,
    path: string | null,
    work: (signal: AbortSignal) => Promise<() => void>
  ): Promise<void> {
    if (this._isDisposed || (origin === 'panel' && this._current)) {
      throw new RequestError('superseded', '');
    }
    this._stop('superseded');
    const abort = new AbortController();
    const load = { origin, path, abort };
    this._current = load;
    this._timer = setTimeout(() => {
      this._slow = true;
      this._changed.emit();
    }, SLOW);
    this._changed.emit();
    try {
      const accept = await work(abort.signal);
      abort.signal.throwIfAborted();
      accept();
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      // Taking over the answer may have started another load.
      if (this._current === load) {
        this._end();
        this._changed.emit();
      }
    }
  }

  /** Drop the current load: the user asked for something that needs no loading. */
  supersede(): void {
    this._stopAndTell('superseded');
  }

  /** Cancel the current load for the user. */
  cancel(): void {
    this._stopAndTell('cancelled');
  }

  private _stopAndTell(code: ErrorCode): void {
    if (this._current) {
      this._stop(code);
      this._changed.emit();
    }
  }

  private _stop(code: ErrorCode): void {
    const load = this._current;
    this._end();
    load?.abort.abort(new RequestError(code, ''));
  }

  private _end(): void {
    this._current = null;
    this._slow = false;
    clearTimeout(this._timer);
  }

  private _current: (ILoad & { abort: AbortController }) | null = null;
  private _slow = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
