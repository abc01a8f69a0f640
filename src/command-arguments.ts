import { TranslationBundle } from '@jupyterlab/translation';
import {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import { isDirectory } from './api/directory';
import { IEntry } from './api/types';
import { normalizePath } from './common/paths';
import { IBrowserModel, ICTADataAPI } from './tokens';

/** The arguments of a command; all of them are optional. */
export type CommandArguments = ReadonlyPartialJSONObject;

/** The argument `paths`; null if the command acts on the selection. */
export function pathsOf({ paths }: CommandArguments): string[] | null {
  return Array.isArray(paths)
    ? paths.filter(path => typeof path === 'string').map(normalizePath)
    : null;
}

/** The argument `destination`; null without one. */
export function destinationOf({
  destination
}: CommandArguments): string | null {
  return typeof destination === 'string' ? normalizePath(destination) : null;
}

/** The number of entries that a command acts on; without a panel, nothing is selected. */
export function countOf(
  args: CommandArguments,
  model: IBrowserModel | null
): number {
  return pathsOf(args)?.length ?? model?.rows.selectedCount ?? 0;
}

/**
 * The entries that a command acts on: those of `paths`, or else the selection.
 *
 * @throws RequestError if a path does not exist
 */
export async function entriesOf(
  args: CommandArguments,
  model: IBrowserModel | null,
  api: ICTADataAPI
): Promise<readonly IEntry[]> {
  const paths = pathsOf(args);
  if (!paths) {
    return model?.rows.selected.entries ?? [];
  }
  const listed = await Promise.all(paths.map(path => api.list(path)));
  return listed.map(item => (isDirectory(item) ? item.own : item));
}

/** Describe the arguments of a command, as JSON schemas of its properties. */
export function describeArguments(
  properties: Record<string, ReadonlyJSONObject> = {}
): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties } };
}

/** Describe the argument `paths`. */
export function describePaths(trans: TranslationBundle): ReadonlyJSONObject {
  return {
    type: 'array',
    items: { type: 'string' },
    description: trans.__(
      'Paths in the storage, relative to its root; without them, the selection'
    )
  };
}
