import { IStateDB } from '@jupyterlab/statedb';
import { PartialJSONObject } from '@lumino/coreutils';

import { BrowserModel } from './model';
import { COLUMNS, ISortState } from './sort';
import { PANEL_ID } from '../tokens';

/** Bring back what was shown before the page was reloaded, and remember it from now on. */
export async function restoreModel(
  model: BrowserModel,
  state: IStateDB
): Promise<void> {
  const saved = (await state.fetch(PANEL_ID)) as PartialJSONObject | undefined;
  if (typeof saved?.path === 'string') {
    model.restore(saved.path, sortFrom(saved) ?? model.rows.sort);
  }
  let { path } = model;
  let { sort } = model.rows;
  model.changed.connect(() => {
    if (model.path !== path || model.rows.sort !== sort) {
      ({ path } = model);
      ({ sort } = model.rows);
      void state.save(PANEL_ID, { path, ...sort });
    }
  });
}

function sortFrom(saved: PartialJSONObject): ISortState | null {
  const column = COLUMNS.find(name => name === saved.column);
  return column && typeof saved.ascending === 'boolean'
    ? { column, ascending: saved.ascending }
    : null;
}
