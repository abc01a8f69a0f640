import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
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
import { addCommands, addToPalette } from '../commands';
import { Downloads } from '../downloads/download-controller';
import { Here } from '../browser/local-copies';
import { BrowserModel } from '../browser/model';
import { CTADataPanel } from '../panel-widget';
import { Remembered } from '../common/persisted-value';
import { restoreModel } from '../browser/restore';
import { Settings } from '../common/settings';
import { CommandIDs, ICTADataPanel, ICTADataViewer, PANEL_ID } from '../tokens';
import { TransfersModel } from '../transfers/model';
import { Workspace } from '../downloads/workspace-folders';
import { printableTexts } from '../common/printable';

/** The name under which the toolbar's items stand in the settings. */
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
    const workspace = new Workspace({
      contents: app.serviceManager.contents,
      browser,
      documents,
      chosen: new Remembered(state, `${PANEL_ID}:folder`, ''),
      activate: id => app.shell.activateById(id),
      translator
    });
    const panel = new CTADataPanel({
      model,
      transfers,
      settings,
      downloads: new Downloads(workspace, api, transfers, settings, trans),
      here: new Here(model, transfers, workspace),
      collapsed: new Remembered(state, `${PANEL_ID}:collapsed`, false),
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
    // What runs is told also where the panel is never shown.
    void transfers.start();
    return panel;
  }
};

/** The panel's commands. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:commands',
  description: 'Commands of the panel, and what follows from a transfer.',
  autoStart: true,
  requires: [ICTADataPanel],
  optional: [ICommandPalette, ITranslator, ICTADataViewer],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    viewer: ICTADataViewer | null
  ) => {
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    addCommands(app.commands, {
      panel,
      viewer,
      show: () => app.shell.activateById(PANEL_ID),
      trans
    });
    if (palette) {
      addToPalette(palette, trans);
    }
    panel.transfers.ended.connect((_, { kind }) => {
      if (kind === 'download') {
        void panel.downloads.workspace.refresh();
      }
    });
  }
};
