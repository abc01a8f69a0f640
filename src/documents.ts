import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { API } from './api';
import { CTADrive } from './drive';
import { EDITORS, ReadOnly } from './readonly';
import { ICTADataViewer } from './tokens';
import { Viewer } from './viewer';

/** The plugin whose settings say how large a file may be. */
const SETTINGS = 'ctadata:panel';

/** Megabytes, as the settings have it by default. */
const MAX_OPEN_SIZE = 10;

/** The storage as a drive, and what shows its files. */
export const drivePlugin: JupyterFrontEndPlugin<ICTADataViewer> = {
  id: 'ctadata:drive',
  description: 'Lets the viewers of JupyterLab show files of the CTA storage.',
  autoStart: true,
  provides: ICTADataViewer,
  optional: [IDocumentManager, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IDocumentManager | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const { contents, serverSettings } = app.serviceManager;
    let megabytes = MAX_OPEN_SIZE;
    const limit = () => megabytes * 2 ** 20;
    const drive = new CTADrive({
      api: new API(serverSettings),
      registry: app.docRegistry,
      limit,
      trans: (translator ?? nullTranslator).load('ctadata')
    });
    contents.addDrive(drive);
    for (const editor of EDITORS) {
      app.docRegistry.addWidgetExtension(editor, new ReadOnly(contents));
    }
    const update = (settings: ISettingRegistry.ISettings) => {
      megabytes = settings.get('maxOpenSize').composite as number;
    };
    void registry?.load(SETTINGS).then(settings => {
      update(settings);
      settings.changed.connect(update);
    });
    return new Viewer(drive, manager, limit);
  }
};
