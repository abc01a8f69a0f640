import { RequestError } from '../../api/errors';
import { ITransfer } from '../../api/types';
import { TransfersModel, canRetry } from '../../transfers/model';
import { TestServer, transfer } from '../helpers/test-server';

const server = new TestServer();
let transfers: TransfersModel;
let current: ITransfer[];

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.log.length = 0;
  current = [];
  server.handler = request => {
    if (request.method === 'DELETE') {
      const id = request.path.replace('transfers/', '');
      current = current.filter(item => item.id !== id);
      request.answer(204, '');
    } else {
      request.answer(200, { transfers: current });
    }
  };
  transfers = new TransfersModel(server.api, 10);
});
afterEach(() => transfers.dispose());

/** Resolves when the transfers look like this. */
function until(test: (items: readonly ITransfer[]) => boolean): Promise<void> {
  return new Promise(resolve => {
    transfers.changed.connect(() => {
      if (test(transfers.items)) {
        resolve();
      }
    });
  });
}

it('looks once when nothing runs', async () => {
  current = [transfer('old', 'finished')];
  await transfers.start();
  expect(transfers.items.map(({ id }) => id)).toEqual(['old']);
  // Another look that is asked for comes alone: no poll has come between.
  await transfers.refresh();
  expect(server.log).toEqual(['GET transfers', 'GET transfers']);
});

it('looks again and again while one runs, and says when it has ended', async () => {
  const ended: string[] = [];
  transfers.ended.connect((_, { id }) => {
    ended.push(id);
  });
  current = [transfer('a', 'running'), transfer('b', 'queued')];
  await transfers.start();
  const progress = until(
    ([b, a]) => a.bytes_done === 7 && b.state === 'queued'
  );
  current = [
    transfer('a', 'running', { bytes_done: 7 }),
    transfer('b', 'queued')
  ];
  await progress;
  expect(ended).toEqual([]);
  const end = until(items => items.every(({ state }) => state === 'finished'));
  current = [transfer('a', 'finished'), transfer('b', 'finished')];
  await end;
  expect(ended.sort()).toEqual(['a', 'b']);
  const looks = server.log.length;
  await transfers.refresh();
  expect(server.log).toHaveLength(looks + 1);
});

it('starts downloads and watches them', async () => {
  const bodies: unknown[] = [];
  const listing = server.handler;
  server.handler = request => {
    if (request.method === 'POST') {
      bodies.push(JSON.parse(request.body));
      current = [transfer('new', 'queued')];
      request.answer(202, { transfers: current });
      current = [transfer('new', 'finished')];
    } else {
      listing(request);
    }
  };
  const end = until(([item]) => item?.state === 'finished');
  await transfers.download(['lst/a b.h5'], 'my folder');
  await end;
  expect(bodies).toEqual([
    {
      kind: 'download',
      paths: ['lst/a b.h5'],
      destination: 'my folder',
      overwrite: false
    }
  ]);
});

it('tells what is in the way', async () => {
  server.handler = request =>
    request.answer(409, {
      code: 'already-exists',
      message: 'It exists',
      paths: ['here/a.h5']
    });
  await expect(transfers.download(['lst/a.h5'], 'here')).rejects.toMatchObject({
    code: 'already-exists',
    paths: ['here/a.h5']
  });
});

it('removes one, and all that have ended', async () => {
  current = [
    transfer('a', 'finished'),
    transfer('b', 'failed'),
    transfer('c', 'running'),
    transfer('d', 'cancelled'),
    transfer('e', 'interrupted')
  ];
  await transfers.start();
  await transfers.forget(current[3]);
  expect(transfers.items.map(({ id }) => id)).toEqual(['e', 'c', 'b', 'a']);
  // Another page has forgotten one of them meanwhile.
  const handler = server.handler;
  server.handler = request =>
    request.path === 'transfers/a' && request.method === 'DELETE'
      ? (handler({ ...request, answer: () => undefined }),
        request.answer(404, { code: 'not-found', message: 'Gone' }))
      : handler(request);
  await transfers.clearEnded();
  expect(transfers.items.map(({ id }) => id)).toEqual(['e', 'c']);
});

it('runs one again under its id, and watches it', async () => {
  current = [
    transfer('a', 'interrupted', { resumable: true }),
    transfer('gone', 'interrupted', { resumable: true })
  ];
  await transfers.start();
  const handler = server.handler;
  server.handler = request => {
    if (request.path === 'transfers/a/retry') {
      request.answer(202, transfer('a', 'queued'));
      current = [transfer('a', 'finished')];
    } else if (request.path === 'transfers/gone/retry') {
      request.answer(404, { code: 'not-found', message: 'Gone' });
    } else {
      handler(request);
    }
  };
  const states: string[] = [];
  transfers.changed.connect(({ items }) => {
    states.push(items[items.length - 1].state);
  });
  const end = until(([a]) => a.state === 'finished');
  // What cannot be run again does not keep the others from it.
  await expect(transfers.retry(transfers.items)).rejects.toMatchObject({
    code: 'not-found'
  });
  await end;
  expect(states).toEqual(['queued', 'finished']);
  expect(server.log).toContain('POST transfers/a/retry');
});

