import {
  IUploadFile,
  IUploadItem,
  collectChosen,
  collectDropped,
  describeHidden,
  totalsOf
} from '../../uploads/collect-files';
import {
  CancelledByUser,
  IConflict,
  Names,
  Resolution,
  freeName,
  settleConflicts
} from '../../uploads/conflicts';
import { trans } from '../helpers/translator';

const NONE = new Set<IUploadFile>();

function item(name: string, ...paths: string[]): IUploadItem {
  const isDirectory = paths.length > 0;
  const files = (isDirectory ? paths : [name]).map(below => {
    const path = isDirectory ? `${name}/${below}` : name;
    return { file: new File(['x'], path), source: path, path };
  });
  return { name, isDirectory, files, hidden: { files: 0, directories: 0 } };
}

/** A storage: its directories and what is in them; names that end with a slash are directories. */
function lister(tree: Record<string, string[]>) {
  const listed: string[] = [];
  const list = async (folder: string): Promise<Names> => {
    listed.push(folder);
    return new Names(
      (tree[folder] ?? []).map(name => [
        name.replace('/', ''),
        name.endsWith('/') ? 'directory' : 'file'
      ])
    );
  };
  return { list, listed };
}

/** Answers in turn; all questions are kept. */
function asker(...answers: ([Resolution, boolean?] | null)[]) {
  const asked: IConflict[] = [];
  const ask = async (conflict: IConflict) => {
    asked.push(conflict);
    const reply = answers.shift();
    return reply ? { answer: reply[0], forAll: reply[1] ?? false } : null;
  };
  return { ask, asked };
}

const pathsOf = (items: readonly IUploadItem[]) =>
  items.flatMap(({ files }) => files.map(({ path }) => path));

describe('freeName', () => {
  it.each([
    ['a.fits.gz', 'a (1).fits.gz'],
    ['LST-1.1.Run11111.0000.fits.fz', 'LST-1.1.Run11111.0000 (1).fits.fz'],
    ['dl1_LST-1.Run11111.0100.h5', 'dl1_LST-1.Run11111.0100 (1).h5'],
    ['a.gz', 'a (1).gz'],
    ['run.0100.gz', 'run.0100 (1).gz'],
    ['README', 'README (1)'],
    ['.profile', '.profile (1)']
  ])('numbers %p', (name, free) => {
    expect(freeName(name, new Set([name]))).toBe(free);
  });

  it('takes the first number that is free; folders have no extension', () => {
    const taken = new Set(['a.h5', 'a (1).h5', 'a (2).h5', 'v0.1']);
    expect(freeName('a.h5', taken)).toBe('a (3).h5');
    expect(freeName('v0.1', taken, true)).toBe('v0.1 (1)');
  });
});

