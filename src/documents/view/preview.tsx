import { MainAreaWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, ReactWidget, Toolbar } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import { explain } from '../../api/explain';
import { baseName } from '../../common/paths';
import { printable } from '../../common/printable';
import { Content } from '../file-content';
import { ImageView } from './image-view';
import { JsonView } from './json-view';
import { NotebookView } from './notebook-view';
import { TableView } from './table-view';
import { TextView } from './text-view';

/** What a preview is made of. */
export interface IPreviewOptions {
  /** The file's path in the storage. */
  path: string;
  icon: LabIcon;
  /** Get what it shows, if that is not there yet when somebody looks; rejects with RequestError. */
  load: () => Promise<Content>;
  trans: TranslationBundle;
}

/** A file of the storage in the main area, to read: it is no document of JupyterLab's. */
export class Preview extends MainAreaWidget<Panel> {
  constructor(private _options: IPreviewOptions) {
    // Not one that moves what is too long into a menu.
    super({ content: new Body(), toolbar: new Toolbar() });
    const { path, icon, trans } = _options;
    this.addClass('jp-CTAData-preview');
    this.title.label = printable(baseName(path));
    this.title.caption = printable(path);
    this.title.icon = icon;
    this.title.closable = true;
    const line = new Widget();
    line.addClass('jp-CTAData-previewLine');
    line.node.textContent = trans.__(
      'CTA data, read-only: %1',
      this.title.caption
    );
    this.toolbar.addItem('path', line);
    this.toolbar.node.setAttribute('aria-label', trans.__('CTA data'));
  }

  get path(): string {
    return this._options.path;
  }

  /** Whether the file is shown, not what kept it from being shown. */
  get isFilled(): boolean {
    return this._isFilled;
  }

  /** Show what the file has. */
  fill(content: Content): void {
    this._isFilled = true;
    this._replace(viewOf(content, this._options.trans));
  }

  /** After a reload of the page, files come when somebody looks at them. */
  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._fillLater();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this._fillLater();
    }
  }

  private async _fillLater(): Promise<void> {
    if (this._isFilled || this._isLoading) {
      return;
    }
    const { load, trans } = this._options;
    this._isLoading = true;
    this._replace(message(trans.__('Loading…')));
    try {
      const content = await load();
      if (!this.isDisposed && !this._isFilled) {
        this.fill(content);
      }
    } catch (reason) {
      if (!this.isDisposed) {
        const { title, text } = explain(reason, trans);
        this._replace(
          message(title, text, trans.__('Try again'), () => {
            void this._fillLater();
          })
        );
      }
    } finally {
      this._isLoading = false;
    }
  }

  private _replace(view: Widget): void {
    for (const widget of [...this.content.widgets]) {
      widget.dispose();
    }
    this.content.addWidget(view);
  }

  private _isFilled = false;
  private _isLoading = false;
}

/** What is below the line; the focus goes to what can be scrolled. */
class Body extends Panel {
  constructor() {
    super();
    this.addClass('jp-CTAData-previewBody');
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.widgets[0]?.activate();
  }
}

/** A view that React renders. */
class View extends ReactWidget {
  constructor(private _view: JSX.Element) {
    super();
    this.addClass('jp-CTAData-view');
  }

  protected override render(): JSX.Element {
    return this._view;
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const focus = () =>
      this.node.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    void this.renderPromise?.then(focus);
  }
}

function viewOf(content: Content, trans: TranslationBundle): Widget {
  switch (content.kind) {
    case 'text':
      return new TextView(content.text, trans);
    case 'image':
      return new View(
        <ImageView {...content} label={trans.__('Image')} trans={trans} />
      );
    case 'table':
      return new View(<TableView {...content} trans={trans} />);
    case 'json':
      return new View(<JsonView {...content} trans={trans} />);
    case 'notebook':
      return new View(<NotebookView {...content} trans={trans} />);
  }
}

function message(
  title: string,
  text = '',
  remedy = '',
  onRemedy?: () => void
): Widget {
  return new View(
    <div className="jp-CTAData-message" role="status">
      <h3>{title}</h3>
      {text && <p>{text}</p>}
      {remedy && (
        <button className="jp-mod-styled jp-mod-minimal" onClick={onRemedy}>
          {remedy}
        </button>
      )}
    </div>
  );
}
