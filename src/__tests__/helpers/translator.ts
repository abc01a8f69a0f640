import { TranslationBundle } from '@jupyterlab/translation';

/** What gettext does without a translation. */
export const trans = {
  __: (text: string, ...args: unknown[]) => fill(text, args),
  _n: (one: string, many: string, n: number, ...args: unknown[]) =>
    fill(n === 1 ? one : many, [n, ...args])
} as TranslationBundle;

function fill(text: string, args: unknown[]): string {
  return text.replace(/%(\d)/g, (_, i: string) => String(args[Number(i) - 1]));
}
