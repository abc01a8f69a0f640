import { Signal } from '@lumino/signaling';

import { LocalCopies } from '../../browser/local-copies';
import { BrowserModel } from '../../browser/model';
import { TransfersModel } from '../../transfers/model';
import { TestServer, directory, transfer } from '../helpers/test-server';

const server = new TestServer();
const target = { folder: 'my data', changed: new Signal<object, void>({}) };
let model: BrowserModel;
let transfers: TransfersModel;
let localCopies: LocalCopies;
let state: 'running' | 'finished';
let sizes: number[];

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.log.length = 0;
  state = 'running';
  sizes = [1, 2];
  server.handler = ({ path, answer }) => {
    if (path === 'transfers') {
      answer(200, { transfers: [transfer('a', state)] });
    } else if (path.startsWith('workspace/')) {
      const names = ['a.h5', 'b.h5'];
      const modified = [1700000000.75, 1700000000];
      answer(200, { path: '', free: 1, files: { names, sizes, modified } });
    } else {
      answer(200, directory('lst', ['a.h5']));
    }
  };
  model = new BrowserModel(server.api);
  transfers = new TransfersModel(server.api, 10);
  localCopies = new LocalCopies(model, transfers, target);
});
afterEach(() => {
  localCopies.dispose();
  transfers.dispose();
  model.dispose();
});

/** Resolves when it has looked. */
function looked(): Promise<void> {
  return new Promise(resolve => {
    localCopies.changed.connect(function once() {
      localCopies.changed.disconnect(once);
      resolve();
    });
  });
}

/** How often it has looked. */
function looks(): number {
  return server.log.filter(line => line === 'GET workspace/my%20data').length;
}

it('compares as downloads do: size, and whole seconds of the date', async () => {
  expect(localCopies.compare('a.h5', 1, 1700000000)).toBeNull();
  await localCopies.refresh();
  expect(localCopies.compare('a.h5', 1, 1700000000)).toBe('identical');
  expect(localCopies.compare('a.h5', 1, 1700000001)).toBe('different');
  expect(localCopies.compare('a.h5', 2, 1700000000)).toBe('different');
  expect(localCopies.compare('a.h5', null, null)).toBe('different');
  expect(localCopies.compare('c.h5', 1, 1700000000)).toBeNull();
});

it('looks when a listing has come, when the folder changes, and after downloads', async () => {
  // Nobody looks at a listing yet.
  target.changed.emit();
  let next = looked();
  await model.cd('lst');
  await next;
  expect(looks()).toBe(1);
  next = looked();
  target.changed.emit();
  await next;
  expect(looks()).toBe(2);
  await transfers.start();
  expect(looks()).toBe(2);
  next = looked();
  state = 'finished';
  sizes = [1, 3];
  await next;
  expect(looks()).toBe(3);
  expect(localCopies.compare('b.h5', 3, 1700000000)).toBe('identical');
});

it('marks nothing when the folder cannot be looked at', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  await localCopies.refresh();
  server.handler = ({ answer }) => answer(500, {});
  await localCopies.refresh();
  expect(localCopies.compare('a.h5', 1, 1700000000)).toBeNull();
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});
