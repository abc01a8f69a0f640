import { TranslationBundle } from '@jupyterlab/translation';

/** The columns of the listing, from left to right. */
export const COLUMNS = ['name', 'size', 'modified'] as const;

/** A column of the listing. */
export type Column = (typeof COLUMNS)[number];

/** The titles of the columns. */
export function columnLabels(trans: TranslationBundle): Record<Column, string> {
  return {
    name: trans.__('Name'),
    size: trans.__('Size'),
    modified: trans.__('Modified')
  };
}
