import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { API, API_VERSION, IStatus } from '../api';
import { ListingCache } from './cache';
import { Directory } from './collection';
import { History, IPlace } from './history';
import { baseName, normalizePath, parentPath } from '../paths';
import { RequestError } from '../request';
import { Rows } from './rows';
import { Search } from './search';
import { ISortState } from './sort';

/** Milliseconds after which a directory that is still loading is called slow. */
const SLOW = 5000;

/** What the user looks at: one directory of the storage. Views render it, commands change it. */
export class BrowserModel implements IDisposable {
  constructor(readonly api: API) {
    this.rows.changed.connect(() => this._changed.emit());
  }

  /** What is shown of the directory, or of what a search has found. */
  readonly rows = new Rows();

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
    return this._load !== null;
  }

  /** Whether the storage lets us wait for an answer. */
  get slow(): boolean {
    return this._slow;
  }

  /** What prevented the last loading. */
  get error(): RequestError | null {
    return this._error;
  }

  /** What is known of the data service. */
  get status(): IStatus | null {
    return this._status;
  }

  /** Whether the path is being typed. */
  get editing(): boolean {
    return this._editing;
  }

  set editing(editing: boolean) {
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
      this._stop();
      this._search?.dispose();
      Signal.clearData(this);
    }
  }

  /** Say, without loading it yet, which directory is shown and in which order. */
  restore(path: string, sort: ISortState): void {
    this._path = path;
    this.rows.sort = sort;
  }

  /** Load the directory if nothing has been loaded or tried yet. */
  async start(): Promise<void> {
    if (!this._directory && !this._error && !this._load) {
      await Promise.all([this.refresh(), this._loadStatus()]);
    }
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
      this.endSearch();
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
   * @throws RequestError
   */
  async open(text: string): Promise<void> {
    const path = normalizePath(text);
    const load = this._begin();
    try {
      const resource = await this.api.list(path, load.signal);
      if (this._load !== load) {
        return;
      }
      this._end();
      if (resource instanceof Directory) {
        if (path !== this._path) {
          this._history.leave(this._place());
        }
        this._show(path, null);
        this._accept(resource);
      } else {
        await this.reveal(path);
      }
    } catch (error) {
      if (this._load === load) {
        this._end();
        throw error;
      }
    }
  }

  /** Show the directory that contains this, and select it there. */
  async reveal(path: string): Promise<void> {
    await this.cd(parentPath(path));
    this.rows.selectName(baseName(path));
  }

  /** What a directory contains, as it was seen last if it was; null where that cannot be had. */
  async lookUp(path: string): Promise<Directory | null> {
    const known = this._cache.get(path);
    if (known) {
      return known;
    }
    try {
      const resource = await this.api.list(path);
      if (resource instanceof Directory) {
        this._cache.set(resource);
        return resource;
      }
    } catch (error) {
      // Whoever goes there is told why; here it only means that nothing can be offered.
      console.debug('ctadata: no completions:', error);
    }
    return null;
  }

  /** Load the directory again; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const load = this._begin();
    if (this._mismatch()) {
      // The server may have been started anew.
      await this._loadStatus();
    }
    try {
      const resource = await this.api.list(this._path, load.signal);
      // The answer for a directory that was left meanwhile is nobody's.
      if (this._load !== load) {
        return;
      }
      if (!(resource instanceof Directory)) {
        throw new RequestError('not-a-directory', '');
      }
      this._accept(resource);
    } catch (error) {
      if (this._load !== load) {
        return;
      }
      await this._reject(error as RequestError);
      return;
    }
    this._end();
  }

  /** Take note that a directory has changed, or perhaps has. */
  async invalidate(path: string): Promise<void> {
    this._cache.delete(path);
    if (path === this._path && this._directory) {
      await this.refresh();
    }
  }

  /** Wait no longer. */
  cancel(): void {
    if (this._load) {
      this._stop();
      if (!this._directory) {
        this._error = new RequestError('cancelled', '');
      }
      this._changed.emit();
    }
  }

  /** Look for names in all that is below the directory; what is found takes the rows' place. */
  startSearch(pattern: string): void {
    this._search?.dispose();
    const search = (this._search = new Search(this.api, this._path, pattern));
    search.changed.connect(() => this.rows.show(search.findings));
    this.rows.reset(null);
    this.rows.show(search.findings);
    void search.run();
  }

  /** Show the directory again. */
  endSearch(): void {
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
        this._end();
      } else {
        await this.refresh();
      }
    }
  }

  private _show(path: string, focus: string | null): void {
    this._search?.dispose();
    this._search = null;
    this._path = path;
    this._directory = this._cache.get(path);
    this._error = null;
    this.rows.reset(focus);
    this.rows.show(this._directory);
    this._pathChanged.emit(path);
  }

  private _accept(directory: Directory): void {
    const mismatch = this._mismatch();
    if (mismatch) {
      this._fail(mismatch);
      return;
    }
    this._cache.set(directory);
    this._directory = directory;
    this._error = null;
    if (!this._search) {
      this.rows.show(directory);
    }
  }

  private async _reject(error: RequestError): Promise<void> {
    this._fail(error);
    this._end();
    if (error.code.startsWith('service-')) {
      // Whoever looks for the reason wants to know which service it is.
      await this._loadStatus();
    }
  }

  private _fail(error: RequestError): void {
    this._error = error;
    // Rows that may not be there any more must not look as if they were.
    this._cache.delete(this._path);
    this._directory = null;
    this.endSearch();
    this.rows.show(null);
  }

  /** Ask the server extension which service it speaks to, and whether it is as old as the panel. */
  private async _loadStatus(): Promise<void> {
    try {
      this._status = await this.api.status();
      const mismatch = this._mismatch();
      if (mismatch) {
        this._fail(mismatch);
      }
      this._changed.emit();
    } catch (error) {
      // Messages name no service then.
      console.warn('ctadata: no status:', error);
    }
  }

  /** Server extension and panel of different versions would misunderstand each other sooner or later. */
  private _mismatch(): RequestError | null {
    if (!this._status) {
      return null;
    }
    const version = this._status.versions.api ?? 1;
    if (version === API_VERSION) {
      return null;
    }
    const code = version < API_VERSION ? 'server-older' : 'panel-older';
    return new RequestError(code, '');
  }

  private _begin(): AbortController {
    this._stop();
    this._load = new AbortController();
    this._timer = setTimeout(() => {
      this._slow = true;
      this._changed.emit();
      if (!this._status) {
        void this._loadStatus();
      }
    }, SLOW);
    this._changed.emit();
    return this._load;
  }

  private _end(): void {
    this._load = null;
    this._stop();
    this._changed.emit();
  }

  private _stop(): void {
    this._load?.abort();
    this._load = null;
    this._slow = false;
    clearTimeout(this._timer);
  }

  private _path = '';
  private _directory: Directory | null = null;
  private _search: Search | null = null;
  private _cache = new ListingCache();
  private _history = new History();
  private _editing = false;
  private _status: IStatus | null = null;
  private _error: RequestError | null = null;
  private _load: AbortController | null = null;
  private _slow = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _pathChanged = new Signal<this, string>(this);
}
