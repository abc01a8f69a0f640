import { ISettingRegistry } from '@jupyterlab/settingregistry';

/** Which downloads into the workspace are shown in a dialog before they start. */
export type Confirm = 'always' | 'large' | 'never';

/** What somebody has chosen in the settings editor; the schema's defaults as long as that is not known. */
export class Settings {
  /**
   * @param pluginId - the plugin whose settings these are
   */
  constructor(registry: ISettingRegistry | null, pluginId: string) {
    registry?.load(pluginId).then(
      settings => {
        this._settings = settings;
      },
      error => console.warn('ctadata: no settings:', error)
    );
  }

  get confirmDownloads(): Confirm {
    return this._get<Confirm>('confirmDownloads', 'large');
  }

  /** Seconds that a transfer must have taken for its end to be notified. */
  get notifyAfter(): number {
    return this._get<number>('notifyAfter', 20);
  }

  private _get<T>(name: string, otherwise: T): T {
    return (this._settings?.composite[name] as T | undefined) ?? otherwise;
  }

  private _settings: ISettingRegistry.ISettings | null = null;
}
