import { ISignal, Signal } from '@lumino/signaling';

import { IEntry } from '../api/types';
import { Column } from '../common/columns';
import { IRows } from '../tokens';
import { ICollection, SearchResults } from './collection';
import { NameTest, nameTest } from './name-filter';
import { IKeyedRows, Selection } from './selection';
import { DEFAULT_SORT, ISortState, sortOrder } from './sort';

/** Totals of the selection. */
export interface ISelectedEntries {
  readonly entries: readonly IEntry[];
  readonly directories: number;
  /** Total bytes of the files whose size is known. */
  readonly bytes: number;
}

/** Why a regular expression is invalid, without the prefix common to all such messages. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace('error parsing regexp: ', '');
}

const NOTHING: ICollection = new SearchResults('');

/** The rows of the listing: a collection, filtered, sorted, and partly selected. */
export class ListingRows implements IRows, IKeyedRows {
  /** Emitted when the views must render again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get length(): number {
    return this._rows.length;
  }

  /** The number of rows without the filter. */
  get count(): number {
    return this._collection.length;
  }

  /** The entry in a row; 0 is the first row. */
  entryAt(row: number): IEntry {
    return this._collection.entry(this._rows[row]);
  }

  keyAt(row: number): string {
    const index = this._rows[row];
    return this._collection.key?.(index) ?? this._collection.name(index);
  }

  nameAt(row: number): string {
    return this._collection.name(this._rows[row]);
  }

  get sort(): ISortState {
    return this._sort;
  }

  set sort(sort: ISortState) {
    this._sort = sort;
    this._order = null;
    this._arrange();
  }

  /** Restore a saved order, unless the user has chosen another one meanwhile. */
  restoreSort(sort: ISortState): void {
    if (this._sort === DEFAULT_SORT) {
      this.sort = sort;
    }
  }

  get filter(): string {
    return this._filter;
  }

  /** While the filter is invalid, the rows stay as they are. */
  set filter(filter: string) {
    this._filter = filter;
    this._filterError = null;
    try {
      this._test = filter.trim() === '' ? null : nameTest(filter);
    } catch (error) {
      this._filterError = messageOf(error);
    }
    this._arrange();
  }

  /** Why the filter is invalid. */
  get filterError(): string | null {
    return this._filterError;
  }

  /** The number of selected rows; cheaper than `selected`. */
  get selectedCount(): number {
    return this._selection.size;
  }

  get selection(): Selection {
    return this._selection;
  }

  /** The selected entries, in the order of the rows. */
  get selected(): ISelectedEntries {
    return (this._selected ??= this._collectSelected());
  }

  /** Show other entries, or more of them; keep the selection of those that are still there. */
  show(collection: ICollection | null): void {
    this._collection = collection ?? NOTHING;
    this._order = null;
    this._arrange();
    if (collection && this._wanted !== null) {
      this.selectName(this._wanted);
      this._wanted = null;
    }
  }

  /** Clear filter and selection; `focus` is the key of the row that gets the focus. */
  reset(focus: string | null): void {
    this._filter = '';
    this._filterError = null;
    this._test = null;
    this._wanted = null;
    this._selection.reset(focus);
  }

  /** Sort by a column; if the rows are sorted by it already, reverse the order. */
  sortBy(column: Column): void {
    const ascending =
      this._sort.column === column ? !this._sort.ascending : column === 'name';
    this.sort = { column, ascending };
  }

  /** Change the selection, and update the views. */
  changeSelection(change: (selection: Selection) => void): void {
    this._wanted = null;
    change(this._selection);
    this._selected = null;
    this._changed.emit();
  }

  selectAll(): void {
    this.changeSelection(selection => selection.selectAll());
  }

  /** Select the rows whose names pass a test. */
  selectMatching(test: (name: string) => boolean): void {
    this.changeSelection(selection => selection.selectMatching(test));
  }

  /** Select one row only. */
  select(row: number): void {
    this.changeSelection(selection => selection.select(row));
  }

  /** Select the entry with this name, now or once it is listed, unless the user selects another one first. */
  selectName(name: string): void {
    const normal = name.normalize();
    let alike = -1;
    for (let row = 0; row < this.length; row += 1) {
      const other = this.nameAt(row);
      if (other === name) {
        this.select(row);
        return;
      }
      // The storage may use another Unicode normalization form.
      if (alike < 0 && other.normalize() === normal) {
        alike = row;
      }
    }
    if (alike >= 0) {
      this.select(alike);
    } else {
      this._wanted = name;
    }
  }

  private _collectSelected(): ISelectedEntries {
    const entries: IEntry[] = [];
    let directories = 0;
    let bytes = 0;
    if (this._selection.size > 0) {
      for (let row = 0; row < this.length; row += 1) {
        if (this._selection.has(this.keyAt(row))) {
          const entry = this.entryAt(row);
          entries.push(entry);
          directories += entry.type === 'directory' ? 1 : 0;
          bytes += entry.size ?? 0;
        }
      }
    }
    return { entries, directories, bytes };
  }

  private _arrange(): void {
    const shown = this._collection;
    const order = (this._order ??= sortOrder(shown, this._sort));
    const test = this._test;
    this._rows =
      test === null ? order : order.filter(index => test(shown.name(index)));
    this._selection.setRows(this);
    this._selected = null;
    this._changed.emit();
  }

  private _collection = NOTHING;
  /** Indices of all entries, sorted; null if they must be sorted again. */
  private _order: Uint32Array | null = null;
  /** Indices of the entries that match the filter. */
  private _rows: Uint32Array = new Uint32Array();
  private _sort = DEFAULT_SORT;
  /** The name to select once it is listed. */
  private _wanted: string | null = null;
  private _filter = '';
  private _filterError: string | null = null;
  private _test: NameTest | null = null;
  private _selection = new Selection();
  private _selected: ISelectedEntries | null = null;
  private _changed = new Signal<this, void>(this);
}
