import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../command-ids';
import { printableTexts } from '../common/printable';
import { Preview } from '../documents/view/preview';
import { Viewer } from '../documents/viewer';
import { ICTADataService, ICTADataViewer } from '../tokens';

/** Previews files of the storage. */
export const viewerPlugin: JupyterFrontEndPlugin<ICTADataViewer> = {
  id: 'ctadata:viewer',
  description:
    'Shows files of the CTA storage, without running or fetching anything.',
  autoStart: true,
  provides: ICTADataViewer,
  requires: [ICTADataService],
  optional: [ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const { api, settings } = service;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    const tracker = new WidgetTracker<Preview>({
      namespace: 'ctadata-preview'
    });
    const viewer = new Viewer({
      api,
      shell: app.shell,
      // Notebook 7 has a single widget in its main area.
      area: PageConfig.getOption('notebookPage') ? 'down' : 'main',
      tracker,
      registry: app.docRegistry,
      limit: () => settings.get('maxOpenSize') * 2 ** 20,
      trans
    });
    app.commands.addCommand(CommandIDs.restorePreview, {
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: {
              type: 'string',
              description: trans.__('The file to show')
            }
          },
          required: ['path']
        }
      },
      execute: ({ path }) => {
        if (typeof path === 'string') {
          viewer.restore(path);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.restorePreview,
      args: ({ path }) => ({ path }),
      name: ({ path }) => path
    });
    return viewer;
  }
};
