import { Platform } from '@lumino/domutils';
import * as React from 'react';

import { ListingRows } from '../listing-rows';

/** Milliseconds within which typed letters form one word. */
const TYPING = 1000;

/** Whether the modifier key that adds to a selection is pressed. */
export function isAccel(
  event: React.KeyboardEvent | React.MouseEvent
): boolean {
  return Platform.accelKey(event.nativeEvent);
}

/** The keys of the listing: those of the core file browser and of an ARIA grid. */
export class ListingKeys {
  constructor(
    private _rows: ListingRows,
    private _open: () => void
  ) {}

  /**
   * Handle a key.
   *
   * @param page - the number of rows per page
   * @returns whether the key was handled
   */
  handle(event: React.KeyboardEvent, page: number): boolean {
    if (isAccel(event)) {
      return event.key === ' ' ? this._toggle() : this._goTo(event, page);
    }
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return false;
    }
    return (
      this._move(event, page) || this._act(event.key) || this._type(event.key)
    );
  }

  private _move(event: React.KeyboardEvent, page: number): boolean {
    const target = this._target(event.key, page);
    if (target === null) {
      return false;
    }
    this._rows.changeSelection(selection =>
      selection.moveTo(target, event.shiftKey)
    );
    return true;
  }

  /** Move the focus and keep the selection, to add to it from there. */
  private _goTo(event: React.KeyboardEvent, page: number): boolean {
    const target = event.shiftKey ? null : this._target(event.key, page);
    if (target === null) {
      return false;
    }
    this._rows.changeSelection(selection => selection.moveFocus(target));
    return true;
  }

  /** The row that a key moves to. */
  private _target(key: string, page: number): number | null {
    const { focus } = this._rows.selection;
    const last = this._rows.length - 1;
    switch (key) {
      case 'ArrowDown':
        return focus + 1;
      case 'ArrowUp':
        return focus < 0 ? last : focus - 1;
      case 'PageDown':
        return focus + page;
      case 'PageUp':
        return focus - page;
      case 'Home':
        return 0;
      case 'End':
        return last;
      default:
        return null;
    }
  }

  private _act(key: string): boolean {
    if (key === 'Enter') {
      if (this._rows.selection.size === 0) {
        // Act on the focused row.
        this._rows.select(Math.max(0, this._rows.selection.focus));
      }
      this._open();
    } else if (key === 'Escape') {
      this._rows.changeSelection(selection => selection.clear());
    } else {
      return false;
    }
    return true;
  }

  private _toggle(): boolean {
    this._rows.changeSelection(selection => selection.toggle(selection.focus));
    return true;
  }

  private _type(key: string): boolean {
    // No name contains a slash, so it opens the filter.
    if (key.length !== 1 || key === '/') {
      return false;
    }
    const now = Date.now();
    this._typed = now - this._lastTyped < TYPING ? this._typed + key : key;
    this._lastTyped = now;
    this._rows.changeSelection(selection =>
      selection.selectPrefix(this._typed)
    );
    return true;
  }

  private _typed = '';
  private _lastTyped = 0;
}
