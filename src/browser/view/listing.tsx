import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import { Platform } from '@lumino/domutils';
import {
  Range,
  defaultRangeExtractor,
  useVirtualizer
} from '@tanstack/react-virtual';
import * as React from 'react';

import { IEntry } from '../../api/types';
import { COLUMNS, Column, columnLabels } from '../../common/columns';
import { parentPath } from '../../common/paths';
import { dragSelected } from '../../notebooks/drag-entries';
import { entryIcon, fileTypeOf } from '../../ui/icons';
import { ListingRows } from '../listing-rows';
import { LocalCopies } from '../local-copies';
import { BrowserModel } from '../model';
import { ListingKeys, isAccel } from './listing-keys';
import { ListingRow } from './listing-row';

/** Height of rows and of the header, in pixels, as in the style sheet. */
const ROW_HEIGHT = 24;
const HEADER_HEIGHT = 28;

interface IListingProps {
  model: BrowserModel;
  localCopies: LocalCopies;
  registry: DocumentRegistry;
  /** The columns shown beside the name. */
  columns: readonly Column[];
  trans: TranslationBundle;
  /** Open the selection. */
  open: () => void;
}

/** The rows as an ARIA grid with a single focus; only the rows in view are rendered. */
export function Listing(props: IListingProps): JSX.Element {
  const { model, trans, open } = props;
  const { rows } = model;
  const { selection } = rows;
  // The keyboard starts at the first row.
  const focus = Math.max(0, selection.focus);
  const columns = COLUMNS.filter(
    column => column === 'name' || props.columns.includes(column)
  );
  const grid = React.useRef<HTMLDivElement>(null);
  const keys = React.useMemo(() => new ListingKeys(rows, open), [rows, open]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_HEIGHT,
    scrollMargin: HEADER_HEIGHT,
    scrollPaddingStart: HEADER_HEIGHT,
    overscan: 12,
    // Always render the focused row: aria-activedescendant refers to it.
    rangeExtractor: range => withRow(range, focus)
  });

  React.useEffect(() => {
    virtualizer.scrollToIndex(focus);
  }, [virtualizer, model.path, focus, rows.sort]);

  // A search result from another directory only has the same name.
  const localCopy = ({ type, name, size, modified }: IEntry) =>
    type === 'file' && !model.search
      ? props.localCopies.compare(name, size, modified)
      : null;
  const mouse = mouseHandlers(rows, open, trans);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const height = (grid.current?.clientHeight ?? 0) - HEADER_HEIGHT;
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    // The header handles its own keys.
    if (event.target === event.currentTarget && keys.handle(event, page)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  // The context menu key opens the menu of the selection, or of the focused row.
  const onContextMenu = (event: React.MouseEvent) => {
    const row = event.currentTarget.querySelector(`#${rowId(focus)}`);
    if (event.target === event.currentTarget && row) {
      event.preventDefault();
      event.stopPropagation();
      if (selection.size === 0) {
        rows.select(focus);
      }
      openMenuAt(row);
    }
  };

  return (
    <div
      className={'jp-CTAData-grid' + (rows.length === 0 ? ' jp-mod-empty' : '')}
      ref={grid}
      role="grid"
      tabIndex={0}
      aria-label={trans.__('Files')}
      aria-multiselectable
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows.length > 0 ? rowId(focus) : undefined}
      aria-colcount={columns.length}
      onKeyDown={onKeyDown}
      onContextMenu={onContextMenu}
    >
      <Header rows={rows} columns={columns} trans={trans} />
      <div role="rowgroup" className="jp-CTAData-rows" {...mouse}>
        <div
          role="presentation"
          style={{ height: virtualizer.getTotalSize(), position: 'relative' }}
        >
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const entry = rows.entryAt(index);
            const key = rows.keyAt(index);
            return (
              <ListingRow
                key={key}
                id={rowId(index)}
                entry={entry}
                folder={parentPath(key)}
                local={localCopy(entry)}
                columns={columns}
                icon={entryIcon(entry, props.registry)}
                fileType={fileTypeOf(entry, props.registry).name}
                index={index}
                start={start - HEADER_HEIGHT}
                selected={selection.has(key)}
                focused={index === focus}
                trans={trans}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The rows in view, plus a given one. */
export function withRow(range: Range, row: number): number[] {
  const indices = defaultRangeExtractor(range);
  if (row < range.count && !indices.includes(row)) {
    indices.push(row);
    indices.sort((a, b) => a - b);
  }
  return indices;
}

/** Open the context menu as if the row had been clicked. */
function openMenuAt(row: Element): void {
  const { left, bottom } = row.getBoundingClientRect();
  row.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: left + ROW_HEIGHT,
      clientY: bottom
    })
  );
}

function rowId(index: number): string {
  return `jp-CTAData-row-${index}`;
}

/** The row under the pointer. */
function indexAt(event: React.MouseEvent): number | null {
  const row = (event.target as Element).closest<HTMLElement>('[data-index]');
  return row ? Number(row.dataset.index) : null;
}

/** Selects with the mouse, as in the core file browser. */
function mouseHandlers(
  rows: ListingRows,
  open: () => void,
  trans: TranslationBundle
): React.DOMAttributes<HTMLElement> {
  const isSelected = (index: number) => rows.selection.has(rows.keyAt(index));
  return {
    onMouseDown: event => {
      const index = indexAt(event);
      rows.changeSelection(selection => {
        if (index === null) {
          selection.clear();
        } else if (isContextClick(event)) {
          // The menu applies to the whole selection if it is opened on it.
          if (!isSelected(index)) {
            selection.select(index);
          }
        } else if (isAccel(event)) {
          selection.toggle(index);
        } else if (event.shiftKey) {
          selection.extend(index);
        } else if (!isSelected(index)) {
          selection.select(index);
        }
      });
      if (index !== null && event.button === 0 && !isContextClick(event)) {
        dragSelected(event.nativeEvent, () => rows.selected.entries, trans);
      }
    },
    onClick: event => {
      const index = indexAt(event);
      // Only now is it clear that it was a click on one of several selected rows, not a drag.
      if (index !== null && !hasModifier(event)) {
        rows.select(index);
      }
    },
    onDoubleClick: event => {
      if (indexAt(event) !== null && !hasModifier(event)) {
        open();
      }
    }
  };
}

function hasModifier(event: React.MouseEvent): boolean {
  return isAccel(event) || event.shiftKey;
}

function isContextClick(event: React.MouseEvent): boolean {
  return event.button === 2 || (Platform.IS_MAC && event.ctrlKey);
}

/** The header; a click sorts. */
function Header(props: {
  rows: ListingRows;
  columns: readonly Column[];
  trans: TranslationBundle;
}): JSX.Element {
  const { rows, trans } = props;
  const labels = columnLabels(trans);
  const { column, ascending } = rows.sort;
  const Caret = (ascending ? caretUpIcon : caretDownIcon).react;
  return (
    <div role="rowgroup" className="jp-CTAData-header">
      <div role="row" aria-rowindex={1}>
        {props.columns.map(id => (
          <span
            key={id}
            role="columnheader"
            className={`jp-CTAData-${id}`}
            aria-sort={
              id !== column ? 'none' : ascending ? 'ascending' : 'descending'
            }
          >
            <button
              title={id === 'modified' ? trans.__('Modified (UTC)') : undefined}
              onClick={() => rows.sortBy(id)}
            >
              <span>{labels[id]}</span>
              {id === column && <Caret tag="span" elementSize="normal" />}
            </button>
          </span>
        ))}
      </div>
    </div>
  );
}
