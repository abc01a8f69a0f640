import * as fs from 'fs';
import * as path from 'path';

import { Directory } from '../../api/directory';
import { IEntry } from '../../api/types';
import { SearchResults } from '../../browser/collection';
import { ISortState, sortOrder } from '../../browser/sort';
import { columns, entry } from '../helpers/test-server';

/** Cases that the tests in Python read, too. */
function table<T>(name: string): T[] {
  const file = path.join(__dirname, `../../../tests/${name}.json`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as T[];
}

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
        const results = new SearchResults('');
        results.add(found.map(name => entry(name)));
        const order = results.naturalOrder();
        expect([...order].map(index => results.name(index))).toEqual(names);
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
      const results = new SearchResults('');
      results.add(found.map(name => entry(name)));
      const order = results.naturalOrder();
      expect([...order].map(index => results.key(index))).toEqual(expected);
    }
  });

  it('puts what was found in natural order', () => {
    const results = new SearchResults('');
    results.add(
      ['a/Run10.h5', 'b/Run9.h5', 'b/run01.h5', 'Z/', 'c/Run/'].map(path =>
        entry(path)
      )
    );
    const order = sortOrder(results, { column: 'name', ascending: true });
    expect([...order].map(index => results.key(index))).toEqual([
      'c/Run',
      'Z',
      'b/run01.h5',
      'b/Run9.h5',
      'a/Run10.h5'
    ]);
  });
});
