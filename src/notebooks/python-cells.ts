import { IEntry } from '../api/types';
import { baseName } from '../common/paths';

/** How Python code reads one kind of file. */
interface IReader {
  /** Matches the names of such files. */
  names: RegExp;
  /** The imports needed; the standard library comes first in a cell. */
  imports: readonly string[];
  /** The variable names for one file and for several. */
  variable: string;
  plural: string;
  /** An expression that reads the file at `path`. */
  read: string;
  /** Statements before it, for files that need inspection first. */
  before?: (path: string) => readonly string[];
  /** An expression that combines several files; without it they stay a list. */
  join?: (list: string) => string;
  /** Expressions that display one file and several. */
  show?: string;
  showAll?: string;
  /** Additional imports for several files. */
  moreImports?: readonly string[];
}

/** Imports from the standard library. */
const STANDARD = ['import json', 'from pathlib import Path'];

/** The kinds of files; the first match counts. */
const READERS: readonly IReader[] = [
  {
    names: /^dl[12]_.*\.(h5|hdf5)$|\.dl[12]\.(h5|hdf5)$/i,
    imports: ['import tables', 'from ctapipe.io import read_table'],
    variable: 'table',
    plural: 'table',
    read: 'read_table(path, name)',
    before: path => [
      `with tables.open_file(${path}) as file:`,
      '    names = [node._v_pathname for node in file.walk_nodes("/", "Table")]',
      '# One of the tables: `names` lists them all.',
      'name = next((name for name in names if "/parameters/" in name), names[0])'
    ],
    join: list => `vstack(${list})`,
    moreImports: ['from astropy.table import vstack']
  },
  {
    names: /\.(h5|hdf5)$/i,
    imports: ['import h5py'],
    variable: 'file',
    plural: 'files',
    read: 'h5py.File(path)',
    show: 'list(file)'
  },
  {
    names: /^hdu-index\.fits(\.gz|\.fz)?$/i,
    imports: ['from gammapy.data import DataStore'],
    variable: 'store',
    plural: 'stores',
    // The data store finds the observations beside the index, and reads them on demand.
    read: 'DataStore.from_dir(path.parent, path.name)',
    show: 'store.info()'
  },
  {
    names: /^obs-index\.fits(\.gz|\.fz)?$/i,
    imports: ['from gammapy.data import ObservationTable'],
    variable: 'observations',
    plural: 'observations',
    read: 'ObservationTable.read(path)'
  },
  {
    names: /^dl3_.*\.fits(\.gz|\.fz)?$/i,
    imports: ['from gammapy.data import EventList'],
    variable: 'events',
    plural: 'event_lists',
    read: 'EventList.read(path)'
  },
  {
    names: /\.fits(\.gz|\.fz)?$/i,
    imports: ['from astropy.io import fits'],
    variable: 'hdus',
    plural: 'hdu_lists',
    read: 'fits.open(path)',
    show: 'hdus.info()'
  },
  {
    names: /\.csv$/i,
    imports: ['import pandas as pd'],
    variable: 'table',
    plural: 'table',
    read: 'pd.read_csv(path)',
    join: list => `pd.concat(${list}, ignore_index=True)`
  },
  {
    names: /\.ecsv$/i,
    imports: ['from astropy.table import Table'],
    variable: 'table',
    plural: 'table',
    read: 'Table.read(path)',
    join: list => `vstack(${list})`,
    moreImports: ['from astropy.table import vstack']
  },
  {
    names: /\.json$/i,
    imports: ['import json'],
    variable: 'data',
    plural: 'data',
    read: 'json.loads(path.read_bytes())'
  },
  {
    names: /\.(txt|log|md)$/i,
    imports: [],
    variable: 'text',
    plural: 'texts',
    read: 'path.read_text(encoding="utf-8", errors="replace")',
    show: 'print(text[:2000])'
  },
  {
    names: /\.np[yz]$/i,
    imports: ['import numpy as np'],
    variable: 'array',
    plural: 'arrays',
    read: 'np.load(path)'
  },
  {
    names: /\.(png|jpe?g|gif|webp)$/i,
    imports: ['from IPython.display import Image'],
    variable: 'image',
    plural: 'images',
    read: 'Image(path.read_bytes())',
    showAll: 'display(*images)',
    moreImports: ['from IPython.display import display']
  }
];

/** Write a notebook cell that downloads and opens the entries; when run again, it downloads only changes. */
export function cellCode(entries: readonly IEntry[]): string {
  const files = entries.filter(entry => entry.type === 'file');
  const folders = entries.filter(entry => entry.type === 'directory');
  const imports = new Set(['import ctadata']);
  const lines = [
    ...(folders.length > 0 ? folderLines(pathsOf(folders), imports) : []),
    ...(files.length > 0 ? fileLines(pathsOf(files), imports) : [])
  ];
  return [...importLines(imports), '', ...lines].join('\n');
}

