import { DocumentRegistry } from '@jupyterlab/docregistry';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { SidePanel, UseSignal } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import { LocalCopies } from './browser/local-copies';
import { BrowserModel } from './browser/model';
import { Breadcrumbs } from './browser/view/breadcrumbs';
import { Browser } from './browser/view/browser';
import { PersistedValue } from './common/persisted-value';
import { printableTexts } from './common/printable';
import { DownloadController } from './downloads/download-controller';
import {
  ICTADataPanel,
  ISectionOptions,
  ISettings,
  ITransferManager,
  PANEL_ID
} from './tokens';
import { TransfersSection } from './transfers/view/transfers-section';
import { createView } from './ui/error-boundary';
import { ctaIcon } from './ui/icons';

/** What the panel shows and needs. */
export interface ICTADataPanelOptions {
  model: BrowserModel;
  transfers: ITransferManager;
  settings: ISettings;
  downloads: DownloadController;
  localCopies: LocalCopies;
  /** Whether the list of transfers is collapsed. */
  collapsed: PersistedValue<boolean>;
  registry: DocumentRegistry;
  translator: ITranslator;
  /** Resolves when the directory to show is known. */
  ready: Promise<void>;
  /** Open the selection. */
  open: () => void;
  /** Open the dialog that delegates a certificate. */
  delegate: () => void;
}

/** The sidebar widget: toolbar, path, listing, transfers. */
export class CTADataPanel extends SidePanel implements ICTADataPanel {
  constructor(options: ICTADataPanelOptions) {
    super({ content: new Panel(), translator: options.translator });
    const { model, transfers, settings, downloads, localCopies } = options;
    const { collapsed, registry, open, delegate } = options;
    const trans = printableTexts(options.translator.load('ctadata'));
    this.model = model;
    this.downloads = downloads;
    this._transfers = transfers;
    this._localCopies = localCopies;
    this._ready = options.ready;
    this.id = PANEL_ID;
    this.addClass('jp-CTAData');
    this.title.icon = ctaIcon;
    this.title.caption = trans.__('CTA data');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('CTA data'));
    this.toolbar.addClass('jp-CTAData-toolbar');
    this.toolbar.node.setAttribute('aria-label', trans.__('CTA data'));

    this._add('jp-CTAData-path', 0, model.changed, trans, () => (
      <Breadcrumbs model={model} trans={trans} />
    ));
    this._add('jp-CTAData-browser', 0, model.changed, trans, () => (
      <UseSignal signal={settings.changed}>
        {() => (
          <UseSignal signal={localCopies.changed}>
            {() => (
              <Browser
                model={model}
                localCopies={localCopies}
                registry={registry}
                columns={settings.get('columns')}
                trans={trans}
                open={open}
                delegate={delegate}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    ));
    this._add('jp-CTAData-transfers', 300, transfers.changed, trans, () => (
      <UseSignal signal={collapsed.changed}>
        {() => (
          <TransfersSection
            model={model}
            transfers={transfers}
            downloads={downloads}
            collapsed={collapsed}
            trans={trans}
          />
        )}
      </UseSignal>
    ));
  }

  readonly model: BrowserModel;
  readonly downloads: DownloadController;

  get shown(): ISignal<this, void> {
    return this._shown;
  }

  addSection(widget: Widget, { rank = 1000 }: ISectionOptions = {}): void {
    const next = this.widgets.findIndex(
      other => (this._ranks.get(other) ?? 0) > rank
    );
    this._ranks.set(widget, rank);
    (this.content as Panel).insertWidget(
      next < 0 ? this.widgets.length : next,
      widget
    );
  }

  focusFilter(): void {
    this.node
      .querySelector<HTMLInputElement>('.jp-CTAData-filter input')
      ?.focus();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._localCopies.dispose();
      this.model.dispose();
      super.dispose();
    }
  }

  /** Load the listing when the panel is shown, not when JupyterLab starts. */
  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._ready.then(() => this.model.start());
    void this._transfers.start();
    this._shown.emit();
  }

  /** When the sidebar activates the panel, keep the focus if it is inside already. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) {
      this.node.querySelector<HTMLElement>('.jp-CTAData-grid')?.focus();
    }
  }

  private _ranks = new WeakMap<Widget, number>();
  private _transfers: ITransferManager;
  private _localCopies: LocalCopies;
  private _ready: Promise<void>;
  private _shown = new Signal<this, void>(this);

  private _add(
    className: string,
    rank: number,
    changed: ISignal<unknown, void>,
    trans: TranslationBundle,
    render: () => JSX.Element
  ): void {
    const widget = createView(changed, trans, render);
    widget.addClass(className);
    this.addSection(widget, { rank });
  }
}
