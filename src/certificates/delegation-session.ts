import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { MAX_BYTES } from '../api/certificates';
import { RequestError, toRequestError } from '../api/errors';
import {
  IDelegated,
  IFinding,
  IFoundCertificate,
  IInspection
} from '../api/types';
import { PersistedValue } from '../common/persisted-value';
import { CertificatesModel } from './model';

/** A local file, or the proxy found on the server. */
type Source = { file: Blob; name: string } | 'found';

/** An inspected certificate. */
export interface IExaminedFile {
  /** The file's name, or its path on the server. */
  name: string;
  inspection: IInspection;
}

/** The result of an upload. */
export interface IUploadResult {
  key: string;
  stored: IDelegated | null;
  refused: RequestError | null;
}

/** Delegates one certificate: choose, inspect, upload. It holds the certificate until it is disposed. */
export class DelegationSession implements IDisposable {
  /**
   * @param chosen - the key chosen last time
   * @param onLate - called with the result of an upload that ends after disposal
   */
  constructor(
    private _certificates: CertificatesModel,
    private _chosen: PersistedValue<string>,
    private _onLate: (result: IUploadResult) => void
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The proxy found on the server; null while unknown. */
  get found(): IFoundCertificate | null {
    return this._found;
  }

  /** Why looking for it failed. */
  get foundError(): RequestError | null {
    return this._foundError;
  }

  /** The name of the file being inspected. */
  get looking(): string | null {
    return this._looking;
  }

  /** The chosen certificate, inspected. */
  get examined(): IExaminedFile | null {
    return this._look;
  }

  /** Why the chosen file could not be inspected. */
  get error(): RequestError | null {
    return this._error;
  }

  get sending(): boolean {
    return this._sending;
  }

  get result(): IUploadResult | null {
    return this._result;
  }

  /** The key that it would be uploaded for. */
  get key(): string | null {
    const { keys } = this._certificates;
    return keys.includes(this._chosen.value)
      ? this._chosen.value
      : (keys[0] ?? null);
  }

  set key(key: string | null) {
    this._chosen.value = key ?? '';
    this._changed.emit();
  }

  get canUpload(): boolean {
    return (
      this._look !== null &&
      !this._look.inspection.blocked &&
      this.key !== null &&
      !this._sending &&
      this._looking === null
    );
  }

  /** Discard the certificate. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._forget();
      this._source = null;
      this._look = null;
      Signal.clearData(this);
    }
  }

  /** Look for a proxy on the server. */
  async findOnServer(): Promise<void> {
    this._foundError = null;
    this._changed.emit();
    try {
      this._found = await this._certificates.api.found();
    } catch (error) {
      this._foundError = toRequestError(error);
    }
    this._changed.emit();
  }

  /** Inspect a local file; nothing is sent to the certificate service. */
  chooseFile(file: File): Promise<void> {
    return this._choose({ file, name: file.name });
  }

  /** Report that the dropped item is not a single file. */
  refuseDrop(message: string): void {
    if (!this._sending) {
      this._start(null);
      this._error = new RequestError('no-file', message);
      this._changed.emit();
    }
  }

  /** Inspect the proxy on the server. */
  chooseFound(): Promise<void> {
    return this._choose('found');
  }

  /** Inspect the chosen file again. */
  async lookAgain(): Promise<void> {
    if (this._source) {
      await this._choose(this._source);
    }
  }

  /** Upload the inspected certificate to the service. */
  async upload(): Promise<void> {
    const { key, examined: look } = this;
    if (!this.canUpload || key === null || look === null) {
      return;
    }
    const { api } = this._certificates;
    this._sending = true;
    this._result = null;
    this._changed.emit();
    const result: IUploadResult = { key, stored: null, refused: null };
    try {
      result.stored =
        this._bytes === null
          ? await api.uploadFound(key, look.inspection.fingerprint ?? '')
          : await api.upload(key, this._bytes);
      this._certificates.add(result.stored.delegation);
    } catch (error) {
      result.refused = toRequestError(error);
    }
    this._sending = false;
    this._result = result;
    void this._certificates.refresh();
    if (this._isDisposed) {
      this._onLate(result);
    } else {
      this._changed.emit();
    }
  }

  private async _choose(source: Source): Promise<void> {
    if (this._sending || this._isDisposed) {
      return;
    }
    const asked = this._start(source);
    this._looking =
      source === 'found' ? (this._found?.path ?? '') : source.name;
    this._changed.emit();
    let look: IExaminedFile | null = null;
    let error: RequestError | null = null;
    try {
      look =
        source === 'found'
          ? await this._lookAtFound()
          : await this._lookAtFile(source.file, source.name, asked);
    } catch (thrown) {
      error = toRequestError(thrown);
    }
    if (asked === this._asked && !this._isDisposed) {
      this._looking = null;
      this._look = look;
      this._error = error;
      this._changed.emit();
    }
  }

  private async _lookAtFile(
    file: Blob,
    name: string,
    asked: number
  ): Promise<IExaminedFile> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(await file.slice(0, MAX_BYTES).arrayBuffer());
    } catch {
      throw new RequestError('unreadable', '');
    }
    // Upload the bytes that were inspected, even if the file has changed.
    if (asked === this._asked && !this._isDisposed) {
      this._bytes = bytes;
    }
    const inspection = await this._certificates.api.inspect(bytes);
    return { name, inspection };
  }

  private async _lookAtFound(): Promise<IExaminedFile> {
    this._found = await this._certificates.api.found();
    const { path, message, inspection } = this._found;
    if (!inspection) {
      throw new RequestError('certificate-unusable', message ?? '');
    }
    return { name: path, inspection };
  }

  /** Discard earlier results. */
  private _start(source: Source | null): number {
    this._forget();
    this._source = source;
    this._looking = null;
    this._look = null;
    this._error = null;
    this._result = null;
    return ++this._asked;
  }

  private _forget(): void {
    this._bytes?.fill(0);
    this._bytes = null;
  }

  private _source: Source | null = null;
  /** The file's bytes; null for the proxy on the server. */
  private _bytes: Uint8Array<ArrayBuffer> | null = null;
  private _found: IFoundCertificate | null = null;
  private _foundError: RequestError | null = null;
  private _looking: string | null = null;
  private _look: IExaminedFile | null = null;
  private _error: RequestError | null = null;
  private _sending = false;
  private _result: IUploadResult | null = null;
  private _asked = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** The findings with which the server refused the certificate. */
export function findingsOf(error: RequestError): IFinding[] {
  const { findings } = error.answer;
  return Array.isArray(findings) ? (findings as IFinding[]) : [];
}
