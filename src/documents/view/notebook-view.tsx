import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ITableCell } from '../html-table';
import { ICell, Output, readPage } from '../notebook-cells';
import { printableLines } from '../plain-text';
import { Picture } from './image-view';

interface INotebookViewProps {
  cells: readonly unknown[];
  trans: TranslationBundle;
}

/** A read-only notebook: Markdown source, and outputs that are text, images or tables. */
export function NotebookView({
  cells,
  trans
}: INotebookViewProps): JSX.Element {
  const [shown, setShown] = React.useState(() => readPage(cells, 0));
  const rest = cells.length - shown.length;
  return (
    <div
      className="jp-CTAData-notebook"
      role="group"
      tabIndex={0}
      aria-label={trans.__('Content')}
    >
      {cells.length === 0 && <Left>{trans.__('This notebook is empty.')}</Left>}
      {shown.map((cell, index) => (
        <Cell key={index} cell={cell} trans={trans} />
      ))}
      {rest > 0 && (
        <button
          className="jp-mod-styled jp-mod-minimal"
          onClick={() => setShown([...shown, ...readPage(cells, shown.length)])}
        >
          {trans._n('Show %1 more cell', 'Show more of %1 cells', rest)}
        </button>
      )}
    </div>
  );
}

const Cell = React.memo(
  ({ cell, trans }: { cell: ICell; trans: TranslationBundle }): JSX.Element => {
    return (
      <div className={`jp-CTAData-cell jp-mod-${cell.type}`}>
        <span className="jp-CTAData-prompt">{promptOf(cell)}</span>
        <div className="jp-CTAData-cellBody">
          <pre className="jp-CTAData-source">{printableLines(cell.source)}</pre>
          {cell.attachments > 0 && (
            <Left>
              {trans._n(
                '%1 attachment is not shown.',
                '%1 attachments are not shown.',
                cell.attachments
              )}
            </Left>
          )}
          {cell.outputs.map((output, index) => (
            <OutputView key={index} output={output} trans={trans} />
          ))}
          {cell.moreOutputs > 0 && (
            <Left>
              {trans._n(
                '%1 more output is not shown.',
                '%1 more outputs are not shown.',
                cell.moreOutputs
              )}
            </Left>
          )}
        </div>
      </div>
    );
  }
);
Cell.displayName = 'Cell';

function promptOf({ type, count }: ICell): string {
  return type === 'code' ? `[${count ?? ' '}]:` : '';
}

function OutputView(props: {
  output: Output;
  trans: TranslationBundle;
}): JSX.Element {
  const { output, trans } = props;
  switch (output.kind) {
    case 'text':
      return (
        <pre
          className={
            'jp-CTAData-output' + (output.isError ? ' jp-mod-error' : '')
          }
        >
          {printableLines(output.text)}
        </pre>
      );
    case 'image':
      return (
        <div className="jp-CTAData-output">
          <Picture {...output} label={trans.__('Output')} trans={trans} />
        </div>
      );
    case 'table':
      return <OutputTable rows={output.rows} />;
    case 'note':
      return (
        <Left>
          {output.types.length > 0
            ? trans.__(
                'An output is not shown here: %1',
                output.types.join(', ')
              )
            : trans.__('An output is not shown here.')}
        </Left>
      );
  }
}

function OutputTable({ rows }: { rows: ITableCell[][] }): JSX.Element {
  return (
    <div className="jp-CTAData-output">
      <table>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map(({ text, colSpan, rowSpan }, column) => (
                <td key={column} colSpan={colSpan} rowSpan={rowSpan}>
                  {printableLines(text)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Notes on what is left out. */
function Left({ children }: React.PropsWithChildren): JSX.Element {
  return <p className="jp-CTAData-left">{children}</p>;
}
