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
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { API } from './api';
import { addCommands, addToPalette } from './commands';
import { Downloads } from './downloads';
import { BrowserModel } from './model';
import { CTADataPanel } from './panel';
import { restoreModel } from './restore';
import { Settings } from './settings';
import { CommandIDs, ICTADataPanel, ICTADataViewer, PANEL_ID } from './tokens';
import { TransfersModel } from './transfers';
import { Workspace } from './workspace';

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
    IToolbarWidgetRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null
  ) => {
    translator ??= nullTranslator;
    const trans = translator.load('ctadata');
    const api = new API(app.serviceManager.serverSettings);
    const model = new BrowserModel(api);
    const transfers = new TransfersModel(api);
    const settings = new Settings();
    void registry?.load(panelPlugin.id).then(
      registered => settings.connect(registered),
      error => console.warn('ctadata: no settings:', error)
    );
    const panel = new CTADataPanel({
      model,
      transfers,
      settings,
      downloads: new Downloads(api, transfers, trans),
      registry: app.docRegistry,
      translator,
      ready: state ? restoreModel(model, state) : Promise.resolve(),
      open: () => void app.commands.execute(CommandIDs.open)
    });
    if (registry && toolbars) {
      const factory = createToolbarFactory(
        toolbars,
        registry,
        TOOLBAR,
        panelPlugin.id,
        translator
      );
      setToolbar(panel, factory);
    }
    restorer?.add(panel, PANEL_ID);
    app.shell.add(panel, 'left', { rank: 150, type: 'CTA data' });
    return panel;
  }
};

/** The panel's commands. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:commands',
  description: 'Commands of the panel, and what follows from a transfer.',
  autoStart: true,
  requires: [ICTADataPanel],
  optional: [IDefaultFileBrowser, ICommandPalette, ITranslator, ICTADataViewer],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    browser: IDefaultFileBrowser | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    viewer: ICTADataViewer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('ctadata');
    const { model, transfers } = panel;
    const workspace = new Workspace(app.serviceManager.contents, browser);
    addCommands(app.commands, {
      panel,
      workspace,
      downloads: new Downloads(model.api, transfers, trans),
      viewer,
      show: () => app.shell.activateById(PANEL_ID),
      trans
    });
    if (palette) {
      addToPalette(palette, trans);
    }
    transfers.ended.connect((_, { kind }) => {
      if (kind === 'download') {
        void workspace.refresh();
      }
    });
  }
};
