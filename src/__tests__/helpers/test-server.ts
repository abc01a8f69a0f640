import { ServerConnection } from '@jupyterlab/services';
import { IncomingMessage, Server, ServerResponse, createServer } from 'http';
import { AddressInfo } from 'net';

import { API } from '../../api/client';
import { IColumns, IEntry, ITransfer } from '../../api/types';

/** What a request is answered with, when the test says so. */
export interface IRequest {
  method: string;
  /** Below the extension's namespace, without the query. */
  path: string;
  body: string;
  /** Resolves when the client has gone without waiting for the answer. */
  aborted: Promise<void>;
  answer: (status: number, body: unknown) => void;
  /** Begin an answer of 200, or go on with it. */
  send: (part: string | Uint8Array) => void;
  /** End it. */
  end: () => void;
  /** Break the connection. */
  cut: () => void;
}

/** A real HTTP server in the server extension's place; each test says how it answers. */
export class TestServer {
  /** All requests so far: "METHOD path". */
  readonly log: string[] = [];
  handler: (request: IRequest) => void = request => {
    request.answer(500, {});
  };

  async start(): Promise<void> {
    await new Promise<void>(resolve => {
      this._server.listen(0, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    this._server.closeAllConnections();
    await new Promise(resolve => this._server.close(resolve));
  }

  get api(): API {
    const { port } = this._server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}/user/a b/`.replace(' ', '%20');
    return new API(
      ServerConnection.makeSettings({
        baseUrl,
        appendToken: false,
        fetch,
        Request,
        Headers
      })
    );
  }

  private async _serve(
    request: IncomingMessage,
    response: ServerResponse
  ): Promise<void> {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    const method = request.method ?? '';
    const path = (request.url ?? '')
      .replace('/user/a%20b/ctadata/', '')
      .replace(/\?.*$/, '');
    this.log.push(`${method} ${path}`);
    this.handler({
      method,
      path,
      body,
      aborted: new Promise(resolve => response.on('close', () => resolve())),
      answer: (status, reply) => {
        const raw = typeof reply === 'string' || reply instanceof Uint8Array;
        const content = raw ? reply : JSON.stringify(reply);
        response.writeHead(status, {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(content)
        });
        response.end(content);
      },
      send: part => void response.write(part),
      end: () => void response.end(),
      cut: () => void response.destroy()
    });
  }

  private _server: Server = createServer((request, response) => {
    void this._serve(request, response);
  });
}

/** A file, or a directory where the name ends with a slash. */
export function entry(path: string, facts: Partial<IEntry> = {}): IEntry {
  const isDirectory = path.endsWith('/');
  const bare = path.replace(/\/$/, '');
  return {
    name: bare.split('/').pop() ?? '',
    path: bare,
    type: isDirectory ? 'directory' : 'file',
    size: isDirectory ? null : 1,
    modified: null,
    ...facts
  };
}

/** A directory's answer; names of directories end with a slash and come first. */
export function directory(path: string, names: readonly string[]): unknown {
  return {
    ...entry(`${path}/`),
    entries: columns(names.map(name => entry(name))),
    truncated: false
  };
}

/** A file's answer. */
export function file(path: string): unknown {
  return { ...entry(path), entries: columns([]), truncated: false };
}

/** Entries as the server sends them. */
export function columns(entries: readonly IEntry[]): IColumns {
  return {
    names: entries.map(({ name }) => name),
    directories: entries.filter(({ type }) => type === 'directory').length,
    sizes: entries.map(({ size }) => size),
    modified: entries.map(({ modified }) => modified)
  };
}

/** A transfer's facts. */
export function transfer(
  id: string,
  state: ITransfer['state'],
  facts: Partial<ITransfer> = {}
): ITransfer {
  return {
    id,
    kind: 'download',
    source: `lst/${id}`,
    target: `here/${id}`,
    state,
    bytes_done: 0,
    bytes_total: 10,
    files_done: 0,
    files_total: 1,
    counting: false,
    rate: null,
    error: null,
    failures: [],
    notice: null,
    resumable: false,
    created: '2026-01-01T00:00:00Z',
    ended: null,
    ...facts
  };
}
