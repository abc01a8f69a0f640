import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommands, addToPalette } from '../commands';
import { printableTexts } from '../common/printable';
import {
  ICTADataPanel,
  ICTADataService,
  ICTADataViewer,
  PANEL_ID
} from '../tokens';
import { Notifier } from '../ui/notify';

/** The panel's commands. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:commands',
  description: 'Commands of the panel.',
  autoStart: true,
  requires: [ICTADataService, ICTADataPanel],
  optional: [ICommandPalette, ITranslator, ICTADataViewer],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    viewer: ICTADataViewer | null
  ) => {
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    addCommands(app.commands, {
      service,
      panel,
      viewer,
      show: () => app.shell.activateById(PANEL_ID),
      notifier: new Notifier(trans),
      trans
    });
    if (palette) {
      addToPalette(palette, trans);
    }
  }
};
