import { API, API_VERSION } from '../api/client';
import { RequestError } from '../api/errors';
import { IStatus } from '../api/types';

/** What is known of the data service, and of the server extension that speaks to it. */
export class ServiceStatus {
  constructor(private _api: API) {}

  /** Null as long as nothing is known. */
  get current(): IStatus | null {
    return this._current;
  }

  /** Server extension and panel of different versions would misunderstand each other sooner or later. */
  get mismatch(): RequestError | null {
    if (!this._current) {
      return null;
    }
    const version = this._current.versions.api ?? 1;
    if (version === API_VERSION) {
      return null;
    }
    const code = version < API_VERSION ? 'server-older' : 'panel-older';
    return new RequestError(code, '');
  }

  /** Ask the server extension. */
  async load(): Promise<void> {
    const asked = ++this._asked;
    try {
      const status = await this._api.status();
      // An answer that is older than what is known says nothing new.
      if (asked > this._known) {
        this._known = asked;
        this._current = status;
      }
    } catch (error) {
      // Messages name no service then.
      console.warn('ctadata: no status:', error);
    }
  }

  private _current: IStatus | null = null;
  private _asked = 0;
  private _known = 0;
}
