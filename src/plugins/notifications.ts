import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import {
  ITranslator,
  TranslationBundle,
  nullTranslator
} from '@jupyterlab/translation';

import { ITransfer } from '../api/types';
import { printableTexts } from '../common/printable';
import { ICTADataPanel, PANEL_ID } from '../tokens';
import { messageOfEnds } from '../transfers/describe-transfers';
import {
  INotificationAction,
  Notifier,
  UpdatableNotification
} from '../ui/notify';

/** Notifies of transfers that end while the panel is hidden. */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:notifications',
  description: 'Notifies of transfers that end while the panel is hidden.',
  autoStart: true,
  requires: [ICTADataPanel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    translator: ITranslator | null
  ) => {
    const teller = new EndTeller(
      panel,
      () => app.shell.activateById(PANEL_ID),
      printableTexts((translator ?? nullTranslator).load('ctadata'))
    );
    const started = new Map<string, number>();
    panel.transfers.changed.connect(({ items }) => {
      for (const { id, state } of items) {
        if (state === 'running' && !started.has(id)) {
          started.set(id, Date.now());
        }
      }
    });
    panel.transfers.ended.connect((_, transfer) => {
      const { id, state } = transfer;
      const seconds = (Date.now() - (started.get(id) ?? Date.now())) / 1000;
      started.delete(id);
      if (panel.isVisible && !document.hidden) {
        return;
      }
      if (state === 'failed' || state === 'interrupted') {
        teller.tellFailed(transfer);
      } else if (
        state === 'finished' &&
        seconds >= panel.settings.get('notifyAfter')
      ) {
        teller.tellFinished(transfer);
      }
    });
  }
};

/** Makes the notifications. */
class EndTeller {
  constructor(
    private _panel: ICTADataPanel,
    private _show: () => void,
    private _trans: TranslationBundle
  ) {
    this._notifier = new Notifier(_trans);
    this._failures = this._notifier.updatable();
  }

  tellFinished(transfer: ITransfer): void {
    this._notifier.show('success', messageOfEnds([transfer], this._trans), {
      autoClose: false,
      actions: [...this._actions(transfer), this._showing()]
    });
  }

  /** Failures share one notification. */
  tellFailed(transfer: ITransfer): void {
    if (!this._failures.exists) {
      this._failed = [];
    }
    this._failed.push(transfer);
    this._failures.show('error', messageOfEnds(this._failed, this._trans), {
      actions: [this._showing()],
      autoClose: false
    });
  }

  private _actions({ kind, target }: ITransfer): INotificationAction[] {
    const { workspace } = this._panel.downloads;
    if (kind === 'upload') {
      return [
        {
          label: this._trans.__('Copy Path'),
          callback: () => Clipboard.copyToSystem(target)
        }
      ];
    }
    return workspace.canReveal
      ? [
          {
            label: this._trans.__('Show in File Browser'),
            callback: () =>
              void this._panel.downloads.attempt(() => workspace.reveal(target))
          }
        ]
      : [];
  }

  private _showing(): INotificationAction {
    return { label: this._trans.__('Show Transfers'), callback: this._show };
  }

  private _failed: ITransfer[] = [];
  private _notifier: Notifier;
  private _failures: UpdatableNotification;
}
