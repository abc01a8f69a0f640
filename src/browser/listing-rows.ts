import { ISignal, Signal } from '@lumino/signaling';

import { IEntry } from '../api/types';
import { Column } from '../common/columns';
import { ICollection, SearchResults } from './collection';
import { NameTest, nameTest } from './name-filter';
import { IKeyedRows, Selection } from './selection';
import { DEFAULT_SORT, ISortState, sortOrder } from './sort';

/** What is selected, added up. */
export interface ISelectedEntries {
  readonly entries: readonly IEntry[];
  readonly directories: number;
  /** Bytes of the files whose size is known. */
  readonly bytes: number;
}

/** Why a regular expression is none, without what all such messages begin with. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace('error parsing regexp: ', '');
}

const NOTHING: ICollection = new SearchResults('');

/** What is shown of a collection: filtered and sorted, some of it selected. */
export class ListingRows implements IKeyedRows {
  /** Emitted whenever there is something to render anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get length(): number {
    return this._rows.length;
  }

  /** How many there are without the filter. */
  get count(): number {
    return this._collection.length;
  }

  /** What stands in a row, from the top, 0 the first. */
  entryAt(row: number): IEntry {
    return this._collection.entry(this._rows[row]);
  }

  keyAt(row: number): string {
    return this._collection.key(this._rows[row]);
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

  /** Sort as somebody did earlier, unless another order has been chosen meanwhile. */
  restoreSort(sort: ISortState): void {
    if (this._sort === DEFAULT_SORT) {
      this.sort = sort;
    }
  }

  get filter(): string {
    return this._filter;
  }

  /** While it is not understood, the rows stay as they are. */
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

  /** Why the filter is not understood. */
  get filterError(): string | null {
    return this._filterError;
  }

  get selection(): Selection {
    return this._selection;
  }

  /** What is selected, as it is shown from top to bottom. */
  get selected(): ISelectedEntries {
    return (this._selected ??= this._collectSelected());
  }

  /** Show other entries, or more of them; what is selected stays so if it is among them. */
  show(collection: ICollection | null): void {
    this._collection = collection ?? NOTHING;
    this._order = null;
    this._arrange();
    if (collection && this._wanted !== null) {
      this.selectName(this._wanted);
      this._wanted = null;
    }
  }

  /** Forget filter and selection; `focus` is the key of the row to start from. */
  reset(focus: string | null): void {
    this._filter = '';
    this._filterError = null;
    this._test = null;
    this._wanted = null;
    this._selection.reset(focus);
  }

  /** Sort by a column; by the one that is the order already: the other way round. */
  sortBy(column: Column): void {
    const ascending =
      this._sort.column === column ? !this._sort.ascending : column === 'name';
    this.sort = { column, ascending };
  }

  /** Change the selection, and tell the views. */
  changeSelection(change: (selection: Selection) => void): void {
    this._wanted = null;
    change(this._selection);
    this._selected = null;
    this._changed.emit();
  }

  /** Select one row alone. */
  select(row: number): void {
    this.changeSelection(selection => selection.select(row));
  }

  /** Select what has this name, now or when the next entries are shown, unless something else is selected meanwhile. */
  selectName(name: string): void {
    const normal = name.normalize();
    let alike = -1;
    for (let row = 0; row < this.length; row += 1) {
      const other = this.nameAt(row);
      if (other === name) {
        this.select(row);
        return;
      }
      // The storage may write it in another of Unicode's normal forms.
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
  /** Indices of all entries, in order; null where it has to be found. */
  private _order: Uint32Array | null = null;
  /** Those that the filter lets through. */
  private _rows: Uint32Array = new Uint32Array();
  private _sort = DEFAULT_SORT;
  /** The name to select as soon as it is there. */
  private _wanted: string | null = null;
  private _filter = '';
  private _filterError: string | null = null;
  private _test: NameTest | null = null;
  private _selection = new Selection();
  private _selected: ISelectedEntries | null = null;
  private _changed = new Signal<this, void>(this);
}
