import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { API, IEntry, IStatus } from './api';
import { nameTest } from './filter';
import { baseName, normalizePath, parentPath } from './paths';
import { RequestError } from './request';
import { Selection } from './selection';
import { Column, ISortState, sortEntries } from './sort';

/** Milliseconds after which a directory that is still loading is called slow. */
const SLOW = 4000;

/** What the user looks at: one directory of the storage. Views render it, commands change it. */
export class BrowserModel implements IDisposable {
  constructor(readonly api: API) {}

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

  /** What is shown: filtered and sorted. */
  get rows(): readonly IEntry[] {
    return this._rows;
  }

  /** The number of entries of the directory; null while they are not known. */
  get count(): number | null {
    return this._entries && this._entries.length;
  }

  /** Whether the directory has more entries than were sent. */
  get truncated(): boolean {
    return this._truncated;
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

  get sort(): ISortState {
    return this._sort;
  }

  /** Whether the path is being typed. */
  get editing(): boolean {
    return this._editing;
  }

  set editing(editing: boolean) {
    this._editing = editing;
    this._changed.emit();
  }

  get filter(): string {
    return this._filter;
  }

  get selection(): Selection {
    return this._selection;
  }

  /** The selected entries, as they are shown from top to bottom. */
  get selectedEntries(): IEntry[] {
    return this._rows.filter(entry => this._selection.has(entry.name));
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._stop();
      Signal.clearData(this);
    }
  }

  /** Say, without loading it yet, which directory is shown and in which order. */
  restore(path: string, sort: ISortState): void {
    this._path = path;
    this._sort = sort;
  }

  /** Load the directory if nothing has been loaded or tried yet. */
  async start(): Promise<void> {
    if (!this._entries && !this._error && !this._load) {
      await this.refresh();
    }
  }

  /** Show another directory; its path is shown at once. */
  async cd(path: string): Promise<void> {
    if (path === this._path) {
      return this.refresh();
    }
    // Coming back up, the row to go on from is the directory that was left.
    const child = this._path.startsWith(path === '' ? '' : `${path}/`)
      ? this._path.slice(path === '' ? 0 : path.length + 1).split('/')[0]
      : null;
    this._show(path, child);
    return this.refresh();
  }

  async goUp(): Promise<void> {
    if (this._path !== '') {
      await this.cd(parentPath(this._path));
    }
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
      if (resource.type === 'file') {
        this._end();
        await this.cd(parentPath(path));
        this.select(this._rows.findIndex(row => row.name === baseName(path)));
        return;
      }
      this._show(path, null);
      this._accept(resource.entries, resource.truncated);
      this._end();
    } catch (error) {
      if (this._load === load) {
        this._end();
        throw error;
      }
    }
  }

  /** Load the directory again; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const load = this._begin();
    try {
      const resource = await this.api.list(this._path, load.signal);
      // The answer for a directory that was left meanwhile is nobody's.
      if (this._load !== load) {
        return;
      }
      if (resource.type === 'file') {
        throw new RequestError('not-a-directory', '');
      }
      this._accept(resource.entries, resource.truncated);
    } catch (error) {
      if (this._load !== load) {
        return;
      }
      await this._reject(error as RequestError);
      return;
    }
    this._end();
  }

  /** Wait no longer. */
  cancel(): void {
    if (this._load) {
      this._stop();
      if (!this._entries) {
        this._error = new RequestError('cancelled', '');
      }
      this._changed.emit();
    }
  }

  /** Sort by a column; by the one that is the order already: the other way round. */
  sortBy(column: Column): void {
    const ascending =
      this._sort.column === column ? !this._sort.ascending : column === 'name';
    this._sort = { column, ascending };
    this._arrange();
  }

  setFilter(filter: string): void {
    this._filter = filter;
    this._arrange();
  }

  /** Change the selection, and tell the views. */
  changeSelection(change: (selection: Selection) => void): void {
    change(this._selection);
    this._changed.emit();
  }

  /** Select one row alone. */
  select(index: number): void {
    this.changeSelection(selection => selection.select(index));
  }

  private _show(path: string, focus: string | null): void {
    this._path = path;
    this._filter = '';
    this._entries = null;
    this._truncated = false;
    this._error = null;
    this._selection.reset(focus);
    this._arrange();
    this._pathChanged.emit(path);
  }

  private _accept(entries: readonly IEntry[], truncated: boolean): void {
    this._entries = entries;
    this._truncated = truncated;
    this._error = null;
    this._arrange();
  }

  private async _reject(error: RequestError): Promise<void> {
    this._error = error;
    // Rows that may not be there any more must not look as if they were.
    this._entries = null;
    this._arrange();
    this._end();
    if (error.code.startsWith('service-')) {
      // Whoever looks for the reason wants to know which service it is.
      await this._loadStatus();
    }
  }

  /** Ask the server extension which service it speaks to. */
  private async _loadStatus(): Promise<void> {
    try {
      this._status = await this.api.status();
      this._changed.emit();
    } catch (error) {
      // Messages name no service then.
      console.warn('ctadata: no status:', error);
    }
  }

  private _arrange(): void {
    const test = nameTest(this._filter);
    this._rows = sortEntries(
      (this._entries ?? []).filter(entry => test(entry.name)),
      this._sort
    );
    this._selection.setRows(this._rows.map(entry => entry.name));
    this._changed.emit();
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
  private _entries: readonly IEntry[] | null = null;
  private _rows: readonly IEntry[] = [];
  private _truncated = false;
  private _sort: ISortState = { column: 'name', ascending: true };
  private _filter = '';
  private _selection = new Selection();
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