describe('place', () => {
  it('asks about nothing where nothing is in the way', async () => {
    const { list, listed } = lister({ '': ['other'] });
    const { ask, asked } = asker();
    const items = [item('a.h5'), item('run42', 'a.h5', 'sub/b.h5')];
    const placed = await settleConflicts(items, NONE, list, ask);
    expect(pathsOf(placed)).toEqual(['a.h5', 'run42/a.h5', 'run42/sub/b.h5']);
    expect(asked).toEqual([]);
    // Folders that do not exist yet are not asked for.
    expect(listed).toEqual(['']);
  });

  it('asks once for each name, and does what is answered', async () => {
    const { list } = lister({ '': ['a.h5', 'b.h5', 'c.h5'] });
    const { ask, asked } = asker(['replace'], ['keep-both'], ['skip']);
    const items = ['a.h5', 'b.h5', 'c.h5', 'd.h5'].map(name => item(name));
    const placed = await settleConflicts(items, NONE, list, ask);
    expect(pathsOf(placed)).toEqual(['a.h5', 'b (1).h5', 'd.h5']);
    expect(placed[1].files[0].source).toBe('b.h5');
    expect(asked.map(({ path }) => path)).toEqual(['a.h5', 'b.h5', 'c.h5']);
  });

  it('joins folders, and asks about what is in them', async () => {
    const { list, listed } = lister({
      '': ['run42/'],
      run42: ['sub/', 'a.h5'],
      'run42/sub': ['b.h5']
    });
    const { ask, asked } = asker(['keep-both', true]);
    const dropped = item('run42', 'a.h5', 'new/c.h5', 'sub/b.h5', 'sub/d.h5');
    const placed = await settleConflicts([dropped], NONE, list, ask);
    expect(pathsOf(placed)).toEqual([
      'run42/a (1).h5',
      'run42/new/c.h5',
      'run42/sub/b (1).h5',
      'run42/sub/d.h5'
    ]);
    expect(asked).toHaveLength(1);
    expect(listed).toEqual(['', 'run42', 'run42/sub']);
  });

  it('lets no file take a folder’s place, nor a folder a file’s', async () => {
    const { list } = lister({ '': ['a/', 'run42'] });
    const { ask, asked } = asker(['skip', true]);
    expect(
      await settleConflicts([item('a'), item('run42', 'x')], NONE, list, ask)
    ).toEqual([]);
    expect(asked).toMatchObject([
      { path: 'a', existing: 'directory', answers: ['keep-both', 'skip'] }
    ]);
    const keep = asker(['keep-both'], ['keep-both']);
    const placed = await settleConflicts(
      [item('a'), item('run42', 'x')],
      NONE,
      list,
      keep.ask
    );
    expect(pathsOf(placed)).toEqual(['a (1)', 'run42 (1)/x']);
  });

  it('asks again where the answer for all is none', async () => {
    const { list } = lister({ '': ['a.h5', 'b/'] });
    const { ask, asked } = asker(['replace', true], ['skip']);
    const placed = await settleConflicts(
      [item('a.h5'), item('b')],
      NONE,
      list,
      ask
    );
    expect(pathsOf(placed)).toEqual(['a.h5']);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['files', [item('a.h5'), item('a.h5')], ['a.h5', 'a (1).h5']],
    [
      'files whose names look the same',
      [item('caf\u00e9.h5'), item('cafe\u0301.h5')],
      ['caf\u00e9.h5', 'cafe\u0301 (1).h5']
    ],
    [
      'files of folders of the same name',
      [item('run', 'x', 'sub/y'), item('run', 'z', 'sub/y')],
      ['run/x', 'run/sub/y', 'run/z', 'run/sub/y (1)']
    ],
    [
      'files in folders whose names look the same',
      [item('\u00e9', 'x'), item('e\u0301', 'x')],
      ['\u00e9/x', '\u00e9/x (1)']
    ],
    ['a file and a folder', [item('a'), item('a', 'x')], ['a', 'a (1)/x']],
    ['a folder and a file', [item('a', 'x'), item('a')], ['a/x', 'a (1)']]
  ])(
    'asks about %s that would get one place, and lets neither replace the other',
    async (_, items, paths) => {
      const { list } = lister({});
      const { ask, asked } = asker(['keep-both']);
      expect(pathsOf(await settleConflicts(items, NONE, list, ask))).toEqual(
        paths
      );
      expect(asked).toMatchObject([
        { isClaimed: true, answers: ['keep-both', 'skip'] }
      ]);
    }
  );

  it('asks about two files of one name within what was chosen', async () => {
    const file = () => new File(['x'], 'a.h5');
    const { list } = lister({});
    const { ask, asked } = asker(['skip']);
    const { items } = collectChosen([file(), file()], false);
    expect(pathsOf(await settleConflicts(items, NONE, list, ask))).toEqual([
      'a.h5'
    ]);
    expect(asked).toMatchObject([{ path: 'a.h5', isClaimed: true }]);
  });

  it('does not replace what is uploaded with “replace” for all', async () => {
    const { list } = lister({ '': ['a.h5'] });
    const { ask, asked } = asker(['replace', true], ['keep-both']);
    const placed = await settleConflicts(
      [item('a.h5'), item('a.h5')],
      NONE,
      list,
      ask
    );
    expect(pathsOf(placed)).toEqual(['a.h5', 'a (1).h5']);
    expect(asked.map(({ isClaimed }) => isClaimed)).toEqual([false, true]);
  });

  it('replaces what only looks the same, under its own name', async () => {
    const { list, listed } = lister({
      '': ['cafe\u0301.h5', 're\u0301sume\u0301/', 'e\u0301', '\u00e9'],
      're\u0301sume\u0301': ['x']
    });
    const { ask, asked } = asker(['replace', true]);
    const placed = await settleConflicts(
      [item('caf\u00e9.h5'), item('r\u00e9sum\u00e9', 'x'), item('\u00e9')],
      NONE,
      list,
      ask
    );
    expect(pathsOf(placed)).toEqual([
      'cafe\u0301.h5',
      're\u0301sume\u0301/x',
      '\u00e9'
    ]);
    expect(asked).toHaveLength(1);
    expect(listed).toEqual(['', 're\u0301sume\u0301']);
  });

  it('keeps the place of what goes on where it stopped', async () => {
    const { list } = lister({});
    const { ask, asked } = asker(['keep-both']);
    const begun = item('run', 'x');
    const items = [item('run', 'x'), begun];
    const placed = await settleConflicts(
      items,
      new Set(begun.files),
      list,
      ask
    );
    expect(pathsOf(placed)).toEqual(['run/x (1)', 'run/x']);
    expect(asked).toHaveLength(1);
  });

  it('leaves alone what goes on where it stopped', async () => {
    const { list } = lister({ '': ['a.h5'] });
    const { ask, asked } = asker();
    const begun = item('a.h5');
    const placed = await settleConflicts(
      [begun],
      new Set(begun.files),
      list,
      ask
    );
    expect(pathsOf(placed)).toEqual(['a.h5']);
    expect(asked).toEqual([]);
  });

  it('does nothing at all when it is called off', async () => {
    const { list } = lister({ '': ['a.h5'] });
    const { ask } = asker(null);
    await expect(
      settleConflicts([item('a.h5')], NONE, list, ask)
    ).rejects.toThrow(CancelledByUser);
  });
});

