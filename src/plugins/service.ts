import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { API } from '../api/client';
import { PersistedValue } from '../common/persisted-value';
import { Settings } from '../common/settings';
import { WorkspaceFolders } from '../downloads/workspace-folders';
import { ICTADataService, PANEL_ID, SETTINGS_ID } from '../tokens';
import { TransfersModel } from '../transfers/model';

/** Provides what needs no panel. */
export const servicePlugin: JupyterFrontEndPlugin<ICTADataService> = {
  id: 'ctadata:service',
  description:
    'The REST interface, transfers, settings and workspace of ctadata.',
  autoStart: true,
  provides: ICTADataService,
  optional: [
    IStateDB,
    ITranslator,
    ISettingRegistry,
    IDefaultFileBrowser,
    IDocumentManager
  ],
  activate: (
    app: JupyterFrontEnd,
    state: IStateDB | null,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null,
    browser: IDefaultFileBrowser | null,
    documents: IDocumentManager | null
  ): ICTADataService => {
    const api = new API(app.serviceManager.serverSettings);
    const transfers = new TransfersModel(api);
    const settings = new Settings();
    void settingRegistry?.load(SETTINGS_ID).then(
      async registered => {
        try {
          await settings.connect(registered);
        } catch (error) {
          console.warn('ctadata: settings not saved:', error);
        }
      },
      error => console.warn('ctadata: no settings:', error)
    );
    const workspace = new WorkspaceFolders({
      contents: app.serviceManager.contents,
      browser,
      documents,
      chosen: new PersistedValue(state, `${PANEL_ID}:folder`, ''),
      activate: id => app.shell.activateById(id),
      translator: translator ?? nullTranslator
    });
    transfers.ended.connect((_, { kind }) => {
      if (kind === 'download') {
        void workspace.refresh();
      }
    });
    // The status bar shows transfers even if the panel is never shown.
    void transfers.start();
    return { api, transfers, settings, workspace };
  }
};
