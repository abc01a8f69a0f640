import { TranslationBundle } from '@jupyterlab/translation';

import {
  describeChanges,
  describeSummary,
  describeTransfer,
  messageOfEnds,
  summarize
} from '../../transfers/describe-transfers';
import { transfer } from '../helpers/test-server';
import { trans } from '../helpers/translator';

function say(...items: ReturnType<typeof transfer>[]): string {
  return describeSummary(summarize(items), trans);
}

it('says in a few words what runs, and nothing when all is well', () => {
  expect(say()).toBe('');
  expect(say(transfer('a', 'finished'), transfer('b', 'cancelled'))).toBe('');
  expect(
    say(
      transfer('a', 'running', { bytes_done: 9, bytes_total: 10 }),
      transfer('b', 'cancelling', { bytes_done: 0, bytes_total: 10 }),
      transfer('c', 'queued', { bytes_total: null })
    )
  ).toBe('2 transfers, 45 %, 1 waiting');
  expect(say(transfer('a', 'failed'), transfer('b', 'interrupted'))).toBe(
    '1 interrupted, 1 failed'
  );
});

it('tells no percentage of what is not counted yet', () => {
  expect(say(transfer('a', 'running', { bytes_total: null }))).toBe(
    '1 transfer'
  );
  expect(say(transfer('a', 'running', { counting: true }))).toBe('1 transfer');
});

it('announces starts and ends, and no steps between', () => {
  const running = [transfer('a.h5', 'running', { bytes_done: 1 })];
  const further = [transfer('a.h5', 'running', { bytes_done: 2 })];
  expect(describeChanges(null, running, trans)).toBe('');
  expect(describeChanges([], running, trans)).toBe(
    'The transfer of a.h5 has started'
  );
  expect(describeChanges(running, further, trans)).toBe('');
  expect(
    describeChanges(
      further,
      [
        transfer('b', 'running'),
        transfer('c', 'queued'),
        transfer('a.h5', 'finished')
      ],
      trans
    )
  ).toBe('2 transfers have started. The download of a.h5 has finished');
});

it('tells how transfers ended', () => {
  const error = { code: 'no-space', message: 'The disk is full' } as const;
  const uploadFailed = 'The upload of a has failed';
  const summary = '2 transfers have ended, 1 unsuccessful';
  expect(
    messageOfEnds([transfer('a', 'failed', { kind: 'upload', error })], trans)
  ).toEqual({
    title: uploadFailed,
    text: `${uploadFailed}: The disk is full`
  });
  expect(messageOfEnds([transfer('a', 'interrupted')], trans).text).toBe(
    'The download of a was interrupted'
  );
  expect(
    messageOfEnds(
      [transfer('a', 'failed', { error }), transfer('b', 'finished')],
      trans
    )
  ).toEqual({
    title: summary,
    text: `${summary}\nThe download of a has failed: The disk is full`
  });
});

describe('what is said of a transfer', () => {
  // English, as without any language pack; the real one cannot be loaded outside of a page.
  const trans = {
    __: (text: string, ...values: unknown[]) =>
      text.replace(/%(\d)/g, (_, place) => String(values[Number(place) - 1]))
  } as TranslationBundle;
  const MB = 1 << 20;

  it('of a file', () => {
    const file = transfer('a.h5', 'running', {
      bytes_done: 10 * MB,
      bytes_total: 40 * MB,
      rate: 5 * MB
    });
    expect(describeTransfer(file, trans)).toBe(
      '10.0 MB of 40.0 MB · 5.0 MB/s · 6 s left'
    );
  });

  it('of a folder whose files are still being found', () => {
    const folder = transfer('run', 'running', {
      bytes_done: 10 * MB,
      bytes_total: 40 * MB,
      files_done: 1,
      files_total: 4,
      counting: true,
      rate: 5 * MB
    });
    expect(describeTransfer(folder, trans)).toBe(
      '10.0 MB of 40.0 MB found so far · file 1 of 4 · 5.0 MB/s · at least 6 s left'
    );
    const begun = { ...folder, bytes_done: 0, rate: null };
    expect(
      describeTransfer(
        { ...begun, bytes_total: null, files_total: null },
        trans
      )
    ).toBe('0 B');
  });

  it.each([
    ['queued', 'Waiting'],
    ['cancelling', 'Cancelling…'],
    ['cancelled', 'Cancelled'],
    ['failed', 'Failed'],
    ['interrupted', 'Interrupted: the Jupyter server was stopped'],
    ['finished', '7 B, in here']
  ] as const)('that is %s', (state, text) => {
    const facts = { bytes_done: 7 };
    expect(describeTransfer(transfer('a', state, facts), trans)).toBe(text);
  });
});
