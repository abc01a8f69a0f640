import { shorten } from './plain-text';

/** The delimiters to detect, most likely first. */
const DELIMITERS = [',', ';', '\t', '|'];

/** Limits of what browsers can lay out. */
const MAX_ROWS = 500_000;
const MAX_COLUMNS = 10_000;

/** Maximum number of characters shown of a value. */
const MAX_VALUE = 1000;

/**
 * Delimiter-separated values (RFC 4180), as text; formulas are not evaluated.
 *
 * The starts of rows are indexed; a row is parsed when it is needed.
 */
export class CsvTable {
  /**
   * @param delimiter - between values; by default the most frequent candidate in the first line
   */
  constructor(
    private _text: string,
    private _delimiter = guessDelimiter(_text)
  ) {
    let columns = 0;
    let start = 0;
    for (let position = 0; position < _text.length;) {
      const end = this._endOfValue(position);
      position = end + 1;
      columns += 1;
      if (_text[end] === _delimiter) {
        if (position < _text.length) {
          continue;
        }
        // The last value is empty.
        columns += 1;
      }
      this.rowCount += 1;
      this.columnCount = Math.max(this.columnCount, columns);
      if (this._starts.length < MAX_ROWS) {
        this._starts.push(start);
      }
      start = position;
      columns = 0;
    }
  }

  /** Number of rows, with the header. */
  rowCount = 0;
  columnCount = 0;

  /** Number of rows that can be shown. */
  get shownRows(): number {
    return this._starts.length;
  }

  get shownColumns(): number {
    return Math.min(this.columnCount, MAX_COLUMNS);
  }

  /** The values of a row; it may have fewer than there are columns. */
  row(index: number): string[] {
    const values: string[] = [];
    let start = this._starts[index];
    while (values.length < MAX_COLUMNS) {
      const end = this._endOfValue(start);
      // Quotes can only be doubled.
      const stop = Math.min(end, start + 2 * MAX_VALUE + 2);
      values.push(valueOf(this._text.slice(start, stop)));
      if (this._text[end] !== this._delimiter) {
        break;
      }
      start = end + 1;
    }
    return values;
  }

  /** Index of the delimiter or line feed after the value that begins there. */
  private _endOfValue(start: number): number {
    const text = this._text;
    let position = start;
    if (text[position] === '"') {
      position += 1;
      for (;;) {
        position = text.indexOf('"', position);
        if (position < 0) {
          return text.length;
        }
        position += 1;
        if (text[position] !== '"') {
          break;
        }
        position += 1;
      }
    }
    while (
      position < text.length &&
      text[position] !== '\n' &&
      text[position] !== this._delimiter
    ) {
      position += 1;
    }
    return position;
  }

  /** Start index of each row. */
  private _starts: number[] = [];
}

function valueOf(raw: string): string {
  const text = raw.replace(/\r$/, '');
  const value = text.startsWith('"')
    ? text.slice(1, text.endsWith('"') ? -1 : undefined).replaceAll('""', '"')
    : text;
  return shorten(value, MAX_VALUE);
}

function guessDelimiter(text: string): string {
  const newline = text.indexOf('\n');
  const line = text
    .slice(0, newline < 0 ? undefined : newline)
    .replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map(delimiter => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}
