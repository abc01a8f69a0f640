import { IStateDB } from '@jupyterlab/statedb';
import { ISignal, Signal } from '@lumino/signaling';

/** A value that survives a reload of the page, if JupyterLab has a state database. */
export class PersistedValue<T extends string | boolean> {
  /**
   * @param value - the value if none was saved
   */
  constructor(
    private _state: IStateDB | null,
    private _key: string,
    value: T
  ) {
    this._value = value;
    this.restored = this._restore();
  }

  /** Resolves when the saved value has been read. */
  readonly restored: Promise<void>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get value(): T {
    return this._value;
  }

  set value(value: T) {
    this._isSet = true;
    this._assign(value);
    void this._state?.save(this._key, value);
  }

  private async _restore(): Promise<void> {
    let saved: unknown;
    try {
      saved = await this._state?.fetch(this._key);
    } catch (error) {
      console.warn(`ctadata: ${this._key} is not known:`, error);
    }
    // A value set meanwhile is newer.
    if (!this._isSet && typeof saved === typeof this._value) {
      this._assign(saved as T);
    }
  }

  private _assign(value: T): void {
    if (value !== this._value) {
      this._value = value;
      this._changed.emit();
    }
  }

  private _value: T;
  private _isSet = false;
  private _changed = new Signal<this, void>(this);
}