function pathsOf(entries: readonly IEntry[]): string[] {
  return entries.map(entry => entry.path);
}

/** Folders keep their whole paths, because the same name occurs in many nights. */
function folderLines(
  paths: readonly string[],
  imports: Set<string>
): readonly string[] {
  imports.add('from pathlib import Path');
  const fetch = 'ctadata.fetch_and_save_file_or_dir(folder, recursive=True)';
  const found = 'path for path in Path(folder).rglob("*") if path.is_file()';
  return paths.length === 1
    ? [
        `folder = ${literal(paths[0])}`,
        fetch,
        `contents = sorted(${found})`,
        'contents'
      ]
    : [
        ...listLines('folders = [', paths.map(literal), ']'),
        'contents = {}',
        'for folder in folders:',
        `    ${fetch}`,
        `    contents[folder] = sorted(${found})`,
        'contents'
      ];
}

function fileLines(
  paths: readonly string[],
  imports: Set<string>
): readonly string[] {
  const readers = paths.map(path =>
    READERS.find(({ names }) => names.test(baseName(path)))
  );
  const [reader] = readers;
  for (const line of new Set(readers.flatMap(each => each?.imports ?? []))) {
    imports.add(line);
  }
  if (readers.some(other => other !== reader)) {
    return mixedLines(paths, readers, imports);
  }
  if (paths.length === 1) {
    return [
      `[path] = ctadata.fetch_many([${literal(paths[0])}])`,
      ...(reader ? oneLines(reader) : ['path'])
    ];
  }
  return [
    ...listLines('paths = ctadata.fetch_many([', paths.map(literal), '])'),
    ...(reader ? manyLines(reader, imports) : ['paths'])
  ];
}

function oneLines(reader: IReader): readonly string[] {
  return [
    ...(reader.before?.('path') ?? []),
    `${reader.variable} = ${reader.read}`,
    reader.show ?? reader.variable
  ];
}

function manyLines(reader: IReader, imports: Set<string>): readonly string[] {
  const list = `[${reader.read} for path in paths]`;
  reader.moreImports?.forEach(line => imports.add(line));
  return [
    ...(reader.before?.('paths[0]') ?? []),
    `${reader.plural} = ${reader.join?.(list) ?? list}`,
    reader.showAll ?? reader.plural
  ];
}

/** Code for files of several kinds: a dictionary of their contents by name. */
function mixedLines(
  paths: readonly string[],
  readers: readonly (IReader | undefined)[],
  imports: Set<string>
): readonly string[] {
  const items = paths.map((path, index) => {
    const reader = readers[index];
    if (!reader) {
      imports.add('from pathlib import Path');
    }
    return `${literal(path)}: ${reader ? callable(reader, imports) : 'Path'}`;
  });
  return [
    ...listLines('readers = {', items, '}'),
    'paths = ctadata.fetch_many(readers)',
    'data = {path.name: read(path) for path, read in zip(paths, readers.values())}',
    'data'
  ];
}

/** An expression for the function that reads a file. */
function callable(reader: IReader, imports: Set<string>): string {
  if (reader.before) {
    // This kind needs statements, so among other kinds it is opened generically.
    reader.imports.forEach(line => imports.delete(line));
    imports.add('import h5py');
    return 'h5py.File';
  }
  return (
    /^([\w.]+)\(path\)$/.exec(reader.read)?.[1] ?? `lambda path: ${reader.read}`
  );
}

/** One item per line. */
function listLines(
  begin: string,
  items: readonly string[],
  end: string
): readonly string[] {
  return [begin, ...items.map(item => `    ${item},`), end];
}

/** Write imports in the usual order: standard library first, 'import x' before 'from x import y', sorted. */
function importLines(imports: ReadonlySet<string>): readonly string[] {
  const names = new Map<string, string[]>();
  for (const line of [...imports].sort()) {
    const [from, name] = line.split(/(?<=^from \S+ import) /);
    names.set(from, [...(names.get(from) ?? []), ...(name ? [name] : [])]);
  }
  const key = (line: string) => line.replace(/^import/, ' ').toLowerCase();
  const lines = [...names]
    .map(([from, names]) => [from, names.join(', ')].join(' ').trim())
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const standard = lines.filter(line => STANDARD.includes(line));
  const others = lines.filter(line => !STANDARD.includes(line));
  return standard.length > 0 ? [...standard, '', ...others] : others;
}

/**
 * Write a path as a Python string.
 *
 * A JSON string is valid Python: its escapes mean the same. Invisible characters and those that
 * reverse text are escaped too, so that the cell is what it looks like.
 */
function literal(path: string): string {
  return JSON.stringify(path).replace(
    /[\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}
