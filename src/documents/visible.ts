/**
 * A character that is not seen, or that changes how others are seen: control characters other than tab and line feed,
 * bidirectional and zero-width marks, tags, fillers.
 */
export const INVISIBLE =
  /(?![\t\n])(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5)/gu;

/** What terminals take as commands (ECMA-48): control strings, such as links and titles, control sequences, escapes. */
const ESCAPES =
  // eslint-disable-next-line no-control-regex -- they are what is looked for.
  /\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;

/** Replace each invisible character by a sign for it. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, signOf);
}

/** Cut a text that is too long to be shown; the end says that it goes on. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** What a terminal would show in the end, without colours: each line as it was written last. */
export function withoutEscapes(text: string): string {
  return text
    .replace(ESCAPES, '')
    .split('\n')
    .map(line => {
      const end = line.replace(/\r+$/, '');
      return end.slice(end.lastIndexOf('\r') + 1);
    })
    .join('\n');
}

function signOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) {
    // The block "Control Pictures" has them in the same order.
    return String.fromCharCode(0x2400 + code);
  }
  return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}
