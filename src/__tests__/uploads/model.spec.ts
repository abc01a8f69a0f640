import { explainBriefly } from '../../api/explain';
import { proofOf } from '../../api/http';
import { TransfersModel } from '../../transfers/model';
import { IUploadItem } from '../../uploads/collect-files';
import { CHUNK } from '../../uploads/file-upload';
import { UploadsModel } from '../../uploads/model';
import { watchPage } from '../../uploads/page-lifecycle';
import { transfer } from '../helpers/test-server';
import { trans } from '../helpers/translator';
import { ITusRequest, TusServer } from '../helpers/tus-server';

let server: TusServer;
let transfers: TransfersModel;
let uploads: UploadsModel;

beforeEach(async () => {
  server = new TusServer();
  await server.start();
  transfers = new TransfersModel(server.api, 10);
  uploads = new UploadsModel(server.api, transfers, [1]);
});
afterEach(async () => {
  uploads.dispose();
  transfers.dispose();
  await server.stop();
});

/** Resolves when the uploads look like this. */
function until(test: (uploads: UploadsModel) => boolean): Promise<void> {
  return new Promise(resolve => {
    const check = () => {
      if (test(uploads)) {
        uploads.changed.disconnect(check);
        resolve();
      }
    };
    uploads.changed.connect(check);
    check();
  });
}

const isDone = ({ items }: UploadsModel) => items.length === 0;
const hasFailed = ({ items }: UploadsModel) => items[0].state === 'failed';

function bytesOf(size: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(size)).fill('abcdefghijklmnopqrstuvwxyz-');
}

function fileOf(name: string, size: number): File {
  return new File([bytesOf(size)], name, { lastModified: 1_700_000_000_000 });
}

const NOTHING = { files: 0, directories: 0 };

function item(name: string, ...sizes: number[]): IUploadItem {
  const files = sizes.map((size, index) => {
    const path = sizes.length === 1 ? name : `${name}/sub/${index}.fits`;
    return { file: fileOf(path, size), source: path, path };
  });
  return { name, isDirectory: sizes.length > 1, files, hidden: NOTHING };
}

function storedBytes(path: string): Buffer | undefined {
  return [...server.stored.values()].find(stored => stored.path === path)
    ?.bytes;
}

it('sends a file in pieces that proxies let pass, and has it handed on', async () => {
  let proof: unknown;
  server.meddle = ({ method, headers }) => {
    proof = method === 'PATCH' ? headers.authorization : proof;
    return false;
  };
  const size = CHUNK + 5;
  server.transfers = [transfer('new', 'queued')];
  uploads.add(item('größe.fits', size), 'shared');
  expect(uploads.busy).toBe(true);
  await until(isDone);
  expect(server.pieces).toEqual([CHUNK, 5]);
  expect(storedBytes('größe.fits')?.equals(bytesOf(size))).toBe(true);
  expect(server.orders).toEqual([
    {
      kind: 'upload',
      name: 'größe.fits',
      uploads: [{ id: 'id 0', path: 'größe.fits' }],
      destination: 'shared',
      left_out: {}
    }
  ]);
  expect(proof).toBe('token secret');
  expect(uploads.busy).toBe(false);
  expect(uploads.interrupted).toEqual([]);
  expect(transfers.items).toMatchObject([{ id: 'new', state: 'queued' }]);
});

it('sends the files of a folder three at a time, and hands them on together', async () => {
  const sizes = [0, 1, 200_000, 200_000, 200_000, 200_000, 200_000, 3];
  uploads.add(item('run42', ...sizes), '');
  expect(uploads.progressOf(uploads.items[0]).done).toBe(0);
  await until(isDone);
  expect(server.mostAtOnce).toBeLessThanOrEqual(3);
  expect(server.stored.size).toBe(sizes.length);
  sizes.forEach((size, index) => {
    expect(storedBytes(`run42/sub/${index}.fits`)).toHaveLength(size);
  });
  expect(server.orders).toHaveLength(1);
  expect(server.orders[0]).toMatchObject({ name: 'run42', destination: '' });
});

