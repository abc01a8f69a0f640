import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileBrowser, FileDialog } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { baseName, normalizePath, parentPath } from '../common/paths';
import { PersistedValue } from '../common/persisted-value';
import { IWorkspace } from '../tokens';

/** The parts of JupyterLab that the workspace needs; a page without file browser lacks some. */
export interface IWorkspaceFoldersOptions {
  contents: Contents.IManager;
  browser: FileBrowser | null;
  documents: IDocumentManager | null;
  /** The folder chosen last, with a leading slash; '' if none was ever chosen. */
  chosen: PersistedValue<string>;
  /** Activate a widget. */
  activate: (id: string) => void;
  translator: ITranslator;
}

/** The folder that receives downloads: the file browser's current one, or one that the user chooses. */
export class WorkspaceFolders implements IWorkspace {
  constructor(private _options: IWorkspaceFoldersOptions) {
    const { contents, browser } = _options;
    browser?.model.pathChanged.connect(() => this._changed.emit());
    contents.fileChanged.connect((_, { type }) => {
      // Saving a file emits this each time, without a new name.
      if (type !== 'save') {
        this._changed.emit();
      }
    });
  }

  /** Emitted when the folder changes, or files in the workspace change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The file browser's folder, relative to the workspace's top folder; '' for the top folder. */
  get folder(): string {
    const { contents, browser } = this._options;
    if (!browser) {
      return this.chosen;
    }
    // With real-time collaboration, paths start with a drive name.
    return contents.localPath(browser.model.path);
  }

  /** The folder chosen last, otherwise the file browser's. */
  get chosen(): string {
    const { browser, chosen } = this._options;
    return chosen.value || !browser ? chosen.value.slice(1) : this.folder;
  }

  get canChoose(): boolean {
    return this._options.documents !== null;
  }

  /**
   * Ask the user for a folder, and save the choice.
   *
   * @returns the folder; null if none was chosen
   */
  async choose(title: string, folder: string): Promise<string | null> {
    const { contents, documents, translator, chosen } = this._options;
    if (!documents) {
      return null;
    }
    const { button, value } = await FileDialog.getExistingDirectory({
      manager: documents,
      title,
      defaultPath: folder,
      translator
    });
    if (!button.accept || !value?.length) {
      return null;
    }
    const choice = normalizePath(contents.localPath(value[0].path));
    chosen.value = `/${choice}`;
    return choice;
  }

  get canReveal(): boolean {
    return this._options.browser !== null;
  }

  /** Show and select a file or folder in the file browser. */
  async reveal(path: string): Promise<void> {
    const { browser, activate } = this._options;
    if (browser) {
      activate(browser.id);
      await browser.model.cd(`/${parentPath(path)}`);
      await browser.selectItemByName(baseName(path));
    }
  }

  /** Refresh the file browser. */
  async refresh(): Promise<void> {
    await this._options.browser?.model.refresh();
  }

  private _changed = new Signal<this, void>(this);
}
