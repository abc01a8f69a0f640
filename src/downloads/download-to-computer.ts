import { TranslationBundle } from '@jupyterlab/translation';

import { explain } from '../api/explain';
import { IEntry } from '../api/types';
import { formatSize } from '../common/formats';
import { ICTADataAPI } from '../tokens';
import { Notifier } from '../ui/notify';

/** Milliseconds after which to show that a zip file is being prepared. */
const PATIENCE = 500;

/** Let the browser download the entries: one file directly, anything else as a zip file. */
export async function downloadToComputer(
  api: ICTADataAPI,
  entries: readonly IEntry[],
  trans: TranslationBundle
): Promise<void> {
  const [first] = entries;
  if (entries.length > 1 || first.type === 'directory') {
    return downloadArchive(api, entries, trans);
  }
  try {
    // A failing link would not say why.
    await api.list(first.path);
  } catch (error) {
    new Notifier(trans).error(error);
    return;
  }
  follow(api.fileUrl(first.path, document.cookie), first.name);
}

async function downloadArchive(
  api: ICTADataAPI,
  entries: readonly IEntry[],
  trans: TranslationBundle
): Promise<void> {
  const abort = new AbortController();
  const notification = new Notifier(trans).updatable();
  // Most are ready before anybody could read it.
  const patience = setTimeout(() => {
    notification.show(
      'in-progress',
      trans._n(
        'Preparing a zip of “%2”…',
        'Preparing a zip of %1 items…',
        entries.length,
        entries[0].name
      ),
      {
        autoClose: false,
        actions: [{ label: trans.__('Cancel'), callback: () => abort.abort() }]
      }
    );
  }, PATIENCE);
  try {
    const paths = entries.map(({ path }) => path);
    const archive = await api.archive(paths, abort.signal);
    follow(api.archiveUrl(archive.id, document.cookie), archive.name);
    notification.show(
      'success',
      trans._n(
        'The browser downloads %2: %3, %1 file',
        'The browser downloads %2: %3, %1 files',
        archive.files,
        archive.name,
        formatSize(archive.bytes)
      )
    );
  } catch (error) {
    if (abort.signal.aborted) {
      notification.close();
    } else {
      notification.show('error', explain(error, trans));
    }
  } finally {
    clearTimeout(patience);
  }
}

function follow(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
}
