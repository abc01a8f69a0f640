import { ServerConnection } from '@jupyterlab/services';
import { Upload as TusUpload, DetailedError } from 'tus-js-client';

import { RequestError } from '../api/errors';
import { answerError, proofOf, resourceUrl } from '../api/http';
import { IReceived } from '../api/types';
import { baseName } from '../common/paths';
import { ICTADataAPI } from '../tokens';
import { IUploadFile } from './collect-files';

/** Bytes per request: ordinary proxies let this much through. */
export const CHUNK = 8 * 1024 * 1024;

/** Milliseconds before each retry; the last value repeats, because connections come back. */
const DELAYS = [500, 1000, 2000, 5000, 10_000, 20_000, 30_000];

/** Maximum number of consecutive refusals that are retried. */
const MAX_REFUSALS = 6;

/** Statuses of an upload that is locked by a broken request, or whose offset differs from ours. */
const PASSING = new Set([409, 423, 460]);

/** Statuses without an answer of the server: none, or that of a proxy. */
const AWAY = new Set([0, 429, 502, 503, 504]);

/** Identifies a file that is chosen again. */
export function fingerprintOf(
  { file, source }: IUploadFile,
  destination: string
): string {
  return [source, file.size, file.lastModified, destination].join('\n');
}

/** The upload of one file to the server by tus 1.0.0; it resumes after a broken connection. */
export class FileUpload {
  /**
   * @param destination - relative to the user's home directory
   * @param item - the name of the dropped item
   * @param changed - called when progress or state change
   */
  constructor(
    private _api: ICTADataAPI,
    readonly source: IUploadFile,
    readonly destination: string,
    readonly item: string,
    private _changed: () => void,
    private _delays: readonly number[] = DELAYS
  ) {
    this.fingerprint = fingerprintOf(source, destination);
    this.path = source.path;
  }

  readonly fingerprint: string;

  /** Relative to the destination. */
  path: string;

  state: 'waiting' | 'sending' | 'sent' | 'failed' = 'waiting';

  /** The upload's id on the server; null until it is created. */
  id: string | null = null;

  /** Bytes sent. */
  sent = 0;

  /** Why it has failed or is being retried. */
  error: RequestError | null = null;

  get size(): number {
    return this.source.file.size;
  }

  /** Resume from what the server has. */
  resume(received: IReceived): void {
    this.id = received.id;
    this.path = received.path;
    this.sent = this._accepted = received.offset;
    if (received.offset === received.size) {
      this.state = 'sent';
    }
  }

  /** Start over: the server has lost the upload. */
  reset(): void {
    this.id = null;
    this.sent = this._accepted = 0;
    this.state = 'waiting';
    this.error = null;
  }

  /** Send the file; resolves when it is sent, has failed, or was stopped. */
  async run(): Promise<void> {
    this._stopped = false;
    this._show('sending', null);
    let restarted = false;
    for (let tries = 0; ; tries += 1) {
      const before = this._accepted;
      const failure = await this._send();
      if (this._stopped) {
        return;
      }
      if (!failure) {
        this._show('sent', null);
        return;
      }
      if (this._accepted > before) {
        tries = 0;
      }
      this.sent = this._accepted;
      const { status, error } = failure;
      const again =
        AWAY.has(status) || (PASSING.has(status) && tries < MAX_REFUSALS);
      if (status === 404 || status === 410) {
        // The server has lost the upload: start over, once.
        if (this.id === null || restarted) {
          this._show('failed', error);
          return;
        }
        restarted = true;
        this.id = null;
        this.sent = this._accepted = 0;
        continue;
      }
      if (!again || !(await this._isReadable())) {
        const unreadable = new RequestError('unreadable', '');
        this._show('failed', again ? unreadable : error);
        return;
      }
      if (this._stopped) {
        return;
      }
      this._show('sending', error);
      await this._pause(tries);
      if (!this._stopped && this.id === null) {
        // The server may have created the upload although its answer was lost.
        await this._find();
      }
      if (this._stopped) {
        return;
      }
    }
  }