it('has the server told what was left out of a folder', async () => {
  const hidden = { files: 3, directories: 0 };
  uploads.add({ ...item('run42', 1, 2), hidden }, '');
  expect(uploads.items[0].hidden).toEqual(hidden);
  await until(isDone);
  expect(server.orders).toMatchObject([{ left_out: { 'hidden file': 3 } }]);
});

it('goes on after the connection has broken in a piece', async () => {
  let breaks = 2;
  server.meddle = request => {
    if (request.method === 'PATCH' && breaks > 0) {
      breaks -= 1;
      request.breakAfter(1000);
    }
    return false;
  };
  const size = CHUNK + 500_000;
  uploads.add(item('a.fits', size), '');
  await until(isDone);
  expect(breaks).toBe(0);
  expect(storedBytes('a.fits')?.equals(bytesOf(size))).toBe(true);
  expect(server.stored.size).toBe(1);
});

it('finds what the server has although its first answer was lost', async () => {
  let isFirst = true;
  server.meddle = request => {
    if (request.method === 'POST' && request.path === 'uploads' && isFirst) {
      isFirst = false;
      request.loseAnswer();
    }
    return false;
  };
  uploads.add(item('a.fits', 1000), '');
  await until(isDone);
  expect(server.stored.size).toBe(1);
  expect(server.orders).toMatchObject([{ uploads: [{ id: 'id 0' }] }]);
});

it('does not begin anew when a proxy answers in the server’s place', async () => {
  let left = 4;
  server.meddle = request => {
    if (request.method === 'PATCH' && left === 4) {
      left -= 1;
      request.breakAfter(1000);
    } else if (request.method === 'HEAD' && left > 0) {
      left -= 1;
      request.answer(502, '<html>');
      return true;
    }
    return false;
  };
  uploads.add(item('a.fits', CHUNK + 5000), '');
  await until(isDone);
  expect(server.log.filter(line => line === 'POST uploads')).toHaveLength(1);
});

it('begins anew when the server has forgotten what it had', async () => {
  server.meddle = request => {
    if (request.method === 'PATCH' && server.stored.has('id 0')) {
      server.stored.delete('id 0');
      request.breakAfter(0);
    }
    return false;
  };
  uploads.add(item('a.fits', CHUNK + 5000), '');
  await until(isDone);
  expect([...server.stored.keys()]).toEqual(['id 1']);
  expect(storedBytes('a.fits')).toHaveLength(CHUNK + 5000);
});

it('goes on after a reload, when the same file is chosen again', async () => {
  const size = 2 * CHUNK;
  server.meddle = request => {
    if (request.method === 'PATCH') {
      request.answer(507, { code: 'no-space', message: 'The disk is full' });
      return true;
    }
    return false;
  };
  const renamed = item('a.fits', size);
  renamed.files[0].path = 'a (1).fits';
  uploads.add(renamed, 'shared');
  await until(hasFailed);
  expect(uploads.items[0].error).toMatchObject({
    code: 'no-space',
    message: 'The disk is full'
  });
  uploads.dispose();

  server.meddle = () => false;
  server.pieces.length = 0;
  uploads = new UploadsModel(server.api, transfers, [1]);
  await uploads.start();
  expect(uploads.own).toBe('lst/users/ada');
  expect(uploads.interrupted).toMatchObject([
    { name: 'a.fits', destination: 'shared', received: [{ offset: CHUNK }] }
  ]);

  // Elsewhere, or changed meanwhile, it is another one.
  const other = item('a.fits', size + 1);
  expect((await uploads.recognize([other], 'shared')).begun.size).toBe(0);
  const again = item('a.fits', size);
  expect((await uploads.recognize([again], '')).begun.size).toBe(0);
  const { items, begun } = await uploads.recognize([again], 'shared');
  expect(begun.size).toBe(1);
  expect(items[0].files[0].path).toBe('a (1).fits');
  uploads.add(items[0], 'shared');
  expect(uploads.interrupted).toEqual([]);
  expect(uploads.progressOf(uploads.items[0]).done).toBe(CHUNK);
  expect((await uploads.recognize([again], 'shared')).items).toEqual([]);
  await until(isDone);
  expect(server.pieces).toEqual([CHUNK]);
  expect(storedBytes('a (1).fits')?.equals(bytesOf(size))).toBe(true);
  expect(server.orders).toMatchObject([
    { name: 'a (1).fits', uploads: [{ path: 'a (1).fits' }] }
  ]);
});

