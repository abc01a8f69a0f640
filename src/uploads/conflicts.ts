import { baseName, joinPath } from '../common/paths';
import { IUploadFile, IUploadItem } from './collect-files';

/** What is to become of something whose name is taken. */
export type Resolution = 'replace' | 'keep-both' | 'skip';

/** What stands or is to stand under a name. */
export type Kind = 'file' | 'directory';

/** A name that is taken. */
interface ITaken {
  name: string;
  kind: Kind;
  /** Whether it is taken by something that is uploaded, too. */
  isClaimed: boolean;
}

/** The names in one folder of the destination; two that differ only in Unicode's normal form meet. */
export class Names {
  constructor(entries: Iterable<readonly [string, Kind]> = []) {
    for (const [name, kind] of entries) {
      this._add({ name, kind, isClaimed: false });
    }
  }

  /** What has this name, or else one that only looks the same. */
  find(name: string): ITaken | undefined {
    return this._exact.get(name) ?? this._alike.get(name.normalize());
  }

  has(name: string): boolean {
    return this._alike.has(name.normalize());
  }

  /** Note that something that is uploaded takes a name. */
  claim(name: string, kind: Kind): void {
    this._add({ name, kind, isClaimed: true });
  }

  private _add(taken: ITaken): void {
    this._exact.set(taken.name, taken);
    this._alike.set(taken.name.normalize(), taken);
  }

  private _exact = new Map<string, ITaken>();
  private _alike = new Map<string, ITaken>();
}

/** A name that is taken. */
export interface IConflict {
  /** Relative to the destination. */
  path: string;
  /** What stands there. */
  existing: Kind;
  /** Whether that is uploaded, too, and is not there yet. */
  isClaimed: boolean;
  /** The answers that are possible here: neither do a file and a folder replace each other, nor two uploads. */
  answers: readonly Resolution[];
}

/** Asks about one name that is taken; null means that nothing shall be done at all. */
export type Ask = (
  conflict: IConflict
) => Promise<{ answer: Resolution; forAll: boolean } | null>;

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
export class Conflicts {
  constructor(private _ask: Ask) {}

  /**
   * Settle one name.
   *
   * @param name - what is to be put there
   * @param folder - where, relative to the destination
   * @param names - what is there; the name that is found is added
   * @param kind - what is to be put there
   * @returns the name to use, or null where it is left out
   * @throws Stopped when the whole is called off
   */
  async settle(
    name: string,
    folder: string,
    names: Names,
    kind: Kind
  ): Promise<string | null> {
    const used = await this._nameFor(name, folder, names, kind);
    if (used !== null) {
      names.claim(used, kind);
    }
    return used;
  }

  private async _nameFor(
    name: string,
    folder: string,
    names: Names,
    kind: Kind
  ): Promise<string | null> {
    const taken = names.find(name);
    if (!taken) {
      return name;
    }
    const { kind: existing, isClaimed } = taken;
    const answers: Resolution[] =
      kind === existing && !isClaimed
        ? ['replace', 'keep-both', 'skip']
        : ['keep-both', 'skip'];
    const path = joinPath(folder, taken.name);
    switch (await this._answer({ path, existing, isClaimed, answers })) {
      case 'replace':
        return taken.name;
      case 'keep-both':
        return freeName(name, names, kind === 'directory');
      case 'skip':
        return null;
    }
  }

  private async _answer(conflict: IConflict): Promise<Resolution> {
    if (this._always && conflict.answers.includes(this._always)) {
      return this._always;
    }
    const reply = await this._ask(conflict);
    if (!reply) {
      throw new CancelledByUser();
    }
    if (reply.forAll) {
      this._always = reply.answer;
    }
    return reply.answer;
  }

  private _always: Resolution | null = null;
}

/** Somebody wants nothing to be done. */
export class CancelledByUser extends Error {}

/**
 * Find a place for everything: folders join those that are there, files are asked about.
 *
 * No two files get the same place, also where they were dropped together.
 *
 * @param items - what was dropped
 * @param settled - the files among it whose paths stay as they are
 * @param list - the names in a folder of the destination, '' for the destination itself
 * @returns what is left to send, with the paths where it goes
 * @throws Stopped
 */
export async function settleConflicts(
  items: readonly IUploadItem[],
  settled: ReadonlySet<IUploadFile>,
  list: (folder: string) => Promise<Names>,
  ask: Ask
): Promise<IUploadItem[]> {
  const places = new Places(list, new Conflicts(ask));
  const all = items.flatMap(({ files }) => files);
  await places.keep(all.filter(file => settled.has(file)));
  const placed: IUploadItem[] = [];
  for (const item of items) {
    const files = item.files.filter(file => settled.has(file));
    const others = item.files.filter(file => !settled.has(file));
    files.push(...(await places.put(treeOf(others), '')));
    if (files.length > 0) {
      placed.push({ ...item, files });
    }
  }
  return placed;
}

/** A folder's files and folders; nothing is lost where two have the same name. */
interface ITree {
  files: IUploadFile[];
  folders: Map<string, ITree>;
}

function treeOf(files: readonly IUploadFile[]): ITree {
  const newTree = (): ITree => ({ files: [], folders: new Map() });
  const root = newTree();
  for (const upload of files) {
    let folder = root;
    for (const segment of upload.path.split('/').slice(0, -1)) {
      const child = folder.folders.get(segment) ?? newTree();
      folder.folders.set(segment, child);
      folder = child;
    }
    folder.files.push(upload);
  }
  return root;
}

/** The places below the destination, those that are there and those that are taken by an upload. */
class Places {
  constructor(
    private _list: (folder: string) => Promise<Names>,
    private _clashes: Conflicts
  ) {}

  /** Keep the places of files that go on where they stopped. */
  async keep(files: readonly IUploadFile[]): Promise<void> {
    for (const { path } of files) {
      let folder = '';
      const segments = path.split('/');
      for (const [index, segment] of segments.entries()) {
        const isLast = index === segments.length - 1;
        const names = await this._names(folder);
        if (isLast) {
          names.claim(segment, 'file');
        } else if (names.find(segment)?.kind !== 'directory') {
          names.claim(segment, 'directory');
        }
        folder = joinPath(folder, segment);
      }
    }
  }

  /** Find places for what is in a folder. */
  async put(tree: ITree, folder: string): Promise<IUploadFile[]> {
    const placed: IUploadFile[] = [];
    const names = await this._names(folder);
    for (const file of tree.files) {
      const name = baseName(file.path);
      const used = await this._clashes.settle(name, folder, names, 'file');
      if (used !== null) {
        placed.push({ ...file, path: joinPath(folder, used) });
      }
    }
    for (const [name, below] of tree.folders) {
      const there = names.find(name);
      const used =
        there?.kind === 'directory'
          ? there.name
          : await this._clashes.settle(name, folder, names, 'directory');
      if (used === null) {
        continue;
      }
      const path = joinPath(folder, used);
      if (!there || there.name !== used) {
        // It does not exist yet.
        this._known.set(path, new Names());
      }
      for (const file of await this.put(below, path)) {
        placed.push(file);
      }
    }
    return placed;
  }

  private async _names(folder: string): Promise<Names> {
    const known = this._known.get(folder) ?? (await this._list(folder));
    this._known.set(folder, known);
    return known;
  }

  private _known = new Map<string, Names>();
}
