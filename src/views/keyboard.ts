import { Platform } from '@lumino/domutils';
import * as React from 'react';

import { BrowserModel } from '../model';

/** Milliseconds within which typed letters belong to one word. */
const TYPING = 1000;

/** Whether the key is held that adds to a selection. */
export function isAccel(
  event: React.KeyboardEvent | React.MouseEvent
): boolean {
  return Platform.accelKey(event.nativeEvent);
}

/** The listing's keys: what the core file browser does, and what a grid should. */
export class ListingKeys {
  constructor(
    private _model: BrowserModel,
    private _open: () => void
  ) {}

  /**
   * Act on a key.
   *
   * @param page - the number of rows of a page
   * @returns whether the key means something here
   */
  handle(event: React.KeyboardEvent, page: number): boolean {
    if (isAccel(event)) {
      return event.key === ' ' && this._toggle();
    }
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return false;
    }
    return (
      this._move(event, page) || this._act(event.key) || this._type(event.key)
    );
  }

  private _move(event: React.KeyboardEvent, page: number): boolean {
    const { focus } = this._model.selection;
    const last = this._model.rows.length - 1;
    const targets: Record<string, number> = {
      ArrowDown: focus + 1,
      ArrowUp: focus < 0 ? last : focus - 1,
      PageDown: focus + page,
      PageUp: focus - page,
      Home: 0,
      End: last
    };
    if (!Object.hasOwn(targets, event.key)) {
      return false;
    }
    this._model.changeSelection(selection =>
      selection.moveTo(targets[event.key], event.shiftKey)
    );
    return true;
  }

  private _act(key: string): boolean {
    if (key === 'Enter') {
      if (this._model.selection.size === 0) {
        // The row with the focus is what is meant.
        this._model.select(Math.max(0, this._model.selection.focus));
      }
      this._open();
    } else if (key === 'Escape') {
      this._model.changeSelection(selection => selection.clear());
    } else {
      return false;
    }
    return true;
  }

  private _toggle(): boolean {
    this._model.changeSelection(selection => selection.toggle(selection.focus));
    return true;
  }

  private _type(key: string): boolean {
    if (key.length !== 1) {
      return false;
    }
    const now = Date.now();
    this._typed = now - this._lastTyped < TYPING ? this._typed + key : key;
    this._lastTyped = now;
    this._model.changeSelection(selection =>
      selection.selectPrefix(this._typed)
    );
    return true;
  }

  private _typed = '';
  private _lastTyped = 0;
}
