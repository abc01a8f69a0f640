import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { CertificatesAPI } from '../api/certificates';
import { RequestError, toRequestError } from '../api/errors';
import { IDelegation } from '../api/types';
import { IBadgeState, badgeState, nextChange } from './validity';

/** Milliseconds between requests to the server: notebooks delegate certificates too. */
const INTERVAL = 5 * 60_000;

/** The same after a failed request. */
const RETRY = 60_000;

/** The certificates delegated from this account, and their validity. */
export class CertificatesModel implements IDisposable {
  /**
   * @param isWatched - whether the page may be visible; otherwise the server is not polled
   */
  constructor(
    readonly api: CertificatesAPI,
    private _isWatched: () => boolean,
    private _interval = INTERVAL
  ) {}

  /** Emitted when anything to show has changed, including the time left. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The keys that certificates can be uploaded for. */
  get keys(): readonly string[] {
    return this._keys;
  }

  /** The known delegations. */
  get delegations(): readonly IDelegation[] {
    return this._delegations;
  }

  /** The error of the last request. */
  get error(): RequestError | null {
    return this._error;
  }

  /** Whether the server has answered. */
  get known(): boolean {
    return this._known > 0;
  }

  /** The server's time, in milliseconds since the epoch. */
  get now(): number {
    return Date.now() + this._ahead;
  }

  get badge(): IBadgeState {
    return this._error || !this.known
      ? { state: 'unknown', left: 0 }
      : badgeState(this._delegations, this.now);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      Signal.clearData(this);
    }
  }

  /** Ask the server now, and then periodically. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    const sent = Date.now();
    try {
      const { now, keys, delegations } = await this.api.delegations();
      // Ignore the answer to an older request.
      if (asked > this._known) {
        this._known = asked;
        this._error = null;
        this._ahead = Date.parse(now) - (sent + Date.now()) / 2 || 0;
        this._keys = keys;
        this._delegations = delegations;
      }
    } catch (error) {
      if (asked > this._known) {
        this._error = toRequestError(error);
      }
    }
    // A server extension without certificates need not be asked again.
    const knows = !['extension-missing', 'not-offered'].includes(
      this._error?.code ?? ''
    );
    const wait =
      this._error && knows ? Math.min(RETRY, this._interval) : this._interval;
    this._due = Date.now() + wait;
    this._tell();
  }

  /** Add a delegation that was just uploaded. */
  add(delegation: IDelegation): void {
    // The answer to a pending request may not include it.
    this._known = ++this._asked;
    this._error = null;
    this._delegations = [
      ...this._delegations.filter(({ key }) => key !== delegation.key),
      delegation
    ].sort((a, b) => this._keys.indexOf(a.key) - this._keys.indexOf(b.key));
    this._tell();
  }

  private _tell(): void {
    if (!this._isDisposed) {
      this._changed.emit();
      this._schedule();
    }
  }

  /** Wait for the next change of the texts or the next request, whichever comes first. */
  private _schedule(): void {
    clearTimeout(this._timer);
    const change = nextChange(this._delegations, this.now) ?? Infinity;
    const asking = Math.max(0, this._due - Date.now());
    this._timer = setTimeout(
      () => {
        if (Date.now() < this._due) {
          this._tell();
        } else if (this._isWatched()) {
          void this.refresh();
        } else {
          this._due = Date.now() + this._interval;
          this._tell();
        }
      },
      Math.min(change, asking)
    );
  }

  private _keys: readonly string[] = [];
  private _delegations: readonly IDelegation[] = [];
  private _error: RequestError | null = null;
  /** Milliseconds by which the server's clock is ahead. */
  private _ahead = 0;
  private _asked = 0;
  private _known = 0;
  /** Time of the next request. */
  private _due = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
