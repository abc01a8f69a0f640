import { DisposableDelegate, IDisposable } from '@lumino/disposable';

import { UploadsModel } from './model';

/** Resume when the page is online again, and ask before it is left during an upload. */
export function watchPage(
  page: EventTarget,
  uploads: Pick<UploadsModel, 'busy' | 'reconnect'>
): IDisposable {
  const onOnline = () => uploads.reconnect();
  const onLeave = (event: Event) => {
    if (uploads.busy) {
      event.preventDefault();
    }
  };
  page.addEventListener('online', onOnline);
  page.addEventListener('beforeunload', onLeave);
  return new DisposableDelegate(() => {
    page.removeEventListener('online', onOnline);
    page.removeEventListener('beforeunload', onLeave);
  });
}
