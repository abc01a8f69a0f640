import { API } from '../api/client';
import { Directory } from '../api/directory';
import { IEntry } from '../api/types';
import { ListingCache } from './listing-cache';

/** An answer of the storage, and which version of a directory it is at least. */
export interface IListed {
  resource: Directory | IEntry;
  version: number;
}

/** The storage's directories: asked for, and remembered until they change. */
export class CachedListings {
  constructor(private _api: API) {}

  /** What was listed before. */
  readonly cache = new ListingCache();

  /** Ask for a directory or a file. */
  async ask(path: string, signal?: AbortSignal): Promise<IListed> {
    const version = this.cache.version(path);
    const resource = await this._api.list(path, signal);
    if (resource instanceof Directory) {
      this.cache.set(resource, version);
    }
    return { resource, version };
  }

  /** What a directory contains, as it was seen last if it was; null where that cannot be had. */
  lookUp(path: string): Promise<Directory | null> {
    const known = this.cache.get(path);
    if (known) {
      return Promise.resolve(known);
    }
    if (this._looking?.path !== path) {
      // Each letter of a path that is typed asks, and a browser has few connections: nobody waits
      // for another directory any more.
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
  ): Promise<Directory | null> {
    try {
      const { resource } = await this.ask(path, signal);
      return resource instanceof Directory ? resource : null;
    } catch (error) {
      // Whoever goes there is told why; here it only means that nothing can be offered.
      console.debug('ctadata: no completions:', error);
      return null;
    }
  }

  private _looking: {
    path: string;
    abort: AbortController;
    found: Promise<Directory | null>;
  } | null = null;
}
