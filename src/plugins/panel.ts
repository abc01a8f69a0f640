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
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { LocalCopies } from '../browser/local-copies';
import { BrowserModel } from '../browser/model';
import { restoreModel } from '../browser/restore';
import { CommandIDs } from '../command-ids';
import { PersistedValue } from '../common/persisted-value';
import { printableTexts } from '../common/printable';
import { DownloadController } from '../downloads/download-controller';
import { CTADataPanel } from '../panel-widget';
import {
  ICTADataPanel,
  ICTADataService,
  PANEL_ID,
  SETTINGS_ID
} from '../tokens';

/** The name of the toolbar in the settings. */
const TOOLBAR = 'CTAData';

/** The panel in the left sidebar. */
export const panelPlugin: JupyterFrontEndPlugin<ICTADataPanel> = {
  id: SETTINGS_ID,
  description: 'Browses the data of CTA in the left sidebar.',
  autoStart: true,
  provides: ICTADataPanel,
  requires: [ICTADataService],
  optional: [
    ILayoutRestorer,
    IStateDB,
    ITranslator,
    ISettingRegistry,
    IToolbarWidgetRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null
  ) => {
    translator ??= nullTranslator;
    const trans = printableTexts(translator.load('ctadata'));
    const { api, transfers, settings, workspace } = service;
    const model = new BrowserModel(api);
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
        SETTINGS_ID,
        translator
      );
      setToolbar(panel, factory);
    }
    restorer?.add(panel, PANEL_ID);
    app.shell.add(panel, 'left', { rank: 150, type: 'CTA data' });
    return panel;
  }
};
