import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

import { Column } from './columns';

/** A favourite directory. */
export interface IFavourite {
  path: string;
  /** Its label; by default the path. */
  name?: string;
}

/** The settings; the schema (schema/panel.json) describes them and has the same defaults. */
export interface IPanelSettings {
  /** The columns shown beside the name. */
  columns: Column[];
  favourites: IFavourite[];
  /** Which downloads into the workspace need confirmation. */
  confirmDownloads: 'always' | 'large' | 'never';
  /** Seconds: transfers that took longer are notified when they end. */
  notifyAfter: number;
  /** Whether to notify before a delegated certificate expires. */
  notifyExpiry: boolean;
  /** The largest file that can be previewed, in MB. */
  maxOpenSize: number;
  /** Whether uploads need confirmation, with a note on who can read them. */
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

/** The user's settings; the defaults until they are loaded, or if JupyterLab keeps no settings. */
export class Settings {
  /** Emitted when settings have been loaded or changed. */
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

  /** Change a setting, after all earlier changes. */
  change<K extends keyof IPanelSettings>(
    key: K,
    change: (value: IPanelSettings[K]) => IPanelSettings[K]
  ): Promise<void> {
    const changed = this._last.then(() => this.set(key, change(this.get(key))));
    this._last = changed.catch(() => undefined);
    return changed;
  }

  /** Connect to JupyterLab's settings, and save there what was set before. */
  async connect(registered: ISettingRegistry.ISettings): Promise<void> {
    this._registered = registered;
    registered.changed.connect(() => this._changed.emit());
    this._changed.emit();
    for (const key of this._early) {
      await this.set(key, this._own[key]);
    }
  }

  private _early = new Set<keyof IPanelSettings>();
  /** Resolves when the last change has been saved. */
  private _last: Promise<void> = Promise.resolve();
  private _registered: ISettingRegistry.ISettings | null = null;
  private _own: IPanelSettings = { ...DEFAULTS };
  private _changed = new Signal<this, void>(this);
}
