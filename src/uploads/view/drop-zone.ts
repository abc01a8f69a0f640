import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Drag } from '@lumino/dragdrop';

import { IBrowserModel } from '../../tokens';
import { entriesOf } from '../collect-files';
import { UploadsModel } from '../model';

/** The MIME type of paths dragged from JupyterLab's file browser. */
const CONTENTS_MIME = 'application/x-jupyter-icontents';

/** The class of the element that would receive the drop. */
const TARGET = 'jp-mod-dropTarget';

/** The events of drags from the desktop and within JupyterLab. */
const EVENTS = [
  'dragenter',
  'dragover',
  'dragleave',
  'drop',
  'lm-dragenter',
  'lm-dragover',
  'lm-dragleave',
  'lm-drop'
];

interface IDropZoneOptions {
  /** The panel. */
  node: HTMLElement;
  model: IBrowserModel;
  uploads: UploadsModel;
  /** Whether a path of JupyterLab's file browser lies in the workspace. */
  isLocal: (path: string) => boolean;
  onFiles: (entries: readonly FileSystemEntry[], directory: string) => void;
  onPaths: (paths: readonly string[], directory: string) => void;
  trans: TranslationBundle;
}

/** Accepts files dropped on the panel, and highlights the folder that receives them. */
export class DropZone implements IDisposable {
  constructor(private _options: IDropZoneOptions) {
    this._hint.className = 'jp-CTAData-dropHint';
    this._hint.setAttribute('role', 'status');
    for (const event of EVENTS) {
      _options.node.addEventListener(event, this);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._clear();
      for (const event of EVENTS) {
        this._options.node.removeEventListener(event, this);
      }
    }
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'dragenter':
      case 'dragover':
        this._onFilesOver(event as DragEvent);
        break;
      case 'drop':
        this._onFilesDrop(event as DragEvent);
        break;
      case 'lm-dragenter':
      case 'lm-dragover':
        this._onPathsOver(event as Drag.Event);
        break;
      case 'lm-drop':
        this._onPathsDrop(event as Drag.Event);
        break;
      default:
        this._onLeave(event as DragEvent);
    }
  }

  private _onFilesOver(event: DragEvent): void {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes('Files')) {
      return;
    }
    // Otherwise the browser would replace JupyterLab with the dropped file.
    event.preventDefault();
    event.stopPropagation();
    const possible = this._options.uploads.own !== null;
    dataTransfer.dropEffect = possible ? 'copy' : 'none';
    if (possible) {
      this._showTarget(event.target);
    }
  }

  private _onFilesDrop(event: DragEvent): void {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes('Files')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const { directory } = this._targetAt(event.target);
    this._clear();
    if (this._options.uploads.own !== null) {
      this._options.onFiles(entriesOf(dataTransfer.items), directory);
    }
  }

  private _onPathsOver(event: Drag.Event): void {
    const paths = this._pathsOf(event);
    if (!paths) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (paths.every(this._options.isLocal)) {
      event.dropAction = event.proposedAction;
      this._showTarget(event.target);
    } else {
      event.dropAction = 'none';
      this._clear();
      this._say(
        this._options.trans.__('Only files of the workspace can be uploaded')
      );
    }
  }

  private _onPathsDrop(event: Drag.Event): void {
    const paths = this._pathsOf(event);
    if (!paths) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    const { directory } = this._targetAt(event.target);
    this._clear();
    this._options.onPaths(paths, directory);
  }

  private _onLeave(event: DragEvent): void {
    const { relatedTarget } = event;
    if (
      !(relatedTarget instanceof Node) ||
      !this._options.node.contains(relatedTarget)
    ) {
      this._clear();
    }
  }

  /** The dragged paths, if they can be dropped here. */
  private _pathsOf({ mimeData }: Drag.Event): readonly string[] | null {
    return this._options.uploads.own !== null && mimeData.hasData(CONTENTS_MIME)
      ? (mimeData.getData(CONTENTS_MIME) as readonly string[])
      : null;
  }

  private _showTarget(under: EventTarget | null): void {
    const { node, uploads, trans } = this._options;
    const { directory, row } = this._targetAt(under);
    const target = uploads.destinationFor(directory);
    // Highlight only the folder that receives the drop.
    const lit = target === directory ? row : null;
    const element = lit ?? node.querySelector('.jp-CTAData-browser');
    if (element !== this._lit) {
      this._lit?.classList.remove(TARGET);
      element?.classList.add(TARGET);
      this._lit = element;
    }
    this._say(trans.__('Upload to %1/', target));
  }

  /** The directory under the pointer: that of a row, or the current one. */
  private _targetAt(under: EventTarget | null): {
    directory: string;
    row: Element | null;
  } {
    const { model } = this._options;
    const row =
      under instanceof Element
        ? under.closest<HTMLElement>('.jp-CTAData-row[data-index]')
        : null;
    const entry = row && model.rows.entryAt(Number(row.dataset.index));
    return entry?.type === 'directory'
      ? { directory: entry.path, row }
      : { directory: model.path, row: null };
  }

  private _say(text: string): void {
    if (this._hint.textContent !== text) {
      this._hint.textContent = text;
    }
    if (!this._hint.isConnected) {
      this._options.node.appendChild(this._hint);
    }
  }

  private _clear(): void {
    this._lit?.classList.remove(TARGET);
    this._lit = null;
    this._hint.remove();
  }

  private _hint = document.createElement('div');
  private _lit: Element | null = null;
  private _isDisposed = false;
}
