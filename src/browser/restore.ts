import { IStateDB } from '@jupyterlab/statedb';
import { PartialJSONObject } from '@lumino/coreutils';

import { COLUMNS } from '../common/columns';
import { PANEL_ID } from '../tokens';
import { BrowserModel } from './model';
import { ISortState } from './sort';

/** Restore the directory and order shown before the page was reloaded, and save them from now on. */
export async function restoreModel(
  model: BrowserModel,
  state: IStateDB
): Promise<void> {
  let saved: PartialJSONObject | undefined;
  try {
    saved = (await state.fetch(PANEL_ID)) as PartialJSONObject | undefined;
  } catch (error) {
    console.warn('ctadata: the last folder is not known:', error);
  }
  if (typeof saved?.path === 'string') {
    model.restore(saved.path, sortFrom(saved));
  }
  let path = saved?.path ?? '';
  let { sort } = model.rows;
  const save = () => {
    if (model.path !== path || model.rows.sort !== sort) {
      ({ path } = model);
      ({ sort } = model.rows);
      void state.save(PANEL_ID, { path, ...sort });
    }
  };
  model.changed.connect(save);
  // The user may have opened another directory meanwhile.
  save();
}

function sortFrom(saved: PartialJSONObject): ISortState | null {
  const column = COLUMNS.find(name => name === saved.column);
  return column && typeof saved.ascending === 'boolean'
    ? { column, ascending: saved.ascending }
    : null;
}
