import {
  crumbsOf,
  encodePath,
  normalizePath,
  parentPath
} from '../../common/paths';

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
