import { printable } from '../common/printable';

/** Terminal commands (ECMA-48): control strings, such as links and titles, control sequences, escapes. */
const ESCAPES =
  // eslint-disable-next-line no-control-regex -- they are matched on purpose.
  /\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;

/** Multi-line text made safe to display: hidden characters are escaped. */
export function printableLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[^\n\t]+/g, run => printable(run));
}

/** Truncate a long text, with an ellipsis. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** The final text that a terminal would show, without colours: each line as last overwritten. */
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
