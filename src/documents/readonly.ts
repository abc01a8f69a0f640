import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';

import { DRIVE } from './drive';

/** What lets people change a document: the factories that JupyterLab itself has. */
export const EDITORS = ['Editor', 'Notebook'] as const;

/** Makes documents of the storage ones to read: without changes, kernels, or questions when they are closed. */
export class ReadOnly implements DocumentRegistry.WidgetExtension {
  constructor(private _contents: Contents.IManager) {}

  createNew(
    widget: IDocumentWidget,
    context: DocumentRegistry.IContext<DocumentRegistry.IModel>
  ): void {
    if (this._contents.driveName(context.path) !== DRIVE) {
      return;
    }
    const { model, sessionContext } = context;
    model.readOnly = true;
    model.stateChanged.connect((_, { name, newValue }) => {
      // What cannot be saved is not asked about.
      if (name === 'dirty' && newValue) {
        model.dirty = false;
      }
    });
    sessionContext.kernelPreference = {
      ...sessionContext.kernelPreference,
      autoStartDefault: false,
      canStart: false,
      shouldStart: false
    };
    void context.ready.then(() => {
      if (widget instanceof NotebookPanel) {
        lockCells(widget);
      } else {
        lockEditor(widget);
      }
    });
  }
}

/** A cell is active before it can be changed; cells out of sight do not exist yet. */
function lockCells({ content }: NotebookPanel): void {
  const lock = () => {
    if (content.activeCell) {
      content.activeCell.readOnly = true;
    }
  };
  content.activeCellChanged.connect(lock);
  lock();
}

function lockEditor(widget: IDocumentWidget): void {
  const { editor } = widget.content as {
    editor?: { setOption(name: 'readOnly', value: boolean): void };
  };
  editor?.setOption('readOnly', true);
}
