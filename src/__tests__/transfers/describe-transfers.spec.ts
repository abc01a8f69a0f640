import {
  announce,
  describeEnds,
  describeSummary,
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
  expect(announce(null, running, trans)).toBe('');
  expect(announce([], running, trans)).toBe('The transfer of a.h5 has started');
  expect(announce(running, further, trans)).toBe('');
  expect(
    announce(
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
  const error = { code: 'no-space', message: 'The disk is full' };
  expect(
    describeEnds([transfer('a', 'failed', { kind: 'upload', error })], trans)
  ).toBe('The upload of a has failed: The disk is full');
  expect(describeEnds([transfer('a', 'interrupted')], trans)).toBe(
    'The download of a was interrupted'
  );
  expect(
    describeEnds(
      [transfer('a', 'failed', { error }), transfer('b', 'finished')],
      trans
    )
  ).toBe('2 transfers have ended, 1 without success');
});
