import * as fs from 'fs';
import * as path from 'path';

import { isSearchable, nameTest } from '../../browser/name-filter';

/** Cases that the tests in Python read, too. */
function table<T>(name: string): T[] {
  const file = path.join(__dirname, `../../../tests/${name}.json`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as T[];
}

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
