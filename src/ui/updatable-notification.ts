import { Notification } from '@jupyterlab/apputils';

/** Milliseconds after which JupyterLab surely shows what it was told to show. */
const SETTLED = 1000;

/**
 * A notification that says something else after a while.
 *
 * JupyterLab loads the code of its toasts with the first one: a change that comes before the toast is
 * on the screen is lost, and the toast says for ever what it said first. So changes wait.
 */
export class UpdatableNotification {
  /** Say this from now on; in a new notification, where the one before was closed. */
  say(
    message: string,
    type: Notification.TypeOptions,
    options: Omit<Notification.IOptions<null>, 'data'>
  ): void {
    clearTimeout(this._timer);
    const show = () => {
      // It may have been closed in the meantime.
      if (!Notification.update({ id: this._id, message, type, ...options })) {
        this._id = Notification.emit(message, type, options);
        this._since = Date.now();
      }
    };
    if (this.exists) {
      const left = this._since + SETTLED - Date.now();
      this._timer = setTimeout(show, Math.max(0, left));
    } else {
      show();
    }
  }

  /** Whether it is on the screen, or among those that can be read again. */
  get exists(): boolean {
    return Notification.manager.has(this._id);
  }

  close(): void {
    clearTimeout(this._timer);
    Notification.dismiss(this._id);
  }

  private _id = '';
  private _since = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
