import { IEntry } from './api';

/** The columns of the listing, from left to right. */
export const COLUMNS = ['name', 'size', 'modified'] as const;

/** A column of the listing. */
export type Column = (typeof COLUMNS)[number];

/** The order of the listing. */
export interface ISortState {
  column: Column;
  ascending: boolean;
}

// Run9 before Run10.
const collator = new Intl.Collator(undefined, {
  numeric: true,
  sensitivity: 'base'
});

function compareNames(a: IEntry, b: IEntry): number {
  // Names that differ in case or accents alone still need an order of their own.
  return collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
}

/** Compare what may be unknown: unknown comes first, as less than anything. */
function compareKnown<T extends string | number>(
  a: T | null,
  b: T | null
): number {
  if (a === b) {
    return 0;
  }
  if (a === null || b === null) {
    return a === null ? -1 : 1;
  }
  return a < b ? -1 : 1;
}

/** Sort entries: directories first in either direction, equal ones by name. */
export function sortEntries(
  entries: readonly IEntry[],
  { column, ascending }: ISortState
): IEntry[] {
  const sign = ascending ? 1 : -1;
  return [...entries].sort((a, b) => {
    if (a.type !== b.type) {
      return a.type === 'directory' ? -1 : 1;
    }
    if (column === 'name') {
      return sign * compareNames(a, b);
    }
    return sign * compareKnown(a[column], b[column]) || compareNames(a, b);
  });
}