  /** Retry now. */
  hurry(): void {
    this._wake();
  }

  /** Stop sending. */
  stop(): void {
    this._stopped = true;
    void this._tus?.abort();
    this._ended();
    this._wake();
  }

  /** Try to send once; returns the error. */
  private _send(): Promise<IUploadFailure | null> {
    const { settings } = this._api;
    return new Promise(resolve => {
      this._ended = () => resolve(null);
      // tus-js-client would start over when a proxy answers instead of the server, and does not
      // notice when the connection is back. It tries once; this class retries.
      const tus = new TusUpload(this.source.file, {
        endpoint: this.id === null ? resourceUrl(settings, 'uploads') : null,
        uploadUrl:
          this.id === null
            ? null
            : resourceUrl(settings, `uploads/${encodeURIComponent(this.id)}`),
        metadata: {
          filename: this.path,
          destination: this.destination,
          item: this.item,
          fingerprint: this.fingerprint
        },
        chunkSize: CHUNK,
        uploadDataDuringCreation: true,
        storeFingerprintForResuming: false,
        retryDelays: null,
        onBeforeRequest: request => {
          const proof = proofOf(settings, cookieOfPage());
          for (const [name, value] of Object.entries(proof)) {
            request.setHeader(name, value);
          }
        },
        onUploadUrlAvailable: () => {
          this.id = decodeURIComponent(baseName(tus.url ?? ''));
        },
        onProgress: sent => {
          this.sent = sent;
          this._changed();
        },
        onChunkComplete: (_, accepted) => {
          this._accepted = accepted;
          this.error = null;
        },
        onSuccess: () => {
          this.sent = this.size;
          resolve(null);
        },
        onError: error => {
          void failureOf(error, settings, this.id).then(resolve);
        }
      });
      this._tus = tus;
      tus.start();
    });
  }

  private async _find(): Promise<void> {
    try {
      const received = (await this._api.uploads()).find(
        ({ fingerprint, path }) =>
          fingerprint === this.fingerprint && path === this.path
      );
      if (received) {
        this.id = received.id;
      }
    } catch {
      // The next try reports the error.
    }
  }

  /** Whether the file is unchanged: only reading it tells a changed file from a broken connection. */
  private async _isReadable(): Promise<boolean> {
    try {
      await this.source.file.slice(0, 1).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }

  private async _pause(tries: number): Promise<void> {
    const delay = this._delays[Math.min(tries, this._delays.length - 1)];
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>(resolve => {
      this._wake = resolve;
      timer = setTimeout(resolve, delay);
    });
    clearTimeout(timer);
  }

  private _show(state: FileUpload['state'], error: RequestError | null): void {
    this.state = state;
    this.error = error;
    this._changed();
  }

  /** Bytes that the server has confirmed. */
  private _accepted = 0;
  private _tus: TusUpload | null = null;
  private _stopped = false;
  private _ended: () => void = () => undefined;
  private _wake: () => void = () => undefined;
}

/** The error, and the status of the answer; 0 without one. */
interface IUploadFailure {
  status: number;
  error: RequestError;
}

async function failureOf(
  error: Error | DetailedError,
  settings: ServerConnection.ISettings,
  id: string | null
): Promise<IUploadFailure> {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (!response) {
    const unreachable = new RequestError('server-unreachable', error.message);
    return { status: 0, error: unreachable };
  }
  const status = response.getStatus();
  const body = response.getBody();
  if (id !== null && (status === 404 || status === 410)) {
    // The upload is gone. Do not show the server's message, which names its number.
    return { status, error: new RequestError('no-such-upload', '') };
  }
  const path = id === null ? 'uploads' : `uploads/${encodeURIComponent(id)}`;
  return { status, error: await answerError(settings, path, status, body) };
}

function cookieOfPage(): string {
  return typeof document === 'undefined' ? '' : document.cookie;
}
