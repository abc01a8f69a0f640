import { shorten } from './texts';

/** Characters of HTML that are looked at, and of a cell that are shown. */
const MAX_HTML = 1_000_000;
const MAX_TEXT = 1000;

/** Rows, and cells of a row, that are shown; a cell may claim to span any number of others. */
const MAX_ROWS = 1000;
const MAX_CELLS = 200;

/** A tag, or what is between two tags. */
const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>|[^<]+|</gi;

/** The characters that libraries write so in tables; others stay as they are written. */
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

interface ICell {
  text: string;
  columns: number;
  rows: number;
}

/**
 * Take the text of the tables out of HTML; null where there is none.
 *
 * The HTML never becomes elements, not even of another document: a browser takes minutes for what is nested cleverly.
 */
export function tabulate(html: string): string[][] | null {
  if (html.length > MAX_HTML) {
    return null;
  }
  const rows: ICell[][] = [];
  let isTable = false;
  let cell: ICell | null = null;
  for (const [token, slash, name, attributes] of html.matchAll(TOKEN)) {
    const tag = name?.toLowerCase();
    if (tag === 'table') {
      isTable = !slash;
      cell = null;
    } else if (isTable && tag === 'tr') {
      cell = null;
      if (!slash) {
        if (rows.length === MAX_ROWS) {
          break;
        }
        rows.push([]);
      }
    } else if (isTable && (tag === 'td' || tag === 'th')) {
      cell = slash
        ? null
        : {
            text: '',
            columns: spanOf(attributes, 'colspan'),
            rows: spanOf(attributes, 'rowspan')
          };
      if (cell) {
        rows.at(-1)?.push(cell);
      }
    } else if (cell) {
      cell.text += tag === undefined ? token : tag === 'br' ? '\n' : '';
    }
  }
  return rows.some(cells => cells.length > 0) ? place(rows) : null;
}

function spanOf(attributes: string, name: string): number {
  const match = new RegExp(`\\b${name}\\s*=\\s*["']?(\\d{1,5})`, 'i').exec(
    attributes
  );
  return Math.max(1, Number(match?.[1] ?? 1));
}

/** Put each cell where it belongs; what it spans stays empty. */
function place(rows: readonly ICell[][]): string[][] {
  const grid: string[][] = rows.map(() => []);
  rows.forEach((cells, top) => {
    let left = 0;
    for (const cell of cells) {
      while (grid[top][left] !== undefined) {
        left += 1;
      }
      if (left >= MAX_CELLS) {
        break;
      }
      const right = Math.min(MAX_CELLS, left + cell.columns);
      const bottom = Math.min(rows.length, top + cell.rows);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          grid[y][x] ??= '';
        }
      }
      grid[top][left] = textOf(cell.text);
      left = right;
    }
  });
  return grid.map(cells => Array.from(cells, text => text ?? ''));
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
