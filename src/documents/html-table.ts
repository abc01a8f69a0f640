import { shorten } from './plain-text';

/** Maximum number of characters parsed, and shown of a cell. */
const MAX_HTML = 1_000_000;
const MAX_TEXT = 1000;

/** Maximum number of cells shown, and of places spanned: many large spans take a browser minutes. */
const MAX_CELLS = 5000;
const MAX_AREA = 10_000;

/** A tag, or text between tags. */
const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>|[^<]+|</gi;

/** The entities that libraries use in tables; others are left as they are. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  hellip: '…',
  lt: '<',
  minus: '−',
  nbsp: ' ',
  plusmn: '±',
  quot: '"',
  times: '×'
};

/** A cell of a table. */
export interface ITableCell {
  text: string;
  /** Columns and rows that it spans. */
  colSpan: number;
  rowSpan: number;
}

/**
 * Extract the text of tables from HTML; null if there is none.
 *
 * The HTML is never parsed into elements, not even in another document: malicious nesting takes a browser minutes.
 */
export function tabulate(html: string): ITableCell[][] | null {
  if (html.length > MAX_HTML) {
    return null;
  }
  const rows: ITableCell[][] = [];
  let count = 0;
  let area = 0;
  let isTable = false;
  let cell: ITableCell | null = null;
  for (const [token, slash, name, attributes] of html.matchAll(TOKEN)) {
    const tag = name?.toLowerCase();
    if (tag === 'table') {
      isTable = !slash;
      cell = null;
    } else if (isTable && tag === 'tr') {
      cell = null;
      if (!slash) {
        rows.push([]);
      }
    } else if (isTable && (tag === 'td' || tag === 'th')) {
      cell = slash
        ? null
        : {
            text: '',
            colSpan: spanOf(attributes, 'colspan'),
            rowSpan: spanOf(attributes, 'rowspan')
          };
      if (cell && count < MAX_CELLS) {
        area += cell.colSpan * cell.rowSpan;
        if (area > MAX_AREA) {
          cell.colSpan = 1;
          cell.rowSpan = 1;
        }
        rows.at(-1)?.push(cell);
        count += 1;
      }
    } else if (cell) {
      cell.text += tag === undefined ? token : tag === 'br' ? '\n' : '';
    }
  }
  const filled = rows.filter(cells => cells.length > 0);
  for (const each of filled.flat()) {
    each.text = textOf(each.text);
  }
  return filled.length > 0 ? filled : null;
}

function spanOf(attributes: string, name: string): number {
  const match = new RegExp(`\\b${name}\\s*=\\s*["']?(\\d{1,5})`, 'i').exec(
    attributes
  );
  return Math.max(1, Number(match?.[1] ?? 1));
}

function textOf(html: string): string {
  const text = html.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi,
    (found, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) {
        return ENTITIES[name] ?? found;
      }
      const code = decimal ? Number(decimal) : parseInt(hex ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : found;
    }
  );
  return shorten(text.trim(), MAX_TEXT);
}
