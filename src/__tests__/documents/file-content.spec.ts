import { CsvTable } from '../../documents/csv-table';
import { Content, checkName, contentOf } from '../../documents/file-content';
import { ITableCell } from '../../documents/html-table';
import { INode, JsonTree, parseJson } from '../../documents/json-tree';
import {
  Output,
  cellsOf,
  readCell,
  readPage
} from '../../documents/notebook-cells';
import { printableLines, withoutEscapes } from '../../documents/plain-text';

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
  const rowsOf = (table: CsvTable) =>
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
    const table = new CsvTable(text);
    expect(rowsOf(table)).toEqual(rows);
    expect(table.rowCount).toBe(rows.length);
    expect(table.columnCount).toBe(
      Math.max(0, ...rows.map(({ length }) => length))
    );
  });

  it('shows of many rows, columns and characters the first', () => {
    const long = new CsvTable('\n'.repeat(500_001));
    expect([long.rowCount, long.shownRows]).toEqual([500_001, 500_000]);
    const wide = new CsvTable(','.repeat(10_000));
    expect([wide.columnCount, wide.shownColumns]).toEqual([10_001, 10_000]);
    expect(wide.row(0)).toHaveLength(10_000);
    expect(new CsvTable('x'.repeat(2000)).row(0)[0]).toHaveLength(1001);
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

  it('soon opens an object of many keys', () => {
    const many = Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i]);
    const value = Object.fromEntries(many) as unknown;
    const start = performance.now();
    const tree = new JsonTree(value);
    tree.toggle(300);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(tree.rows.at(-1)).toMatchObject({ key: 'k299999', value: 299_999 });
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

/** The table of an output, which must be one. */
function tableOf(output: Output): ITableCell[][] {
  expect(output.kind).toBe('table');
  return (output as Output & { kind: 'table' }).rows;
}

describe('a notebook’s cell', () => {
  const outputsOf = (...outputs: unknown[]) =>
    readCell({ cell_type: 'code', outputs }).outputs;
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
      expect(readCell(cell)).toMatchObject({
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

  it.each<[string, string[][]]>([
    ['<table><tr><td>1<td>2<tr><td>3', [['1', '2'], ['3']]],
    [
      `<style>td {}</style><TABLE class="<td>"><thead><tr style='a>b'><th></th><th colspan="2">a</th></tr></thead>
       <tr><th rowspan=2>x</th><td>1</td><td>2</td></tr><tr><td><b onclick=x>3</b></td><td>4</td></tr></TABLE><p>1 row</p>`,
      [
        ['', 'a'],
        ['x', '1', '2'],
        ['3', '4']
      ]
    ],
    [
      '<table><tr><td>a&lt;b&gt; &amp;amp; &#8226;&#x2a;&nope;&#9999999;<br>c</td></tr></table>',
      [['a<b> &amp; •*&nope;&#9999999;\nc']]
    ],
    [
      '<table><tr><td><img src="http://x"><script>f()</script>1 < 2</td></table>',
      [['f()1 < 2']]
    ]
  ])('has the texts of the tables in %j', (html, rows) => {
    const [output, more] = display({ 'text/html': html, 'text/plain': 'text' });
    expect(more).toBeUndefined();
    expect(tableOf(output).map(cells => cells.map(({ text }) => text))).toEqual(
      rows
    );
  });

  it('has what the cells of a table span, which is not much', () => {
    const html =
      "<table><tr><td rowspan=2><td COLSPAN = '3'><td colspan=0><td colspan=99999><td rowspan=2></table>";
    const [output] = display({ 'text/html': html });
    expect(tableOf(output)[0]).toEqual([
      { text: '', colSpan: 1, rowSpan: 2 },
      { text: '', colSpan: 3, rowSpan: 1 },
      { text: '', colSpan: 1, rowSpan: 1 },
      { text: '', colSpan: 1, rowSpan: 1 },
      { text: '', colSpan: 1, rowSpan: 1 }
    ]);
  });

  it.each([
    '<table>' + '<tr><td rowspan=99999 colspan=99999>'.repeat(25_000),
    '<table><tr><td>' + '<a><b>'.repeat(150_000),
    '<table>'.repeat(120_000) + '<tr><td>' + '<"\'<'.repeat(30_000),
    '<table><tr>' + '<td>x'.repeat(190_000)
  ])('soon has a table of any HTML, which is not large: %#', html => {
    const start = performance.now();
    const [output] = display({ 'text/html': html });
    expect(performance.now() - start).toBeLessThan(10_000);
    const cells = tableOf(output).flat();
    expect(cells.length).toBeLessThanOrEqual(5000);
    const area = cells.map(({ colSpan, rowSpan }) => colSpan * rowSpan);
    expect(area.reduce((sum, each) => sum + each)).toBeLessThan(15_001);
  });

  it('is one of a page, which has not too much either', () => {
    const table = { 'text/html': '<table><tr>' + '<td>'.repeat(3000) };
    const output = { output_type: 'display_data', data: table };
    const heavy = { cell_type: 'code', outputs: new Array(90).fill(output) };
    expect(readCell(heavy)).toMatchObject({
      outputs: { length: 4 },
      moreOutputs: 86
    });
    expect(readPage(new Array(300).fill(heavy), 0)).toHaveLength(1);
    const light = new Array<unknown>(300).fill({ cell_type: 'markdown' });
    expect(readPage(light, 0)).toHaveLength(200);
    expect(readPage(light, 200)).toHaveLength(100);
    expect(readPage(light, 300)).toEqual([]);
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
    expect(readCell(cell)).toMatchObject({
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
