import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IDirectory, isDirectory } from '../api/directory';
import { RequestError, toRequestError } from '../api/errors';
import { IStatus } from '../api/types';
import { baseName, normalizePath, parentPath } from '../common/paths';
import { IBrowserModel, ICTADataAPI } from '../tokens';
import { CachedListings } from './cached-listings';
import { History, IPlace } from './history';
import { ListingRows } from './listing-rows';
import { Loader, Origin } from './loader';
import { Search } from './search';
import { ServiceStatus } from './service-status';
import { ISortState } from './sort';

/**
 * The state of the browser: one directory of the storage. Views render it, commands change it.
 *
 * The user's last request wins: what the panel loads on its own (at the start, after a change) waits
 * until no request of the user is pending, and never undoes what the user has chosen meanwhile.
 */
export class BrowserModel implements IBrowserModel, IDisposable {
  constructor(readonly api: ICTADataAPI) {
    this._listings = new CachedListings(api);
    this._service = new ServiceStatus(api);
    this.rows.changed.connect(() => this._changed.emit());
    this._loader.changed.connect(this._onLoaderChanged, this);
  }

  /** The rows: the content of the directory, or the results of a search. */
  readonly rows = new ListingRows();

  /** Emitted when the views must render again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted with the new path when another directory is opened. */
  get pathChanged(): ISignal<this, string> {
    return this._pathChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get path(): string {
    return this._path;
  }

  /** The number of entries or search results; null while it is not known. */
  get count(): number | null {
    return this._search || this._directory ? this.rows.count : null;
  }

  /** Whether the listing was cut off. */
  get truncated(): boolean {
    return !this._search && this._directory?.truncated === true;
  }

  get loading(): boolean {
    return this._loader.current !== null;
  }

  /** Whether the current load is slow. */
  get slow(): boolean {
    return this._loader.slow;
  }

  /** The error of the last load; entries that are still shown may be out of date. */
  get error(): RequestError | null {
    return this._error;
  }

  /** The status of the data service; null while it is not known. */
  get status(): IStatus | null {
    return this._service.current;
  }

  /** Whether the user is typing a path. */
  get editing(): boolean {
    return this._editing;
  }

  set editing(editing: boolean) {
    if (editing && !this._editing) {
      // Opening another directory would discard the path being typed.
      this._stay();
    }
    this._editing = editing;
    this._changed.emit();
  }

  /** The search whose results replace the listing; null if there is none. */
  get search(): Search | null {
    return this._search;
  }

  get canGoBack(): boolean {
    return this._history.canGoBack;
  }

  get canGoForward(): boolean {
    return this._history.canGoForward;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._loader.dispose();
      this._search?.dispose();
      Signal.clearData(this);
    }
  }

  /**
   * Restore the last directory and its order, without loading it yet.
   *
   * Anything the user has chosen meanwhile is kept.
   */
  restore(path: string, sort: ISortState | null): void {
    if (!this._started) {
      this._path = path;
    }
    if (sort) {
      this.rows.restoreSort(sort);
    }
  }

  /** Load the directory, unless that was done or tried before. */
  async start(): Promise<void> {
    const first = !this._watched;
    this._started = this._watched = true;
    await Promise.all([this._settle(), first && this._loadStatus()]);
  }

  /** Open another directory; show its path, and its cached listing if there is one, at once. */
  async cd(path: string): Promise<void> {
    if (path !== this._path) {
      // Going up, the focus goes to the directory just left.
      const child = this._path.startsWith(path === '' ? '' : `${path}/`)
        ? this._path.slice(path === '' ? 0 : path.length + 1).split('/')[0]
        : null;
      this._history.leave(this._place());
      this._show(path, child);
    } else {
      this._showDirectory();
    }
    return this.refresh();
  }

  async goUp(): Promise<void> {
    if (this._path !== '') {
      await this.cd(parentPath(this._path));
    }
  }

  /** Show an earlier place as it was. */
  goBack(): Promise<void> {
    return this._return(this._history.back(this._place()));
  }

