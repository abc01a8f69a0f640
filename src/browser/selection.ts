import { fold } from '../common/natural-order';

/** The rows from top to bottom, each with a unique key. */
export interface IKeyedRows {
  readonly length: number;
  keyAt(row: number): string;
  nameAt(row: number): string;
}

const NO_ROWS: IKeyedRows = { length: 0, keyAt: () => '', nameAt: () => '' };

/**
 * The selected rows, the focused row, and the start of a range.
 *
 * Behaves like the core file browser. Rows are identified by their keys, so that a selection survives
 * sorting, filtering and refreshing. A row that is no longer shown is no longer selected.
 */
export class Selection {
  /** The focused row, which the keyboard acts on; -1 if there is none. */
  get focus(): number {
    return this._focusRow;
  }

  /** The number of selected rows. */
  get size(): number {
    return this._selected.size;
  }

  has(key: string): boolean {
    return this._selected.has(key);
  }

  /** Set the rows. */
  setRows(rows: IKeyedRows): void {
    this._rows = rows;
    this._focusRow = this._rowOf(this._focus);
    if (this._selected.size > 0) {
      const kept = new Set<string>();
      for (let row = 0; row < rows.length; row += 1) {
        const key = rows.keyAt(row);
        if (this._selected.has(key)) {
          kept.add(key);
        }
      }
      this._selected = kept;
    }
  }

  /** Clear the selection; keep the focus. */
  clear(): void {
    this._selected = new Set();
    this._anchor = null;
  }

  /** Clear everything, as for another directory; `key` is the row that gets the focus. */
  reset(key: string | null): void {
    this.clear();
    this._focus = key;
    this._focusRow = this._rowOf(key);
  }

  /** Click or arrow key: select this row only. */
  select(row: number): void {
    if (this._exists(row)) {
      this._anchor = this._setFocus(row);
      this._selected = new Set([this._anchor]);
    }
  }

  /** Ctrl-click: toggle this row. */
  toggle(row: number): void {
    if (this._exists(row)) {
      this._anchor = this._setFocus(row);
      if (!this._selected.delete(this._anchor)) {
        this._selected.add(this._anchor);
      }
    }
  }

  /** Shift-click or Shift-arrow: select the range from its start to this row. */
  extend(row: number): void {
    if (this._exists(row)) {
      const anchor = Math.max(0, this._rowOf(this._anchor ?? this._focus));
      this._anchor = this._rows.keyAt(anchor);
      this._setFocus(row);
      this._selected = new Set();
      this._add(Math.min(anchor, row), Math.max(anchor, row) + 1);
    }
  }

  selectAll(): void {
    this._add(0, this._rows.length);
  }

  /** Select exactly the rows whose names match. */
  selectMatching(test: (name: string) => boolean): void {
    this.clear();
    for (let row = 0; row < this._rows.length; row += 1) {
      if (test(this._rows.nameAt(row))) {
        if (this._selected.size === 0) {
          this._anchor = this._setFocus(row);
        }
        this._selected.add(this._rows.keyAt(row));
      }
    }
  }

  /** Arrow, page, home or end key: move to a row, or to the nearest one that exists. */
  moveTo(row: number, extend: boolean): void {
    const nearest = Math.max(0, Math.min(row, this._rows.length - 1));
    if (extend) {
      this.extend(nearest);
    } else {
      this.select(nearest);
    }
  }

  /** Ctrl-arrow: move the focus only. */
  moveFocus(row: number): void {
    const nearest = Math.max(0, Math.min(row, this._rows.length - 1));
    if (this._exists(nearest)) {
      this._setFocus(nearest);
    }
  }

  /** Typing: select the next row, from the focused one on, whose name starts with the typed letters. */
  selectPrefix(prefix: string): void {
    const wanted = fold(prefix);
    const count = this._rows.length;
    // Typing one letter repeatedly cycles through the rows that start with it.
    const start =
      this.focus < 0 ? 0 : this.focus + (wanted.length === 1 ? 1 : 0);
    for (let step = 0; step < count; step += 1) {
      const row = (start + step) % count;
      if (fold(this._rows.nameAt(row)).startsWith(wanted)) {
        this.select(row);
        return;
      }
    }
  }

  private _exists(row: number): boolean {
    return row >= 0 && row < this._rows.length;
  }

  private _setFocus(row: number): string {
    this._focusRow = row;
    return (this._focus = this._rows.keyAt(row));
  }

  private _add(start: number, stop: number): void {
    for (let row = start; row < stop; row += 1) {
      this._selected.add(this._rows.keyAt(row));
    }
  }

  private _rowOf(key: string | null): number {
    if (key !== null) {
      for (let row = 0; row < this._rows.length; row += 1) {
        if (this._rows.keyAt(row) === key) {
          return row;
        }
      }
    }
    return -1;
  }

  private _rows = NO_ROWS;
  private _selected = new Set<string>();
  private _anchor: string | null = null;
  private _focus: string | null = null;
  private _focusRow = -1;
}
