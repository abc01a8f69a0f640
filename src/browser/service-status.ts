import { API_VERSION } from '../api/client';
import { RequestError } from '../api/errors';
import { IStatus } from '../api/types';
import { ICTADataAPI } from '../tokens';

/** The status of the data service and of the server extension. */
export class ServiceStatus {
  constructor(private _api: ICTADataAPI) {}

  /** Null until the first answer. */
  get current(): IStatus | null {
    return this._current;
  }

  /** An error if panel and server extension speak different versions of the interface. */
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
      // Ignore the answer to an older request.
      if (asked > this._known) {
        this._known = asked;
        this._current = status;
      }
    } catch (error) {
      // Messages then name no service.
      console.warn('ctadata: no status:', error);
    }
  }

  private _current: IStatus | null = null;
  private _asked = 0;
  private _known = 0;
}