  goForward(): Promise<void> {
    return this._return(this._history.forward(this._place()));
  }

  /**
   * Open a typed path: a directory, or the directory that contains a file.
   *
   * Nothing changes until the storage has confirmed that it exists.
   *
   * @throws RequestError; 'superseded' if the user has asked for something else meanwhile
   */
  async open(text: string): Promise<void> {
    const path = normalizePath(text);
    const { filter } = this.rows;
    let revealed: Promise<void> | null = null;
    await this._load('user', path, async signal => {
      const { resource, version } = await this._listings.ask(path, signal);
      return () =>
        this._arrive(filter, () => {
          if (!isDirectory(resource)) {
            revealed = this.reveal(resource.path);
            return;
          }
          if (path === this._path) {
            // Keep what the user selected meanwhile.
            this._showDirectory();
          } else {
            this._history.leave(this._place());
            this._show(path, null);
          }
          this._accept(resource, version);
        });
    });
    await revealed;
  }

  /**
   * Open the user's home directory, which receives uploads.
   *
   * @throws RequestError; 'superseded' if the user has asked for something else meanwhile
   */
  async goToUploads(): Promise<void> {
    const { filter } = this.rows;
    let shown: Promise<void> | null = null;
    await this._load('user', null, async signal => {
      const path = await this.api.homeDirectory(signal);
      return () =>
        this._arrive(filter, () => {
          shown = this.cd(path);
        });
    });
    await shown;
  }

  /** Open the directory that contains this entry, and select the entry. */
  async reveal(path: string): Promise<void> {
    const shown = this.cd(parentPath(path));
    if (this.rows.filter !== '') {
      this.rows.filter = '';
    }
    this.rows.selectName(baseName(path));
    await shown;
  }

  /** The entries of a directory, from the cache if possible; null if it cannot be listed. */
  lookUp(path: string): Promise<IDirectory | null> {
    return this._listings.lookUp(path);
  }

  /** Reload the directory; keep the rows until the answer has arrived. */
  refresh(): Promise<void> {
    return this._refresh('user');
  }

  /** Mark a directory as changed; reload it if it is shown. */
  async invalidate(path: string): Promise<void> {
    this._listings.cache.invalidate(path);
    await this._settle();
  }

  /** Cancel the current load. */
  cancel(): void {
    if (this._loader.current?.path === this._path) {
      // Do not retry until the user asks, or something changes again.
      this._version = this._listings.cache.version(this._path);
      if (!this._directory) {
        this._error = new RequestError('cancelled', '');
      }
    }
    this._loader.cancel();
  }

  /** Search for names below the directory; the results replace the rows. */
  startSearch(pattern: string): void {
    this._stay();
    this._search?.dispose();
    const search = (this._search = new Search(this.api, this._path, pattern));
    search.changed.connect(() => this.rows.show(search.results));
    this.rows.reset(null);
    this.rows.show(search.results);
    void search.run();
  }

  /** Leave the search and show the directory again. */
  endSearch(): void {
    this._stay();
    this._showDirectory();
  }

  /** Finish opening a directory. `before` is the filter at the request; a filter typed since is kept. */
  private _arrive(before: string, go: () => void): void {
    const { filter } = this.rows;
    go();
    if (filter !== before && filter !== '') {
      this.rows.filter = filter;
    }
  }

  /** The user continues in this directory: drop any load that would open another one. */
  private _stay(): void {
    const { current } = this._loader;
    if (current && current.path !== this._path) {
      this._loader.supersede();
    }
  }

  private _showDirectory(): void {
    if (this._search) {
      this._search.dispose();
      this._search = null;
      this.rows.reset(null);
      this.rows.show(this._directory);
    }
  }

  private _place(): IPlace {
    const { focus } = this.rows.selection;
    return {
      path: this._path,
      focus: this._search || focus < 0 ? null : this.rows.keyAt(focus)
    };
  }

  private async _return(place: IPlace | null): Promise<void> {
    if (place) {
      this._show(place.path, place.focus);
      // Show a cached listing as it is; "Refresh" reloads it.
      if (this._directory) {
        this._loader.supersede();
      } else {
        await this.refresh();
      }
    }
  }

