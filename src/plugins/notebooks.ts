import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, Notebook } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addBelowIcon } from '@jupyterlab/ui-components';

import {
  countOf,
  describeArguments,
  describePaths,
  entriesOf
} from '../command-arguments';
import { CommandIDs } from '../command-ids';
import { printableTexts } from '../common/printable';
import { cellCode } from '../notebooks/python-cells';
import { ICTADataPanel, ICTADataService } from '../tokens';
import { Notifier } from '../ui/notify';

/** Inserts the selection into a notebook as a cell. */
export const notebooksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:notebooks',
  description: 'Inserts cells that download and open the selection.',
  autoStart: true,
  requires: [ICTADataService],
  optional: [ICTADataPanel, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel | null,
    tracker: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    if (!tracker) {
      return;
    }
    const { api } = service;
    const { commands } = app;
    const model = panel?.model ?? null;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    const notifier = new Notifier(trans);
    commands.addCommand(CommandIDs.insertInNotebook, {
      label: trans.__('Insert in Notebook'),
      caption: trans.__(
        'Insert a cell that downloads and opens the selection below the active cell'
      ),
      icon: addBelowIcon,
      describedBy: describeArguments({ paths: describePaths(trans) }),
      isEnabled: args =>
        countOf(args, model) > 0 &&
        tracker.currentWidget?.model?.readOnly === false,
      execute: async args => {
        // The current one may change during the request.
        const notebook = tracker.currentWidget;
        if (notebook) {
          await notifier.attempt(async () => {
            const entries = await entriesOf(args, model, api);
            insertCell(notebook.content, cellCode(entries));
          });
        }
      }
    });
    const update = () =>
      commands.notifyCommandChanged(CommandIDs.insertInNotebook);
    tracker.currentChanged.connect(update);
    model?.changed.connect(update);
  }
};

/** Insert a cell below the active one, and activate it. */
export function insertCell(notebook: Notebook, source: string): void {
  const shared = notebook.model?.sharedModel;
  if (!shared) {
    return;
  }
  const index = Math.min(notebook.activeCellIndex + 1, shared.cells.length);
  shared.insertCell(index, {
    cell_type: 'code',
    source,
    // The cell comes from the user, like one that is typed.
    metadata: { trusted: true }
  });
  notebook.activeCellIndex = index;
  notebook.deselectAll();
}
