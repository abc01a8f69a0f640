import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ErrorCode, RequestError } from '../api/errors';

/** Milliseconds after which something that is still being loaded is called slow. */
const SLOW = 5000;

/** Who asked for a load: the user, or the panel by itself. */
export type Origin = 'user' | 'panel';

/** One load that has not ended. */
export interface ILoad {
  readonly origin: Origin;
  /** The directory or file that is being loaded; null while its path is not known. */
  readonly path: string | null;
}

/**
 * Loads one thing at a time; the user's last wish comes first.
 *
 * What the user asks for replaces what is being loaded. What the panel loads by itself never does:
 * it has to wait until nothing is being loaded. A load that is replaced or cancelled rejects, and
 * its answer is ignored.
 */
export class Loader implements IDisposable {
  /** Emitted when a load begins, ends, or becomes slow. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The load that has not ended. */
  get current(): ILoad | null {
    return this._current;
  }

  /** Whether the current load takes long. */
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
   * @param work - asks for it, and returns what to do with the answer; that is done only if nothing
   *     has replaced the load meanwhile
   * @throws RequestError; 'superseded' if the user has asked for something else meanwhile, or is
   *     waiting for something while the panel asks; 'cancelled' if the user does not want to wait
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
      // What accepts an answer may have begun another load.
      if (this._current === load) {
        this._end();
        this._changed.emit();
      }
    }
  }

  /** Stop waiting, because the user wants something that needs no loading. */
  supersede(): void {
    this._stopAndTell('superseded');
  }

  /** Stop waiting, because the user does not want to wait. */
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
