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
import {
  ICTADataPanel,
  ICTADataService,
  IWorkspace,
  PANEL_ID
} from '../tokens';
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
  requires: [ICTADataService],
  optional: [ICTADataPanel, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel | null,
    translator: ITranslator | null
  ) => {
    const { transfers, settings, workspace } = service;
    const teller = new EndTeller(
      workspace,
      () => app.shell.activateById(PANEL_ID),
      printableTexts((translator ?? nullTranslator).load('ctadata'))
    );
    const started = new Map<string, number>();
    transfers.changed.connect(() => {
      for (const { id, state } of transfers.items) {
        if (state === 'running' && !started.has(id)) {
          started.set(id, Date.now());
        }
      }
    });
    transfers.ended.connect((_, transfer) => {
      const { id, state } = transfer;
      const seconds = (Date.now() - (started.get(id) ?? Date.now())) / 1000;
      started.delete(id);
      if (panel?.isVisible && !document.hidden) {
        return;
      }
      if (state === 'failed' || state === 'interrupted') {
        teller.tellFailed(transfer);
      } else if (
        state === 'finished' &&
        seconds >= settings.get('notifyAfter')
      ) {
        teller.tellFinished(transfer);
      }
    });
  }
};

/** Makes the notifications. */
class EndTeller {
  constructor(
    private _workspace: IWorkspace,
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
    if (kind === 'upload') {
      return [
        {
          label: this._trans.__('Copy Path'),
          callback: () => Clipboard.copyToSystem(target)
        }
      ];
    }
    return this._workspace.canReveal
      ? [
          {
            label: this._trans.__('Show in File Browser'),
            callback: () =>
              void this._notifier.attempt(() => this._workspace.reveal(target))
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
