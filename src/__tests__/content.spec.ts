import { Content, checkName, contentOf } from '../documents/content';
import { INode, JsonTree, parseJson } from '../documents/json';
import { cellsOf, readCell } from '../documents/notebook';
import { Table } from '../documents/table';
import { printableLines, withoutEscapes } from '../documents/texts';

const bytes = (text: string) => new TextEncoder().encode(text);
const PNG = Uint8Array.from([...bytes('\x89PNG').slice(1), 0]);
const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('a file is shown as', () => {
  it.each<[string, Uint8Array, Content['kind']]>([
    ['a.png', latin('\x89PNG\r\n\x1a\n...'), 'image'],
    ['A.JPG', latin('\xff\xd8\xff\xe0'), 'image'],
    ['png.gif', latin('\x89PNG\r\n\x1a\n...'), 'image'],
    ['a.webp', latin('RIFF\0\0\0\0WEBPVP8 '), 'image'],
    ['a.bmp', latin('BM\x10\0\0\0\0\0\0\0'), 'image'],
    ['a.png', bytes('<script></script>'), 'text'],
    ['a.svg', bytes('<svg></svg>'), 'text'],
    ['a.png.svg', bytes('<svg></svg>'), 'text'],
    ['a.html', bytes('<p>'), 'text'],
    ['a.csv', bytes('a,b\n'), 'table'],
    ['a.TSV', bytes('a\tb\n'), 'table'],
    ['a.csv.txt', bytes('a,b\n'), 'text'],
    ['a.vg.json', bytes('{}'), 'json'],
    ['a.geojson', bytes('[]'), 'json'],
    ['a.json', bytes('null'), 'json'],
    ['a.json', bytes('{"a": '), 'text'],
    ['a.json', bytes('['.repeat(1e5) + ']'.repeat(1e5)), 'text'],
    ['a.ipynb', bytes('{"nbformat": 4, "cells": []}'), 'notebook'],
    ['a.ipynb', bytes('{"nbformat": 3, "worksheets": []}'), 'json'],
    ['a.ipynb', bytes('{"nbformat": 4, "cells": {}}'), 'json'],
    ['a.ipynb', bytes('{"nbformat": 4'), 'text'],
    ['tar', bytes('a name without an ending'), 'text'],
    ['', bytes(''), 'text']
  ])('%p %p: %s', (name, content, kind) => {
    checkName(name);
    expect(contentOf(name, content).kind).toBe(kind);
  });

  it('text, of which every byte is kept', () => {
    expect(contentOf('a.txt', bytes('Übergröße\r\n'))).toEqual({
      kind: 'text',
      text: 'Übergröße\r\n'
    });
  });

  it.each([
    ['a.txt', Uint8Array.of(0xc3, 0x28)],
    ['zeros.txt', Uint8Array.of(65, 0, 65)],
    ['a.png', PNG],
    ['png.txt', latin('\x89PNG\r\n\x1a\n\0\0')],
    ['a.csv', Uint8Array.of(0xff)]
  ])('nothing: %p', (name, content) => {
    expect(() => contentOf(name, content)).toThrow(
      expect.objectContaining({ code: 'no-viewer' })
    );
  });

  it.each(['a.h5', 'a.FITS.GZ', 'a.pdf'])('nothing, unread: %p', name => {
    expect(() => checkName(name)).toThrow(
      expect.objectContaining({ code: 'no-viewer' })
    );
  });
});

describe('a table', () => {
  const rowsOf = (table: Table) =>
    Array.from({ length: table.shownRows }, (_, index) => table.row(index));

  it.each<[string, string[][]]>([
    ['', []],
    ['a', [['a']]],
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2']
      ]
    ],
    [
      'a,b\r\n1,\r\n',
      [
        ['a', 'b'],
        ['1', '']
      ]
    ],
    [
      'a;b\n"1;2";3',
      [
        ['a', 'b'],
        ['1;2', '3']
      ]
    ],
    [
      'a,b\n1,',
      [
        ['a', 'b'],
        ['1', '']
      ]
    ],
    ['a\n\n"x\ny"', [['a'], [''], ['x\ny']]],
    [
      'a,"say ""no"""\n5" pipe,b',
      [
        ['a', 'say "no"'],
        ['5" pipe', 'b']
      ]
    ],
    ['a,"never closed\n1,2', [['a', 'never closed\n1,2']]],
    [
      '=1+1,@x\n1,2,3',
      [
        ['=1+1', '@x'],
        ['1', '2', '3']
      ]
    ]
  ])('%p', (text, rows) => {
    const table = new Table(text);
    expect(rowsOf(table)).toEqual(rows);
    expect(table.rowCount).toBe(rows.length);
    expect(table.columnCount).toBe(
      Math.max(0, ...rows.map(({ length }) => length))
    );
  });

  it('shows of many rows, columns and characters the first', () => {
    const long = new Table('\n'.repeat(500_001));
    expect([long.rowCount, long.shownRows]).toEqual([500_001, 500_000]);
    const wide = new Table(','.repeat(10_000));
    expect([wide.columnCount, wide.shownColumns]).toEqual([10_001, 10_000]);
    expect(wide.row(0)).toHaveLength(10_000);
    expect(new Table('x'.repeat(2000)).row(0)[0]).toHaveLength(1001);
  });
});

