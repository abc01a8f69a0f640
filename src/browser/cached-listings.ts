import { IDirectory, isDirectory } from '../api/directory';
import { IEntry } from '../api/types';
import { ICTADataAPI } from '../tokens';
import { ListingCache } from './listing-cache';

/** A listing, and the oldest version of the directory that it can show. */
export interface IListed {
  resource: IDirectory | IEntry;
  version: number;
}

/** Lists directories, and keeps the listings until the directories change. */
export class CachedListings {
  constructor(private _api: ICTADataAPI) {}

  /** Listings received so far. */
  readonly cache = new ListingCache();

  /** Ask for a directory or a file. */
  async ask(path: string, signal?: AbortSignal): Promise<IListed> {
    const version = this.cache.version(path);
    const resource = await this._api.list(path, signal);
    if (isDirectory(resource)) {
      this.cache.set(resource, version);
    }
    return { resource, version };
  }

  /** The entries of a directory, from the cache if possible; null if it cannot be listed. */
  lookUp(path: string): Promise<IDirectory | null> {
    const known = this.cache.get(path);
    if (known) {
      return Promise.resolve(known);
    }
    if (this._looking?.path !== path) {
      // Every keystroke in the path box asks, and a browser has few connections: abort the request
      // for the previous directory.
      this._looking?.abort.abort();
      const abort = new AbortController();
      const looking = { path, abort, found: this._look(path, abort.signal) };
      this._looking = looking;
      void looking.found.finally(() => {
        if (this._looking === looking) {
          this._looking = null;
        }
      });
    }
    return this._looking.found;
  }

  private async _look(
    path: string,
    signal: AbortSignal
  ): Promise<IDirectory | null> {
    try {
      const { resource } = await this.ask(path, signal);
      return isDirectory(resource) ? resource : null;
    } catch (error) {
      // Opening the directory shows the error; here there is just nothing to suggest.
      console.debug('ctadata: no completions:', error);
      return null;
    }
  }

  private _looking: {
    path: string;
    abort: AbortController;
    found: Promise<IDirectory | null>;
  } | null = null;
}
