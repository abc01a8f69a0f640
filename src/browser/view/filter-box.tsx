import { TranslationBundle } from '@jupyterlab/translation';
import { InputGroup, filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { focusListing } from '../../ui/focus';
import { BrowserModel } from '../model';
import { isSearchable } from '../name-filter';

interface IFilterBoxProps {
  model: BrowserModel;
  trans: TranslationBundle;
}

/** A box that filters the rows, and offers to search the folders below. */
export function FilterBox({ model, trans }: IFilterBoxProps): JSX.Element {
  const { rows } = model;
  const { filter, filterError } = rows;
  return (
    <>
      <InputGroup
        className="jp-CTAData-filter"
        type="text"
        role="searchbox"
        spellCheck={false}
        placeholder={trans.__('Filter by name')}
        aria-label={trans.__('Filter by name')}
        aria-invalid={filterError !== null}
        title={trans.__(
          'Part of a name, a pattern such as *Run11111*.h5 or *Run{11111..11120}*, or re: followed by a regular expression'
        )}
        rightIcon={filterIcon}
        value={filter}
        onChange={event => {
          rows.filter = event.target.value;
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            rows.filter = '';
          } else if (event.key === 'Enter' && event.shiftKey) {
            if (isSearchable(filter)) {
              model.startSearch(filter.trim());
            }
          } else if (event.key !== 'ArrowDown' && event.key !== 'Enter') {
            return;
          }
          event.preventDefault();
          focusListing(event.currentTarget);
          if (event.key !== 'Escape' && rows.selection.size === 0) {
            rows.select(0);
          }
        }}
      />
      {filterError !== null && (
        <div className="jp-CTAData-filterLine jp-mod-error" role="alert">
          {trans.__('Not a regular expression: %1', filterError)}
        </div>
      )}
      {!model.search && isSearchable(filter) && (
        <div className="jp-CTAData-filterLine">
          <button
            className="jp-CTAData-link"
            title={trans.__('Shortcut: Shift+Enter')}
            onClick={event => {
              focusListing(event.currentTarget);
              model.startSearch(filter.trim());
            }}
          >
            {trans.__('Search in all folders below')}
          </button>
        </div>
      )}
    </>
  );
}
