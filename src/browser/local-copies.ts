import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ILocalFolder } from '../api/types';
import { ITransferManager } from '../tokens';
import { BrowserModel } from './model';

/** The folder that receives downloads. */
export interface ITargetFolder {
  /** Its path relative to the workspace's top folder. */
  readonly folder: string;
  /** Emitted when another folder is chosen, or the files in it may have changed. */
  readonly changed: ISignal<unknown, void>;
}

/** Knows which of the listed files are already in the target folder. */
export class LocalCopies implements IDisposable {
  constructor(
    private _model: BrowserModel,
    transfers: ITransferManager,
    private _target: ITargetFolder
  ) {
    // Each load may bring other rows.
    let loading = false;
    _model.changed.connect(() => {
      if (loading && !_model.loading && _model.count !== null) {
        void this.refresh();
      }
      loading = _model.loading;
    }, this);
    _target.changed.connect(() => this._refreshIfShown(), this);
    transfers.ended.connect((_, { kind }) => {
      if (kind === 'download') {
        this._refreshIfShown();
      }
    }, this);
  }

  /** Emitted when the answers of `find` may have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._look?.abort();
      Signal.clearData(this);
    }
  }

  /**
   * Tell whether the target folder has a file of this name, by the rule that downloads use to skip it.
   *
   * @param modified - seconds since the epoch
   * @returns null if there is none
   */
  compare(
    name: string,
    size: number | null,
    modified: number | null
  ): 'identical' | 'different' | null {
    const local = this._files.get(name);
    if (!local) {
      return null;
    }
    // The listing has whole seconds only.
    return local.size === size && Math.trunc(local.modified) === modified
      ? 'identical'
      : 'different';
  }

  /** List the target folder. */
  async refresh(): Promise<void> {
    this._look?.abort();
    const look = new AbortController();
    this._look = look;
    try {
      this._accept(
        await this._model.api.localFiles(this._target.folder, look.signal)
      );
    } catch (error) {
      if (!look.signal.aborted) {
        // Better no mark than a wrong one.
        console.warn('ctadata: target folder unknown:', error);
        this._accept(null);
      }
    }
  }

  private _refreshIfShown(): void {
    if (this._model.count !== null) {
      void this.refresh();
    }
  }

  private _accept(local: ILocalFolder | null): void {
    const { names, sizes, modified } = local?.files ?? {
      names: [],
      sizes: [],
      modified: []
    };
    this._files = new Map(
      names.map((name, i) => [name, { size: sizes[i], modified: modified[i] }])
    );
    this._changed.emit();
  }

  private _files = new Map<string, { size: number; modified: number }>();
  private _look: AbortController | null = null;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
