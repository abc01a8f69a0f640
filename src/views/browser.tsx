import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { InputGroup, filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatSize } from '../format';
import { BrowserModel } from '../model';
import { focusListing } from './focus';
import { Listing } from './listing';
import { NoRows, StillWaiting } from './states';

interface IBrowserProps {
  model: BrowserModel;
  registry: DocumentRegistry;
  trans: TranslationBundle;
  open: () => void;
}

/** Filter box, listing, and a line that sums up. */
export function Browser(props: IBrowserProps): JSX.Element {
  const { model, trans } = props;
  return (
    <>
      <FilterBox model={model} trans={trans} />
      <div
        className="jp-CTAData-loadingBar"
        hidden={!model.loading}
        aria-hidden="true"
      />
      <Listing {...props} />
      {model.rows.length === 0 && <NoRows model={model} trans={trans} />}
      <Summary model={model} trans={trans} />
    </>
  );
}

interface IPartProps {
  model: BrowserModel;
  trans: TranslationBundle;
}

function FilterBox({ model, trans }: IPartProps): JSX.Element {
  return (
    <InputGroup
      className="jp-CTAData-filter"
      type="text"
      role="searchbox"
      spellCheck={false}
      placeholder={trans.__('Filter by name')}
      aria-label={trans.__('Filter by name')}
      title={trans.__('A part of the name, or a pattern such as *Run11111*.h5')}
      rightIcon={filterIcon}
      value={model.filter}
      onChange={event => model.setFilter(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          model.setFilter('');
        } else if (event.key !== 'ArrowDown' && event.key !== 'Enter') {
          return;
        }
        event.preventDefault();
        focusListing(event.currentTarget);
        if (event.key !== 'Escape' && model.selection.size === 0) {
          model.select(0);
        }
      }}
    />
  );
}

/** How many there are, and how much is selected. */
function Summary({ model, trans }: IPartProps): JSX.Element | null {
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
          {model.selection.size > 0 && (
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
    return trans.__('The first %1 entries; there are more', total);
  }
  return model.filter === ''
    ? trans._n('%2 item', '%2 items', count, total)
    : trans.__('%1 of %2', model.rows.length.toLocaleString(), total);
}

function selectionText(model: BrowserModel, trans: TranslationBundle): string {
  const selected = model.selectedEntries;
  const size = selected.reduce((sum, entry) => sum + (entry.size ?? 0), 0);
  const hasSize = selected.every(
    entry => entry.type === 'file' && entry.size !== null
  );
  const count = selected.length.toLocaleString();
  return hasSize
    ? trans.__('%1 selected, %2', count, formatSize(size))
    : trans.__('%1 selected', count);
}
