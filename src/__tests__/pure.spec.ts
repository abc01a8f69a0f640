import * as fs from 'fs';
import * as path from 'path';

import { TranslationBundle } from '@jupyterlab/translation';

import { IEntry } from '../api/client';
import { Directory, Findings } from '../browser/collection';
import {
  commonStart,
  completions,
  fitting,
  splitTyped
} from '../browser/path-completion';
import { isSearchable, nameTest } from '../browser/name-filter';
import {
  formatDuration,
  formatMoment,
  formatSize,
  splitName
} from '../common/formats';
import {
  crumbsOf,
  encodePath,
  normalizePath,
  parentPath
} from '../common/paths';
import { describeTransfer } from '../transfers/progress';
import { ISortState, sortOrder } from '../browser/sort';
import { columns, entry, transfer } from './helpers/test-server';

/** Cases that the tests in Python read, too. */
function table<T>(name: string): T[] {
  const file = path.join(__dirname, `../../tests/${name}.json`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as T[];
}

describe('paths', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['/lst//DL1/', 'lst/DL1'],
    ['/ lst/ends with a space ', ' lst/ends with a space '],
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

/** Seconds of work that something takes, however busy the machine is. */
function secondsOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

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
    ['[ab]*', 'a', false],
    ['*Run{11111..11113}.*', 'dl1_Run11112.0100.h5', true],
    ['*Run{11111..11113}.*', 'dl1_Run11114.0100.h5', false],
    ['*{1..9}.h5', 'x42.h5', false],
    ['*{1..9}.h5', 'x007.h5', true],
    ['{9..1}', '5', true],
    ['{1..x}', '1', false],
    ['re:run\\d{5}\\.0[01]00', 'dl1_LST-1.Run11111.0100.h5', true],
    ['re:^run', 'dl1_Run1.h5', false]
  ])('%p on %p is %p', (filter, name, expected) => {
    expect(nameTest(filter)(name)).toBe(expected);
  });

  it('refuses what is no regular expression', () => {
    for (const text of ['re:(', 're:[', 're:*', 're:(?=a)', 're:(a)\\1']) {
      expect(() => nameTest(text)).toThrow('error parsing regexp: ');
    }
  });

  it('knows what the server can look for', () => {
    expect(['run', '*.h5', 'a{b'].every(isSearchable)).toBe(true);
    expect(['', ' ', 're:x', 'a{1..2}'].some(isSearchable)).toBe(false);
  });

  it.each([
    '*a'.repeat(30) + '*c',
    're:(a+)+$c',
    're:(a|a)*c',
    're:(\\w+\\.?)+c',
    're:^(a|b)*a(a|b){20}$c',
    're:(.{1,50}){1,10}c',
    're:' + '.*'.repeat(50) + 'c',
    're:(([a-z])+.)+[A-Z]([a-z])+c$'
  ])('is quick with %p on names made to be slow', pattern => {
    const test = nameTest(pattern);
    const names = ['a'.repeat(255), 'ab'.repeat(127), 'a.'.repeat(127)];
    expect(secondsOf(() => expect(names.some(test)).toBe(false))).toBeLessThan(
      3
    );
  });

  it.each([
    'run1111',
    '*.00?0.*',
    '*Run{11111..11113}.*',
    're:run1111[1-3].*0$'
  ])('is quick with %p on 100,000 names', pattern => {
    const names = Array.from(
      { length: 100_000 },
      (_, index) => `dl1_LST-1.Run${11_000 + (index % 900)}.${index}.h5`
    );
    const test = nameTest(pattern);
    expect(secondsOf(() => names.filter(test))).toBeLessThan(3);
  });

  it.each(table<[string, string, boolean]>('matching'))(
    'finds with %p in %p as the server does: %p',
    (pattern, name, expected) => {
      expect(nameTest(pattern)(name)).toBe(expected);
    }
  );
});

