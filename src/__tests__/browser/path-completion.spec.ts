import { Directory } from '../../api/directory';
import {
  commonStart,
  completions,
  fitting,
  splitTyped
} from '../../browser/path-completion';
import { columns, entry } from '../helpers/test-server';

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