it('cancels one, and goes on with the next', async () => {
  const arrived = new Promise<void>(resolve => {
    server.meddle = request => {
      if (request.method === 'PATCH' && request.path === 'uploads/id%200') {
        // Never answered.
        resolve();
        return true;
      }
      return false;
    };
  });
  uploads.add(item('a.fits', 2 * CHUNK), '');
  await arrived;
  await uploads.cancel(uploads.items[0]);
  expect(server.stored.size).toBe(0);
  expect(uploads.interrupted).toEqual([]);
  uploads.add(item('b.fits', 5), '');
  await until(isDone);
  expect(server.orders).toMatchObject([{ name: 'b.fits' }]);
});

it('forgets what was interrupted', async () => {
  server.meddle = request => {
    if (request.method === 'PATCH') {
      request.answer(413, { code: 'too-large', message: 'Too large' });
      return true;
    }
    return false;
  };
  uploads.add(item('run42', 2 * CHUNK, 1), '');
  await until(hasFailed);
  uploads.dispose();
  uploads = new UploadsModel(server.api, transfers, [1]);
  await uploads.start();
  expect(uploads.interrupted).toMatchObject([{ name: 'run42' }]);
  expect(uploads.interrupted[0].received).toHaveLength(2);
  await uploads.discard(uploads.interrupted[0]);
  expect(uploads.interrupted).toEqual([]);
  expect(server.stored.size).toBe(0);
});

it('tries again what has failed, and nothing else', async () => {
  server.meddle = request => {
    const isOrder = request.method === 'POST' && request.path === 'transfers';
    if (isOrder) {
      request.answer(424, { code: 'no-token', message: 'There is no token' });
    }
    return isOrder;
  };
  uploads.add(item('a.fits', 1000), '');
  await until(hasFailed);
  expect(uploads.items[0].error?.code).toBe('no-token');
  server.meddle = () => false;
  uploads.retry(uploads.items[0]);
  await until(isDone);
  expect(server.log.filter(line => line === 'POST uploads')).toHaveLength(1);
  expect(server.orders).toHaveLength(1);
});

it('hands on once, although the first answer was lost', async () => {
  server.meddle = request => {
    if (request.method === 'POST' && request.path === 'transfers') {
      request.loseAnswer();
    }
    return false;
  };
  server.transfers = [transfer('new', 'queued')];
  uploads.add(item('a.fits', 1000), '');
  await until(hasFailed);
  await transfers.refresh();
  server.meddle = () => false;
  uploads.retry(uploads.items[0]);
  await until(isDone);
  expect(server.orders[1]).toEqual(server.orders[0]);
  expect(transfers.items.map(({ id }) => id)).toEqual(['new']);
});

it('tries at once when the connection is back', async () => {
  uploads.dispose();
  uploads = new UploadsModel(server.api, transfers, [1e6]);
  let isAway = true;
  server.meddle = request => {
    if (isAway) {
      request.answer(503, '');
    }
    return isAway;
  };
  uploads.add(item('a.fits', 1000), '');
  await until(({ items }) => items[0].files[0].error !== null);
  isAway = false;
  uploads.reconnect();
  await until(isDone);
  expect(storedBytes('a.fits')).toHaveLength(1000);
});

it('does not wait for a file that cannot be read any more', async () => {
  class GoneFile extends File {
    override slice(): Blob {
      throw new Error('It has changed');
    }
  }
  const gone = item('a.fits', 1000);
  gone.files[0].file = new GoneFile([bytesOf(1000)], 'a.fits');
  uploads.add(gone, '');
  await until(hasFailed);
  expect(uploads.items[0].error?.code).toBe('unreadable');
});

