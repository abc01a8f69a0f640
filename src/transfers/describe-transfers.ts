import { TranslationBundle } from '@jupyterlab/translation';

import { ITransfer } from '../api/client';
import { baseName } from '../common/paths';
import { isActive } from './model';

/** Transfers in figures. */
export interface ISummary {
  running: number;
  queued: number;
  failed: number;
  interrupted: number;
  /** How much of what runs is done; null where that is not known yet. */
  percent: number | null;
}

/** Count transfers. */
export function summarize(items: readonly ITransfer[]): ISummary {
  const count = (state: ITransfer['state']) =>
    items.filter(item => item.state === state).length;
  const running = items.filter(
    item => isActive(item) && item.state !== 'queued'
  );
  const total = running.reduce((sum, item) => sum + (item.bytes_total ?? 0), 0);
  const done = running.reduce((sum, item) => sum + item.bytes_done, 0);
  const known = running.every(
    ({ bytes_total, counting }) => bytes_total !== null && !counting
  );
  return {
    running: running.length,
    queued: count('queued'),
    failed: count('failed'),
    interrupted: count('interrupted'),
    percent:
      known && total > 0
        ? Math.min(100, Math.floor((100 * done) / total))
        : null
  };
}

/** What a summary says, in as few words as possible: '' where nobody needs to know anything. */
export function describeSummary(
  summary: ISummary,
  trans: TranslationBundle
): string {
  const { running, queued, failed, interrupted, percent } = summary;
  const parts = [];
  if (running > 0) {
    parts.push(trans._n('%1 transfer', '%1 transfers', running));
  }
  if (percent !== null) {
    parts.push(trans.__('%1 %', percent));
  }
  if (queued > 0) {
    parts.push(trans._n('%1 waiting', '%1 waiting', queued));
  }
  if (interrupted > 0) {
    parts.push(trans._n('%1 interrupted', '%1 interrupted', interrupted));
  }
  if (failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', failed));
  }
  return parts.join(', ');
}

/** Say in words how transfers have ended. */
export function describeEnds(
  ended: readonly ITransfer[],
  trans: TranslationBundle
): string {
  if (ended.length === 0) {
    return '';
  }
  if (ended.length > 1) {
    const { failed, interrupted } = summarize(ended);
    const all = trans._n(
      '%1 transfer has ended',
      '%1 transfers have ended',
      ended.length
    );
    const bad = failed + interrupted;
    return bad > 0 ? trans.__('%1, %2 without success', all, bad) : all;
  }
  const [{ kind, source, state, error }] = ended;
  const what =
    kind === 'download'
      ? trans.__('The download of %1', baseName(source))
      : trans.__('The upload of %1', baseName(source));
  switch (state) {
    case 'finished':
      return trans.__('%1 has finished', what);
    case 'cancelled':
      return trans.__('%1 was cancelled', what);
    case 'interrupted':
      return trans.__('%1 was interrupted', what);
    default:
      return trans.__('%1 has failed: %2', what, error?.message ?? '');
  }
}

/**
 * Say in words what has begun and what has ended from one look to the next.
 *
 * @param before - null at the first look, which tells nothing new
 */
export function announce(
  before: readonly ITransfer[] | null,
  after: readonly ITransfer[],
  trans: TranslationBundle
): string {
  if (before === null || before === after) {
    return '';
  }
  const wereActive = new Set(before.filter(isActive).map(({ id }) => id));
  const started = after.filter(
    item => isActive(item) && !wereActive.has(item.id)
  );
  const ended = after.filter(
    item => !isActive(item) && wereActive.has(item.id)
  );
  const sentences = [];
  if (started.length > 0) {
    sentences.push(
      trans._n(
        'The transfer of %2 has started',
        '%1 transfers have started',
        started.length,
        baseName(started[0].source)
      )
    );
  }
  sentences.push(describeEnds(ended, trans));
  return sentences.filter(sentence => sentence !== '').join('. ');
}
