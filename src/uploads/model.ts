import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ErrorCode, toRequestError } from '../api/errors';
import { IReceived } from '../api/types';
import { RateMeter } from '../common/rate-meter';
import { ICTADataAPI, ITransferManager } from '../tokens';
import { IUploadFile, IUploadItem } from './collect-files';
import { FileUpload, fingerprintOf } from './file-upload';
import {
  IInterrupted,
  IMutableUpload,
  IUpload,
  fingerprints,
  groupInterrupted,
  hasNotFailed,
  isLost,
  isWaiting
} from './upload';

/** Maximum number of files sent at a time. */
const PARALLEL = 3;

/** Milliseconds between two updates of the progress. */
const INTERVAL = 200;

/** Milliseconds until the home directory is asked for again; doubled each time. */
const PATIENCE = 2_000;
const MAX_PATIENCE = 60_000;

/** Errors that last until the user does something about them. */
const LASTING: readonly ErrorCode[] = [
  'access-denied',
  'certificate-needed',
  'extension-missing',
  'not-found'
];

/** Uploads from this computer: those being sent, and unfinished ones on the server. */
export class UploadsModel implements IDisposable {
  constructor(
    readonly api: ICTADataAPI,
    private _transfers: ITransferManager,
    private _delays?: readonly number[],
    private _patience = PATIENCE
  ) {}

  /** Emitted when the views must render again. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The user's home directory; null if there is none, or it is not known yet. */
  get own(): string | null {
    return this._own;
  }

  get items(): readonly IUpload[] {
    return this._items;
  }

  /** Interrupted uploads, most likely by a reload of the page. */
  get interrupted(): readonly IInterrupted[] {
    return this._interrupted;
  }