describe('sortOrder', () => {
  const names = (entries: readonly IEntry[], sort: ISortState) => {
    const directory = new Directory('x', columns(entries), false);
    return [...sortOrder(directory, sort)].map(index => directory.name(index));
  };

  it('keeps the order of names as it came, directories first', () => {
    const entries = ['b/', 'z/', 'run1.h5', 'Run9.h5', 'Run10.h5'].map(name =>
      entry(name)
    );
    expect(names(entries, { column: 'name', ascending: true })).toEqual([
      'b',
      'z',
      'run1.h5',
      'Run9.h5',
      'Run10.h5'
    ]);
    expect(names(entries, { column: 'name', ascending: false })).toEqual([
      'z',
      'b',
      'Run10.h5',
      'Run9.h5',
      'run1.h5'
    ]);
  });

  it('sorts by size and time, the unknown as the least, equal ones by name', () => {
    const entries = [
      entry('a', { size: null, modified: 1000 }),
      entry('b', { size: 5, modified: null }),
      entry('c', { size: 5, modified: 2000 })
    ];
    expect(names(entries, { column: 'size', ascending: false })).toEqual([
      'b',
      'c',
      'a'
    ]);
    expect(names(entries, { column: 'modified', ascending: true })).toEqual([
      'b',
      'a',
      'c'
    ]);
  });

  it.each(table<{ what: string; names: string[] }>('natural'))(
    'puts what was found in the server’s order: $what',
    ({ names }) => {
      for (const found of [names, [...names].reverse(), [...names].sort()]) {
        const findings = new Findings('');
        findings.add(found.map(name => entry(name)));
        const order = findings.naturalOrder();
        expect([...order].map(index => findings.name(index))).toEqual(names);
      }
    }
  );

  it('puts equal names in the order of their paths, however they were found', () => {
    const paths = ['Run9/a.h5', 'Run10/a.h5', 'run11/a.h5', 'Run9/A01', 'a/A1'];
    const expected = [
      'Run9/a.h5',
      'Run10/a.h5',
      'run11/a.h5',
      'Run9/A01',
      'a/A1'
    ];
    for (const found of [paths, [...paths].reverse(), [...paths].sort()]) {
      const findings = new Findings('');
      findings.add(found.map(name => entry(name)));
      const order = findings.naturalOrder();
      expect([...order].map(index => findings.key(index))).toEqual(expected);
    }
  });

  it('puts what was found in natural order', () => {
    const findings = new Findings('');
    findings.add(
      ['a/Run10.h5', 'b/Run9.h5', 'b/run01.h5', 'Z/', 'c/Run/'].map(path =>
        entry(path)
      )
    );
    const order = sortOrder(findings, { column: 'name', ascending: true });
    expect([...order].map(index => findings.key(index))).toEqual([
      'c/Run',
      'Z',
      'b/run01.h5',
      'b/Run9.h5',
      'a/Run10.h5'
    ]);
  });
});

describe('completion', () => {
  const directory = new Directory(
    'lst',
    columns([entry('DL1/'), entry('DL2/'), entry('dl.txt'), entry('R0.txt')]),
    false
  );

  it.each([
    ['', { parent: '', start: '' }],
    ['ls', { parent: '', start: 'ls' }],
    ['/lst/DL', { parent: 'lst', start: 'DL' }],
    ['lst//DL1/', { parent: 'lst/DL1', start: '' }]
  ])('splits %p', (text, parts) => {
    expect(splitTyped(text)).toEqual(parts);
  });

  it.each([
    ['lst/D', ['lst/DL1/', 'lst/dl.txt']],
    [' /LST//dl1', ['lst/DL1/']],
    ['lst', ['lst/DL1/', 'lst/dl.txt']],
    ['lst/DL1/', ['lst/DL1/']],
    ['cta/', []]
  ])('offers for %p nothing of what was typed before', (text, fit) => {
    expect(fitting(['lst/DL1/', 'lst/dl.txt'], text)).toEqual(fit);
  });

  it('offers what goes on like that, in either case', () => {
    const offered = completions(directory, 'dl');
    expect(offered).toEqual(['lst/DL1/', 'lst/DL2/', 'lst/dl.txt']);
    expect(commonStart(offered.slice(0, 2))).toBe('lst/DL');
    expect(commonStart([])).toBe('');
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
    expect(formatMoment(1731644886)).toEqual({
      day: '2024-11-15',
      time: '04:28:06'
    });
    expect(formatMoment(Infinity)).toEqual({ day: '', time: '' });
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
