import { DocumentRegistry } from '@jupyterlab/docregistry';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { API, IEntry } from '../api';
import { Directory } from '../browser/collection';
import { decode } from './decode';
import { explainBriefly } from '../explain';
import { RequestError, asRequestError } from '../request';

/** The drive's name, which stands before a colon in paths. */
export const DRIVE = 'cta';

/** What a drive is made of. */
export interface ICTADriveOptions {
  api: API;
  registry: DocumentRegistry;
  /** The most bytes of a file that are opened. */
  limit: () => number;
  trans: TranslationBundle;
}

/** How a document wants a file: what it is and how it is encoded. */
export type Form = Pick<Contents.IFetchOptions, 'type' | 'format'>;

/** The storage as JupyterLab's documents see it: everything can be read, nothing changed. */
export class CTADrive implements Contents.IDrive {
  constructor(private _options: ICTADriveOptions) {}

  readonly name = DRIVE;

  get serverSettings(): ServerConnection.ISettings {
    return this._options.api.settings;
  }

  /** Never emitted: what a document shows is not changed from here. */
  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /**
   * Get a directory with what is in it, or a file.
   *
   * @throws RequestError, whose message is for people
   */
  async get(
    path: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    const prepared = this._prepared;
    this._prepared = null;
    if (
      prepared?.path === path &&
      prepared.type === options.type &&
      prepared.format === options.format
    ) {
      return prepared;
    }
    try {
      return await this._get(path, options);
    } catch (reason) {
      const error = asRequestError(reason);
      throw new RequestError(
        // Its message explains it already.
        error.code === 'unexpected' ? 'internal' : error.code,
        explainBriefly(error, this._options.trans)
      );
    }
  }

  /**
   * Get a file for the document that is opened next, so that what is wrong is known before.
   *
   * @throws RequestError
   */
  async prepare(path: string, form: Form): Promise<void> {
    this._prepared = await this.get(path, { ...form, content: true });
  }

  getDownloadUrl(path: string): Promise<string> {
    return Promise.resolve(this._options.api.fileUrl(path, document.cookie));
  }

  newUntitled(): Promise<Contents.IModel> {
    return this._refuse();
  }

  delete(): Promise<void> {
    return this._refuse();
  }

  rename(): Promise<Contents.IModel> {
    return this._refuse();
  }

  save(): Promise<Contents.IModel> {
    return this._refuse();
  }

  copy(): Promise<Contents.IModel> {
    return this._refuse();
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return this._refuse();
  }

  listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  restoreCheckpoint(): Promise<void> {
    return this._refuse();
  }

  deleteCheckpoint(): Promise<void> {
    return this._refuse();
  }

  private async _get(
    path: string,
    options: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const { api, limit } = this._options;
    const resource = await api.list(path);
    if (resource instanceof Directory) {
      const content = Array.from({ length: resource.length }, (_, index) =>
        this._model(resource.entry(index))
      );
      return { ...this._model(resource.own), format: 'json', content };
    }
    const model = this._model(resource);
    if (options.content === false) {
      return model;
    }
    if (resource.size !== null && resource.size > limit()) {
      throw new RequestError('too-large', '');
    }
    const fileType = this._fileType(resource);
    const type = options.type ?? model.type;
    const format = options.format ?? fileType.fileFormat ?? 'base64';
    const bytes = await api.content(path, limit());
    return {
      ...model,
      type,
      format,
      mimetype: fileType.mimeTypes[0] ?? 'text/plain',
      content: decode(bytes, format)
    };
  }

  /** What is known of a file or directory, without its content. */
  private _model(entry: IEntry): Contents.IModel {
    const modified = new Date((entry.modified ?? 0) * 1000).toISOString();
    return {
      name: entry.name,
      path: entry.path,
      type:
        entry.type === 'directory'
          ? 'directory'
          : this._fileType(entry).contentType,
      writable: false,
      created: modified,
      last_modified: modified,
      mimetype: '',
      format: null,
      content: null,
      size: entry.size ?? undefined
    };
  }

  private _fileType({ name }: IEntry): DocumentRegistry.IFileType {
    const { registry } = this._options;
    return registry.getFileTypeForModel({ name, type: 'file' });
  }

  private _refuse(): Promise<never> {
    const error = new RequestError('read-only', '');
    const message = explainBriefly(error, this._options.trans);
    return Promise.reject(new RequestError(error.code, message));
  }

  private _prepared: Contents.IModel | null = null;
  private _isDisposed = false;
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
}
