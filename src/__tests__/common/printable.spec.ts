import * as fs from 'fs';
import * as path from 'path';
import type { TranslationBundle } from '@jupyterlab/translation';

import { RequestError } from '../../api/errors';
import { exactPath, printable, printableTexts } from '../../common/printable';

/** Cases that the tests in Python read, too. */
const CASES = JSON.parse(
  fs.readFileSync(path.join(__dirname, '../../../tests/printable.json'), 'utf8')
) as { what: string; text: string; printable: string }[];

/** Puts values into texts as that of JupyterLab does. */
const fill = (text: string, values: unknown[]) =>
  text.replace(/%(\d)/g, (_, index) => String(values[Number(index) - 1]));
const bundle = {
  __: (text: string, ...values: unknown[]) => fill(text, values),
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    fill(count === 1 ? one : many, [count, ...values]),
  _p: (_: string, text: string, ...values: unknown[]) => fill(text, values),
  _np: (
    _: string,
    one: string,
    many: string,
    count: number,
    ...values: unknown[]
  ) => fill(count === 1 ? one : many, [count, ...values]),
  gettext: (text: string) => text
} as TranslationBundle;

describe('Text from outside', () => {
  it.each(CASES)('is as in the table: $what', ({ text, printable: shown }) => {
    expect(printable(text)).toBe(shown);
    expect(printable(shown)).toBe(shown);
    if (!text.includes('\\')) {
      expect(exactPath(shown)).toBe(text);
    }
  });

  it('is shown by the texts of this extension', () => {
    const trans = printableTexts(bundle);
    expect(trans.__('“%1” has\n%2', 'a\u202eb', 5)).toBe('“a\\u202eb” has\n5');
    expect(trans._n('%1 of %2', '%1 in %2', 2, '\x1b')).toBe('2 in \\x1b');
    expect(trans._p('menu', '%1', '\u200b')).toBe('\\u200b');
    expect(trans._np('menu', '%1 %2', '%1s %2', 1, '\x9b')).toBe('1 \\x9b');
    expect(trans.gettext('Open')).toBe('Open');
  });

  it('is shown by errors', () => {
    expect(new RequestError('internal', 'no\u2066 \x1b').message).toBe(
      'no\\u2066 \\x1b'
    );
  });

  it('is typed as it is shown, or otherwise', () => {
    expect(exactPath('a\\u202eb/c')).toBe('a\u202eb/c');
    expect(exactPath('\\U00110000 \\q \\x1')).toBe('\\U00110000 \\q \\x1');
  });
});
