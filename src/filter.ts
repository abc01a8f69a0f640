/** Tells whether a name is to be shown. */
export type NameTest = (name: string) => boolean;

/**
 * What the filter box means: a part of the name, or a pattern for all of it.
 *
 * `*` stands for any characters, `?` for one; case does not matter.
 */
export function nameTest(filter: string): NameTest {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') {
    return () => true;
  }
  if (!/[*?]/.test(wanted)) {
    return name => name.toLowerCase().includes(wanted);
  }
  return name => matchGlob(wanted, name.toLowerCase());
}

/**
 * Match a whole name against a pattern.
 *
 * Greedy with one point to return to: a regular expression with several `.*` can take
 * exponential time on a name made for it, this takes the product of the lengths at most.
 */
function matchGlob(pattern: string, name: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length;) {
    if (pattern[p] === '*') {
      star = p;
      resume = n;
      p += 1;
    } else if (
      p < pattern.length &&
      (pattern[p] === '?' || pattern[p] === name[n])
    ) {
      p += 1;
      n += 1;
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
