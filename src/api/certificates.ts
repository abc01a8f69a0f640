import { ServerConnection } from '@jupyterlab/services';

import { request } from './http';

/** The most bytes that are read of a file; the server calls a file of so many too big. */
export const MAX_BYTES = 65537;

/** Milliseconds after which nobody waits any longer for a look, and for an upload. */
const LOOK_TIMEOUT = 30_000;
const UPLOAD_TIMEOUT = 120_000;

/** Something about a certificate that its owner should know. */
export interface IFinding {
  /** 'block': it is not uploaded. */
  level: 'block' | 'warn' | 'info';
  code: string;
  sentence: string;
}

/** What a file holds; all moments are in ISO 8601. */
export interface IInspection {
  subject: string | null;
  issuer: string | null;
  /** Who has issued the person's own certificate. */
  authority: string | null;
  /** The person, in the grid's form with slashes. */
  identity: string | null;
  kind: 'rfc3820' | 'legacy' | 'gt3-draft' | 'end-entity' | 'ca' | null;
  limited: boolean;
  not_before: string | null;
  not_after: string | null;
  vo: string | null;
  fqans: string[];
  key_present: boolean;
  fingerprint: string | null;
  /** Whether it is not uploaded. */
  blocked: boolean;
  findings: IFinding[];
}

/** A certificate that was uploaded from this account. */
export interface IDelegation {
  /** What it was uploaded for. */
  key: string;
  identity: string | null;
  vo: string | null;
  fqans: string[];
  not_after: string;
  uploaded_at: string;
}

/** What was uploaded from this account; the service itself cannot be asked. */
export interface IDelegations {
  /** The server's clock. */
  now: string;
  service: string | null;
  keys: string[];
  delegations: IDelegation[];
}

/** The proxy that lies on the server. */
export interface IFound {
  path: string;
  owner: string | null;
  /** Why it cannot be used. */
  message: string | null;
  /** Null where it cannot be used. */
  inspection: IInspection | null;
}

/** What the service answered to an upload. */
export interface IStored {
  message: string;
  validity: string;
  delegation: IDelegation;
}

/** The part of the REST interface that is about certificates. */
export class CertificatesAPI {
  constructor(private _settings: ServerConnection.ISettings) {}

  delegations(): Promise<IDelegations> {
    return request<IDelegations>(
      this._settings,
      'certificates',
      { signal: AbortSignal.timeout(LOOK_TIMEOUT) },
      ['now', 'keys', 'delegations']
    );
  }

  /** Look at a file's bytes; nothing is sent to the service, and nothing stored. */
  inspect(bytes: BufferSource): Promise<IInspection> {
    return request<IInspection>(
      this._settings,
      'certificates/inspect',
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: bytes,
        signal: AbortSignal.timeout(LOOK_TIMEOUT)
      },
      ['blocked', 'findings']
    );
  }

  /** Look at the proxy on the server. */
  found(): Promise<IFound> {
    return request<IFound>(
      this._settings,
      'certificates/found',
      { signal: AbortSignal.timeout(LOOK_TIMEOUT) },
      ['path', 'inspection']
    );
  }

  /** Hand a file's bytes to the service. */
  upload(key: string, bytes: BufferSource): Promise<IStored> {
    return request<IStored>(
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
   * Hand the proxy on the server to the service.
   *
   * @throws RequestError; 'certificate-changed' when it is not the one with this fingerprint any more
   */
  uploadFound(key: string, fingerprint: string): Promise<IStored> {
    return request<IStored>(
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
