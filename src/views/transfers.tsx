import { TranslationBundle } from '@jupyterlab/translation';
import {
  LabIcon,
  clearIcon,
  closeIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ITransfer } from '../api';
import { Downloads } from '../downloads';
import { explainBriefly } from '../explain';
import { splitName } from '../format';
import { baseName } from '../paths';
import { describeTransfer } from '../progress';
import { TransfersModel, isActive } from '../transfers';

interface ITransfersProps {
  transfers: TransfersModel;
  downloads: Downloads;
  trans: TranslationBundle;
}

/** What the server copies, has copied, or could not copy. */
export function Transfers(props: ITransfersProps): JSX.Element | null {
  const { transfers, downloads, trans } = props;
  const { items, error } = transfers;
  if (items.length === 0) {
    return null;
  }
  const active = items.filter(isActive).length;
  return (
    <section aria-label={trans.__('Transfers')}>
      <header className="jp-CTAData-transfersHeader">
        <h3>{trans.__('Transfers')}</h3>
        {active > 0 && (
          <span>{trans._n('%1 under way', '%1 under way', active)}</span>
        )}
        {active < items.length && (
          <IconButton
            icon={clearIcon}
            label={trans.__('Clear those that have ended')}
            act={() => void downloads.attempt(() => transfers.clearEnded())}
          />
        )}
      </header>
      {error && (
        <div className="jp-CTAData-inlineError" role="alert">
          {explainBriefly(error, trans)}
        </div>
      )}
      <ul>
        {[...items].sort(byState).map(transfer => (
          <Transfer key={transfer.id} {...props} transfer={transfer} />
        ))}
      </ul>
    </section>
  );
}

/** What runs stands first, then what waits; the newest first among equals. */
function byState(a: ITransfer, b: ITransfer): number {
  const rank = (transfer: ITransfer) =>
    transfer.state === 'queued' ? 1 : isActive(transfer) ? 0 : 2;
  return rank(a) - rank(b);
}

function Transfer(
  props: ITransfersProps & { transfer: ITransfer }
): JSX.Element {
  const { transfer, transfers, downloads, trans } = props;
  const { kind, source, target, state } = transfer;
  const active = isActive(transfer);
  const name = baseName(source);
  const [head, tail] = splitName(name);
  const remove = () => {
    void downloads.attempt(() => transfers.remove(transfer));
  };
  return (
    <li className={`jp-CTAData-transfer jp-mod-${state}`}>
      <div className="jp-CTAData-transferName">
        <bdi
          className="jp-CTAData-nameText"
          title={trans.__('%1\nto %2', source, target)}
        >
          <span className="jp-CTAData-nameHead">{head}</span>
          {tail && <span className="jp-CTAData-nameTail">{tail}</span>}
        </bdi>
        {kind === 'download' && !active && state !== 'finished' && (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try %1 again', name)}
            act={() => void downloads.retry(transfer)}
          />
        )}
        {state !== 'cancelling' && (
          <IconButton
            icon={active ? stopIcon : closeIcon}
            label={
              active ? trans.__('Cancel %1', name) : trans.__('Forget %1', name)
            }
            act={remove}
          />
        )}
      </div>
      {state === 'running' && <Progress transfer={transfer} />}
      <div
        className="jp-CTAData-transferText"
        role={transfer.error ? 'alert' : undefined}
      >
        {describeTransfer(transfer, trans)}
      </div>
      {transfer.failures.length > 0 && (
        <details>
          <summary>
            {trans._n(
              '%1 file failed',
              '%1 files failed',
              transfer.failures.length
            )}
          </summary>
          <ul>
            {transfer.failures.map(({ path, message }) => (
              <li key={path} title={path}>
                {baseName(path)}: {message}
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function Progress({ transfer }: { transfer: ITransfer }): JSX.Element {
  const { bytes_done: done, bytes_total: total } = transfer;
  const percent = total ? Math.min(100, (100 * done) / total) : null;
  return (
    <div
      className={
        'jp-CTAData-progress' +
        (percent === null ? ' jp-mod-indeterminate' : '')
      }
      role="progressbar"
      aria-label={baseName(transfer.source)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.round(percent)}
    >
      <div style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}

/** A button that is an icon alone. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  act: () => void;
}): JSX.Element {
  const Icon = props.icon.react;
  return (
    <button
      className="jp-CTAData-iconButton"
      title={props.label}
      aria-label={props.label}
      onClick={props.act}
    >
      <Icon tag="span" elementSize="normal" elementPosition="center" />
    </button>
  );
}
