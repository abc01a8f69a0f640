import { TranslationBundle } from '@jupyterlab/translation';

import { joinPath } from '../common/paths';

/** A local file, and its target path. */
export interface IUploadFile {
  file: File;
  /** Its path as dropped: 'run42/sub/a.fits'. */
  source: string;
  /** Relative to the destination; differs from the source if that name exists already. */
  path: string;
}

/** Numbers of hidden files and folders left out; the content of hidden folders is not counted. */
export interface IHidden {
  files: number;
  directories: number;
}

/** A file or folder that was dropped or chosen. */
export interface IUploadItem {
  name: string;
  isDirectory: boolean;
  files: IUploadFile[];
  /** Hidden files and folders left out of it. */
  hidden: IHidden;
}

/** Collects everything that was dropped or chosen at once, with or without hidden files in folders. */
export type Collect = (withHidden: boolean) => Promise<ICollected>;

/** Everything that was dropped or chosen at once. */
export interface ICollected {
  items: IUploadItem[];
  /** Hidden files and folders left out of all folders. */
  hidden: IHidden;
  /** Folders without a file: the storage creates folders for files only. */
  empty: string[];
  /** Files that the browser cannot read. */
  unreadable: string[];
}

/** Windows hides these by an attribute that browsers do not report. */
const HIDDEN_BY_WINDOWS = new Set(['thumbs.db', 'desktop.ini']);

/** Whether a file in a folder is hidden; files that were dropped or chosen directly are always taken. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || HIDDEN_BY_WINDOWS.has(name.toLowerCase());
}

/** The number of files, and their bytes. */
export function totalsOf(items: readonly IUploadItem[]): {
  files: number;
  bytes: number;
} {
  const files = items.flatMap(item => item.files);
  return {
    files: files.length,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0)
  };
}

/** Read dropped files and folders recursively. */
export async function collectDropped(
  entries: readonly FileSystemEntry[],
  withHidden: boolean
): Promise<ICollected> {
  const collected = nothing();
  for (const entry of entries) {
    const item = newItem(entry.name, entry.isDirectory);
    await collectEntry(entry, '', item, collected, withHidden);
    take(item, collected);
  }
  return collected;
}

/** The entries of a drop; available during the event only. */
export function entriesOf(items: DataTransferItemList): FileSystemEntry[] {
  return Array.from(items)
    .filter(item => item.kind === 'file')
    .map(item => item.webkitGetAsEntry())
    .filter(entry => entry !== null);
}

/** Collect the result of a file dialog: files, or the files of one folder. */
export function collectChosen(
  files: Iterable<File>,
  withHidden: boolean
): ICollected {
  const collected = nothing();
  const items = new Map<string, IUploadItem>();
  const hiddenFolders = new Set<string>();
  for (const file of files) {
    const path = file.webkitRelativePath || file.name;
    const [name, ...below] = path.split('/');
    const item = items.get(name) ?? newItem(name, below.length > 0);
    items.set(name, item);
    const hidden = withHidden ? -1 : below.findIndex(isHidden);
    if (hidden < 0) {
      item.files.push({ file, source: path, path });
    } else if (hidden === below.length - 1) {
      item.hidden.files += 1;
    } else {
      const folder = [name, ...below.slice(0, hidden + 1)].join('/');
      item.hidden.directories += hiddenFolders.has(folder) ? 0 : 1;
      hiddenFolders.add(folder);
    }
  }
  items.forEach(item => take(item, collected));
  return collected;
}

/** "2 hidden directories and 1 hidden file left out", worded as by the server; '' for none. */
export function describeHidden(
  { files, directories }: IHidden,
  trans: TranslationBundle
): string {
  const parts = [
    directories > 0
      ? trans._n('%1 hidden directory', '%1 hidden directories', directories)
      : '',
    files > 0 ? trans._n('%1 hidden file', '%1 hidden files', files) : ''
  ].filter(part => part !== '');
  return parts.length > 0
    ? trans.__('%1 left out', parts.join(trans.__(' and ')))
    : '';
}

function nothing(): ICollected {
  return {
    items: [],
    hidden: { files: 0, directories: 0 },
    empty: [],
    unreadable: []
  };
}

function newItem(name: string, isDirectory: boolean): IUploadItem {
  return {
    name,
    isDirectory,
    files: [],
    hidden: { files: 0, directories: 0 }
  };
}

function take(item: IUploadItem, collected: ICollected): void {
  collected.hidden.files += item.hidden.files;
  collected.hidden.directories += item.hidden.directories;
  if (item.files.length > 0) {
    collected.items.push(item);
  }
}

async function collectEntry(
  entry: FileSystemEntry,
  folder: string,
  item: IUploadItem,
  collected: ICollected,
  withHidden: boolean
): Promise<void> {
  const path = joinPath(folder, entry.name);
  if (folder !== '' && !withHidden && isHidden(entry.name)) {
    item.hidden[entry.isDirectory ? 'directories' : 'files'] += 1;
    return;
  }
  try {
    if (!entry.isDirectory) {
      const file = await fileOf(entry as FileSystemFileEntry);
      item.files.push({ file, source: path, path });
      return;
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry);
    if (children.length === 0) {
      collected.empty.push(path);
    }
    for (const child of children) {
      await collectEntry(child, path, item, collected, withHidden);
    }
  } catch {
    collected.unreadable.push(path);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader returns entries in batches; an empty batch is the last. */
async function childrenOf(
  directory: FileSystemDirectoryEntry
): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (batch.length === 0) {
      return children.sort((a, b) => (a.name < b.name ? -1 : 1));
    }
    children.push(...batch);
  }
}
