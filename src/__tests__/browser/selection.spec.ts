import { IKeyedRows, Selection } from '../../browser/selection';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

function rows(names: readonly string[]): IKeyedRows {
  const nameAt = (row: number) => names[row];
  return { length: names.length, keyAt: nameAt, nameAt };
}

function make(): { selection: Selection; selected: () => string } {
  const selection = new Selection();
  selection.setRows(rows(NAMES));
  const selected = () => NAMES.filter(name => selection.has(name)).join('');
  return { selection, selected };
}

describe('Selection', () => {
  it('selects one, toggles, and extends from where the range started', () => {
    const { selection, selected } = make();
    selection.select(1);
    expect(selected()).toBe('b');
    selection.extend(3);
    expect(selected()).toBe('bcd');
    selection.extend(0);
    expect(selected()).toBe('ab');
    selection.toggle(4);
    expect(selected()).toBe('abe');
    selection.toggle(0);
    expect(selected()).toBe('be');
    selection.extend(2);
    expect(selected()).toBe('abc');
    expect(selection.focus).toBe(2);
  });

  it('moves no further than the first and the last row', () => {
    const { selection, selected } = make();
    selection.moveTo(-1, false);
    expect(selected()).toBe('a');
    selection.moveTo(99, true);
    expect(selected()).toBe('abcde');
    expect(selection.focus).toBe(4);
  });

  it('has nothing to select where there are no rows', () => {
    const selection = new Selection();
    selection.moveTo(0, false);
    selection.moveTo(0, true);
    selection.toggle(-1);
    selection.selectPrefix('a');
    expect(selection.size).toBe(0);
    expect(selection.focus).toBe(-1);
  });

  it('keeps what is still shown, wherever it is now', () => {
    const { selection } = make();
    selection.select(1);
    selection.extend(3);
    selection.setRows(rows(['d', 'x', 'b']));
    expect(selection.size).toBe(2);
    expect(selection.has('c')).toBe(false);
    expect(selection.focus).toBe(0);
  });

  it('finds the next name that starts like what was typed', () => {
    const { selection } = make();
    selection.setRows(rows(['Run10', 'Run11', 'abc', 'Run2']));
    selection.selectPrefix('r');
    expect(selection.focus).toBe(0);
    selection.selectPrefix('r');
    expect(selection.focus).toBe(1);
    selection.selectPrefix('run2');
    expect(selection.focus).toBe(3);
    selection.selectPrefix('r');
    expect(selection.focus).toBe(0);
    selection.selectPrefix('zz');
    expect(selection.focus).toBe(0);
  });

  it('selects what matches, and starts from the first of it', () => {
    const { selection, selected } = make();
    selection.select(0);
    selection.selectMatching(name => name > 'b');
    expect(selected()).toBe('cde');
    expect(selection.focus).toBe(2);
  });

  it('moves the focus alone, to add to the selection from there', () => {
    const { selection, selected } = make();
    selection.select(0);
    selection.moveFocus(3);
    expect(selected()).toBe('a');
    selection.toggle(selection.focus);
    expect(selected()).toBe('ad');
  });

  it('clears, and starts anew in another directory', () => {
    const { selection } = make();
    selection.selectAll();
    expect(selection.size).toBe(5);
    selection.clear();
    expect(selection.size).toBe(0);
    selection.reset('c');
    expect(selection.focus).toBe(2);
    expect(selection.size).toBe(0);
  });
});
