import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CTADrive } from './drive';
import { EDITORS, ReadOnly } from './readonly';
import { ICTADataPanel, ICTADataViewer } from '../tokens';
import { Viewer } from './viewer';
import { printableTexts } from '../printable';

/** The storage as a drive, and what shows its files. */
export const drivePlugin: JupyterFrontEndPlugin<ICTADataViewer> = {
  id: 'ctadata:drive',
  description: 'Lets the viewers of JupyterLab show files of the CTA storage.',
  autoStart: true,
  provides: ICTADataViewer,
  requires: [ICTADataPanel],
  optional: [IDocumentManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    manager: IDocumentManager | null,
    translator: ITranslator | null
  ) => {
    const { contents } = app.serviceManager;
    const limit = () => panel.settings.get('maxOpenSize') * 2 ** 20;
    const drive = new CTADrive({
      api: panel.model.api,
      registry: app.docRegistry,
      limit,
      trans: printableTexts((translator ?? nullTranslator).load('ctadata'))
    });
    contents.addDrive(drive);
    for (const editor of EDITORS) {
      app.docRegistry.addWidgetExtension(editor, new ReadOnly(contents));
    }
    return new Viewer(drive, manager, limit);
  }
};
