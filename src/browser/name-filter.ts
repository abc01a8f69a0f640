import { RE2JS } from 're2js';

import { fold } from '../common/natural-order';

/** Tells whether a name matches. */
export type NameTest = (name: string) => boolean;

/** Prefix of a regular expression. */
const EXPRESSION = 're:';

/**
 * Compile the text of the filter box: a part of a name, a pattern for the whole name, or a regular
 * expression.
 *
 * `*` matches any characters, `?` one, `{11111..11120}` a number in that range. `re:` introduces a
 * regular expression, searched anywhere in the name. Case and Unicode normalization are ignored.
 *
 * Regular expressions use RE2's syntax, without backreferences and lookaround, so that matching takes
 * linear time.
 *
 * @throws Error if the regular expression is invalid
 */
export function nameTest(filter: string): NameTest {
  const wanted = fold(filter.trim());
  if (wanted === '') {
    return () => true;
  }
  if (wanted.startsWith(EXPRESSION)) {
    const text = filter.trim().slice(EXPRESSION.length).normalize();
    const expression = RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
    return name => expression.test(name.normalize());
  }
  if (!isGlob(wanted)) {
    return name => fold(name).includes(wanted);
  }
  const glob = parseGlob(wanted);
  return name => matchGlob(glob, fold(name));
}

/** Whether the server can search for this: it supports parts of names, `*` and `?`. */
export function isSearchable(filter: string): boolean {
  const wanted = filter.trim();
  return (
    wanted !== '' &&
    !wanted.toLowerCase().startsWith(EXPRESSION) &&
    !RANGE.test(wanted)
  );
}

const RANGE = /\{(\d{1,15})\.\.(\d{1,15})\}/;

function isGlob(wanted: string): boolean {
  return /[*?]/.test(wanted) || RANGE.test(wanted);
}

/** A token of a pattern: any characters, one character, a given character, or a number. */
type GlobPart =
  '*' | '?' | { character: string } | { from: number; to: number };

function parseGlob(pattern: string): GlobPart[] {
  return pattern.split(/(\{\d{1,15}\.\.\d{1,15}\})/).flatMap<GlobPart>(text => {
    const range = RANGE.exec(text);
    if (range) {
      const [a, b] = [Number(range[1]), Number(range[2])];
      return [{ from: Math.min(a, b), to: Math.max(a, b) }];
    }
    return text
      .split('')
      .map(character =>
        character === '*' || character === '?' ? character : { character }
      );
  });
}

/**
 * Match a whole name against a pattern.
 *
 * Greedy with one point to return to: a regular expression with several `.*` can take
 * exponential time on a name made for it, this takes the product of the lengths at most.
 */
function matchGlob(pattern: readonly GlobPart[], name: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length;) {
    const part = pattern[p];
    const length =
      part === undefined || part === '*' ? 0 : matched(part, name, n);
    if (part === '*') {
      star = p;
      resume = n;
      p += 1;
    } else if (length > 0) {
      p += 1;
      n += length;
    } else if (star >= 0) {
      resume += unitsAt(name, resume);
      n = resume;
      p = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') {
    p += 1;
  }
  return p === pattern.length;
}

/** How many characters from `start` on are what the part says; 0 if they are not. */
function matched(
  part: Exclude<GlobPart, '*'>,
  name: string,
  start: number
): number {
  if (part === '?') {
    return unitsAt(name, start);
  }
  if ('character' in part) {
    return name[start] === part.character ? 1 : 0;
  }
  // A number is all of its digits, so that 1..9 is not found in 42.
  if (isDigit(name[start - 1])) {
    return 0;
  }
  let end = start;
  while (isDigit(name[end])) {
    end += 1;
  }
  const number = Number(name.slice(start, end));
  return end > start && number >= part.from && number <= part.to
    ? end - start
    : 0;
}

/** How many UTF-16 units the character has that begins there. */
function unitsAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