describe('a JSON tree', () => {
  const keys = (tree: JsonTree) => tree.rows.map(({ key }: INode) => key);

  it('opens and closes', () => {
    const tree = new JsonTree(
      parseJson('{"a": [1, {"b": []}], "__proto__": 2}')
    );
    expect(keys(tree)).toEqual([null, 'a', '__proto__']);
    tree.toggle(1);
    tree.toggle(3);
    expect(keys(tree)).toEqual([null, 'a', '0', '1', 'b', '__proto__']);
    expect(tree.rows[5].value).toBe(2);
    // There is nothing in it.
    tree.toggle(4);
    expect(tree.rows).toHaveLength(6);
    expect([4, 3, 1, 0].map(row => tree.parentOf(row))).toEqual([3, 1, 0, 0]);
    tree.toggle(1);
    expect(keys(tree)).toEqual([null, 'a', '__proto__']);
  });

  it('divides what has many members, so that each is reached', () => {
    const tree = new JsonTree(Array.from({ length: 1_000_001 }, (_, i) => i));
    expect(keys(tree)).toEqual([null, '0 … 999999', '1000000 … 1000000']);
    tree.toggle(1);
    expect(tree.rows).toHaveLength(1003);
    tree.toggle(1001);
    expect(tree.rows.at(-2)).toMatchObject({ key: '999999', value: 999_999 });
  });
});

describe('a notebook’s cell', () => {
  const noTable = () => null;
  const outputsOf = (...outputs: unknown[]) =>
    readCell({ cell_type: 'code', outputs }, noTable).outputs;
  const display = (data: unknown) =>
    outputsOf({ output_type: 'display_data', data });
  const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64');

  it.each([null, 5, [], {}, { nbformat: 4 }, { nbformat: 3, cells: [] }])(
    'comes from a notebook, not from %p',
    value => expect(cellsOf(value)).toBeNull()
  );

  it.each([null, 5, 'text', [], { source: {} }, { outputs: [{}] }])(
    'may be anything: %p',
    cell =>
      expect(readCell(cell, noTable)).toMatchObject({
        type: 'raw',
        source: '',
        outputs: []
      })
  );

  it('has text without what terminals obey', () => {
    const text = ['\x1b[31mred\x1b[0m\n', '10 %\r', '99 %\r\n'];
    expect(outputsOf({ output_type: 'stream', name: 'stderr', text })).toEqual([
      { kind: 'text', text: 'red\n99 %\n', isError: true }
    ]);
  });

  it('has images, whatever they are said to be', () => {
    expect(display({ 'image/gif': png, 'text/html': '<b>' })).toMatchObject([
      { kind: 'image', type: 'image/png' }
    ]);
  });

  it.each([
    { 'application/vnd.vega.v5+json': { $schema: 'vega' } },
    { 'application/javascript': 'alert(1)' },
    { 'text/html': '<p>' },
    { 'image/svg+xml': '<svg/>' },
    { 'image/png': Buffer.from('<svg/>').toString('base64') },
    { 'image/png': 'no base64!' },
    { 'text/latex': '$x$', 'text/plain': 5 }
  ])('has a note in the place of %p', data => {
    const types = Object.keys(data).filter(type => type !== 'text/plain');
    expect(display(data)).toEqual([{ kind: 'note', types }]);
    // Where a text stands for it, both are shown.
    expect(display({ ...data, 'text/plain': 'text' })).toEqual([
      { kind: 'text', text: 'text', isError: false },
      { kind: 'note', types }
    ]);
  });

  it('names no more than some types, and not all of a long one', () => {
    const data = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`${index}`.repeat(1000), ''])
    );
    const [note] = display(data);
    expect(JSON.stringify(note).length).toBeLessThan(500);
  });

  it('says what it leaves out', () => {
    const cell = {
      cell_type: 'code',
      outputs: new Array(150).fill({ output_type: 'unheard-of' }),
      attachments: { 'a.png': {} }
    };
    expect(readCell(cell, noTable)).toMatchObject({
      moreOutputs: 50,
      attachments: 1
    });
  });
});

it('several lines stay lines', () => {
  expect(printableLines('a\tb\nsafe\u202etxt.exe\r\n\n')).toBe(
    'a\tb\nsafe\\u202etxt.exe\n\n'
  );
});

it.each([
  ['\x1b]8;;http://x\x07link\x1b]8;;\x1b\\', 'link'],
  ['\x1b]0;title\x07a\x9b1mb\x1b(Bc', 'abc'],
  ['1\r2\r3', '3'],
  ['a\r\nb\r\n', 'a\nb\n'],
  ['\x1b]'.repeat(50_000), '']
])('escapes in %j do nothing', (text, shown) => {
  expect(withoutEscapes(text)).toBe(shown);
});
