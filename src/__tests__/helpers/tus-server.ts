import { ServerConnection } from '@jupyterlab/services';
import { IncomingMessage, Server, ServerResponse, createServer } from 'http';
import { AddressInfo } from 'net';
import { defaultOptions } from 'tus-js-client';

import { API } from '../../api/client';
import { IReceived, ITransfer } from '../../api/types';

// In node tus-js-client reads buffers; in a browser, files.
defaultOptions.fileReader = {
  openFile: async (file: File) => ({
    size: file.size,
    slice: async (start: number, end: number) => {
      const bytes = Buffer.from(await file.slice(start, end).arrayBuffer());
      return {
        value: Object.assign(bytes, { size: bytes.length }),
        done: end >= file.size
      };
    },
    close: () => undefined
  })
};

/** One request, and what may be done with it instead of answering it properly. */
export interface ITusRequest {
  method: string;
  /** Below the extension's namespace. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Answer like this. */
  answer: (status: number, body?: unknown) => void;
  /** Take so many bytes of the body, then break the connection. */
  breakAfter: (bytes: number) => void;
  /** Do all that is asked for, but break the connection in the answer's place. */
  loseAnswer: () => void;
}

interface IStored extends IReceived {
  bytes: Buffer;
}

/** A server of tus 1.0.0 (core, creation, creation-with-upload, termination), in memory. */
export class TusServer {
  /** All requests so far: "METHOD path". */
  readonly log: string[] = [];
  readonly stored = new Map<string, IStored>();
  /** The bodies of the orders to hand something on. */
  readonly orders: unknown[] = [];
  /** The sizes of the bodies that came whole. */
  readonly pieces: number[] = [];
  /** The most bodies that were received at the same time. */
  mostAtOnce = 0;
  transfers: ITransfer[] = [];
  /** Meddles with a request; returns whether it has. */
  meddle: (request: ITusRequest) => boolean = () => false;

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
    return new API(
      ServerConnection.makeSettings({
        baseUrl: `http://127.0.0.1:${port}/user/ada/`,
        appendToken: false,
        token: 'secret',
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
    const method = request.method ?? '';
    const path = (request.url ?? '')
      .replace('/user/ada/ctadata/', '')
      .replace(/\?.*$/, '');
    this.log.push(`${method} ${path}`);
    const answer = (status: number, body?: unknown, headers = {}) => {
      response.writeHead(status, { 'Tus-Resumable': '1.0.0', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    let limit = Infinity;
    let isLost = false;
    const meddled = this.meddle({
      method,
      path,
      headers: request.headers,
      answer: (status, body) => {
        request.resume();
        answer(status, body);
      },
      breakAfter: bytes => {
        limit = bytes;
      },
      loseAnswer: () => {
        isLost = true;
      }
    });
    if (meddled) {
      return;
    }
    const reply = isLost ? () => request.socket.destroy() : answer;
    if (path === 'home-directory') {
      answer(200, { path: 'lst/users/ada' });
    } else if (path === 'transfers') {
      if (method === 'POST') {
        this.orders.push(JSON.parse((await this._read(request)).toString()));
        reply(202, { transfers: this.transfers });
      } else {
        answer(200, { transfers: this.transfers });
      }
    } else if (path === 'uploads' && method === 'GET') {
      answer(200, {
        uploads: [...this.stored.values()].map(({ bytes, ...facts }) => ({
          ...facts,
          offset: bytes.length
        }))
      });
    } else if (path === 'uploads') {
      const id = `id ${this._count++}`;
      const stored = storedFrom(id, request.headers);
      this.stored.set(id, stored);
      await this._receive(request, stored, limit);
      reply(201, undefined, {
        Location: `/user/ada/ctadata/uploads/${encodeURIComponent(id)}`,
        'Upload-Offset': stored.bytes.length
      });
    } else {
      const id = decodeURIComponent(path.replace('uploads/', ''));
      const stored = this.stored.get(id);
      if (!stored) {
        request.resume();
        answer(404, { code: 'not-found', message: 'No such upload' });
      } else if (method === 'HEAD') {
        answer(200, undefined, {
          'Upload-Offset': stored.bytes.length,
          'Upload-Length': stored.size
        });
      } else if (method === 'DELETE') {
        this.stored.delete(id);
        answer(204);
      } else if (
        Number(request.headers['upload-offset']) !== stored.bytes.length
      ) {
        request.resume();
        answer(409, { code: 'wrong-offset', message: 'Elsewhere' });
      } else {
        await this._receive(request, stored, limit);
        reply(204, undefined, { 'Upload-Offset': stored.bytes.length });
      }
    }
  }

  private async _read(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  private async _receive(
    request: IncomingMessage,
    stored: IStored,
    limit: number
  ): Promise<void> {
    this._receiving += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this._receiving);
    const parts = [stored.bytes];
    let taken = 0;
    try {
      for await (const chunk of request) {
        const part = chunk.subarray(0, limit - taken);
        parts.push(part);
        taken += part.length;
        if (taken >= limit) {
          request.destroy();
          return;
        }
      }
      this.pieces.push(taken);
    } catch {
      // The client has gone; what came is kept.
    } finally {
      stored.bytes = Buffer.concat(parts);
      this._receiving -= 1;
    }
  }

  private _count = 0;
  private _receiving = 0;
  private _server: Server = createServer((request, response) => {
    void this._serve(request, response);
  });
}

function storedFrom(id: string, headers: IncomingMessage['headers']): IStored {
  const metadata = Object.fromEntries(
    String(headers['upload-metadata'])
      .split(',')
      .map(pair => {
        const [key, value = ''] = pair.split(' ');
        return [key, Buffer.from(value, 'base64').toString()];
      })
  );
  return {
    id,
    path: metadata.filename,
    destination: metadata.destination,
    item: metadata.item,
    fingerprint: metadata.fingerprint,
    size: Number(headers['upload-length']),
    offset: 0,
    expires: 0,
    bytes: Buffer.alloc(0)
  };
}