/** What a drop hands out: a file, or a folder whose entries come in batches of two. */
function fileEntry(name: string): FileSystemEntry {
  const file = (resolve: FileCallback) => resolve(new File(['xy'], name));
  return { name, isDirectory: false, isFile: true, file } as never;
}

function brokenEntry(name: string): FileSystemEntry {
  const file = (_: FileCallback, reject: ErrorCallback) =>
    reject(new DOMException('NotReadableError'));
  return { name, isDirectory: false, isFile: true, file } as never;
}

function folderEntry(
  name: string,
  ...children: FileSystemEntry[]
): FileSystemEntry {
  const createReader = () => {
    const left = [...children];
    return {
      readEntries: (resolve: FileSystemEntriesCallback) =>
        resolve(left.splice(0, 2))
    };
  };
  return { name, isDirectory: true, isFile: false, createReader } as never;
}

describe('what is dropped', () => {
  const entries = () => [
    fileEntry('a.h5'),
    folderEntry(
      'run42',
      fileEntry('c.h5'),
      fileEntry('b.h5'),
      fileEntry('.DS_Store'),
      fileEntry('._b.h5'),
      fileEntry('...'),
      fileEntry('Thumbs.db'),
      folderEntry('.git', fileEntry('HEAD'), fileEntry('config')),
      folderEntry(
        'sub',
        fileEntry('d.h5'),
        brokenEntry('e.h5'),
        fileEntry('.env'),
        folderEntry('.ipynb_checkpoints', fileEntry('x'))
      ),
      folderEntry('empty')
    ),
    folderEntry('nothing'),
    folderEntry('secrets', fileEntry('.env')),
    // What is chosen by itself is wanted.
    fileEntry('.bashrc'),
    folderEntry('.ssh', fileEntry('config'), fileEntry('.hidden'))
  ];
  const open = [
    'a.h5',
    'run42/b.h5',
    'run42/c.h5',
    'run42/sub/d.h5',
    '.bashrc',
    '.ssh/config'
  ];
  const hidden = [
    'run42/...',
    'run42/.DS_Store',
    'run42/._b.h5',
    'run42/.git/HEAD',
    'run42/.git/config',
    'run42/Thumbs.db',
    'run42/sub/.env',
    'run42/sub/.ipynb_checkpoints/x',
    'secrets/.env',
    '.ssh/.hidden'
  ];

  it('is read to its end, without what is hidden', async () => {
    const collected = await collectDropped(entries(), false);
    expect(pathsOf(collected.items)).toEqual(open);
    expect(collected.items.map(({ name, hidden }) => [name, hidden])).toEqual([
      ['a.h5', { files: 0, directories: 0 }],
      ['run42', { files: 5, directories: 2 }],
      ['.bashrc', { files: 0, directories: 0 }],
      ['.ssh', { files: 1, directories: 0 }]
    ]);
    expect(collected.hidden).toEqual({ files: 7, directories: 2 });
    expect(collected.empty).toEqual(['run42/empty', 'nothing']);
    expect(collected.unreadable).toEqual(['run42/sub/e.h5']);
    expect(totalsOf(collected.items)).toEqual({ files: 6, bytes: 12 });
  });

  it('is read with what is hidden, where that is wanted', async () => {
    const collected = await collectDropped(entries(), true);
    expect(pathsOf(collected.items).sort()).toEqual(
      [...open, ...hidden].sort()
    );
    expect(collected.hidden).toEqual({ files: 0, directories: 0 });
  });

  it('is the same from a file dialog', () => {
    const files = [...open, ...hidden].map(path => {
      const chosen = new File(['x'], path.split('/').pop() ?? '');
      return Object.assign(chosen, {
        webkitRelativePath: path.includes('/') ? path : ''
      });
    });
    const collected = collectChosen(files, false);
    expect(pathsOf(collected.items)).toEqual(open);
    expect(collected.hidden).toEqual({ files: 7, directories: 2 });
    expect(collected.items[1]).toMatchObject({
      name: 'run42',
      isDirectory: true,
      hidden: { files: 5, directories: 2 }
    });
    const all = collectChosen(files, true);
    expect(pathsOf(all.items).sort()).toEqual([...open, ...hidden].sort());
    expect(all.hidden).toEqual({ files: 0, directories: 0 });
  });

  it.each([
    [1, 0, '1 hidden file left out'],
    [3, 0, '3 hidden files left out'],
    [0, 1, '1 hidden directory left out'],
    [2, 3, '3 hidden directories and 2 hidden files left out'],
    [0, 0, '']
  ])('%i files and %i folders are told as the server tells them', (...row) => {
    const [files, directories, text] = row;
    expect(describeHidden({ files, directories }, trans)).toBe(text);
  });
});
