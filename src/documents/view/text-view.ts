import { search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  EditorView,
  drawSelection,
  highlightSpecialChars,
  keymap,
  lineNumbers
} from '@codemirror/view';
import { jupyterTheme } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/**
 * Characters that are invisible or change how others are displayed: control characters other than tab and line feed,
 * bidirectional and zero-width marks, tags, fillers.
 */
const INVISIBLE =
  /(?![\t\n])(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5)/gu;

/** Styles of the parts that JupyterLab's editor lacks. */
const theme = EditorView.theme({
  '&': { height: '100%' },
  '.cm-specialChar': { color: 'var(--jp-error-color1)' },
  '.cm-panels': {
    color: 'var(--jp-ui-font-color1)',
    background: 'var(--jp-layout-color2)'
  },
  '.cm-panel.cm-search': { fontSize: 'var(--jp-ui-font-size1)' },
  '.cm-panel.cm-search :is(.cm-button, .cm-textfield)': {
    color: 'var(--jp-ui-font-color1)',
    background: 'var(--jp-layout-color1)'
  }
});

/**
 * A read-only text of any length.
 *
 * It has only these editor extensions; JupyterLab's editor would include those registered by others.
 */
export class TextView extends Widget {
  constructor(text: string, trans: TranslationBundle) {
    super();
    this.addClass('jp-CTAData-text');
    this._view = new EditorView({
      parent: this.node,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({
            'aria-label': trans.__('Content'),
            'aria-readonly': 'true',
            // A spelling checker may send the text to a service.
            spellcheck: 'false',
            autocorrect: 'off',
            autocapitalize: 'off',
            translate: 'no',
            'data-gramm': 'false'
          }),
          highlightSpecialChars({ specialChars: INVISIBLE }),
          lineNumbers(),
          drawSelection(),
          search({ top: true }),
          keymap.of(searchKeymap),
          jupyterTheme,
          theme
        ]
      })
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._view.destroy();
      super.dispose();
    }
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._view.focus();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._view.requestMeasure();
  }

  private _view: EditorView;
}
