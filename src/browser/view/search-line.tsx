import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { explainBriefly } from '../../api/explain';
import { baseName } from '../../common/paths';
import { focusListing } from '../../ui/focus';
import { BrowserModel } from '../model';
import { Search } from '../search';

/** What is searched, the progress of the search, and a button back to the folder. */
export function SearchLine(props: {
  model: BrowserModel;
  search: Search;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, search, trans } = props;
  const where = baseName(search.path) || trans.__('CTA data');
  return (
    <div className="jp-CTAData-searchLine">
      <div role="status">
        <strong>{trans.__('“%1” below %2', search.pattern, where)}</strong>
        <span> {progressText(search, trans)}</span>
      </div>
      {search.error && (
        <div className="jp-CTAData-inlineError" role="alert">
          {explainBriefly(search.error, trans)}
        </div>
      )}
      {search.running && (
        <button className="jp-CTAData-link" onClick={() => search.cancel()}>
          {trans.__('Stop')}
        </button>
      )}
      <button
        className="jp-CTAData-link"
        onClick={event => {
          focusListing(event.currentTarget);
          model.endSearch();
        }}
      >
        {trans.__('Back to the folder')}
      </button>
    </div>
  );
}

function progressText(search: Search, trans: TranslationBundle): string {
  const found = search.results.length.toLocaleString();
  const folders = trans._n(
    '%2 folder',
    '%2 folders',
    search.directories,
    search.directories.toLocaleString()
  );
  const parts = [
    search.running
      ? trans.__('%1 found in %2 so far…', found, folders)
      : trans.__('%1 found in %2', found, folders)
  ];
  if (search.truncated) {
    parts.push(
      trans.__('there may be more: search for a longer name, or in a subfolder')
    );
  }
  if (search.failed > 0) {
    parts.push(
      trans._n(
        '%1 folder could not be read',
        '%1 folders could not be read',
        search.failed
      )
    );
  }
  return parts.join(' · ');
}
