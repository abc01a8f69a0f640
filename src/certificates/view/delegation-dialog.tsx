import { Dialog, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { createView } from '../../ui/error-boundary';
import { DelegationSession } from '../delegation-session';
import { CertificatesModel } from '../model';
import { DelegationForm } from './delegation-form';

const EVENTS = ['dragenter', 'dragover', 'dragleave', 'drop'];

/** The class of the dialog while a file is held above it. */
const TARGET = 'jp-mod-dropTarget';

/** The dialog to choose, inspect and upload a certificate; closing it discards the certificate. */
export class DelegationDialog extends Dialog<void> {
  constructor(
    certificates: CertificatesModel,
    private _session: DelegationSession,
    private _trans: TranslationBundle
  ) {
    super({
      title: _trans.__('Delegate a Certificate'),
      body: createView(certificates.changed, _trans, () => (
        <UseSignal signal={_session.changed}>
          {() => (
            <DelegationForm
              certificates={certificates}
              session={_session}
              trans={_trans}
            />
          )}
        </UseSignal>
      )),
      buttons: [Dialog.cancelButton({ label: _trans.__('Close') })],
      focusNodeSelector: '.jp-CTAData-chooseFile'
    });
    this.addClass('jp-CTAData-delegation');
    this.node.setAttribute('aria-label', _trans.__('Delegate a Certificate'));
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._session.dispose();
      super.dispose();
    }
  }

  override handleEvent(event: Event): void {
    switch (event.type) {
      case 'dragenter':
      case 'dragover':
        this._onOver(event as DragEvent);
        break;
      case 'dragleave':
        this._onLeave(event as DragEvent);
        break;
      case 'drop':
        this._onDrop(event as DragEvent);
        break;
      default:
        super.handleEvent(event);
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    EVENTS.forEach(event => this.node.addEventListener(event, this));
  }

  protected override onAfterDetach(message: Message): void {
    EVENTS.forEach(event => this.node.removeEventListener(event, this));
    super.onAfterDetach(message);
  }

  /**
   * Let the keys do in the body what they do in any page.
   *
   * Elsewhere Enter accepts a dialog, wherever the focus is, and arrows lead to the buttons below.
   */
  protected override _evtKeydown(event: KeyboardEvent): void {
    const { target } = event;
    const body = this.node.querySelector('.jp-Dialog-body');
    const inBody = target instanceof Element && body?.contains(target);
    if (event.key === 'Tab') {
      this._keepInside(event);
    } else if (event.key === 'Escape' || !inBody) {
      super._evtKeydown(event);
    }
  }

  /** Tab wraps around from the last element to the first, and Shift-Tab back. */
  private _keepInside(event: KeyboardEvent): void {
    const stops = [
      ...this.node.querySelectorAll<HTMLElement>(
        'button:not(:disabled), fieldset:not(:disabled) input:checked'
      )
    ];
    const from = event.shiftKey ? stops[0] : stops[stops.length - 1];
    const to = event.shiftKey ? stops[stops.length - 1] : stops[0];
    if (document.activeElement === from) {
      event.preventDefault();
      to.focus();
    }
    event.stopPropagation();
  }

  private _onOver(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) {
      return;
    }
    // Otherwise the browser would replace JupyterLab with the dropped file.
    event.preventDefault();
    event.stopPropagation();
    const possible = !this._session.sending;
    event.dataTransfer.dropEffect = possible ? 'copy' : 'none';
    this.toggleClass(TARGET, possible);
  }

  private _onLeave({ relatedTarget }: DragEvent): void {
    if (
      !(relatedTarget instanceof Node) ||
      !this.node.contains(relatedTarget)
    ) {
      this.removeClass(TARGET);
    }
  }

  private _onDrop(event: DragEvent): void {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes('Files')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.removeClass(TARGET);
    const { files, items } = dataTransfer;
    if (files.length !== 1) {
      this._session.refuseDrop(
        this._trans.__('Drop a single file with the certificate and its key.')
      );
    } else if (items[0]?.webkitGetAsEntry()?.isDirectory) {
      this._session.refuseDrop(
        this._trans.__('This is a folder: drop the file inside it.')
      );
    } else {
      void this._session.chooseFile(files[0]);
    }
  }
}