  /** Whether leaving the page now would interrupt an upload. */
  get busy(): boolean {
    return this._items.some(hasNotFailed);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      const items = this._items;
      this._items = [];
      items.forEach(({ files }) => files.forEach(file => file.stop()));
      clearTimeout(this._timer);
      clearTimeout(this._askingAgain);
      Signal.clearData(this);
    }
  }

  /** Ask for the home directory and unfinished uploads, repeatedly until they are known. */
  async start(): Promise<void> {
    clearTimeout(this._askingAgain);
    if (this._started || this._isDisposed) {
      return;
    }
    try {
      if (this._own === null) {
        this._own = await this.api.homeDirectory();
        this._changed.emit();
      }
      await this.refresh();
      this._started = true;
    } catch (error) {
      // Until then no upload is offered; if listings fail too, the panel shows why.
      console.warn('ctadata: no uploads:', error);
      if (!LASTING.includes(toRequestError(error).code) && !this._isDisposed) {
        clearTimeout(this._askingAgain);
        this._askingAgain = setTimeout(() => void this.start(), this._patience);
        this._patience = Math.min(2 * this._patience, MAX_PATIENCE);
      }
    }
  }

  /** The directory that receives an upload to `path`: itself, or the user's home directory. */
  destinationFor(path: string): string {
    const own = this._own ?? '';
    return path === own || path.startsWith(`${own}/`) ? path : own;
  }

  /** Fetch the unfinished uploads. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    const received = await this.api.uploads();
    // Ignore the answer to an older request.
    if (asked > this._known) {
      this._known = asked;
      this._receive(received);
    }
  }

  /**
   * Match items with unfinished uploads, leave out what is being sent already, and take over what
   * has failed.
   *
   * @param destination - relative to the user's home directory
   * @returns the items, and the files among them that resume
   */
  async recognize(
    items: readonly IUploadItem[],
    destination: string
  ): Promise<{ items: IUploadItem[]; begun: Set<IUploadFile> }> {
    await this.refresh();
    const running = fingerprints(this._items.filter(hasNotFailed));
    const received = new Map(
      this._received.map(item => [item.fingerprint, item])
    );
    const begun = new Set<IUploadFile>();
    const recognized = items.map(item => {
      const files: IUploadFile[] = [];
      for (const source of item.files) {
        const fingerprint = fingerprintOf(source, destination);
        if (running.has(fingerprint)) {
          continue;
        }
        const path = received.get(fingerprint)?.path;
        const file = path === undefined ? source : { ...source, path };
        files.push(file);
        if (path !== undefined) {
          begun.add(file);
        }
      }
      return { ...item, files };
    });
    return {
      items: recognized.filter(({ files }) => files.length > 0),
      begun
    };
  }

  /** Send an item; bytes that the server has already are not sent again. */
  add(item: IUploadItem, destination: string): void {
    const received = new Map(
      this._received.map(item => [`${item.fingerprint}\n${item.path}`, item])
    );
    const files = item.files.map(source => {
      const file = new FileUpload(
        this.api,
        source,
        destination,
        item.name,
        () => this._moved(),
        this._delays
      );
      const begun = received.get(`${file.fingerprint}\n${file.path}`);
      if (begun) {
        file.resume(begun);
      }
      return file;
    });
    const upload: IMutableUpload = {
      name: item.name,
      destination,
      files,
      hidden: item.hidden,
      size: files.reduce((sum, { size }) => sum + size, 0),
      state: 'sending',
      error: null,
      next: 0,
      open: 0,
      sentAgain: false,
      rate: new RateMeter()
    };
    const again = fingerprints([upload]);
    // The failed upload is part of this one now.
    this._items = this._items.filter(
      other =>
        hasNotFailed(other) ||
        !other.files.some(({ fingerprint }) => again.has(fingerprint))
    );
    this._items.push(upload);
    this._sort();
    this._begin(upload);
  }

  /** Retry the failed files. */
  retry(upload: IUpload): void {
    if (hasNotFailed(upload)) {
      return;
    }
    for (const file of upload.files) {
      if (file.state === 'failed') {
        file.state = 'waiting';
        file.error = null;
      }
    }
    this._begin(upload as IMutableUpload);
  }

  /** Cancel an upload, and delete its data from the server. */
  async cancel(upload: IUpload): Promise<void> {
    this._items = this._items.filter(item => item !== upload);
    upload.files.forEach(file => file.stop());
    this._changed.emit();
    this._pump();
    // The server also knows uploads whose first answer has not arrived yet.
    await this.refresh();
    const stopped = new Set(upload.files.map(file => file.fingerprint));
    await this._remove(
      this._received.filter(({ fingerprint }) => stopped.has(fingerprint))
    );
  }

  /** Delete an interrupted upload from the server. */
  async discard(interrupted: IInterrupted): Promise<void> {
    await this._remove(interrupted.received);
  }

  /** Retry now: the connection may be back. */
  reconnect(): void {
    this._items.forEach(({ files }) => files.forEach(file => file.hurry()));
  }

  /** Bytes on the server, and bytes per second. */
  progressOf(upload: IUpload): { done: number; rate: number | null } {
    const done = upload.files.reduce((sum, { sent }) => sum + sent, 0);
    const { rate } = upload as IMutableUpload;
    return { done, rate: rate.at(Date.now(), done) };
  }

  private async _remove(received: readonly IReceived[]): Promise<void> {
    try {
      await Promise.all(received.map(({ id }) => this._forget(id)));
    } finally {
      await this.refresh();
    }
  }

  private async _forget(id: string): Promise<void> {
    try {
      await this.api.removeUpload(id);
    } catch (error) {
      // It has expired, or another page removed it first.
      const { code } = toRequestError(error);
      if (code !== 'not-found' && code !== 'no-such-upload') {
        throw error;
      }
    }
  }

  private _begin(upload: IMutableUpload): void {
    upload.state = 'sending';
    upload.error = null;
    upload.next = 0;
    upload.open = upload.files.filter(isWaiting).length;
    this._changed.emit();
    if (upload.open === 0) {
      this._finish(upload);
    }
    this._pump();
  }

  /** Start as many files as allowed, oldest first. */
  private _pump(): void {
    for (const upload of this._items) {
      while (upload.next < upload.files.length && this._running < PARALLEL) {
        const file = upload.files[upload.next];
        upload.next += 1;
        if (isWaiting(file)) {
          void this._run(upload, file);
        }
      }
    }
  }

  private async _run(upload: IMutableUpload, file: FileUpload): Promise<void> {
    this._running += 1;
    await file.run();
    this._running -= 1;
    upload.open -= 1;
    if (upload.open === 0 && this._items.includes(upload)) {
      this._finish(upload);
    }
    this._pump();
  }

  /** All files are sent or have failed: hand the upload on, or report the failure. */
  private _finish(upload: IMutableUpload): void {
    const failed = upload.files.find(({ state }) => state === 'failed');
    if (failed) {
      upload.state = 'failed';
      upload.error = failed.error;
      this._changed.emit();
    } else {
      upload.state = 'handing-on';
      this._changed.emit();
      void this._handOn(upload);
    }
  }

  private async _handOn(upload: IMutableUpload): Promise<void> {
    const { destination, files, hidden } = upload;
    try {
      const started = await this.api.startUpload(
        // The name in the storage, if it was changed there.
        files[0].path.split('/')[0],
        files.map(({ id, path }) => ({ id: id ?? '', path })),
        destination,
        hidden
      );
      this._transfers.add(started);
    } catch (thrown) {
      const error = toRequestError(thrown);
      if (isLost(error) && (await this._resetLost(upload))) {
        this._begin(upload);
        return;
      }
      upload.state = 'failed';
      upload.error = error;
      this._changed.emit();
      return;
    }
    this._items = this._items.filter(item => item !== upload);
    files.forEach(({ id }) => this._handedOn.add(id ?? ''));
    this._receive(this._received);
  }

  /** Send files again that the server has lost; returns whether there are any. */
  private async _resetLost(upload: IMutableUpload): Promise<boolean> {
    try {
      await this.refresh();
    } catch (error) {
      console.warn('ctadata: not known what the server has:', error);
      return false;
    }
    const ids = new Set(this._received.map(({ id }) => id));
    const lost = upload.files.filter(({ id }) => id === null || !ids.has(id));
    const again = lost.length > 0 && !upload.sentAgain;
    // Only once: a server might lose it every time.
    upload.sentAgain = again;
    lost.forEach(file => file.reset());
    return again;
  }

  private _receive(received: readonly IReceived[]): void {
    // A poll started before does not know that an upload was handed on.
    this._received = received.filter(({ id }) => !this._handedOn.has(id));
    this._sort();
  }

  /** Find the uploads on the server that no page is sending. */
  private _sort(): void {
    this._interrupted = groupInterrupted(
      this._received,
      fingerprints(this._items)
    );
    this._changed.emit();
  }

  /** Report progress, but not for each packet. */
  private _moved(): void {
    this._timer ??= setTimeout(() => {
      this._timer = undefined;
      this._changed.emit();
    }, INTERVAL);
  }

  private _own: string | null = null;
  private _started = false;
  private _askingAgain: ReturnType<typeof setTimeout> | undefined;
  private _items: IMutableUpload[] = [];
  private _received: readonly IReceived[] = [];
  private _interrupted: readonly IInterrupted[] = [];
  /** Ids of the files handed on. */
  private _handedOn = new Set<string>();
  private _asked = 0;
  private _known = 0;
  private _running = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
