import { IDropped, IUploadFile } from './dropped';
import { joinPath } from '../paths';

/** What is to become of something whose name is taken. */
export type Answer = 'replace' | 'keep-both' | 'skip';

/** The names of a directory of the storage, and what they are. */
export type Names = ReadonlyMap<string, 'file' | 'directory'>;

/** A name that is taken. */
export interface IClash {
  /** Relative to the destination. */
  path: string;
  /** What stands there. */
  existing: 'file' | 'directory';
  /** The answers that are possible here: a file and a folder do not replace each other. */
  answers: readonly Answer[];
}

/** Asks about one name that is taken; null means that nothing shall be done at all. */
export type Ask = (
  clash: IClash
) => Promise<{ answer: Answer; forAll: boolean } | null>;

// What is compressed keeps its two extensions together: '.fits.gz'.
const EXTENSION =
  /(?:\.[A-Za-z][A-Za-z0-9]{0,7})?\.(?:gz|fz|bz2|xz|zst)$|\.[^.]*$/i;

/** The first of 'name (1).ext', 'name (2).ext' and so on that is not taken. */
export function freeName(
  name: string,
  taken: { has(name: string): boolean },
  isDirectory = false
): string {
  const extension = isDirectory ? '' : (EXTENSION.exec(name)?.[0] ?? '');
  // A name that is all extension, such as '.profile', has none.
  const tail = extension === name ? '' : extension;
  const stem = name.slice(0, name.length - tail.length);
  for (let number = 1; ; number += 1) {
    const candidate = `${stem} (${number})${tail}`;
    if (!taken.has(candidate)) {
      return candidate;
    }
  }
}

/** Asks once for each name that is taken, until an answer is meant for all. */
export class Clashes {
  constructor(private _ask: Ask) {}

  /**
   * Settle one name.
   *
   * @param name - what is to be put there
   * @param folder - where, relative to the destination
   * @param taken - what is there
   * @param isDirectory - whether what is to be put there is a folder
   * @returns the name to use, or null where it is left out
   * @throws Stopped when the whole is called off
   */
  async settle(
    name: string,
    folder: string,
    taken: Names,
    isDirectory: boolean
  ): Promise<string | null> {
    const existing = taken.get(name);
    if (existing === undefined) {
      return name;
    }
    const answers: Answer[] =
      isDirectory === (existing === 'directory')
        ? ['replace', 'keep-both', 'skip']
        : ['keep-both', 'skip'];
    switch (
      await this._answer({ path: joinPath(folder, name), existing, answers })
    ) {
      case 'replace':
        return name;
      case 'keep-both':
        return freeName(name, taken, isDirectory);
      case 'skip':
        return null;
    }
  }

  private async _answer(clash: IClash): Promise<Answer> {
    if (this._always && clash.answers.includes(this._always)) {
      return this._always;
    }
    const reply = await this._ask(clash);
    if (!reply) {
      throw new Stopped();
    }
    if (reply.forAll) {
      this._always = reply.answer;
    }
    return reply.answer;
  }

  private _always: Answer | null = null;
}

/** Somebody wants nothing to be done. */
export class Stopped extends Error {}

/**
 * Find a place for everything: folders join those that are there, files are asked about.
 *
 * @param items - what was dropped
 * @param settled - the files among it whose paths stay as they are
 * @param list - the names in a folder of the destination, '' for the destination itself
 * @returns what is left to send, with the paths where it goes
 * @throws Stopped
 */
export async function place(
  items: readonly IDropped[],
  settled: ReadonlySet<IUploadFile>,
  list: (folder: string) => Promise<Names>,
  ask: Ask
): Promise<IDropped[]> {
  const clashes = new Clashes(ask);
  const taken = new Map(await list(''));
  const placed: IDropped[] = [];
  for (const item of items) {
    const tree = treeOf(item.files.filter(file => !settled.has(file)));
    const files = [
      ...item.files.filter(file => settled.has(file)),
      ...(await placeTree(tree, '', taken, list, clashes))
    ];
    if (files.length > 0) {
      placed.push({ ...item, files });
    }
  }
  return placed;
}

/** Files and folders by their names. */
type Tree = Map<string, IUploadFile | Tree>;

function treeOf(files: readonly IUploadFile[]): Tree {
  const root: Tree = new Map();
  for (const upload of files) {
    const segments = upload.path.split('/');
    const name = segments.pop() ?? '';
    let folder = root;
    for (const segment of segments) {
      const known = folder.get(segment);
      const child: Tree = known instanceof Map ? known : new Map();
      folder.set(segment, child);
      folder = child;
    }
    folder.set(name, upload);
  }
  return root;
}

/** Place what is in a folder; `taken` is null where the folder does not exist yet. */
async function placeTree(
  tree: Tree,
  folder: string,
  taken: Map<string, 'file' | 'directory'> | null,
  list: (folder: string) => Promise<Names>,
  clashes: Clashes
): Promise<IUploadFile[]> {
  const placed: IUploadFile[] = [];
  for (const [name, node] of tree) {
    const isDirectory = node instanceof Map;
    const joins = isDirectory && taken?.get(name) === 'directory';
    const used =
      joins || !taken
        ? name
        : await clashes.settle(name, folder, taken, isDirectory);
    if (used === null) {
      continue;
    }
    // Two things that were dropped together may have the same name.
    taken?.set(used, isDirectory ? 'directory' : 'file');
    const path = joinPath(folder, used);
    if (!isDirectory) {
      placed.push({ ...node, path });
      continue;
    }
    const below = joins ? new Map(await list(path)) : null;
    for (const file of await placeTree(node, path, below, list, clashes)) {
      placed.push(file);
    }
  }
  return placed;
}
