import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileBrowser, FileDialog } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { baseName, normalizePath, parentPath } from '../common/paths';
import { PersistedValue } from '../common/persisted-value';

/** What the workspace needs of JupyterLab; a page without a file browser has less of it. */
export interface IWorkspaceFoldersOptions {
  contents: Contents.IManager;
  browser: FileBrowser | null;
  documents: IDocumentManager | null;
  /** The folder that was chosen last, with a leading slash; '' if none ever was. */
  chosen: PersistedValue<string>;
  /** Bring a widget to the front. */
  activate: (id: string) => void;
  translator: ITranslator;
}

/** The folders that receive downloads: the one that the local file browser shows, or one that is chosen. */
export class WorkspaceFolders {
  constructor(private _options: IWorkspaceFoldersOptions) {
    const { contents, browser } = _options;
    browser?.model.pathChanged.connect(() => this._changed.emit());
    contents.fileChanged.connect((_, { type }) => {
      // A file that is saved says so each time; its name tells nothing new.
      if (type !== 'save') {
        this._changed.emit();
      }
    });
  }

  /** Emitted when the folder is another one, or something was done to files by hand. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The file browser's folder, from the workspace's top; '' for the top itself. */
  get folder(): string {
    const { contents, browser } = this._options;
    if (!browser) {
      return this.chosen;
    }
    // Real-time collaboration puts a drive's name in front.
    return contents.localPath(browser.model.path);
  }

  /** The folder that was chosen last, or else the file browser's. */
  get chosen(): string {
    const { browser, chosen } = this._options;
    return chosen.value || !browser ? chosen.value.slice(1) : this.folder;
  }

  get canChoose(): boolean {
    return this._options.documents !== null;
  }

  /**
   * Let somebody choose a folder, and remember it.
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

  /** Show what has been added. */
  async refresh(): Promise<void> {
    await this._options.browser?.model.refresh();
  }

  private _changed = new Signal<this, void>(this);
}
