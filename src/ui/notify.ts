import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { toRequestError } from '../api/errors';
import { explain } from '../api/explain';
import { printable } from '../common/printable';
import { IMessage, fitMessage } from './notification-text';

/** Milliseconds after which JupyterLab is sure to show a new toast. */
const SETTLED = 1000;

/** Milliseconds for which a message is shown unless its options say otherwise; JupyterLab's default is 0. */
const SHOWN = 10_000;

/** Options of a notification: how long it stays, and its buttons. */
export type INotificationOptions = Omit<Notification.IOptions<null>, 'data'>;

/** A button of a notification. */
export type INotificationAction = Notification.IAction;

/** Shows the panel's notifications; what does not fit into one stands behind "Details". */
export class Notifier {
  constructor(private _trans: TranslationBundle) {}

  /** Show a message; returns the notification's id. */
  show(
    type: Notification.TypeOptions,
    message: IMessage | string,
    options: INotificationOptions = {}
  ): string {
    return Notification.emit(...this._arguments(type, message, options));
  }

  /** Show an error, whatever was thrown. */
  error(thrown: unknown, options: INotificationOptions = {}): string {
    return this.show('error', explain(thrown, this._trans), options);
  }

  /** Run an action, and show its error. Returns whether it succeeded. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /** Show an error, unless the user gave the action up for another one. */
  report(thrown: unknown): void {
    const error = toRequestError(thrown);
    if (error.code !== 'superseded') {
      this.error(error);
    }
  }

  /** Return a notification whose message can change. */
  updatable(): UpdatableNotification {
    return new UpdatableNotification((type, message, options) =>
      this._arguments(type, message, options)
    );
  }

  dismiss(id: string): void {
    Notification.dismiss(id);
  }

  private _arguments(
    type: Notification.TypeOptions,
    message: IMessage | string,
    options: INotificationOptions
  ): Parameters<typeof Notification.emit<null>> {
    const { shown, details } = fitMessage(
      typeof message === 'string' ? { title: message, text: message } : message
    );
    const actions = [...(options.actions ?? [])];
    if (details !== null) {
      actions.push({
        label: this._trans.__('Details'),
        callback: event => {
          // Keep the notification.
          event.preventDefault();
          void this._showDetails(shown, details);
        }
      });
    }
    return [shown, type, { autoClose: SHOWN, ...options, actions }];
  }

  private async _showDetails(title: string, details: string): Promise<void> {
    const body = new Widget();
    body.addClass('jp-CTAData-details');
    body.node.textContent = printable(details);
    await showDialog({
      title,
      body,
      buttons: [Dialog.okButton({ label: this._trans.__('Close') })]
    });
  }
}

/**
 * A notification whose message changes.
 *
 * JupyterLab loads the code of its toasts with the first one. A change that comes before the toast is on
 * the screen is lost, so changes wait.
 */
export class UpdatableNotification {
  /** @internal Use `Notifier.updatable`. */
  constructor(
    private _arguments: (
      type: Notification.TypeOptions,
      message: IMessage | string,
      options: INotificationOptions
    ) => Parameters<typeof Notification.emit<null>>
  ) {}

  /** Show this message from now on; in a new notification if the user closed the last one. */
  show(
    type: Notification.TypeOptions,
    message: IMessage | string,
    options: INotificationOptions = {}
  ): void {
    clearTimeout(this._timer);
    const [shown, , fitted] = this._arguments(type, message, options);
    const update = () => {
      // It may have been closed in the meantime.
      if (
        !Notification.update({ id: this._id, message: shown, type, ...fitted })
      ) {
        this._id = Notification.emit(shown, type, fitted);
        this._since = Date.now();
      }
    };
    if (this.exists) {
      const left = this._since + SETTLED - Date.now();
      this._timer = setTimeout(update, Math.max(0, left));
    } else {
      update();
    }
  }

  /** Whether it is on the screen or in the notification center. */
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
