import { TranslationBundle } from '@jupyterlab/translation';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { printable } from '../../common/printable';
import { CsvTable } from '../csv-table';

/** Row height, character width and cell padding in pixels, as in the style sheet. */
const ROW_HEIGHT = 24;
const CHARACTER = 8;
const PADDING = 16;

/** Minimum and maximum column widths, in pixels. */
const MIN_WIDTH = 48;
const MAX_WIDTH = 320;

/** Number of rows used to choose the column widths. */
const SAMPLE = 100;

interface ITableViewProps {
  table: CsvTable;
  trans: TranslationBundle;
}

/** A table; only the cells in view are rendered. */
export function TableView({ table, trans }: ITableViewProps): JSX.Element {
  const scroller = React.useRef<HTMLDivElement>(null);
  const widths = React.useMemo(() => widthsOf(table), [table]);
  const numbers = PADDING + CHARACTER * String(table.rowCount).length;
  const header = React.useMemo(
    () => (table.shownRows > 0 ? table.row(0) : []),
    [table]
  );
  const rows = useVirtualizer({
    count: Math.max(0, table.shownRows - 1),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    scrollMargin: ROW_HEIGHT,
    overscan: 12
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: table.shownColumns,
    getScrollElement: () => scroller.current,
    estimateSize: index => widths[index],
    scrollMargin: numbers,
    overscan: 4
  });
  const shown = columns
    .getVirtualItems()
    .map(({ index, start }) => ({ index, start, width: widths[index] }));
  const width = columns.getTotalSize() + numbers;
  const isCut =
    table.shownRows < table.rowCount || table.shownColumns < table.columnCount;
  return (
    <>
      {isCut && (
        <p className="jp-CTAData-left">
          {trans.__(
            'The first %1 of %2 rows and %3 of %4 columns',
            table.shownRows.toLocaleString('en'),
            table.rowCount.toLocaleString('en'),
            table.shownColumns.toLocaleString('en'),
            table.columnCount.toLocaleString('en')
          )}
        </p>
      )}
      <div
        className="jp-CTAData-table"
        ref={scroller}
        role="table"
        tabIndex={0}
        aria-label={trans.__('Content')}
        aria-rowcount={table.rowCount}
        aria-colcount={table.columnCount}
      >
        <div role="rowgroup" className="jp-CTAData-tableHeader">
          <Row
            index={0}
            values={header}
            columns={shown}
            numbers={numbers}
            style={{ width }}
          />
        </div>
        <div
          role="rowgroup"
          style={{ height: rows.getTotalSize(), width, position: 'relative' }}
        >
          {rows.getVirtualItems().map(({ index, start }) => (
            <DataRow
              key={index}
              table={table}
              index={index + 1}
              columns={shown}
              numbers={numbers}
              style={{
                width,
                transform: `translateY(${start - ROW_HEIGHT}px)`
              }}
            />
          ))}
        </div>
      </div>
    </>
  );
}

interface IRowProps {
  /** Row index; 0 is the header. */
  index: number;
  columns: readonly { index: number; start: number; width: number }[];
  /** Width of the column with row numbers, in pixels. */
  numbers: number;
  style: React.CSSProperties;
}

function DataRow(props: IRowProps & { table: CsvTable }): JSX.Element {
  const { table, ...others } = props;
  const values = React.useMemo(
    () => table.row(props.index),
    [table, props.index]
  );
  return <Row {...others} values={values} />;
}

function Row(props: IRowProps & { values: readonly string[] }): JSX.Element {
  const { index, values, columns, numbers, style } = props;
  const role = index === 0 ? 'columnheader' : 'cell';
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      className="jp-CTAData-tableRow"
      style={style}
    >
      <span
        role={index === 0 ? 'columnheader' : 'rowheader'}
        className="jp-CTAData-tableNumber"
        style={{ width: numbers }}
      >
        {index === 0 ? '#' : index}
      </span>
      {columns.map(({ index: column, start, width }) => (
        <span
          key={column}
          role={role}
          aria-colindex={column + 1}
          style={{ left: start, width }}
        >
          {printable(values[column] ?? '')}
        </span>
      ))}
    </div>
  );
}

/** Choose the column widths from the first rows. */
function widthsOf(table: CsvTable): number[] {
  const lengths = new Array<number>(table.shownColumns).fill(0);
  for (let row = 0; row < Math.min(SAMPLE, table.shownRows); row++) {
    table.row(row).forEach((value, column) => {
      lengths[column] = Math.max(lengths[column], value.length);
    });
  }
  return lengths.map(length =>
    Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, PADDING + CHARACTER * length))
  );
}
