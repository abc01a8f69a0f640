import { Column } from '../common/columns';
import { ICollection } from './collection';

/** The order of the listing. */
export interface ISortState {
  column: Column;
  ascending: boolean;
}

/** The default order. */
export const DEFAULT_SORT: ISortState = { column: 'name', ascending: true };

/** Sort entries: directories first in both directions, equal ones by name. Returns indices. */
export function sortOrder(
  collection: ICollection,
  { column, ascending }: ISortState
): Uint32Array {
  const byName =
    collection.naturalOrder?.() ??
    Uint32Array.from({ length: collection.length }, (_, index) => index);
  const directories = byName.subarray(0, collection.directories);
  const files = byName.subarray(collection.directories);
  if (column === 'name') {
    if (!ascending) {
      directories.reverse();
      files.reverse();
    }
  } else {
    const keys = columnKeys(collection, column);
    sortBy(directories, keys, ascending);
    sortBy(files, keys, ascending);
  }
  return byName;
}

/** The numbers to compare; unknown values sort first. */
function columnKeys(
  collection: ICollection,
  column: 'size' | 'modified'
): Float64Array {
  const keys = new Float64Array(collection.length);
  for (let index = 0; index < keys.length; index += 1) {
    keys[index] = collection[column](index) ?? -Infinity;
  }
  return keys;
}

function sortBy(
  indices: Uint32Array,
  keys: Float64Array,
  ascending: boolean
): void {
  // The sort is stable: equal entries stay in the order of their names.
  indices.sort(
    ascending
      ? (a, b) => compare(keys[a], keys[b])
      : (a, b) => compare(keys[b], keys[a])
  );
}

function compare(a: number, b: number): number {
  // No subtraction: the difference of two infinities is NaN.
  return a < b ? -1 : a > b ? 1 : 0;
}
