import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, checkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IEntry } from '../../api/types';
import { Column } from '../../common/columns';
import { formatMoment, formatSize, splitName } from '../../common/formats';
import { printable } from '../../common/printable';

interface IRowProps {
  entry: IEntry;
  /** In search results, the path from the searched directory; '' otherwise. */
  folder: string;
  /** Whether the workspace folder has a file of the same name. */
  local: 'identical' | 'different' | null;
  columns: readonly Column[];
  icon: LabIcon;
  /** The name of JupyterLab's file type. */
  fileType: string;
  id: string;
  /** Its index; 0 is the first row. */
  index: number;
  /** Pixels from the top. */
  start: number;
  selected: boolean;
  focused: boolean;
  trans: TranslationBundle;
}

/** One file or directory. */
export function ListingRow(props: IRowProps): JSX.Element {
  const { entry, folder, local, columns, icon, index, selected, focused } =
    props;
  const [head, tail] = splitName(printable(entry.name));
  const moment = entry.modified === null ? null : formatMoment(entry.modified);
  return (
    <div
      id={props.id}
      role="row"
      // The header is the first row.
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-index={index}
      // As in the core file browser, so that others can hang their menus on them.
      data-isdir={entry.type === 'directory'}
      data-file-type={props.fileType}
      className={
        'jp-CTAData-row' +
        (selected ? ' jp-mod-selected' : '') +
        (focused ? ' jp-mod-focused' : '')
      }
      style={{ transform: `translateY(${props.start}px)` }}
      title={describe(entry, props.trans)}
    >
      <span role="gridcell" className="jp-CTAData-name">
        <icon.react tag="span" stylesheet="listing" />
        <bdi className="jp-CTAData-nameText">
          <span className="jp-CTAData-nameHead">{head}</span>
          {tail && <span className="jp-CTAData-nameTail">{tail}</span>}
        </bdi>
        {local && <LocalMark local={local} trans={props.trans} />}
        {folder && <bdi className="jp-CTAData-folder">{printable(folder)}</bdi>}
      </span>
      {columns.includes('size') && (
        <span role="gridcell" className="jp-CTAData-size">
          {entry.type === 'file' &&
            entry.size !== null &&
            formatSize(entry.size)}
        </span>
      )}
      {columns.includes('modified') && (
        <span role="gridcell" className="jp-CTAData-modified">
          {moment && (
            <>
              {moment.day}
              <span className="jp-CTAData-time">
                {' '}
                {moment.time.slice(0, 5)}
              </span>
            </>
          )}
        </span>
      )}
    </div>
  );
}

/** Marks a file that is in the workspace folder, or another one of its name. */
function LocalMark(props: {
  local: 'identical' | 'different';
  trans: TranslationBundle;
}): JSX.Element {
  const { local, trans } = props;
  const text =
    local === 'identical'
      ? trans.__('Already in the workspace folder, identical')
      : trans.__('Another file with this name is in the workspace folder');
  return (
    <span
      className={`jp-CTAData-local jp-mod-${local}`}
      role="img"
      aria-label={text}
      title={text}
    >
      {local === 'identical' ? (
        <checkIcon.react tag="span" elementSize="normal" />
      ) : (
        '≠'
      )}
    </span>
  );
}

/** The details of an entry, one per line. */
function describe(entry: IEntry, trans: TranslationBundle): string {
  const lines = [trans.__('Name: %1', entry.name)];
  if (entry.type === 'file' && entry.size !== null) {
    lines.push(
      trans.__(
        'Size: %1 (%2 bytes)',
        formatSize(entry.size),
        entry.size.toLocaleString()
      )
    );
  }
  if (entry.modified !== null) {
    const { day, time } = formatMoment(entry.modified);
    lines.push(trans.__('Modified: %1 %2 UTC', day, time));
  }
  return lines.join('\n');
}
