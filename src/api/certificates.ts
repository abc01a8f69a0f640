import { ServerConnection } from '@jupyterlab/services';

import { request } from './http';
import {
  IDelegated,
  IDelegations,
  IFoundCertificate,
  IInspection
} from './types';

/** Bytes of a file that are read at most: one more than the server takes. */
export const MAX_BYTES = 65537;

/** Time-outs, in milliseconds. */
const INSPECT_TIMEOUT = 30_000;
const UPLOAD_TIMEOUT = 120_000;

/** The certificates' part of the REST interface. */
export class CertificatesAPI {
  constructor(private _settings: ServerConnection.ISettings) {}

  delegations(): Promise<IDelegations> {
    return request<IDelegations>(
      this._settings,
      'certificates',
      { signal: AbortSignal.timeout(INSPECT_TIMEOUT) },
      ['now', 'keys', 'delegations']
    );
  }

  /** Inspect a file's bytes. Nothing is stored or sent to the service. */
  inspect(bytes: BufferSource): Promise<IInspection> {
    return request<IInspection>(
      this._settings,
      'certificates/inspect',
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: bytes,
        signal: AbortSignal.timeout(INSPECT_TIMEOUT)
      },
      ['blocked', 'findings']
    );
  }

  /** Inspect the proxy certificate on the server. */
  found(): Promise<IFoundCertificate> {
    return request<IFoundCertificate>(
      this._settings,
      'certificates/found',
      { signal: AbortSignal.timeout(INSPECT_TIMEOUT) },
      ['path', 'inspection']
    );
  }

  /** Delegate the certificate in a file's bytes. */
  upload(key: string, bytes: BufferSource): Promise<IDelegated> {
    return request<IDelegated>(
      this._settings,
      `certificates/${encodeURIComponent(key)}`,
      {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: bytes,
        signal: AbortSignal.timeout(UPLOAD_TIMEOUT)
      },
      ['delegation', 'message', 'validity']
    );
  }

  /**
   * Delegate the proxy certificate on the server.
   *
   * @throws RequestError; 'certificate-changed' if its fingerprint is no longer this one
   */
  uploadFound(key: string, fingerprint: string): Promise<IDelegated> {
    return request<IDelegated>(
      this._settings,
      `certificates/${encodeURIComponent(key)}/found`,
      {
        method: 'PUT',
        body: JSON.stringify({ fingerprint }),
        signal: AbortSignal.timeout(UPLOAD_TIMEOUT)
      },
      ['delegation', 'message', 'validity']
    );
  }
}
