import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  closeIcon,
  copyIcon,
  folderIcon,
  pythonIcon,
  refreshIcon,
  searchIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { isDirectory } from '../../api/directory';
import { ITransfer } from '../../api/types';
import { BrowserModel } from '../../browser/model';
import { splitName } from '../../common/formats';
import { baseName, parentPath } from '../../common/paths';
import { printable } from '../../common/printable';
import { DownloadController } from '../../downloads/download-controller';
import { cellCode } from '../../notebooks/python-cells';
import { ITransferManager } from '../../tokens';
import { IconButton } from '../../ui/icon-button';
import { describeTransfer } from '../describe-transfers';
import { canRetry, isActive } from '../model';

/** The actions of a transfer's buttons. */
export interface ITransferProps {
  transfer: ITransfer;
  model: BrowserModel;
  transfers: ITransferManager;
  downloads: DownloadController;
  trans: TranslationBundle;
}

/** One transfer: its name, progress and buttons. */
export function TransferRow(props: ITransferProps): JSX.Element {
  const { transfer, trans } = props;
  const { source, target, state } = transfer;
  const [head, tail] = splitName(printable(baseName(source)));
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
        <Actions {...props} />
      </div>
      {state === 'running' && <Progress transfer={transfer} />}
      <div className="jp-CTAData-transferText">
        {describeTransfer(transfer, trans)}
      </div>
      {transfer.notice && (
        <div className="jp-CTAData-transferNotice" role="status">
          {printable(transfer.notice)}
        </div>
      )}
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
              <li key={path} title={printable(path)}>
                <bdi>{printable(baseName(path))}</bdi>: {printable(message)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function Actions(props: ITransferProps): JSX.Element {
  const { transfer, transfers, downloads, trans } = props;
  const { kind, source, target, state } = transfer;
  const name = baseName(source);
  const active = isActive(transfer);
  const finished = state === 'finished';
  return (
    <>
      {finished && kind === 'download' && downloads.workspace.canReveal && (
        <IconButton
          icon={searchIcon}
          label={trans.__('Show %1 in the file browser', name)}
          act={() =>
            void downloads.attempt(() => downloads.workspace.reveal(target))
          }
        />
      )}
      {finished && kind === 'upload' && <UploadActions {...props} />}
      {canRetry(transfer) && (
        <IconButton
          icon={refreshIcon}
          label={
            state === 'interrupted'
              ? trans.__('Resume %1', name)
              : trans.__('Try %1 again', name)
          }
          act={() => void downloads.retry(transfer)}
        />
      )}
      {state !== 'cancelling' && (
        <IconButton
          // A click that began on "Cancel" must not hit the button that replaces it.
          key={active ? 'cancel' : 'forget'}
          icon={active ? stopIcon : closeIcon}
          label={
            active
              ? trans.__('Cancel %1', name)
              : trans.__('Remove %1 from the list', name)
          }
          act={() =>
            void downloads.attempt(() =>
              active ? transfers.cancel(transfer) : transfers.forget(transfer)
            )
          }
        />
      )}
    </>
  );
}

/** Uploads offer to copy their path, for sharing. */
function UploadActions(props: ITransferProps): JSX.Element {
  const { transfer, model, downloads, trans } = props;
  const { target } = transfer;
  const name = baseName(target);
  return (
    <>
      <IconButton
        icon={copyIcon}
        label={trans.__('Copy the path of %1', name)}
        act={() => Clipboard.copyToSystem(target)}
      />
      <IconButton
        icon={pythonIcon}
        label={trans.__('Copy %1 as Python', name)}
        act={() =>
          void downloads.attempt(async () => {
            // Whether it is a file is known to the storage only.
            const found = await model.api.list(target);
            const entry = isDirectory(found) ? found.own : found;
            Clipboard.copyToSystem(cellCode([entry]));
          })
        }
      />
      <IconButton
        icon={folderIcon}
        label={trans.__('Show %1 in this panel', name)}
        act={() =>
          void downloads.attempt(async () => {
            void model.invalidate(parentPath(target));
            await model.reveal(target);
          })
        }
      />
    </>
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
      aria-label={printable(baseName(transfer.source))}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.round(percent)}
    >
      <div style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}