  private _show(path: string, focus: string | null): void {
    this._started = true;
    this._search?.dispose();
    this._search = null;
    this._path = path;
    this._directory = this._listings.cache.get(path);
    this._version = this._listings.cache.version(path);
    this._error = null;
    // Close the path box: it belonged to the previous directory.
    this._editing = false;
    this.rows.reset(focus);
    this.rows.show(this._directory);
    this._pathChanged.emit(path);
  }

  /** Run a load, then any load that waited for it. */
  private async _load(
    origin: Origin,
    path: string | null,
    work: (signal: AbortSignal) => Promise<() => void>
  ): Promise<void> {
    this._started = true;
    try {
      await this._loader.run(origin, path, work);
    } finally {
      void this._settle();
    }
  }

  /** Load the directory if it is missing or has changed, unless a load is in progress. */
  private async _settle(): Promise<void> {
    const missing = !this._directory && !this._error;
    const changed = this._version !== this._listings.cache.version(this._path);
    if (
      this._started &&
      !this._isDisposed &&
      !this._loader.current &&
      (missing || changed)
    ) {
      await this._refresh('panel');
    }
  }

  private async _refresh(origin: Origin): Promise<void> {
    const path = this._path;
    const version = this._listings.cache.version(path);
    try {
      await this._load(origin, path, async signal => {
        try {
          if (this._service.mismatch) {
            // The server may have been restarted.
            await this._loadStatus();
          }
          const { resource } = await this._listings.ask(path, signal);
          if (!isDirectory(resource)) {
            throw new RequestError('not-a-directory', '');
          }
          return () => this._accept(resource, version);
        } catch (error) {
          return () => this._reject(toRequestError(error), origin, version);
        }
      });
    } catch (error) {
      // Superseded or cancelled by the user.
      console.debug('ctadata: not loaded:', error);
      return;
    }
    if (this._error?.code.startsWith('service-')) {
      // The error message names the service.
      await this._loadStatus();
    }
  }

  private _accept(directory: IDirectory, version: number): void {
    const { mismatch } = this._service;
    if (mismatch) {
      this._refuse(mismatch);
      return;
    }
    this._directory = directory;
    this._version = version;
    this._error = null;
    if (!this._search) {
      this.rows.show(directory);
    }
  }

  private _reject(error: RequestError, origin: Origin, version: number): void {
    this._version = version;
    // A load that the user did not ask for must not remove anything.
    if (origin === 'user' || !this._directory) {
      this._fail(error);
    } else {
      this._error = error;
    }
  }

  private _fail(error: RequestError): void {
    this._error = error;
    // Do not show rows that may no longer exist.
    this._listings.cache.delete(this._path);
    this._directory = null;
    if (!this._search) {
      this.rows.show(null);
    }
  }

  /** Show no rows, because panel and server extension are of different versions. */
  private _refuse(mismatch: RequestError): void {
    this._fail(mismatch);
    this._showDirectory();
  }

  /** Ask the server extension for its service and version. */
  private async _loadStatus(): Promise<void> {
    await this._service.load();
    const { mismatch } = this._service;
    if (mismatch && !this._isDisposed) {
      this._refuse(mismatch);
    }
    this._changed.emit();
  }

  private _onLoaderChanged(): void {
    this._changed.emit();
    if (this._loader.slow && !this._service.current) {
      void this._loadStatus();
    }
  }

  private _path = '';
  private _directory: IDirectory | null = null;
  private _search: Search | null = null;
  private _history = new History();
  private _editing = false;
  private _error: RequestError | null = null;
  private _listings: CachedListings;
  private _service: ServiceStatus;
  private _loader = new Loader();
  /** The version of the directory at the last request. */
  private _version = 0;
  /** Whether loading is allowed: the panel is visible, or the user has asked for something. */
  private _started = false;
  /** Whether the panel has been visible. */
  private _watched = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _pathChanged = new Signal<this, string>(this);
}
