import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretRightIcon,
  clearIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { explainBriefly } from '../../api/explain';
import { ITransfer } from '../../api/types';
import { BrowserModel } from '../../browser/model';
import { PersistedValue } from '../../common/persisted-value';
import { DownloadController } from '../../downloads/download-controller';
import { ITransferManager } from '../../tokens';
import { useKeptFocus } from '../../ui/focus';
import { IconButton } from '../../ui/icon-button';
import {
  describeChanges,
  describeSummary,
  summarize
} from '../describe-transfers';
import { canRetry, isActive, isClearable } from '../model';
import { TransferRow } from './transfer-row';

/** Number of transfers shown at first, and added by "Show more". */
const PAGE = 50;

interface ITransfersProps {
  model: BrowserModel;
  transfers: ITransferManager;
  downloads: DownloadController;
  /** Whether the section is collapsed. */
  collapsed: PersistedValue<boolean>;
  trans: TranslationBundle;
}

/** The list of transfers. */
export function TransfersSection(props: ITransfersProps): JSX.Element {
  const { transfers, collapsed, trans } = props;
  const { items, error } = transfers;
  return (
    <div {...useKeptFocus()}>
      <Announcement items={transfers.known ? items : null} trans={trans} />
      {items.length > 0 && (
        <section aria-label={trans.__('Transfers')}>
          <Header {...props} />
          {error && (
            <div className="jp-CTAData-inlineError" role="alert">
              {explainBriefly(error, trans)}
            </div>
          )}
          {!collapsed.value && <Items {...props} />}
        </section>
      )}
    </div>
  );
}

function Header(props: ITransfersProps): JSX.Element {
  const { transfers, downloads, collapsed, trans } = props;
  const { items } = transfers;
  const interrupted = items.filter(
    item => item.state === 'interrupted' && canRetry(item)
  );
  const summary = describeSummary(summarize(items), trans);
  const Caret = (collapsed.value ? caretRightIcon : caretDownIcon).react;
  return (
    <header className="jp-CTAData-transfersHeader">
      <h3>
        <button
          aria-expanded={!collapsed.value}
          onClick={() => {
            collapsed.value = !collapsed.value;
          }}
        >
          <Caret tag="span" elementSize="normal" elementPosition="center" />
          {trans.__('Transfers')}
        </button>
      </h3>
      <span title={summary}>{summary}</span>
      {interrupted.length > 1 && (
        <button
          className="jp-CTAData-linkButton"
          onClick={() => void downloads.retry(...interrupted)}
        >
          {trans.__('Resume all')}
        </button>
      )}
      {items.some(isClearable) && (
        <IconButton
          icon={clearIcon}
          label={trans.__('Clear ended transfers')}
          act={() => void downloads.attempt(() => transfers.clearEnded())}
        />
      )}
    </header>
  );
}

function Items(props: ITransfersProps): JSX.Element {
  const { transfers, trans } = props;
  const { items } = transfers;
  const [limit, setLimit] = React.useState(PAGE);
  const more = items.length - limit;
  return (
    <>
      <ul>
        {[...items]
          .sort(byState)
          .slice(0, limit)
          .map(transfer => (
            <TransferRow key={transfer.id} {...props} transfer={transfer} />
          ))}
      </ul>
      {more > 0 && (
        <button
          className="jp-CTAData-linkButton"
          onClick={() => setLimit(limit + PAGE)}
        >
          {trans._n('Show more: there is %1', 'Show more: there are %1', more)}
        </button>
      )}
    </>
  );
}

/** Running transfers first, then queued ones; newest first among equals. */
function byState(a: ITransfer, b: ITransfer): number {
  const rank = (transfer: ITransfer) =>
    transfer.state === 'queued' ? 1 : isActive(transfer) ? 0 : 2;
  return rank(a) - rank(b);
}

/** Announces starts and ends to screen readers, but no progress. */
function Announcement(props: {
  /** Null while unknown. */
  items: readonly ITransfer[] | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { items, trans } = props;
  const before = React.useRef<readonly ITransfer[] | null>(null);
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const news = items ? describeChanges(before.current, items, trans) : '';
    before.current = items;
    if (news !== '') {
      setText(news);
    }
  }, [items, trans]);
  return (
    <div className="jp-CTAData-heard" role="status" aria-live="polite">
      {text}
    </div>
  );
}
