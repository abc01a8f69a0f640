import type { TranslationBundle } from '@jupyterlab/translation';

/*
 * The same rules as in ctadata/_printable.py, which gives the reasons; tests/printable.json tests both.
 */
const HIDDEN =
  '\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f' +
  '\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\uf8ff\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0' +
  '\\ufff0-\\ufffb\\ufffe\\uffff\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}' +
  '\\u{e0000}-\\u{e0fff}\\u{f0000}-\\u{10ffff}' +
  Array.from({ length: 14 }, (_, before) => (before + 1).toString(16))
    .map(plane => `\\u{${plane}fffe}\\u{${plane}ffff}`)
    .join('');
const EMOJI =
  '[\\xa9\\xae\\u203c\\u2049\\u2122\\u2139\\u2190-\\u21ff\\u2300-\\u23ff\\u24c2\\u25a0-\\u27bf' +
  '\\u2900-\\u297f\\u2b00-\\u2bff\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1faff}]';
const JOINED =
  '[\\u0620-\\u06dc\\u06de-\\u070e\\u0710-\\u088f\\u08a0-\\u08e1\\u08e3-\\u109f\\u1780-\\u17b3\\u17b6-\\u17ff]';
const CHINESE =
  '[\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}]';
const HARMLESS = [
  '\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{3,6}\\u{e007f}',
  `${EMOJI}[\\ufe0e\\ufe0f]?(?:\\u200d${EMOJI}[\\ufe0e\\ufe0f]?)*`,
  '[0-9#*]\\ufe0f\\u20e3',
  `${JOINED}(?:[\\u200c\\u200d]?${JOINED})+`,
  `${CHINESE}[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]`
].join('|');
const MARK =
  '[\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]';
const UNFIT = new RegExp(
  `(${HARMLESS})|[${HIDDEN}]|(?<=${MARK}{8})${MARK}`,
  'gu'
);
const PLAIN = /^[ -~]*$/;
const WRITTEN_OUT =
  /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))/g;
const SHORT: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/**
 * Make text from outside, such as a file name, safe to display.
 *
 * Characters that are invisible or change how others are displayed are escaped: `\x1b`, `\u202e`.
 */
export function printable(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(
        UNFIT,
        (found, harmless: string | undefined) => harmless ?? writtenOut(found)
      );
}

/**
 * Undo the escapes of `printable` in a path that the user has typed.
 *
 * No storage path contains a backslash.
 */
export function exactPath(shown: string): string {
  return shown.replace(
    WRITTEN_OUT,
    (found, two?: string, four?: string, eight?: string, letter?: string) => {
      const code = parseInt(two ?? four ?? eight ?? '', 16);
      if (letter !== undefined) {
        return SHORT[letter];
      }
      return code <= 0x10ffff ? String.fromCodePoint(code) : found;
    }
  );
}

/** Wrap a translation bundle so that all values inserted into texts are printable. */
export function printableTexts(trans: TranslationBundle): TranslationBundle {
  const shown = (values: unknown[]) =>
    values.map(value => (typeof value === 'string' ? printable(value) : value));
  /* eslint-disable jupyter/no-dynamic-translation -- the texts are literals where these are called */
  return Object.assign(Object.create(trans) as TranslationBundle, {
    __: (text: string, ...values: unknown[]) =>
      trans.__(text, ...shown(values)),
    _n: (one: string, many: string, count: number, ...values: unknown[]) =>
      trans._n(one, many, count, ...shown(values)),
    _p: (context: string, text: string, ...values: unknown[]) =>
      trans._p(context, text, ...shown(values)),
    _np: (
      context: string,
      one: string,
      many: string,
      count: number,
      ...values: unknown[]
    ) => trans._np(context, one, many, count, ...shown(values))
  });
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const short = Object.keys(SHORT).find(key => SHORT[key] === character);
  if (short !== undefined) {
    return `\\${short}`;
  }
  const hex = (digits: number) => code.toString(16).padStart(digits, '0');
  if (code < 0x100) {
    return `\\x${hex(2)}`;
  }
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
