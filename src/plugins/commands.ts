import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommands, addToPalette } from '../commands';
import { printableTexts } from '../common/printable';
import { ICTADataPanel, ICTADataViewer, PANEL_ID } from '../tokens';

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
