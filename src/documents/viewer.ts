import { JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { TabPanel } from '@lumino/widgets';

import { isDirectory } from '../api/directory';
import { RequestError } from '../api/errors';
import { IEntry } from '../api/types';
import { baseName } from '../common/paths';
import { ICTADataAPI, ICTADataViewer } from '../tokens';
import { entryIcon } from '../ui/icons';
import { Content, checkName, contentOf } from './file-content';
import { Preview } from './view/preview';

/** What the viewer needs. */
export interface IViewerOptions {
  api: ICTADataAPI;
  shell: JupyterFrontEnd.IShell;
  /** Adds previews to the main area. */
  area: 'main' | 'down';
  /** Tracks open previews. */
  tracker: WidgetTracker<Preview>;
  /** For icons only, not for viewers. */
  registry: DocumentRegistry;
  /** The largest file to preview, in bytes. */
  limit: () => number;
  trans: TranslationBundle;
}

/**
 * Previews files of the storage.
 *
 * The storage is not a JupyterLab drive. No URL, workspace file or other extension can open a storage file in a viewer
 * that runs or fetches what the file contains.
 */
export class Viewer implements ICTADataViewer {
  constructor(private _options: IViewerOptions) {}

  async open(entry: IEntry): Promise<void> {
    const { path } = entry;
    this._last = path;
    if (!this._find(path)?.isFilled) {
      const content = await this._content(entry);
      // It may have been opened twice.
      const preview = this._find(path) ?? this._create(path);
      preview.fill(content);
      if (!preview.isAttached) {
        this._add(preview, this._last === path);
      }
    }
    // Do not cover a file that the user has opened meanwhile.
    const preview = this._find(path);
    if (preview && this._last === path) {
      this._options.shell.activateById(preview.id);
      // Notebook 7 keeps another tab in front.
      const tabs = preview.parent?.parent;
      if (tabs instanceof TabPanel) {
        tabs.currentWidget = preview;
      }
    }
  }

  /** Restore a tab after a reload of the page; the file is loaded when the tab is shown. */
  restore(path: string): void {
    if (!this._find(path)) {
      this._add(this._create(path), false);
    }
  }

  private _find(path: string): Preview | undefined {
    return this._options.tracker.find(preview => preview.path === path);
  }

  private _create(path: string): Preview {
    const { tracker, registry, trans } = this._options;
    const preview = new Preview({
      path,
      icon: entryIcon({ name: baseName(path), type: 'file' }, registry),
      load: () => this._load(path),
      trans
    });
    void tracker.add(preview);
    return preview;
  }

  private _add(preview: Preview, activate: boolean): void {
    const { shell, area } = this._options;
    preview.toggleClass('jp-mod-down', area === 'down');
    shell.add(preview, area, { activate });
  }

  /** @throws RequestError */
  private async _load(path: string): Promise<Content> {
    const entry = await this._options.api.list(path);
    if (isDirectory(entry)) {
      throw new RequestError('no-viewer', '');
    }
    return this._content(entry);
  }

  /** @throws RequestError */
  private async _content({ name, path, size }: IEntry): Promise<Content> {
    const { api, limit } = this._options;
    checkName(name);
    if (size !== null && size > limit()) {
      throw new RequestError('too-large', '');
    }
    return contentOf(name, await api.content(path, limit()));
  }

  /** The path opened last. */
  private _last = '';
}
