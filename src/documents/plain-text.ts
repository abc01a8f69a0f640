import { printable } from '../common/printable';

/** What terminals take as commands (ECMA-48): control strings, such as links and titles, control sequences, escapes. */
const ESCAPES =
  // eslint-disable-next-line no-control-regex -- they are what is looked for.
  /\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;

/** A text of several lines as it is shown: what is hidden in it is written out. */
export function printableLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[^\n\t]+/g, run => printable(run));
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
