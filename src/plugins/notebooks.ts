import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, Notebook } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addBelowIcon } from '@jupyterlab/ui-components';

import { printableTexts } from '../common/printable';
import { cellCode } from '../notebooks/python-cells';
import { ICTADataPanel } from '../tokens';

/** The command's id. */
const INSERT = 'ctadata:insert-in-notebook';

/** Inserts the selection into a notebook as a cell. */
export const notebooksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:notebooks',
  description: 'Inserts cells that download and open the selection.',
  autoStart: true,
  requires: [ICTADataPanel],
  optional: [INotebookTracker, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    if (!tracker) {
      return;
    }
    const { commands } = app;
    const { model } = panel;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    commands.addCommand(INSERT, {
      label: trans.__('Insert in Notebook'),
      caption: trans.__(
        'Insert a cell that downloads and opens the selection below the active cell'
      ),
      icon: addBelowIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () =>
        model.rows.selection.size > 0 &&
        tracker.currentWidget?.model?.readOnly === false,
      execute: () => {
        if (tracker.currentWidget) {
          insertCell(
            tracker.currentWidget.content,
            cellCode(model.rows.selected.entries)
          );
        }
      }
    });
    const category = trans.__('CTA data');
    palette?.addItem({ command: INSERT, category });
    const update = () => commands.notifyCommandChanged(INSERT);
    tracker.currentChanged.connect(update);
    model.changed.connect(update);
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
