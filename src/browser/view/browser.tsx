import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { explainBriefly } from '../../api/explain';
import { Column } from '../../common/columns';
import { formatSize } from '../../common/formats';
import { LocalCopies } from '../local-copies';
import { BrowserModel } from '../model';
import { EmptyListing, StillWaiting } from './empty-listing';
import { FilterBox } from './filter-box';
import { Listing } from './listing';
import { SearchLine } from './search-line';

interface IBrowserProps {
  model: BrowserModel;
  localCopies: LocalCopies;
  registry: DocumentRegistry;
  columns: readonly Column[];
  trans: TranslationBundle;
  open: () => void;
  /** Open the dialog that delegates a certificate. */
  delegate: () => void;
}

/** Filter box, listing and summary line. */
export function Browser(props: IBrowserProps): JSX.Element {
  const { model, trans } = props;
  return (
    <>
      <FilterBox model={model} trans={trans} />
      {model.search && (
        <SearchLine model={model} search={model.search} trans={trans} />
      )}
      <div
        className="jp-CTAData-loadingBar"
        hidden={!model.loading && !model.search?.running}
        aria-hidden="true"
      />
      <Listing {...props} />
      {model.rows.length === 0 && <EmptyListing {...props} />}
      {model.error && model.rows.length > 0 && !model.search && (
        <div className="jp-CTAData-inlineError" role="alert">
          {trans.__('Not up to date: %1', explainBriefly(model.error, trans))}
        </div>
      )}
      <CountLine model={model} trans={trans} />
    </>
  );
}

interface IPartProps {
  model: BrowserModel;
  trans: TranslationBundle;
}

/** The number of entries, and the size of the selection. */
function CountLine({ model, trans }: IPartProps): JSX.Element | null {
  if (model.count === null) {
    return null;
  }
  return (
    <div className="jp-CTAData-summary" role="status">
      {model.slow ? (
        <StillWaiting model={model} trans={trans} />
      ) : (
        <>
          <span>{countText(model, trans)}</span>
          {model.rows.selection.size > 0 && (
            <span className="jp-CTAData-selected">
              {selectionText(model, trans)}
            </span>
          )}
        </>
      )}
    </div>
  );
}

function countText(model: BrowserModel, trans: TranslationBundle): string {
  const count = model.count ?? 0;
  const total = count.toLocaleString();
  if (model.truncated) {
    return trans.__('Only %1 entries are shown; there are more', total);
  }
  return model.rows.filter === ''
    ? trans._n('%2 item', '%2 items', count, total)
    : trans.__('%1 of %2', model.rows.length.toLocaleString(), total);
}

function selectionText(model: BrowserModel, trans: TranslationBundle): string {
  const { entries, directories, bytes } = model.rows.selected;
  const count = entries.length.toLocaleString();
  // The size of a folder is unknown.
  return directories === 0 && entries.every(({ size }) => size !== null)
    ? trans.__('%1 selected, %2', count, formatSize(bytes))
    : directories < entries.length
      ? trans._n(
          '%2 selected, %3 without the folder',
          '%2 selected, %3 without the folders',
          directories,
          count,
          formatSize(bytes)
        )
      : trans.__('%1 selected', count);
}
