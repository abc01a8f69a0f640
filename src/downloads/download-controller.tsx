import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { toRequestError } from '../api/errors';
import { IEntry, ITransfer } from '../api/types';
import {
  ICTADataAPI,
  IDownloads,
  ISettings,
  ITransferManager,
  IWorkspace
} from '../tokens';
import { Notifier } from '../ui/notify';
import { DownloadPlan } from './download-plan';
import {
  DownloadDialogBody,
  NameList,
  describeFolder
} from './view/download-dialog';

/** The value of the button that chooses a folder. */
const CHOOSE = 'choose';

/** Starts downloads, with their dialogs; shows errors as notifications. */
export class DownloadController implements IDownloads {
  constructor(
    readonly workspace: IWorkspace,
    private _api: ICTADataAPI,
    private _transfers: ITransferManager,
    private _settings: ISettings,
    private _trans: TranslationBundle
  ) {
    this._notifier = new Notifier(_trans);
  }

  /** Download into a workspace folder, after a dialog if the settings ask for one. */
  async toWorkspace(entries: readonly IEntry[], folder: string): Promise<void> {
    const plan = new DownloadPlan(this._api, entries, folder);
    if (!(await this._deserves(plan)) || (await this._ask(plan))) {
      await this._start(plan);
    }
  }

  /** Show a dialog, then download into the folder chosen there; `reason` explains the dialog. */
  async confirm(
    entries: readonly IEntry[],
    folder: string,
    reason = ''
  ): Promise<void> {
    const plan = new DownloadPlan(this._api, entries, folder);
    if (await this._ask(plan, reason)) {
      await this._start(plan);
    }
  }

  /** Retry transfers that have failed or were interrupted or cancelled. */
  async retry(...transfers: readonly ITransfer[]): Promise<void> {
    await this.attempt(() => this._transfers.retry(transfers));
  }

  /** Run an action, and show its error. Returns whether it succeeded. */
  attempt(action: () => Promise<unknown>): Promise<boolean> {
    return this._notifier.attempt(action);
  }

  /** Whether a download needs confirmation. */
  private async _deserves(plan: DownloadPlan): Promise<boolean> {
    const confirm = this._settings.get('confirmDownloads');
    if (confirm === 'large' && !plan.isLarge) {
      await plan.look();
    }
    return confirm === 'always' || (confirm === 'large' && plan.isLarge);
  }

  /** Show a dialog; returns whether to download. */
  private async _ask(plan: DownloadPlan, reason = ''): Promise<boolean> {
    const trans = this._trans;
    const { workspace } = this;
    void plan.look();
    void plan.count();
    for (;;) {
      const buttons = [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Download') })
      ];
      if (workspace.canChoose) {
        const label = trans.__('Choose…');
        const caption = trans.__('Choose another folder');
        buttons.splice(
          1,
          0,
          Dialog.cancelButton({ label, caption, actions: [CHOOSE] })
        );
      }
      const { button } = await showDialog({
        title: trans.__('Download to the workspace?'),
        body: <DownloadDialogBody plan={plan} reason={reason} trans={trans} />,
        buttons
      });
      if (!button.actions.includes(CHOOSE)) {
        plan.stop();
        return button.accept;
      }
      // JupyterLab shows one dialog at a time; counting continues meanwhile.
      const folder = await workspace.choose(
        trans.__('Download into which folder?'),
        plan.folder
      );
      if (folder !== null) {
        void plan.into(folder);
      }
    }
  }

  /** Start the downloads; ask before replacing files. */
  private async _start({ entries, folder }: DownloadPlan): Promise<void> {
    const paths = entries.map(({ path }) => path);
    try {
      await this._transfers.download(paths, folder);
    } catch (reason) {
      const error = toRequestError(reason);
      if (error.code !== 'already-exists' || error.paths.length === 0) {
        this._notifier.report(error);
      } else if (await this._mayReplace(error.paths, folder)) {
        await this.attempt(() => this._transfers.download(paths, folder, true));
      }
    }
  }

  private async _mayReplace(
    targets: readonly string[],
    folder: string
  ): Promise<boolean> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Replace?'),
      body: (
        <NameList
          trans={trans}
          text={trans.__('Already in %1:', describeFolder(folder, trans))}
          names={targets.map(target =>
            folder && target.startsWith(`${folder}/`)
              ? target.slice(folder.length + 1)
              : target
          )}
        />
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Replace') })
      ],
      defaultButton: 0
    });
    return button.accept;
  }

  private _notifier: Notifier;
}
