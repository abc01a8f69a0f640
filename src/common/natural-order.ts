/** Digits up to which the runs of them are filled with zeros; the server does the same (natural.py). */
const DIGITS = 20;

/** What sorts behind everything that may follow a run of digits. */
const LONGER = '9'.repeat(DIGITS) + '\u{10ffff}';

/** A name as it is compared: neither case nor Unicode's normal form matter. It is never sent. */
export function fold(name: string): string {
  return name.normalize().toLowerCase();
}

/** Sorts names in their natural order, Run9 before Run10, where `compareText` compares the keys. */
export function naturalKey(name: string): string {
  return fold(name).replace(/[0-9]+/g, run => {
    const digits = run.replace(/^0+/, '');
    return digits.length <= DIGITS
      ? digits.padStart(DIGITS, '0')
      : LONGER + String.fromCodePoint(digits.length) + digits;
  });
}

/** Compare two names or paths in their natural order; 0 only for two that are the same. */
export function compareNaturally(a: string, b: string): number {
  return compareText(naturalKey(a), naturalKey(b)) || compareText(a, b);
}

/** Compare two texts by their code points; JavaScript's own comparison is by UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const end = Math.min(a.length, b.length);
  for (let index = 0; index < end; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) {
      // Surrogates stand for what comes after all other units.
      return isSurrogate(x) === isSurrogate(y)
        ? x - y
        : isSurrogate(x)
          ? 1
          : -1;
    }
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
