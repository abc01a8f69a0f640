import { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { RequestError, toRequestError } from '../api/errors';
import { ITransfer } from '../api/types';
import { ICTADataAPI, ITransferManager } from '../tokens';

/** Milliseconds between polls while transfers run. */
const INTERVAL = 700;

/** Whether a transfer is queued or running. */
export function isActive(transfer: ITransfer): boolean {
  return ['queued', 'running', 'cancelling'].includes(transfer.state);
}

/** Whether a transfer has ended and can be removed from the list. */
export function isClearable(transfer: ITransfer): boolean {
  return !isActive(transfer) && transfer.state !== 'interrupted';
}

/** Whether a transfer can be retried. */
export function canRetry(transfer: ITransfer): boolean {
  return (
    transfer.resumable && !isActive(transfer) && transfer.state !== 'finished'
  );
}

/** The server's transfers; polled only while one is active. */
export class TransfersModel implements ITransferManager, IDisposable {
  constructor(
    readonly api: ICTADataAPI,
    interval = INTERVAL
  ) {
    this._poll = new Poll({
      auto: false,
      factory: () => this.refresh(),
      // Poll a server that does not answer less and less often.
      frequency: { interval, backoff: true, max: 10_000 },
      // Poll in the background too, to report the end.
      standby: 'never',
      name: 'ctadata:transfers'
    });
  }

  /** Emitted when the views must render again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted for each transfer that has ended since the last poll. */
  get ended(): ISignal<this, ITransfer> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** All transfers, newest first. */
  get items(): readonly ITransfer[] {
    return this._items;
  }

  /** Whether the server has answered. */
  get known(): boolean {
    return this._known > 0;
  }

  /** The error of the last poll; the list may be out of date. */
  get error(): RequestError | null {
    return this._error;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  /** Fetch the transfers once, including those started by other pages. */
  async start(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      // The panel shows the error when it is opened.
      if (toRequestError(error).code !== 'extension-missing') {
        console.warn('ctadata: no transfers:', error);
      }
    }
  }

  /** Poll now, and keep polling while a transfer is active. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    try {
      const items = await this.api.transfers();
      // Ignore the answer to an older request.
      if (asked > this._known && !this.isDisposed) {
        this._known = asked;
        this._error = null;
        this._update(items.reverse());
      }
    } catch (error) {
      if (asked > this._known && !this.isDisposed) {
        this._error = toRequestError(error);
        this._changed.emit();
      }
      throw error;
    }
  }

  /**
   * Start downloads into a workspace folder.
   *
   * @throws RequestError; 'already-exists' has the local paths that exist already
   */
  async download(
    paths: readonly string[],
    destination: string,
    overwrite = false
  ): Promise<void> {
    this.add(await this.api.download(paths, destination, overwrite));
  }

  /** Add transfers that were just started. */
  add(started: readonly ITransfer[]): void {
    const ids = new Set(started.map(({ id }) => id));
    const others = this._items.filter(({ id }) => !ids.has(id));
    this._learn([...[...started].reverse(), ...others]);
  }

  /**
   * Retry transfers.
   *
   * @throws RequestError; the first one, after all have been tried
   */
  async retry(transfers: readonly ITransfer[]): Promise<void> {
    const errors: unknown[] = [];
    for (const { id } of transfers) {
      try {
        const again = await this.api.retry(id);
        this._learn(this._items.map(item => (item.id === id ? again : item)));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      // Another page may have removed or retried it.
      await this.start();
      throw errors[0];
    }
  }

  /** Cancel a transfer; if it ends at the same moment, it stays in the list. */
  async cancel({ id }: ITransfer): Promise<void> {
    await this._each([id], id => this.api.cancel(id));
  }

  /** Remove a transfer that has ended from the list. */
  async forget({ id }: ITransfer): Promise<void> {
    await this._each([id], id => this.api.forgetTransfer(id));
  }

  /** Remove all transfers that have ended, except interrupted ones, which can be resumed. */
  async clearEnded(): Promise<void> {
    await this._each(
      this._items.filter(isClearable).map(({ id }) => id),
      id => this.api.forgetTransfer(id)
    );
  }

  private async _each(
    ids: readonly string[],
    end: (id: string) => Promise<unknown>
  ): Promise<void> {
    const results = await Promise.allSettled(ids.map(end));
    await this.refresh();
    for (const result of results) {
      // Another page may have removed or retried it first.
      if (
        result.status === 'rejected' &&
        !['not-found', 'not-ended'].includes(toRequestError(result.reason).code)
      ) {
        throw result.reason;
      }
    }
  }

  /** Apply a change that a poll in progress does not know about. */
  private _learn(items: readonly ITransfer[]): void {
    this._known = ++this._asked;
    this._error = null;
    this._update(items);
  }

  private _update(items: readonly ITransfer[]): void {
    const wereActive = new Set(
      this._items.filter(isActive).map(transfer => transfer.id)
    );
    this._items = items;
    this._changed.emit();
    for (const transfer of items) {
      if (wereActive.has(transfer.id) && !isActive(transfer)) {
        this._ended.emit(transfer);
      }
    }
    if (items.some(isActive)) {
      void this._poll.start();
    } else {
      void this._poll.stop();
    }
  }

  private _poll: Poll;
  private _items: readonly ITransfer[] = [];
  private _error: RequestError | null = null;
  private _asked = 0;
  private _known = 0;
  private _changed = new Signal<this, void>(this);
  private _ended = new Signal<this, ITransfer>(this);
}
