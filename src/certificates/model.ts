import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { CertificatesAPI } from '../api/certificates';
import { RequestError, toRequestError } from '../api/errors';
import { IDelegation } from '../api/types';
import { IBadgeState, badgeState, nextChange } from './validity';

/** Milliseconds after which the server is asked again: notebooks delegate, too. */
const INTERVAL = 5 * 60_000;

/** The same after it has not answered. */
const RETRY = 60_000;

/** What was uploaded from this account, and how long that lasts. */
export class CertificatesModel implements IDisposable {
  /**
   * @param isWatched - whether somebody may be looking; otherwise the server is not asked again
   */
  constructor(
    readonly api: CertificatesAPI,
    private _isWatched: () => boolean,
    private _interval = INTERVAL
  ) {}

  /** Emitted whenever there is something else to say, also because time goes by. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What certificates can be uploaded for. */
  get keys(): readonly string[] {
    return this._keys;
  }

  /** What was uploaded from here, as far as is known. */
  get delegations(): readonly IDelegation[] {
    return this._delegations;
  }

  /** Why the server does not tell. */
  get error(): RequestError | null {
    return this._error;
  }

  /** Whether the server has ever told. */
  get known(): boolean {
    return this._known > 0;
  }

  /** The server's time, in milliseconds since 1970. */
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

  /** Ask the server now, and again from time to time. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    const sent = Date.now();
    try {
      const { now, keys, delegations } = await this.api.delegations();
      // An answer that is older than what is known says nothing new.
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
    // A server that does not know of certificates will not learn it.
    const knows = !['extension-missing', 'not-offered'].includes(
      this._error?.code ?? ''
    );
    const wait =
      this._error && knows ? Math.min(RETRY, this._interval) : this._interval;
    this._due = Date.now() + wait;
    this._tell();
  }

  /** Take in what has just been uploaded. */
  add(delegation: IDelegation): void {
    // An answer that is still under way does not know of it.
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

  /** Wait for whatever comes first: something else to say, or the time to ask. */
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
  /** How far the server's clock is ahead of this one. */
  private _ahead = 0;
  private _asked = 0;
  private _known = 0;
  /** When the server is to be asked again. */
  private _due = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
