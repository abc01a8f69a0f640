import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  IToolbarWidgetRegistry,
  createToolbarFactory,
  setToolbar
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { API } from '../api/client';
import { LocalCopies } from '../browser/local-copies';
import { BrowserModel } from '../browser/model';
import { restoreModel } from '../browser/restore';
import { PersistedValue } from '../common/persisted-value';
import { printableTexts } from '../common/printable';
import { Settings } from '../common/settings';
import { DownloadController } from '../downloads/download-controller';
import { WorkspaceFolders } from '../downloads/workspace-folders';
import { CTADataPanel } from '../panel-widget';
import { CommandIDs, ICTADataPanel, PANEL_ID } from '../tokens';
import { TransfersModel } from '../transfers/model';

/** The name of the toolbar in the settings. */
const TOOLBAR = 'CTAData';

/** The panel in the left sidebar. */
export const panelPlugin: JupyterFrontEndPlugin<ICTADataPanel> = {
  id: 'ctadata:panel',
  description: 'Browses the data of CTA in the left sidebar.',
  autoStart: true,
  provides: ICTADataPanel,
  optional: [
    ILayoutRestorer,
    IStateDB,
    ITranslator,
    ISettingRegistry,
    IToolbarWidgetRegistry,
    IDefaultFileBrowser,
    IDocumentManager
  ],
  activate: (
    app: JupyterFrontEnd,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null,
    browser: IDefaultFileBrowser | null,
    documents: IDocumentManager | null
  ) => {
    translator ??= nullTranslator;
    const trans = printableTexts(translator.load('ctadata'));
    const api = new API(app.serviceManager.serverSettings);
    const model = new BrowserModel(api);
    const transfers = new TransfersModel(api);
    const settings = new Settings();
    void settingRegistry?.load(panelPlugin.id).then(
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
      translator
    });
    const panel = new CTADataPanel({
      model,
      transfers,
      settings,
      downloads: new DownloadController(
        workspace,
        api,
        transfers,
        settings,
        trans
      ),
      localCopies: new LocalCopies(model, transfers, workspace),
      collapsed: new PersistedValue(state, `${PANEL_ID}:collapsed`, false),
      registry: app.docRegistry,
      translator,
      ready: state ? restoreModel(model, state) : Promise.resolve(),
      open: () => void app.commands.execute(CommandIDs.open),
      delegate: () => void app.commands.execute(CommandIDs.delegateCertificate)
    });
    if (settingRegistry && toolbars) {
      const factory = createToolbarFactory(
        toolbars,
        settingRegistry,
        TOOLBAR,
        panelPlugin.id,
        translator
      );
      setToolbar(panel, factory);
    }
    restorer?.add(panel, PANEL_ID);
    app.shell.add(panel, 'left', { rank: 150, type: 'CTA data' });
    // The status bar shows transfers even if the panel is never shown.
    void transfers.start();
    return panel;
  }
};
