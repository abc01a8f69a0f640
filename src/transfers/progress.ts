import { TranslationBundle } from '@jupyterlab/translation';

import { ITransfer } from '../api/client';
import { formatDuration, formatSize } from '../common/formats';
import { parentPath } from '../common/paths';

/** One line about a transfer: how far, how fast, how long; or how it ended. */
export function describeTransfer(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  const { state, error, bytes_done: done, files_total: files } = transfer;
  switch (state) {
    case 'queued':
      return trans.__('Waiting for its turn');
    case 'running':
      return describeProgress(transfer, trans);
    case 'cancelling':
      return trans.__('Cancelling…');
    case 'cancelled':
      return trans.__('Cancelled');
    case 'interrupted':
      return trans.__('Interrupted: the Jupyter server ended meanwhile');
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

/** Of a folder whose files are still being found, nothing is said of the whole. */
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
