import { IDocumentManager } from '@jupyterlab/docmanager';

import { IEntry } from '../api';
import { CTADrive, DRIVE, Form } from './drive';
import { RequestError } from '../request';
import { ICTADataViewer } from '../tokens';

/** Opens files of the storage with JupyterLab's own viewers. */
export class Viewer implements ICTADataViewer {
  constructor(
    private _drive: CTADrive,
    private _manager: IDocumentManager | null,
    private _limit: () => number
  ) {}

  async open(entry: IEntry): Promise<void> {
    const manager = this._manager;
    const form = this._form(entry.name);
    if (!manager || !form) {
      throw new RequestError('no-viewer', '');
    }
    const path = `${DRIVE}:${entry.path}`;
    this._last = path;
    if (!manager.findWidget(path)) {
      if (entry.size !== null && entry.size > this._limit()) {
        throw new RequestError('too-large', '');
      }
      await this._drive.prepare(entry.path, form);
    }
    // What took long is not put before what the user has opened meanwhile.
    const activate = this._last === path;
    manager.openOrReveal(path, 'default', undefined, { activate });
  }

  /** The path that was to be opened last. */
  private _last = '';

  /** How the viewer for such a name takes the content; null where it does not take it from a drive. */
  private _form(name: string): Form | null {
    const registry = this._manager?.registry;
    const factory = registry?.defaultWidgetFactory(name);
    const model = registry?.getModelFactory(factory?.modelName ?? 'text');
    if (!factory || !model?.fileFormat) {
      return null;
    }
    // Of a kind that nobody knows it is tried whether it is text.
    const kind = registry?.getFileTypesForPath(name).at(0);
    return !kind || kind.fileFormat === model.fileFormat
      ? { type: model.contentType, format: model.fileFormat }
      : null;
  }
}
