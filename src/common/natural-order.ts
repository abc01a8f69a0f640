/** Width to which runs of digits are zero-padded; the server does the same (natural_order.py). */
const DIGITS = 20;

/** Sorts after every character that may follow a run of digits. */
const LONGER = '9'.repeat(DIGITS) + '\u{10ffff}';

/** The form in which names are compared: lower case, Unicode NFC. It is never sent. */
export function fold(name: string): string {
  return name.normalize().toLowerCase();
}

/** The key of the natural order, Run9 before Run10; compare keys with `compareText`. */
export function naturalKey(name: string): string {
  return fold(name).replace(/[0-9]+/g, run => {
    const digits = run.replace(/^0+/, '');
    return digits.length <= DIGITS
      ? digits.padStart(DIGITS, '0')
      : LONGER + String.fromCodePoint(digits.length) + digits;
  });
}

/** Compare two names or paths in natural order; 0 only if they are identical. */
export function compareNaturally(a: string, b: string): number {
  return compareText(naturalKey(a), naturalKey(b)) || compareText(a, b);
}

/** Compare two strings by code points; JavaScript itself compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const end = Math.min(a.length, b.length);
  for (let index = 0; index < end; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) {
      // Surrogates encode code points above all other units.
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