it('sends again what has failed when it is dropped again', async () => {
  let refuses = true;
  server.meddle = ({ method, path, answer }) => {
    const refused = refuses && method === 'POST' && path === 'uploads';
    if (refused) {
      answer(507, { code: 'local-file', message: 'No space left' });
    }
    return refused;
  };
  uploads.add(item('run42', 5, 6), '');
  await until(hasFailed);
  refuses = false;
  const { items, begun } = await uploads.recognize([item('run42', 5, 6)], '');
  expect(items.map(({ files }) => files.length)).toEqual([2]);
  expect(begun.size).toBe(0);
  uploads.add(items[0], '');
  expect(uploads.items).toHaveLength(1);
  // What is being sent is left out.
  expect((await uploads.recognize([item('run42', 5, 6)], '')).items).toEqual(
    []
  );
  await until(isDone);
  expect(server.orders).toHaveLength(1);
});

it('tries again what has failed, and nothing else', async () => {
  const requests: ITusRequest[] = [];
  server.meddle = request => {
    const held = request.method === 'POST' && request.path === 'uploads';
    if (held) {
      requests.push(request);
    }
    return held;
  };
  uploads.add(item('run42', 5, 6), '');
  const [upload] = uploads.items;
  uploads.retry(upload);
  while (requests.length < 2) {
    await new Promise(resolve => setImmediate(resolve));
  }
  requests[0].answer(507, { code: 'local-file', message: 'No space left' });
  await until(() => upload.files.some(({ state }) => state === 'failed'));
  expect(upload.state).toBe('sending');
  requests[1].answer(507, { code: 'local-file', message: 'No space left' });
  await until(hasFailed);
  expect(requests).toHaveLength(2);
});

