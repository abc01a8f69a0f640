import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

import { Column } from './columns';

/** A directory that the user wants to find again. */
export interface IFavourite {
  path: string;
  /** What it is called; the path where it has no name of its own. */
  name?: string;
}

/** What can be set; the settings' schema describes it and has the same defaults. */
export interface IPanelSettings {
  /** Those that are shown beside the name. */
  columns: Column[];
  favourites: IFavourite[];
  /** Which downloads into the workspace are shown in a dialog before they start. */
  confirmDownloads: 'always' | 'large' | 'never';
  /** Seconds that a transfer must have taken for its end to be notified. */
  notifyAfter: number;
  /** Whether it is notified that a delegated certificate is about to expire. */
  notifyExpiry: boolean;
  /** The largest file that is opened, in MB. */
  maxOpenSize: number;
  /** Whether it is said before an upload who can read it. */
  confirmUploads: boolean;
}

const DEFAULTS: IPanelSettings = {
  columns: ['size', 'modified'],
  favourites: [],
  confirmDownloads: 'large',
  notifyAfter: 20,
  notifyExpiry: true,
  maxOpenSize: 10,
  confirmUploads: true
};

/** The user's settings; the defaults until they are loaded, or where nobody keeps settings. */
export class Settings {
  /** Emitted when they have been loaded or changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get<K extends keyof IPanelSettings>(key: K): IPanelSettings[K] {
    const value = this._registered?.get(key).composite;
    return (value ?? this._own[key]) as IPanelSettings[K];
  }

  async set<K extends keyof IPanelSettings>(
    key: K,
    value: IPanelSettings[K]
  ): Promise<void> {
    if (this._registered) {
      await this._registered.set(key, value as never);
    } else {
      this._own[key] = value;
      this._early.add(key);
      this._changed.emit();
    }
  }

  /** Change a setting, after all changes before this one. */
  change<K extends keyof IPanelSettings>(
    key: K,
    change: (value: IPanelSettings[K]) => IPanelSettings[K]
  ): Promise<void> {
    const changed = this._last.then(() => this.set(key, change(this.get(key))));
    this._last = changed.catch(() => undefined);
    return changed;
  }

  /** Take them from here from now on; what was set before is kept there. */
  async connect(registered: ISettingRegistry.ISettings): Promise<void> {
    this._registered = registered;
    registered.changed.connect(() => this._changed.emit());
    this._changed.emit();
    for (const key of this._early) {
      await this.set(key, this._own[key]);
    }
  }

  private _early = new Set<keyof IPanelSettings>();
  /** Resolves when the last change is done. */
  private _last: Promise<void> = Promise.resolve();
  private _registered: ISettingRegistry.ISettings | null = null;
  private _own: IPanelSettings = { ...DEFAULTS };
  private _changed = new Signal<this, void>(this);
}
