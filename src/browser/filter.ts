/** Tells whether a name is meant. */
export type NameTest = (name: string) => boolean;

/** What a regular expression is introduced by. */
const EXPRESSION = 're:';

/**
 * What the filter box means: a part of the name, a pattern for all of it, or a regular expression.
 *
 * `*` stands for any characters, `?` for one, `{11111..11120}` for a number of that range; `re:`
 * introduces a regular expression, to be found anywhere in the name. Case does not matter.
 *
 * @throws SyntaxError if the regular expression is none
 */
export function nameTest(filter: string): NameTest {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') {
    return () => true;
  }
  if (wanted.startsWith(EXPRESSION)) {
    const expression = new RegExp(filter.trim().slice(EXPRESSION.length), 'iu');
    return name => expression.test(name);
  }
  if (!isGlob(wanted)) {
    return name => name.toLowerCase().includes(wanted);
  }
  const glob = parseGlob(wanted);
  return name => matchGlob(glob, name.toLowerCase());
}

/** Whether the server can look for this too: it knows parts of names, `*` and `?`. */
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

/** A part of a pattern: any characters, one character, this character, or a number. */
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
      resume += 1;
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
    return 1;
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

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
