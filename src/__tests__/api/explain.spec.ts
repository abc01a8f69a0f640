import { ServerConnection } from '@jupyterlab/services';

import { API_VERSION } from '../../api/client';
import { ErrorCode, RequestError, toRequestError } from '../../api/errors';
import { explain, explainBriefly } from '../../api/explain';
import { BrowserModel } from '../../browser/model';
import { TestServer } from '../helpers/test-server';
import { trans } from '../helpers/translator';

const server = new TestServer();
let told: jest.SpyInstance;

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  told = jest.spyOn(console, 'error').mockReturnValue();
});
afterEach(() => told.mockRestore());

const frozen = Object.freeze(new TypeError('frozen'));
const hostile = {
  get message(): string {
    throw new Error('no');
  }
};

it.each([
  [new TypeError('x is undefined'), 'x is undefined'],
  [frozen, 'frozen'],
  ['a text', 'a text'],
  [42, '42'],
  [undefined, 'no details'],
  [null, 'no details'],
  ['', 'no details'],
  [Symbol('odd'), 'Symbol(odd)'],
  [{ message: 'like an error' }, 'like an error'],
  [{ code: 5, message: 6 }, '6'],
  [Object.create(null), 'no details'],
  [new Error(''), 'Error'],
  [new DOMException('gone', 'NotFoundError'), 'gone']
])('explains %p', (thrown, words) => {
  const { title, text, remedies } = explain(thrown, trans);
  expect(title).not.toBe('');
  expect(text).toContain(words);
  expect(remedies).toContain('retry');
  expect(explainBriefly(thrown, trans)).toBe(text);
  expect(typeof toRequestError(thrown).code).toBe('string');
  // Whoever looks for the reason finds all of it.
  expect(told).toHaveBeenCalledWith(expect.any(String), thrown);
});

it('explains what cannot even be read', () => {
  expect(explainBriefly(hostile, trans)).toContain('no details');
});

it('explains what a signal has aborted, without a report', () => {
  const abort = new AbortController();
  abort.abort();
  expect(toRequestError(abort.signal.reason).code).toBe('cancelled');
  expect(told).not.toHaveBeenCalled();
});

it('explains a code that it does not know, in the words of the server', () => {
  const error = new RequestError('brand-new' as ErrorCode, 'Wait a minute');
  const { title, text, remedies } = explain(error, trans);
  expect([title, text]).toEqual(['Something went wrong', 'Wait a minute']);
  expect(remedies).toContain('retry');
});

it('keeps what JupyterLab says itself', async () => {
  const { settings } = server.api;
  const network = new ServerConnection.NetworkError(new TypeError('down'));
  expect(toRequestError(network).code).toBe('server-unreachable');
  const response = new Response('', { status: 404 });
  const refused = new ServerConnection.ResponseError(response, 'No such file');
  expect(explainBriefly(refused, trans)).toBe('No such file');
  expect(settings.baseUrl).not.toBe('');
});

it.each([
  ['null', 'not-offered'],
  ['""', 'not-offered'],
  ['5', 'not-offered'],
  ['', 'not-offered'],
  ['{}', 'server-older'],
  ['{"type":"directory","entries":{"names":null}}', 'server-older']
])('shows an answer %p of the server as an error', async (body, code) => {
  server.handler = request => request.answer(200, body);
  const model = new BrowserModel(server.api);
  await model.cd('x');
  expect(model.loading).toBe(false);
  expect(model.error?.code).toBe(code);
  model.dispose();
});

it('shows an error that nobody has thought of, and goes on', async () => {
  const model = new BrowserModel(server.api);
  server.handler = request =>
    request.answer(200, { type: 'file', path: 'x', name: 'x' });
  jest.spyOn(model.api, 'list').mockRejectedValueOnce('no error at all');
  await model.cd('x');
  expect(model.error?.code).toBe('unexpected');
  expect(explainBriefly(model.error, trans)).toContain('no error at all');
  await model.refresh();
  expect(model.error?.code).toBe('not-a-directory');
  model.dispose();
});

describe('a 404 that is not ours', () => {
  it('means a missing extension only where that says nothing at all', async () => {
    server.handler = request => request.answer(404, '<html>404</html>');
    for (const ask of [
      () => server.api.status(),
      () => server.api.list('lst'),
      () => server.api.uploads(),
      () => server.api.content('lst/a', 5),
      () => server.api.totals([], () => undefined)
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'extension-missing' });
    }
  });

  it('is that of a page that is older or newer, where the extension answers', async () => {
    server.handler = request =>
      request.path === 'status'
        ? request.answer(200, { versions: { api: API_VERSION } })
        : request.answer(404, '<html>404</html>');
    for (const ask of [
      () => server.api.list('lst'),
      () => server.api.removeUpload('12'),
      () => server.api.content('lst/a', 5),
      () => server.api.totals([], () => undefined)
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'not-offered' });
    }
    const error = new RequestError('not-offered', '');
    expect(explainBriefly(error, trans)).not.toContain('enable');
  });

  it('is a server that has gone meanwhile', async () => {
    server.handler = request =>
      request.path === 'status' ? request.cut() : request.answer(404, '');
    await expect(server.api.list('lst')).rejects.toMatchObject({
      code: 'server-unreachable'
    });
  });
});