it('offers to run again only what has ended without success', () => {
  const offered = (
    ['failed', 'interrupted', 'finished', 'running'] as const
  ).map(state => canRetry(transfer('a', state, { resumable: true })));
  expect(offered).toEqual([true, true, false, false]);
  expect(canRetry(transfer('a', 'failed'))).toBe(false);
});

it('keeps what it knew when the server is away, and comes back', async () => {
  current = [transfer('a', 'running')];
  await transfers.start();
  const listing = server.handler;
  const away = until(() => transfers.error !== null);
  server.handler = request => request.answer(500, '');
  await away;
  expect(transfers.items).toHaveLength(1);
  const back = until(([item]) => item.state === 'finished');
  current = [transfer('a', 'finished')];
  server.handler = listing;
  await back;
  expect(transfers.error).toBeNull();
});

it('shows at once that one is being cancelled, and then that it is', async () => {
  current = [transfer('a', 'running')];
  await transfers.start();
  const listing = server.handler;
  server.handler = request => {
    if (request.path === 'transfers/a/cancel') {
      current = [transfer('a', 'cancelling')];
      request.answer(202, current[0]);
    } else {
      listing(request);
    }
  };
  await transfers.cancel(transfers.items[0]);
  expect(transfers.items[0].state).toBe('cancelling');
  const end = until(([item]) => item.state === 'cancelled');
  current = [transfer('a', 'cancelled')];
  await end;
});

it('shows one that ends at the moment in which it is cancelled', async () => {
  current = [transfer('a', 'running')];
  await transfers.start();
  const listing = server.handler;
  server.handler = request => {
    if (request.path === 'transfers/a/cancel') {
      current = [transfer('a', 'finished')];
      request.answer(202, current[0]);
    } else {
      listing(request);
    }
  };
  await transfers.cancel(transfers.items[0]);
  expect(transfers.items).toMatchObject([{ id: 'a', state: 'finished' }]);
  expect(server.log.join()).not.toContain('DELETE');
});

describe('in an old tab', () => {
  beforeEach(async () => {
    current = [
      transfer('gone', 'failed', { resumable: true }),
      transfer('again', 'failed', { resumable: true })
    ];
    await transfers.start();
    // Another page has removed one, and tried the other again.
    current = [transfer('again', 'running')];
    const listing = server.handler;
    server.handler = request => {
      const { method, path } = request;
      if (method !== 'DELETE') {
        listing(request);
      } else if (path === 'transfers/again') {
        request.answer(409, { code: 'not-ended', message: 'It runs' });
      } else {
        request.answer(404, { code: 'not-found', message: 'Gone' });
      }
    };
  });

  const states = () => transfers.items.map(({ id, state }) => [id, state]);

  it('nothing is removed that was tried again', async () => {
    await transfers.forget(transfers.items[0]);
    expect(states()).toEqual([['again', 'running']]);
  });

  it('nothing is cleared that was tried again', async () => {
    await transfers.clearEnded();
    expect(states()).toEqual([['again', 'running']]);
    expect(server.log).toContain('DELETE transfers/again');
  });

  it('what was removed can be removed, and is not run again', async () => {
    const [gone] = transfers.items.filter(({ id }) => id === 'gone');
    const listing = server.handler;
    server.handler = request =>
      request.path.includes('/gone')
        ? request.answer(404, { code: 'not-found', message: 'Gone' })
        : listing(request);
    await expect(transfers.retry([gone])).rejects.toMatchObject({
      code: 'not-found'
    });
    expect(states()).toEqual([['again', 'running']]);
    await transfers.forget(gone);
    await transfers.cancel({ ...gone, state: 'running' });
    expect(states()).toEqual([['again', 'running']]);
  });
});

it('shows what is left where one of many cannot be removed', async () => {
  current = [transfer('a', 'finished'), transfer('b', 'finished')];
  await transfers.start();
  const handler = server.handler;
  server.handler = request =>
    request.path === 'transfers/a'
      ? request.answer(500, { code: 'internal', message: 'Broken' })
      : handler(request);
  await expect(transfers.clearEnded()).rejects.toThrow('Broken');
  expect(transfers.items.map(({ id }) => id)).toEqual(['a']);
});

it.each([[{}], [[]], ['"text"'], ['<html>']])(
  'takes %j for no answer of ours',
  async answer => {
    current = [transfer('a', 'finished')];
    await transfers.start();
    server.handler = request => request.answer(200, answer);
    await expect(transfers.refresh()).rejects.toBeInstanceOf(RequestError);
    await expect(transfers.download(['a'], '')).rejects.toBeInstanceOf(
      RequestError
    );
    expect(transfers.items).toHaveLength(1);
  }
);

it('does not say that it is out of date when an older look fails', async () => {
  let fail: () => void = () => undefined;
  const arrived = new Promise<void>(resolve => {
    server.handler = request => {
      fail = () => request.answer(500, '');
      resolve();
    };
  });
  const old = transfers.refresh();
  await arrived;
  server.handler = request => request.answer(200, { transfers: current });
  await transfers.refresh();
  fail();
  await expect(old).rejects.toMatchObject({ code: 'internal' });
  expect(transfers.error).toBeNull();
});
