import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { API, IEntry, ITransfer } from './api';
import { explainBriefly } from './explain';
import { formatSize } from './format';
import { parentPath } from './paths';
import { RequestError } from './request';
import { TransfersModel } from './transfers';

/** The most names that a dialog lists. */
const MAX_NAMES = 10;

/** Downloads with the questions that they raise; what goes wrong is shown as a notification. */
export class Downloads {
  constructor(
    private _api: API,
    private _transfers: TransfersModel,
    private _trans: TranslationBundle
  ) {}

  /** Ask, then download into a folder of the workspace; `reason` says why it is asked. */
  async confirm(
    entries: readonly IEntry[],
    folder: string,
    reason = ''
  ): Promise<void> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Download to the workspace?'),
      body: (
        <NameList
          trans={trans}
          text={`${reason} ${trans.__('Into %1:', this._describe(folder))}`.trim()}
          names={entries.map(({ name, size }) =>
            size === null ? name : `${name} (${formatSize(size)})`
          )}
        />
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Download') })
      ]
    });
    if (button.accept) {
      await this.toWorkspace(
        entries.map(entry => entry.path),
        folder
      );
    }
  }

  /**
   * Download into a folder of the workspace; ask before anything is replaced.
   *
   * @returns whether the downloads have been started
   */
  async toWorkspace(
    paths: readonly string[],
    folder: string
  ): Promise<boolean> {
    try {
      await this._transfers.download(paths, folder);
      return true;
    } catch (reason) {
      const error = reason as RequestError;
      if (error.code !== 'already-exists' || error.paths.length === 0) {
        this.report(error);
        return false;
      }
      if (!(await this._mayReplace(error.paths, folder))) {
        return false;
      }
    }
    return this.attempt(() => this._transfers.download(paths, folder, true));
  }

  /** Start a download that has not ended well once more, and forget the old one. */
  async retry(transfer: ITransfer): Promise<void> {
    const folder = parentPath(transfer.target);
    if (await this.toWorkspace([transfer.source], folder)) {
      await this.attempt(() => this._transfers.remove(transfer));
    }
  }

  /** Let the browser download files, each by its own link. */
  async toComputer(entries: readonly IEntry[]): Promise<void> {
    // A link that fails tells nobody why; token and service are the same for all.
    if (!(await this.attempt(() => this._api.list(entries[0].path)))) {
      return;
    }
    for (const { name, path } of entries) {
      const link = document.createElement('a');
      link.href = this._api.fileUrl(path, document.cookie);
      link.download = name;
      document.body.appendChild(link);
      link.click();
      link.remove();
    }
  }

  /** Do something; show what goes wrong. Returns whether it went well. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.report(error as RequestError);
      return false;
    }
  }

  report(error: RequestError): void {
    Notification.error(explainBriefly(error, this._trans));
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
          text={trans.__('Already in %1:', this._describe(folder))}
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

  private _describe(folder: string): string {
    return folder === ''
      ? this._trans.__('the workspace’s top folder')
      : this._trans.__('the folder “%1”', folder);
  }
}

/** A sentence and the names that it is about. */
function NameList(props: {
  text: string;
  names: readonly string[];
  trans: TranslationBundle;
}): JSX.Element {
  const { text, names, trans } = props;
  const more = names.length - MAX_NAMES;
  return (
    <div className="jp-CTAData-names">
      <p>{text}</p>
      <ul>
        {names.slice(0, MAX_NAMES).map(name => (
          <li key={name}>{name}</li>
        ))}
      </ul>
      {more > 0 && <p>{trans._n('and %1 more', 'and %1 more', more)}</p>}
    </div>
  );
}
