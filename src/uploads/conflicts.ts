import { baseName, joinPath } from '../common/paths';
import { IUploadFile, IUploadItem } from './collect-files';

/** How to resolve a name conflict. */
export type Resolution = 'replace' | 'keep-both' | 'skip';

/** Whether a name belongs to a file or a directory. */
export type Kind = 'file' | 'directory';

/** A name that exists already. */
interface ITaken {
  name: string;
  kind: Kind;
  /** Whether the existing one is part of an upload as well. */
  isClaimed: boolean;
}

/** The names in one destination folder; names that differ only in Unicode normalization conflict. */
export class Names {
  constructor(entries: Iterable<readonly [string, Kind]> = []) {
    for (const [name, kind] of entries) {
      this._add({ name, kind, isClaimed: false });
    }
  }

  /** The entry with this name, or with one that looks the same. */
  find(name: string): ITaken | undefined {
    return this._exact.get(name) ?? this._alike.get(name.normalize());
  }

  has(name: string): boolean {
    return this._alike.has(name.normalize());
  }

  /** Reserve a name for an upload. */
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

/** A name that exists already. */
export interface IConflict {
  /** Relative to the destination. */
  path: string;
  /** What exists there. */
  existing: Kind;
  /** Whether that is part of an upload and not stored yet. */
  isClaimed: boolean;
  /** The possible answers: a file and a folder cannot replace each other, nor can two uploads. */
  answers: readonly Resolution[];
}

/** Asks how to resolve one conflict; null cancels everything. */
export type Ask = (
  conflict: IConflict
) => Promise<{ answer: Resolution; forAll: boolean } | null>;

// Compressed files have two extensions: '.fits.gz'.
const EXTENSION =
  /(?:\.[A-Za-z][A-Za-z0-9]{0,7})?\.(?:gz|fz|bz2|xz|zst)$|\.[^.]*$/i;

/** The first of 'name (1).ext', 'name (2).ext' and so on that is free. */
export function freeName(
  name: string,
  taken: { has(name: string): boolean },
  isDirectory = false
): string {
  const extension = isDirectory ? '' : (EXTENSION.exec(name)?.[0] ?? '');
  // A name like '.profile' has no extension.
  const tail = extension === name ? '' : extension;
  const stem = name.slice(0, name.length - tail.length);
  for (let number = 1; ; number += 1) {
    const candidate = `${stem} (${number})${tail}`;
    if (!taken.has(candidate)) {
      return candidate;
    }
  }
}

/** Asks once for each conflict, until an answer applies to all. */
export class Conflicts {
  constructor(private _ask: Ask) {}

  /**
   * Settle one name.
   *
   * @param name - the wanted name
   * @param folder - its folder, relative to the destination
   * @param names - the existing names; the chosen name is added
   * @param kind - whether it is a file or a directory
   * @returns the name to use, or null to skip it
   * @throws CancelledByUser if the user cancels everything
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

/** The user cancelled everything. */
export class CancelledByUser extends Error {}

/**
 * Find a target path for each file: folders are merged, conflicts of files are asked about.
 *
 * No two files get the same path, not even those dropped together.
 *
 * @param items - the dropped items
 * @param settled - the files among them whose paths are final
 * @param list - lists the names in a destination folder; '' is the destination itself
 * @returns the items to send, with their target paths
 * @throws CancelledByUser
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

/** The files and folders in a folder; two may have the same name. */
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

/** The paths below the destination: those that exist, and those reserved by an upload. */
class Places {
  constructor(
    private _list: (folder: string) => Promise<Names>,
    private _clashes: Conflicts
  ) {}

  /** Keep the paths of files that resume. */
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

  /** Find target paths for the content of a folder. */
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
