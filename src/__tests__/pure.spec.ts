import { TranslationBundle } from '@jupyterlab/translation';

import { nameTest } from '../filter';
import { formatDuration, formatMoment, formatSize, splitName } from '../format';
import { crumbsOf, encodePath, normalizePath, parentPath } from '../paths';
import { describeTransfer } from '../progress';
import { downloadCode } from '../python';
import { sortEntries } from '../sort';
import { entry, transfer } from './server';

describe('paths', () => {
  it.each([
    ['', ''],
    ['/', ''],
    [' /lst//DL1/ ', 'lst/DL1'],
    ['lst/two words', 'lst/two words']
  ])('normalizes %p', (text, path) => {
    expect(normalizePath(text)).toBe(path);
  });

  it('encodes each segment once', () => {
    expect(encodePath('a b/50%/%41/#1?/ü/x;y')).toBe(
      'a%20b/50%25/%2541/%231%3F/%C3%BC/x%3By'
    );
  });

  it('knows parents and crumbs', () => {
    expect(parentPath('lst/DL1/x')).toBe('lst/DL1');
    expect(parentPath('lst')).toBe('');
    expect(parentPath('')).toBe('');
    expect(crumbsOf('')).toEqual([]);
    expect(crumbsOf('lst/DL1')).toEqual([
      { name: 'lst', path: 'lst' },
      { name: 'DL1', path: 'lst/DL1' }
    ]);
  });
});

describe('nameTest', () => {
  it.each([
    ['', 'anything', true],
    ['run1', 'dl1_Run11111.h5', true],
    ['run2', 'dl1_Run11111.h5', false],
    ['*.h5', 'dl1_Run11111.h5', true],
    ['*.h', 'dl1_Run11111.h5', false],
    ['DL1*11111.01?0.h5', 'dl1_LST-1.Run11111.0110.h5', true],
    ['dl1*11111.01?0.h5', 'dl1_LST-1.Run11111.0101.h5', false],
    ['???', 'abc', true],
    ['???', 'abcd', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['[ab]*', 'a', false]
  ])('%p on %p is %p', (filter, name, expected) => {
    expect(nameTest(filter)(name)).toBe(expected);
  });

  it('is quick on a name and a pattern made to be slow', () => {
    const start = performance.now();
    expect(nameTest('*a'.repeat(30) + '*b')('a'.repeat(2000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('sortEntries', () => {
  const names = (entries: readonly { name: string }[]) =>
    entries.map(({ name }) => name);

  it('puts run numbers in their natural order, directories first', () => {
    const entries = ['Run10.h5', 'Run9.h5', 'run1.h5', 'z/', 'b/'].map(name =>
      entry(name)
    );
    expect(
      names(sortEntries(entries, { column: 'name', ascending: true }))
    ).toEqual(['b', 'z', 'run1.h5', 'Run9.h5', 'Run10.h5']);
    expect(
      names(sortEntries(entries, { column: 'name', ascending: false }))
    ).toEqual(['z', 'b', 'Run10.h5', 'Run9.h5', 'run1.h5']);
  });

  it('sorts by size and time, the unknown as the least, equal ones by name', () => {
    const entries = [
      entry('c', { size: 5, modified: '2024-01-02T00:00:00Z' }),
      entry('b', { size: 5, modified: null }),
      entry('a', { size: null, modified: '2024-01-01T00:00:00Z' })
    ];
    expect(
      names(sortEntries(entries, { column: 'size', ascending: false }))
    ).toEqual(['b', 'c', 'a']);
    expect(
      names(sortEntries(entries, { column: 'modified', ascending: true }))
    ).toEqual(['b', 'a', 'c']);
  });

  it('sorts 10,000 names of runs in no time', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) =>
      entry(`dl1_LST-1.Run${(index * 7919) % 10_007}.0100.h5`)
    );
    const start = performance.now();
    const sorted = sortEntries(entries, { column: 'name', ascending: true });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(sorted[0].name).toBe('dl1_LST-1.Run0.0100.h5');
  });
});

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KB'],
    [644 * 1024 + 700, '645 KB'],
    [1024 ** 2 - 1, '1.0 MB'],
    [1.25 * 1024 ** 3, '1.3 GB'],
    [50 * 1024 ** 5, '50.0 PB']
  ])('%p bytes are %p', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min']
  ])('%p seconds are %p', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('writes times in UTC', () => {
    expect(formatMoment('2024-11-15T06:28:06+02:00')).toEqual({
      day: '2024-11-15',
      time: '04:28:06'
    });
    expect(formatMoment('no date')).toEqual({ day: '', time: '' });
  });

  it('splits long names without losing or breaking a character', () => {
    expect(splitName('short.h5')).toEqual(['short.h5', '']);
    expect(splitName('datacheck_dl1_LST-1.Run11111.0100.h5')).toEqual([
      'datacheck_dl1_LST-1.Run',
      '11111.0100.h5'
    ]);
    const stars = '🌟'.repeat(30);
    expect(splitName(stars).join('')).toBe(stars);
    expect(splitName(stars)[1]).toBe('🌟'.repeat(13));
  });
});

describe('downloadCode', () => {
  it('names files and directories as Python strings', () => {
    const code = downloadCode([
      entry('lst/it\'s "x"\\\n.h5'),
      entry('lst/DL1 ü/')
    ]);
    expect(code).toBe(
      'import ctadata\n' +
        'ctadata.fetch_and_save_file("lst/it\'s \\"x\\"\\\\\\n.h5")\n' +
        'ctadata.fetch_and_save_file_or_dir("lst/DL1 ü", recursive=True)\n'
    );
  });
});

describe('what is said of a transfer', () => {
  // English, as without any language pack; the real one cannot be loaded outside of a page.
  const trans = {
    __: (text: string, ...values: unknown[]) =>
      text.replace(/%(\d)/g, (_, place) => String(values[Number(place) - 1]))
  } as TranslationBundle;
  const MB = 1 << 20;

  it('of a file', () => {
    const file = transfer('a.h5', 'running', {
      bytes_done: 10 * MB,
      bytes_total: 40 * MB,
      rate: 5 * MB
    });
    expect(describeTransfer(file, trans)).toBe(
      '10.0 MB of 40.0 MB · 5.0 MB/s · 6 s left'
    );
  });

  it('of a folder whose files are still being found', () => {
    const folder = transfer('run', 'running', {
      bytes_done: 10 * MB,
      bytes_total: 40 * MB,
      files_done: 1,
      files_total: 4,
      counting: true,
      rate: 5 * MB
    });
    expect(describeTransfer(folder, trans)).toBe(
      '10.0 MB of 40.0 MB found so far · file 1 of 4 · 5.0 MB/s · at least 6 s left'
    );
    const begun = { ...folder, bytes_done: 0, rate: null };
    expect(
      describeTransfer(
        { ...begun, bytes_total: null, files_total: null },
        trans
      )
    ).toBe('0 B');
  });

  it.each([
    ['queued', 'Waiting for its turn'],
    ['cancelling', 'Cancelling…'],
    ['cancelled', 'Cancelled'],
    ['failed', 'Failed'],
    ['interrupted', 'Interrupted: the Jupyter server ended meanwhile'],
    ['finished', '7 B, in here']
  ] as const)('that is %s', (state, text) => {
    const facts = { bytes_done: 7 };
    expect(describeTransfer(transfer('a', state, facts), trans)).toBe(text);
  });
});
