/** Characters of HTML that are looked at. */
const MAX_HTML = 2_000_000;

/** Rows, and cells of a row, that are shown; a cell may claim to span any number of others. */
const MAX_ROWS = 1000;
const MAX_CELLS = 200;

/**
 * Take the text of the tables out of HTML; null where there is none.
 *
 * The document of a parser belongs to no page: it runs nothing and fetches nothing, and only strings leave it.
 */
export function tabulate(html: string): string[][] | null {
  if (html.length > MAX_HTML || !/<table/i.test(html)) {
    return null;
  }
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  const rows = [...body.querySelectorAll('table')]
    .filter(table => !table.parentElement?.closest('table'))
    .flatMap(table => [...table.rows])
    .slice(0, MAX_ROWS);
  return rows.length > 0 ? place(rows) : null;
}

/** Put each cell where it belongs; what it spans stays empty. */
function place(rows: readonly HTMLTableRowElement[]): string[][] {
  const grid: string[][] = rows.map(() => []);
  rows.forEach((row, top) => {
    let left = 0;
    for (const cell of row.cells) {
      while (grid[top][left] !== undefined) {
        left += 1;
      }
      const right = Math.min(MAX_CELLS, left + cell.colSpan);
      const bottom = Math.min(rows.length, top + (cell.rowSpan || 1));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          grid[y][x] ??= '';
        }
      }
      if (left < MAX_CELLS) {
        grid[top][left] = (cell.textContent ?? '').trim();
      }
      left = right;
    }
  });
  return grid.map(cells => Array.from(cells, text => text ?? ''));
}
