import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { isDirectory } from '../api/directory';
import { toRequestError } from '../api/errors';
import { formatSize } from '../common/formats';
import { baseName, joinPath } from '../common/paths';
import { ISettings, ITransferManager } from '../tokens';
import { Notifier } from '../ui/notify';
import { Collect, ICollected, describeHidden, totalsOf } from './collect-files';
import {
  Ask,
  CancelledByUser,
  Conflicts,
  Kind,
  Names,
  settleConflicts
} from './conflicts';
import { UploadsModel } from './model';
import {
  IUploadQuestion,
  askAboutConflict,
  confirmUpload
} from './view/upload-dialogs';

/** Maximum number of names listed in a note. */
const MAX_NAMES = 5;

/** Starts uploads, with their dialogs; shows errors as notifications. */
export class UploadController {
  constructor(
    private _uploads: UploadsModel,
    private _transfers: ITransferManager,
    private _contents: Contents.IManager,
    private _settings: ISettings,
    private _trans: TranslationBundle
  ) {
    this._notifier = new Notifier(_trans);
  }

  /**
   * Upload dropped or chosen files; hidden files in folders only if the user wants them.
   *
   * @param collect - collects the files
   * @param path - the directory pointed at; uploads go into the user's home directory only
   */
  async fromComputer(collect: Collect, path: string): Promise<void> {
    const trans = this._trans;
    const collected = await collect(false);
    const { files, bytes } = totalsOf(collected.items);
    const notes = this._notesOn(collected);
    const hidden = describeHidden(collected.hidden, trans);
    if (files === 0 && hidden === '') {
      this._sayNothing(notes);
      return;
    }
    const what = trans._n(
      '%1 file, %2',
      '%1 files, %2',
      files,
      formatSize(bytes)
    );
    const summary = { what, hidden, notes };
    await this._upload(path, summary, async (target, destination, withAll) => {
      const chosen = withAll ? await collect(true) : collected;
      if (chosen.items.length === 0) {
        this._sayNothing([`${hidden}.`, ...notes]);
        return;
      }
      const { items, begun } = await this._uploads.recognize(
        chosen.items,
        destination
      );
      const placed = await settleConflicts(
        items,
        begun,
        folder => this._namesIn(joinPath(target, folder)),
        this._askIn(target)
      );
      for (const item of placed) {
        this._uploads.add(item, destination);
      }
    });
  }

  /** Upload files and folders of the workspace, which the server has already. */
  async fromWorkspace(paths: readonly string[], path: string): Promise<void> {
    const trans = this._trans;
    const what = trans._n(
      '%2 from the workspace',
      '%1 files and folders from the workspace',
      paths.length,
      baseName(paths[0])
    );
    const summary = { what, hidden: '', notes: [] };
    await this._upload(path, summary, async (target, destination) => {
      const conflicts = new Conflicts(this._askIn(target));
      const taken = await this._namesIn(target);
      const chosen: string[] = [];
      const names: string[] = [];
      for (const source of paths) {
        const { type } = await this._contents.get(source, { content: false });
        const name = await conflicts.settle(
          baseName(source),
          '',
          taken,
          type === 'directory' ? 'directory' : 'file'
        );
        if (name !== null) {
          chosen.push(source);
          names.push(name);
        }
      }
      if (chosen.length > 0) {
        this._transfers.add(
          await this._uploads.api.uploadFromWorkspace(
            chosen,
            destination,
            names
          )
        );
      }
    });
  }

  /** Run an action, and show its error. */
  async attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof CancelledByUser)) {
        this._notifier.error(error);
      }
    }
  }

  /** Ask for confirmation if needed, then upload. */
  private async _upload(
    path: string,
    { what, hidden, notes }: Pick<IUploadQuestion, 'what' | 'hidden' | 'notes'>,
    send: (
      target: string,
      destination: string,
      withHidden: boolean
    ) => Promise<void>
  ): Promise<void> {
    const { own } = this._uploads;
    if (own === null) {
      return;
    }
    const target = this._uploads.destinationFor(path);
    const redirected = target !== path;
    const confirm = this._settings.get('confirmUploads');
    let withHidden = false;
    if (confirm || redirected || hidden !== '') {
      const summary = { what, target, redirected, hidden, notes };
      const answer = await confirmUpload(summary, this._trans);
      if (!answer) {
        return;
      }
      withHidden = answer.withHidden;
      if (confirm) {
        // Failing to save this setting must not stop the upload.
        await this.attempt(() => this._settings.set('confirmUploads', false));
      }
    } else if (notes.length > 0) {
      this._notifier.show('warning', {
        title: this._trans.__('Some files are not uploaded'),
        text: notes.join('\n')
      });
    }
    const destination = target.slice(own.length + 1);
    await this.attempt(() => send(target, destination, withHidden));
  }

  private _sayNothing(notes: readonly string[]): void {
    const nothing = this._trans.__('There is nothing to upload.');
    this._notifier.show('info', {
      title: nothing,
      text: [nothing, ...notes].join('\n')
    });
  }

  private _askIn(target: string): Ask {
    return conflict => askAboutConflict(conflict, target, this._trans);
  }

  /** The names in a storage directory, including those being uploaded. */
  private async _namesIn(path: string): Promise<Names> {
    const names = new Names(await this._listed(path));
    const own = this._uploads.own ?? '';
    for (const { destination, files } of this._uploads.items) {
      for (const file of files) {
        const target = [own, destination, file.path].reduce(joinPath);
        if (target.startsWith(`${path}/`)) {
          const [name, ...below] = target.slice(path.length + 1).split('/');
          names.claim(name, below.length > 0 ? 'directory' : 'file');
        }
      }
    }
    return names;
  }

  /** The entries of a storage directory; none if it does not exist yet. */
  private async _listed(path: string): Promise<[string, Kind][]> {
    try {
      const directory = await this._uploads.api.list(path);
      return isDirectory(directory)
        ? Array.from({ length: directory.length }, (_, index) => [
            directory.name(index),
            directory.isDirectory(index) ? 'directory' : 'file'
          ])
        : [];
    } catch (error) {
      if (toRequestError(error).code === 'not-found') {
        return [];
      }
      throw error;
    }
  }

  private _notesOn({ empty, unreadable }: ICollected): string[] {
    const trans = this._trans;
    const notes: string[] = [];
    if (empty.length > 0) {
      notes.push(trans.__('Empty folders are left out: %1.', namesOf(empty)));
    }
    if (unreadable.length > 0) {
      notes.push(trans.__('Cannot be read: %1.', namesOf(unreadable)));
    }
    return notes;
  }

  private _notifier: Notifier;
}

function namesOf(paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_NAMES).join(', ');
  const more = paths.length - MAX_NAMES;
  return more > 0 ? `${shown}, … (+${more})` : shown;
}
