import { MainAreaWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, ReactWidget, Toolbar } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import { explain } from '../../api/explain';
import { baseName } from '../../common/paths';
import { printable } from '../../common/printable';
import { ErrorBoundary } from '../../ui/error-boundary';
import { Content } from '../file-content';
import { ImageView } from './image-view';
import { JsonView } from './json-view';
import { NotebookView } from './notebook-view';
import { TableView } from './table-view';
import { TextView } from './text-view';

/** What a preview needs. */
export interface IPreviewOptions {
  /** The file's path in the storage. */
  path: string;
  icon: LabIcon;
  /** Load the content when the preview is first shown; rejects with RequestError. */
  load: () => Promise<Content>;
  trans: TranslationBundle;
}

/** A read-only preview of a storage file in the main area; it is not a JupyterLab document. */
export class Preview extends MainAreaWidget<Panel> {
  constructor(private _options: IPreviewOptions) {
    // Not a reactive toolbar, which moves items into a menu.
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

  /** Whether the content is shown, not an error. */
  get isFilled(): boolean {
    return this._isFilled;
  }

  /** Show the content. */
  fill(content: Content): void {
    this._isFilled = true;
    this._replace(viewOf(content, this._options.trans));
  }

  /** After a reload of the page, files are loaded when their tabs are shown. */
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

/** The content area; the focus goes to its scrollable element. */
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

/** A view rendered by React. */
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
  const view = (element: JSX.Element) =>
    new View(<ErrorBoundary trans={trans}>{element}</ErrorBoundary>);
  switch (content.kind) {
    case 'text':
      return new TextView(content.text, trans);
    case 'image':
      return view(
        <ImageView {...content} label={trans.__('Image')} trans={trans} />
      );
    case 'table':
      return view(<TableView {...content} trans={trans} />);
    case 'json':
      return view(<JsonView {...content} trans={trans} />);
    case 'notebook':
      return view(<NotebookView {...content} trans={trans} />);
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