it('takes nothing for interrupted that was handed on meanwhile', async () => {
  const received = [
    {
      id: 'id 0',
      path: 'a.fits',
      destination: '',
      item: 'a.fits',
      fingerprint: 'of an earlier page',
      size: 5,
      offset: 5
    }
  ];
  const held: (() => void)[] = [];
  server.meddle = ({ method, path, answer }) => {
    const isLook = method === 'GET' && path === 'uploads';
    if (isLook) {
      held.push(() => answer(200, { uploads: received }));
    }
    return isLook;
  };
  const looks: Promise<void>[] = [];
  while (held.length < 2) {
    looks.push(uploads.refresh());
    while (held.length < looks.length) {
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  uploads.add(item('a.fits', 5), '');
  await until(isDone);
  held[1]();
  await looks[1];
  expect(uploads.interrupted).toEqual([]);
  // An answer that is older than the last one says nothing, either.
  received[0].id = 'id 1';
  held[0]();
  await looks[0];
  expect(uploads.interrupted).toEqual([]);
});

it('asks again where the user may write, and what was received', async () => {
  const answers = [502, 504, 0, 502];
  server.meddle = request => {
    const status = /home-directory|uploads/.test(request.path)
      ? answers.shift()
      : 0;
    if (status) {
      request.answer(status, { code: 'service-unreachable', message: 'Down' });
    }
    return !!status;
  };
  const warn = jest.spyOn(console, 'warn').mockReturnValue();
  const patient = new UploadsModel(server.api, transfers, [1], 1);
  const known = new Promise<void>(resolve => {
    patient.changed.connect(() => {
      if (patient.own !== null && answers.length === 0) {
        resolve();
      }
    });
  });
  await patient.start();
  expect(patient.own).toBeNull();
  await known;
  expect(warn).toHaveBeenCalledTimes(3);
  warn.mockRestore();
  patient.dispose();
});

it('offers nothing to those who have no directory of their own', async () => {
  server.meddle = request => {
    request.answer(424, { code: 'access-denied', message: 'Nowhere' });
    return true;
  };
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  await uploads.start();
  expect(warn).toHaveBeenCalled();
  warn.mockRestore();
  expect(uploads.own).toBeNull();
  expect(server.log).toEqual(['GET home-directory']);
});

it('sends into the user’s home directory only', async () => {
  await uploads.start();
  const own = 'lst/users/ada';
  expect(uploads.destinationFor(`${own}/run42`)).toBe(`${own}/run42`);
  expect(uploads.destinationFor(own)).toBe(own);
  expect(uploads.destinationFor('lst/users/adam')).toBe(own);
  expect(uploads.destinationFor('')).toBe(own);
});

it('proves who asks as ServerConnection does', () => {
  const { settings } = server.api;
  expect(proofOf(settings, 'a=1; _xsrf=old; _xsrf=2|ab; b=2')).toEqual({
    Authorization: 'token secret',
    'X-XSRFToken': '2|ab'
  });
  expect(proofOf({ ...settings, token: '' }, 'not_xsrf=1')).toEqual({});
});

it('sends again what the server has lost before it was handed on', async () => {
  let losses = 1;
  server.meddle = ({ method, path, answer }) => {
    if (method === 'POST' && path === 'transfers' && losses > 0) {
      losses -= 1;
      // As after a restart without its files.
      server.stored.delete('id 0');
      answer(404, { code: 'no-such-upload', message: "No upload 'id 0'" });
      return true;
    }
    return false;
  };
  uploads.add(item('run42', 5, 6), '');
  await until(isDone);
  expect(storedBytes('run42/sub/0.fits')).toHaveLength(5);
  expect(server.log.filter(line => line === 'POST uploads')).toHaveLength(3);
  expect(server.orders).toHaveLength(1);
});

it('says so where the server loses it each time, and tries again when told to', async () => {
  let losses = 2;
  server.meddle = ({ method, path, answer }) => {
    if (method === 'POST' && path === 'transfers' && losses > 0) {
      losses -= 1;
      server.stored.clear();
      answer(404, { code: 'no-such-upload', message: "No upload '12'" });
      return true;
    }
    return false;
  };
  uploads.add(item('a.fits', 5), '');
  await until(hasFailed);
  expect(explainBriefly(uploads.items[0].error, trans)).not.toContain("'12'");
  uploads.retry(uploads.items[0]);
  await until(isDone);
  expect(storedBytes('a.fits')).toHaveLength(5);
});

it.each([
  ['our code', { code: 'no-such-upload', message: "No upload '12'" }],
  ['an older code', { code: 'not-found', message: "No upload '12'" }],
  ['no words of ours', undefined]
])(
  'never takes one lost upload for a missing extension: %s',
  async (_, body) => {
    server.meddle = ({ method, answer }) => {
      if (method === 'PATCH' || method === 'HEAD') {
        answer(404, body);
        return true;
      }
      return false;
    };
    uploads.add(item('a.fits', CHUNK + 1), '');
    await until(hasFailed);
    const [{ error }] = uploads.items;
    expect(error?.code).toBe('no-such-upload');
    const words = explainBriefly(error, trans);
    expect(words).not.toContain('enable');
    expect(words).not.toContain('12');
  }
);

it('listens to the page until it is told not to', () => {
  const listeners: string[] = [];
  class Page extends EventTarget {
    override addEventListener(
      ...args: Parameters<EventTarget['addEventListener']>
    ) {
      super.addEventListener(...args);
      listeners.push(args[0]);
    }

    override removeEventListener(
      ...args: Parameters<EventTarget['removeEventListener']>
    ) {
      super.removeEventListener(...args);
      listeners.splice(listeners.indexOf(args[0]), 1);
    }
  }
  const page = new Page();
  const state = { busy: true, reconnect: jest.fn() };
  const watch = watchPage(page, state);
  const leave = () =>
    page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  page.dispatchEvent(new Event('online'));
  expect(state.reconnect).toHaveBeenCalledTimes(1);
  expect(leave()).toBe(false);
  state.busy = false;
  expect(leave()).toBe(true);
  state.busy = true;
  watch.dispose();
  expect(listeners).toEqual([]);
  expect(leave()).toBe(true);
  page.dispatchEvent(new Event('online'));
  expect(state.reconnect).toHaveBeenCalledTimes(1);
});
