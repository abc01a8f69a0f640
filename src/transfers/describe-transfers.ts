import { TranslationBundle } from '@jupyterlab/translation';

import { ITransfer } from '../api/types';
import { formatDuration, formatSize } from '../common/formats';
import { baseName, parentPath } from '../common/paths';
import { IMessage } from '../ui/notification-text';
import { isActive } from './model';

/** Describe a transfer in one line: its progress, rate and time left, or how it ended. */
export function describeTransfer(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  const { state, error, bytes_done: done, files_total: files } = transfer;
  switch (state) {
    case 'queued':
      return trans.__('Waiting');
    case 'running':
      return describeProgress(transfer, trans);
    case 'cancelling':
      return trans.__('Cancelling…');
    case 'cancelled':
      return trans.__('Cancelled');
    case 'interrupted':
      return trans.__('Interrupted: the Jupyter server was stopped');
    case 'failed':
      return error?.message ?? trans.__('Failed');
    case 'finished': {
      const folder = parentPath(transfer.target) || trans.__('the top folder');
      return files !== null && files > 1
        ? trans.__('%1 in %2 files, in %3', formatSize(done), files, folder)
        : trans.__('%1, in %2', formatSize(done), folder);
    }
  }
}

/** While the files of a folder are still being counted, its total is not final. */
function describeProgress(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  const { bytes_done: done, bytes_total: total, counting, rate } = transfer;
  const parts = [
    total === null
      ? formatSize(done)
      : counting
        ? trans.__('%1 of %2 found so far', formatSize(done), formatSize(total))
        : trans.__('%1 of %2', formatSize(done), formatSize(total))
  ];
  if (transfer.files_total !== null && transfer.files_total > 1) {
    parts.push(
      trans.__('file %1 of %2', transfer.files_done, transfer.files_total)
    );
  }
  if (rate) {
    parts.push(trans.__('%1/s', formatSize(rate)));
    if (total !== null && total > done) {
      const left = formatDuration((total - done) / rate);
      parts.push(
        counting
          ? trans.__('at least %1 left', left)
          : trans.__('%1 left', left)
      );
    }
  }
  return parts.join(' · ');
}

/** Numbers of transfers by state, and their progress. */
export interface ITransferSummary {
  running: number;
  queued: number;
  failed: number;
  interrupted: number;
  /** Progress of the running transfers in percent; null while unknown. */
  percent: number | null;
}

/** Count transfers. */
export function summarize(items: readonly ITransfer[]): ITransferSummary {
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

/** Describe a summary in as few words as possible; '' if there is nothing to report. */
export function describeSummary(
  summary: ITransferSummary,
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

/** Tell how transfers have ended: in short, and with the reasons of those that failed. */
export function messageOfEnds(
  ended: readonly ITransfer[],
  trans: TranslationBundle
): IMessage {
  const summary = describeEnds(ended, trans);
  if (ended.length === 1) {
    const [{ error }] = ended;
    return { title: summary, text: withReason(summary, error, trans) };
  }
  const reasons = ended
    .filter(({ error }) => error !== null)
    .map(transfer =>
      withReason(describeEnds([transfer], trans), transfer.error, trans)
    );
  return { title: summary, text: [summary, ...reasons].join('\n') };
}

function withReason(
  summary: string,
  error: ITransfer['error'],
  trans: TranslationBundle
): string {
  return error ? trans.__('%1: %2', summary, error.message) : summary;
}

/** Tell how transfers have ended, without reasons. */
function describeEnds(
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
    return bad > 0 ? trans.__('%1, %2 unsuccessful', all, bad) : all;
  }
  const [{ kind, source, state }] = ended;
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
      return trans.__('%1 has failed', what);
  }
}

/**
 * Describe which transfers have started and ended between two polls.
 *
 * @param before - null at the first poll, after which nothing is reported
 */
export function describeChanges(
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
  const { title, text } = messageOfEnds(ended, trans);
  sentences.push(ended.length === 1 ? text : title);
  return sentences.filter(sentence => sentence !== '').join('. ');
}
