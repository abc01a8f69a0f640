import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { API } from '../api/client';
import { Directory } from '../api/directory';
import { RequestError, toRequestError } from '../api/errors';
import { IStatus } from '../api/types';
import { baseName, normalizePath, parentPath } from '../common/paths';
import { CachedListings } from './cached-listings';
import { History, IPlace } from './history';
import { ListingRows } from './listing-rows';
import { Loader, Origin } from './loader';
import { Search } from './search';
import { ServiceStatus } from './service-status';
import { ISortState } from './sort';

/**
 * What the user looks at: one directory of the storage. Views render it, commands change it.
 *
 * The user's last wish wins: what the panel loads by itself (at the start, after a change) waits
 * until the user waits for nothing, and takes nothing away that the user has chosen meanwhile.
 */
export class BrowserModel implements IDisposable {
  constructor(readonly api: API) {
    this._listings = new CachedListings(api);
    this._service = new ServiceStatus(api);
    this.rows.changed.connect(() => this._changed.emit());
    this._loader.changed.connect(this._onLoaderChanged, this);
  }

  /** What is shown of the directory, or of what a search has found. */
  readonly rows = new ListingRows();

  /** Emitted whenever there is something to render anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted with the path when another directory is shown. */
  get pathChanged(): ISignal<this, string> {
    return this._pathChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get path(): string {
    return this._path;
  }

  /** The number of entries of the directory, or of what was found; null while it is not known. */
  get count(): number | null {
    return this._search || this._directory ? this.rows.count : null;
  }

  /** Whether the directory has more entries than were sent. */
  get truncated(): boolean {
    return !this._search && this._directory?.truncated === true;
  }

  get loading(): boolean {
    return this._loader.current !== null;
  }

  /** Whether the storage lets us wait for an answer. */
  get slow(): boolean {
    return this._loader.slow;
  }

  /** What prevented the last loading; entries that are shown nevertheless may be out of date. */
  get error(): RequestError | null {
    return this._error;
  }

  /** What is known of the data service. */
  get status(): IStatus | null {
    return this._service.current;
  }

  /** Whether the path is being typed. */
  get editing(): boolean {
    return this._editing;
  }

  set editing(editing: boolean) {
    if (editing && !this._editing) {
      // What leads elsewhere would take the path away that is being typed.
      this._stay();
    }
    this._editing = editing;
    this._changed.emit();
  }

  /** The search below the directory whose results are shown instead of it. */
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
   * Say, without loading it yet, which directory was shown last and in which order.
   *
   * What the user has chosen meanwhile stays.
   */
  restore(path: string, sort: ISortState | null): void {
    if (!this._started) {
      this._path = path;
    }
    if (sort) {
      this.rows.restoreSort(sort);
    }
  }

  /** Load the directory if nothing has been loaded or tried yet. */
  async start(): Promise<void> {
    const first = !this._watched;
    this._started = this._watched = true;
    await Promise.all([this._settle(), first && this._loadStatus()]);
  }

  /** Show another directory; its path is shown at once, and what is known of it. */
  async cd(path: string): Promise<void> {
    if (path !== this._path) {
      // Coming back up, the row to go on from is the directory that was left.
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

  /** Show what was shown before, as it was then. */
  goBack(): Promise<void> {
    return this._return(this._history.back(this._place()));
  }

  goForward(): Promise<void> {
    return this._return(this._history.forward(this._place()));
  }

  /**
   * Show what somebody typed: a directory, or the directory of a file.
   *
   * Nothing changes until the storage has said that it exists.
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
          if (!(resource instanceof Directory)) {
            revealed = this.reveal(resource.path);
            return;
          }
          if (path === this._path) {
            // What was selected meanwhile stays.
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
   * Show the directory that the user's uploads go to.
   *
   * @throws RequestError; 'superseded' if the user has asked for something else meanwhile
   */
  async goToUploads(): Promise<void> {
    const { filter } = this.rows;
    let shown: Promise<void> | null = null;
    await this._load('user', null, async signal => {
      const path = await this.api.ownDirectory(signal);
      return () =>
        this._arrive(filter, () => {
          shown = this.cd(path);
        });
    });
    await shown;
  }

  /** Show the directory that contains this, and select it there. */
  async reveal(path: string): Promise<void> {
    const shown = this.cd(parentPath(path));
    if (this.rows.filter !== '') {
      this.rows.filter = '';
    }
    this.rows.selectName(baseName(path));
    await shown;
  }

  /** What a directory contains, as it was seen last if it was; null where that cannot be had. */
  lookUp(path: string): Promise<Directory | null> {
    return this._listings.lookUp(path);
  }

  /** Load the directory again; what is shown stays until the answer is there. */
  refresh(): Promise<void> {
    return this._refresh('user');
  }

  /** Note that a directory has changed, or perhaps has; it is loaded again if it is shown. */
  async invalidate(path: string): Promise<void> {
    this._listings.cache.invalidate(path);
    await this._settle();
  }

  /** Wait no longer. */
  cancel(): void {
    if (this._loader.current?.path === this._path) {
      // It is not tried again before the user wants it, or there is another change.
      this._version = this._listings.cache.version(this._path);
      if (!this._directory) {
        this._error = new RequestError('cancelled', '');
      }
    }
    this._loader.cancel();
  }

  /** Look for names in all that is below the directory; what is found takes the rows' place. */
  startSearch(pattern: string): void {
    this._stay();
    this._search?.dispose();
    const search = (this._search = new Search(this.api, this._path, pattern));
    search.changed.connect(() => this.rows.show(search.results));
    this.rows.reset(null);
    this.rows.show(search.results);
    void search.run();
  }

  /** Show the directory again. */
  endSearch(): void {
    this._stay();
    this._showDirectory();
  }

  /** Go where the user wanted to when the filter was `before`; one that was typed since is meant for there. */
  private _arrive(before: string, go: () => void): void {
    const { filter } = this.rows;
    go();
    if (filter !== before && filter !== '') {
      this.rows.filter = filter;
    }
  }

  /** The user goes on here: what would lead elsewhere is not wanted any more. */
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
      // What was seen before is shown as it was seen; "refresh" asks again.
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
    // A path that is being typed was meant to lead from where the user is no longer.
    this._editing = false;
    this.rows.reset(focus);
    this.rows.show(this._directory);
    this._pathChanged.emit(path);
  }

  /** Load something, then what has waited for it. */
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

  /** Load what is shown if it is missing or has changed, unless something is being loaded. */
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
            // The server may have been started anew.
            await this._loadStatus();
          }
          const { resource } = await this._listings.ask(path, signal);
          if (!(resource instanceof Directory)) {
            throw new RequestError('not-a-directory', '');
          }
          return () => this._accept(resource, version);
        } catch (error) {
          return () => this._reject(toRequestError(error), origin, version);
        }
      });
    } catch (error) {
      // The user has gone on, or does not want to wait.
      console.debug('ctadata: not loaded:', error);
      return;
    }
    if (this._error?.code.startsWith('service-')) {
      // Whoever looks for the reason wants to know which service it is.
      await this._loadStatus();
    }
  }

  private _accept(directory: Directory, version: number): void {
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
    // What the user did not ask for takes nothing away.
    if (origin === 'user' || !this._directory) {
      this._fail(error);
    } else {
      this._error = error;
    }
  }

  private _fail(error: RequestError): void {
    this._error = error;
    // Rows that may not be there any more must not look as if they were.
    this._listings.cache.delete(this._path);
    this._directory = null;
    if (!this._search) {
      this.rows.show(null);
    }
  }

  /** Show nothing at all, because panel and server extension do not understand each other. */
  private _refuse(mismatch: RequestError): void {
    this._fail(mismatch);
    this._showDirectory();
  }

  /** Ask the server extension which service it speaks to, and whether it is as old as the panel. */
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
  private _directory: Directory | null = null;
  private _search: Search | null = null;
  private _history = new History();
  private _editing = false;
  private _error: RequestError | null = null;
  private _listings: CachedListings;
  private _service: ServiceStatus;
  private _loader = new Loader();
  /** The version of the directory that was asked for last. */
  private _version = 0;
  /** Whether something is to be loaded: somebody looks, or has asked for something. */
  private _started = false;
  /** Whether somebody has looked at the panel. */
  private _watched = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _pathChanged = new Signal<this, string>(this);
}
