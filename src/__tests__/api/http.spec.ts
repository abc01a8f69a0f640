import { ITotals } from '../../api/types';
import { IRequest, TestServer } from '../helpers/test-server';

const server = new TestServer();
const COUNTED = { files: 1, bytes: 10, directories: 0 };

beforeAll(() => server.start());
afterAll(() => server.stop());

/** Count; resolves with the request once it has arrived. */
function count(
  signal?: AbortSignal
): [Promise<IRequest>, Promise<ITotals>, ITotals[]] {
  const lines: ITotals[] = [];
  const arrived = new Promise<IRequest>(resolve => {
    server.handler = resolve;
  });
  const counting = server.api.totals(
    ['lst/é'],
    line => lines.push(line),
    signal
  );
  return [arrived, counting, lines];
}

it('hands over each line as it comes, wherever the pieces are cut', async () => {
  const [arrived, counting, lines] = count();
  const request = await arrived;
  expect(JSON.parse(request.body)).toEqual({ paths: ['lst/é'] });
  const failures = [{ path: 'lst/é', code: 'not-found', message: 'Gone' }];
  const bytes = Buffer.from(
    `${JSON.stringify(COUNTED)}\n\n` +
      `${JSON.stringify({ ...COUNTED, done: true, failures })}\n`
  );
  const middle = bytes.indexOf('é') + 1;
  request.send(bytes.subarray(0, middle));
  request.send(bytes.subarray(middle));
  // What comes after the last line is not waited for.
  await expect(counting).resolves.toMatchObject({ done: true, failures });
  await request.aborted;
  expect(lines).toEqual([COUNTED, { ...COUNTED, done: true, failures }]);
});

it('says that an answer broke, or ended before it was complete', async () => {
  for (const stop of ['cut', 'end'] as const) {
    const [arrived, counting, lines] = count();
    const failed = expect(counting).rejects.toMatchObject({
      code: 'server-unreachable'
    });
    const request = await arrived;
    request.send(`${JSON.stringify(COUNTED)}\n{"files":`);
    request[stop]();
    await failed;
    expect(lines.length).toBeLessThanOrEqual(1);
  }
});

it('passes on what the server says, before and within the stream', async () => {
  const refusal = { code: 'no-token', message: 'Get a token' };
  const [first, refused] = count();
  const failed = expect(refused).rejects.toMatchObject(refusal);
  (await first).answer(424, refusal);
  await failed;
  const [second, broken] = count();
  const gone = expect(broken).rejects.toMatchObject(refusal);
  const request = await second;
  request.send(`${JSON.stringify(refusal)}\n`);
  await gone;
  const [third, foreign] = count();
  const odd = expect(foreign).rejects.toMatchObject({ code: 'not-offered' });
  (await third).answer(200, '<html>\n');
  await odd;
});

it('closes the connection when it is cancelled', async () => {
  const abort = new AbortController();
  const [arrived, counting] = count(abort.signal);
  const failed = expect(counting).rejects.toMatchObject({ code: 'cancelled' });
  const request = await arrived;
  request.send(`${JSON.stringify(COUNTED)}\n`);
  abort.abort();
  await failed;
  await request.aborted;
});
