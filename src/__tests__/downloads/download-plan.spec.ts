import { DownloadPlan } from '../../downloads/download-plan';
import { IRequest, TestServer, entry } from '../helpers/test-server';

const server = new TestServer();
const GB = 1024 ** 3;

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.log.length = 0;
});

/** Resolves with the next request. */
function arrival(): Promise<IRequest> {
  return new Promise(resolve => {
    server.handler = resolve;
  });
}

/** Answer questions for free space, by folder. */
function room(folders: Record<string, number>): void {
  server.handler = ({ path, answer }) => {
    const folder = decodeURIComponent(path.replace('workspace/', ''));
    answer(200, {
      path: folder,
      free: folders[folder],
      files: { names: [], sizes: [], modified: [] }
    });
  };
}

it('needs no request for files whose sizes are known', async () => {
  const plan = new DownloadPlan(
    server.api,
    [entry('a', { size: 3 }), entry('b', { size: 4 })],
    ''
  );
  await plan.count();
  expect(plan).toMatchObject({ bytes: 7, files: 2, counted: true });
  expect(plan.isLarge).toBe(false);
  expect(server.log).toEqual([]);
});

it('counts directories, and adds the files beside them', async () => {
  const entries = [entry('a', { size: 3 }), entry('dir/')];
  const plan = new DownloadPlan(server.api, entries, '');
  expect(plan.isLarge).toBe(true);
  const request = arrival();
  const counting = plan.count();
  const { body, send } = await request;
  expect(JSON.parse(body)).toEqual({ paths: ['dir'] });
  const first = new Promise<void>(resolve => {
    plan.changed.connect(() => resolve());
  });
  send('{"files": 1, "bytes": 10, "directories": 1}\n');
  await first;
  expect(plan).toMatchObject({ bytes: 13, files: 2, counting: true });
  send('{"files":5,"bytes":20,"directories":1,"done":true,"failures":[]}\n');
  await counting;
  expect(plan).toMatchObject({
    bytes: 23,
    files: 6,
    counting: false,
    counted: true,
    error: null
  });
});

it('stops counting, and says what could not be counted', async () => {
  const plan = new DownloadPlan(server.api, [entry('dir/')], '');
  let request = arrival();
  let counting = plan.count();
  const { aborted } = await request;
  plan.stop();
  await Promise.all([counting, aborted]);
  expect(plan).toMatchObject({ counting: false, counted: false, error: null });

  request = arrival();
  counting = plan.count();
  const failure = { path: 'dir', code: 'access-denied', message: 'Not yours' };
  (await request).send(
    JSON.stringify({
      files: 1,
      bytes: 2,
      directories: 1,
      done: true,
      failures: [failure]
    }) + '\n'
  );
  await counting;
  expect(plan.counted).toBe(false);
  expect(plan.error?.message).toBe('Not yours');
});

it('says how much room is lacking, for each folder that is chosen', async () => {
  const entries = [entry('a', { size: GB / 2 })];
  const plan = new DownloadPlan(server.api, entries, 'small disk');
  expect(plan).toMatchObject({ free: null, lacking: 0, isLarge: false });
  room({ 'small disk': GB / 2 - 5, large: GB });
  await plan.look();
  expect(plan).toMatchObject({ lacking: 5, isLarge: true });
  await plan.into('large');
  expect(plan).toMatchObject({
    folder: 'large',
    free: GB,
    lacking: 0,
    isLarge: false
  });
});

it('is large from more than 1 GB on, and where a size is unknown', () => {
  const size = (bytes: number | null) =>
    new DownloadPlan(server.api, [entry('a', { size: bytes })], '').isLarge;
  expect([size(GB), size(GB + 1), size(null)]).toEqual([false, true, true]);
});
