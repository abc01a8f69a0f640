/**
 * Which of the rows are selected, which one has the focus, and where a range starts.
 *
 * Follows the core file browser. Rows are known by their names, so that a selection survives
 * sorting, filtering and refreshing; a name that is no longer shown is no longer selected.
 */
export class Selection {
  /** The row that the keyboard acts on; -1 when there is none. */
  get focus(): number {
    return this._indexOf(this._focus);
  }

  /** The number of selected rows. */
  get size(): number {
    return this._selected.size;
  }

  has(name: string): boolean {
    return this._selected.has(name);
  }

  /** Say what is shown now, from top to bottom. */
  setRows(names: readonly string[]): void {
    this._names = names;
    this._indices = new Map(names.map((name, index) => [name, index]));
    this._selected = new Set(
      [...this._selected].filter(name => this._indices.has(name))
    );
  }

  /** Select nothing; the focus stays. */
  clear(): void {
    this._selected.clear();
    this._anchor = null;
  }

  /** Forget all, as for another directory; `name` is the row to start from. */
  reset(name: string | null): void {
    this.clear();
    this._focus = name;
  }

  /** A plain click or arrow: this row alone. */
  select(index: number): void {
    if (index in this._names) {
      this._focus = this._anchor = this._names[index];
      this._selected = new Set([this._focus]);
    }
  }

  /** Ctrl and click: this row in or out. */
  toggle(index: number): void {
    if (index in this._names) {
      this._focus = this._anchor = this._names[index];
      if (!this._selected.delete(this._focus)) {
        this._selected.add(this._focus);
      }
    }
  }

  /** Shift and click or arrow: all from where the range started to this row. */
  extend(index: number): void {
    if (index in this._names) {
      const anchor = Math.max(0, this._indexOf(this._anchor ?? this._focus));
      this._anchor = this._names[anchor];
      this._focus = this._names[index];
      this._selected = new Set(
        this._names.slice(Math.min(anchor, index), Math.max(anchor, index) + 1)
      );
    }
  }

  selectAll(): void {
    this._selected = new Set(this._names);
  }

  /** An arrow, page or end key: go to a row, which is the nearest where there is no such row. */
  moveTo(index: number, extend: boolean): void {
    const nearest = Math.max(0, Math.min(index, this._names.length - 1));
    if (extend) {
      this.extend(nearest);
    } else {
      this.select(nearest);
    }
  }

  /** Typing: select the next row, the focused one included, whose name starts like that. */
  selectPrefix(prefix: string): void {
    const wanted = prefix.toLowerCase();
    const count = this._names.length;
    // One letter again and again goes through all the rows that start with it.
    const start =
      this.focus < 0 ? 0 : this.focus + (wanted.length === 1 ? 1 : 0);
    for (let step = 0; step < count; step += 1) {
      const index = (start + step) % count;
      if (this._names[index].toLowerCase().startsWith(wanted)) {
        this.select(index);
        return;
      }
    }
  }

  private _indexOf(name: string | null): number {
    return name === null ? -1 : (this._indices.get(name) ?? -1);
  }

  private _names: readonly string[] = [];
  private _indices = new Map<string, number>();
  private _selected = new Set<string>();
  private _anchor: string | null = null;
  private _focus: string | null = null;
}
