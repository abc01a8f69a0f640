import { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { API } from '../api/client';
import { RequestError, toRequestError } from '../api/errors';
import { ITransfer } from '../api/types';

/** Milliseconds between two looks at transfers that run. */
const INTERVAL = 700;

/** Whether a transfer will still change by itself. */
export function isActive(transfer: ITransfer): boolean {
  return ['queued', 'running', 'cancelling'].includes(transfer.state);
}

/** Whether a transfer has ended, and nothing is left to do about it but to try again. */
export function isClearable(transfer: ITransfer): boolean {
  return !isActive(transfer) && transfer.state !== 'interrupted';
}

/** Whether a transfer has ended, and running it again makes sense. */
export function canRetry(transfer: ITransfer): boolean {
  return (
    transfer.resumable && !isActive(transfer) && transfer.state !== 'finished'
  );
}

/** The server's transfers, looked at only while one of them runs. */
export class TransfersModel implements IDisposable {
  constructor(
    readonly api: API,
    interval = INTERVAL
  ) {
    this._poll = new Poll({
      auto: false,
      factory: () => this.refresh(),
      // A server that does not answer is asked less and less often.
      frequency: { interval, backoff: true, max: 10_000 },
      // Whoever looks at another page wants to be told of the end, too.
      standby: 'never',
      name: 'ctadata:transfers'
    });
  }

  /** Emitted whenever there is something to render anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted with each transfer that was seen running and has ended. */
  get ended(): ISignal<this, ITransfer> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** All transfers, the newest first. */
  get items(): readonly ITransfer[] {
    return this._items;
  }

  /** Whether the server has told them. */
  get known(): boolean {
    return this._known > 0;
  }

  /** Why what is shown may be out of date. */
  get error(): RequestError | null {
    return this._error;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  /** Look whether there are transfers, perhaps started by another page. */
  async start(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      // Whoever opens the panel is told that; nobody else needs to know.
      if (toRequestError(error).code !== 'extension-missing') {
        console.warn('ctadata: no transfers:', error);
      }
    }
  }

  /** Look at the transfers now; go on looking if one runs. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    try {
      const items = await this.api.transfers();
      // An answer that is older than what is known says nothing new.
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
   * Start downloads into a folder of the workspace.
   *
   * @throws RequestError; 'already-exists' carries the local paths that are in the way
   */
  async download(
    paths: readonly string[],
    destination: string,
    overwrite = false
  ): Promise<void> {
    this.add(await this.api.download(paths, destination, overwrite));
  }

  /** Watch transfers that have just been started. */
  add(started: readonly ITransfer[]): void {
    const ids = new Set(started.map(({ id }) => id));
    const others = this._items.filter(({ id }) => !ids.has(id));
    this._learn([...[...started].reverse(), ...others]);
  }

  /**
   * Run transfers again that have ended without success.
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
      // Another page may have removed it, or tried it again.
      await this.start();
      throw errors[0];
    }
  }

  /** Cancel a transfer; one that ends at this moment stays in the list. */
  async cancel({ id }: ITransfer): Promise<void> {
    await this._each([id], id => this.api.cancel(id));
  }

  /** Forget a transfer that has ended. */
  async forget({ id }: ITransfer): Promise<void> {
    await this._each([id], id => this.api.forgetTransfer(id));
  }

  /** Forget all that have ended; those that were interrupted may still be wanted. */
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
      // Another page may have been quicker: it has removed it, or run it again.
      if (
        result.status === 'rejected' &&
        !['not-found', 'not-ended'].includes(toRequestError(result.reason).code)
      ) {
        throw result.reason;
      }
    }
  }

  /** Take in what a look that is still under way does not know. */
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
