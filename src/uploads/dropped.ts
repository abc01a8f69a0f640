import { joinPath, parentPath } from '../paths';

/** A file of this computer, and where it is to go. */
export interface IUploadFile {
  file: File;
  /** As it was dropped: 'run42/sub/a.fits'. */
  source: string;
  /** Relative to the destination; differs from the source where that was taken. */
  path: string;
}

/** A file or folder that was dropped or chosen. */
export interface IDropped {
  name: string;
  isDirectory: boolean;
  files: IUploadFile[];
}

/** All that was dropped or chosen at once. */
export interface ICollected {
  items: IDropped[];
  /** What systems and programs leave behind, and nobody means to share. */
  ignored: string[];
  /** Folders without a file: the storage makes folders for files only. */
  empty: string[];
  /** What the browser may not read. */
  unreadable: string[];
}

const IGNORED_FILES = new Set(['.DS_Store', 'Thumbs.db']);
const IGNORED_FOLDERS = new Set(['.ipynb_checkpoints', '.git']);

/** The number of files, and their bytes. */
export function totalsOf(items: readonly IDropped[]): {
  files: number;
  bytes: number;
} {
  const files = items.flatMap(item => item.files);
  return {
    files: files.length,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0)
  };
}

/** Read what was dropped; folders with all that is in them. */
export async function collectDropped(
  entries: readonly FileSystemEntry[]
): Promise<ICollected> {
  const collected = nothing();
  for (const entry of entries) {
    const files: IUploadFile[] = [];
    await collectEntry(entry, '', files, collected);
    if (files.length > 0) {
      const { name, isDirectory } = entry;
      collected.items.push({ name, isDirectory, files });
    }
  }
  return collected;
}

/** The entries of a drop; they are there during the event only. */
export function entriesOf(items: DataTransferItemList): FileSystemEntry[] {
  return Array.from(items)
    .filter(item => item.kind === 'file')
    .map(item => item.webkitGetAsEntry())
    .filter(entry => entry !== null);
}

/** Sort what a file dialog answered: files, or the files of one folder. */
export function collectChosen(files: Iterable<File>): ICollected {
  const collected = nothing();
  const items = new Map<string, IDropped>();
  for (const file of files) {
    const path = file.webkitRelativePath || file.name;
    const [name, ...rest] = path.split('/');
    const folders = parentPath(path).split('/');
    if (
      IGNORED_FILES.has(file.name) ||
      folders.some(folder => IGNORED_FOLDERS.has(folder))
    ) {
      collected.ignored.push(path);
      continue;
    }
    const item = items.get(name) ?? {
      name,
      isDirectory: rest.length > 0,
      files: []
    };
    items.set(name, item);
    item.files.push({ file, source: path, path });
  }
  collected.items.push(...items.values());
  return collected;
}

function nothing(): ICollected {
  return { items: [], ignored: [], empty: [], unreadable: [] };
}

async function collectEntry(
  entry: FileSystemEntry,
  folder: string,
  files: IUploadFile[],
  collected: ICollected
): Promise<void> {
  const path = joinPath(folder, entry.name);
  const ignored = entry.isDirectory ? IGNORED_FOLDERS : IGNORED_FILES;
  if (ignored.has(entry.name)) {
    collected.ignored.push(path);
    return;
  }
  try {
    if (!entry.isDirectory) {
      const file = await fileOf(entry as FileSystemFileEntry);
      files.push({ file, source: path, path });
      return;
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry);
    if (children.length === 0) {
      collected.empty.push(path);
    }
    for (const child of children) {
      await collectEntry(child, path, files, collected);
    }
  } catch {
    collected.unreadable.push(path);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader hands out its entries in batches; an empty one is the last. */
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
