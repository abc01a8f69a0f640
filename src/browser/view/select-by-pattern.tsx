import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IRows } from '../../tokens';
import { NameTest, nameTest } from '../name-filter';

/** Ask for a pattern, and select the matching rows. */
export async function selectByPattern(
  rows: IRows,
  trans: TranslationBundle
): Promise<void> {
  const { button, value } = await showDialog({
    title: trans.__('Select by pattern'),
    body: new PatternBody(rows, trans),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Select') })
    ],
    focusNodeSelector: 'input'
  });
  const test = button.accept ? testOf(value ?? '') : null;
  if (test) {
    rows.selectMatching(test);
  }
}

/** Null if the text is not a valid pattern. */
function testOf(text: string): NameTest | null {
  try {
    return text.trim() === '' ? null : nameTest(text);
  } catch {
    return null;
  }
}

class PatternBody extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private _rows: IRows,
    private _trans: TranslationBundle
  ) {
    super();
  }

  getValue(): string {
    return this._text;
  }

  protected override render(): JSX.Element {
    return (
      <Pattern
        rows={this._rows}
        trans={this._trans}
        onChange={text => {
          this._text = text;
        }}
      />
    );
  }

  private _text = '';
}

function Pattern(props: {
  rows: IRows;
  trans: TranslationBundle;
  onChange: (text: string) => void;
}): JSX.Element {
  const { rows, trans } = props;
  const [text, setText] = React.useState('');
  return (
    <div className="jp-CTAData-pattern">
      <label>
        {trans.__('Names that match')}
        <input
          className="jp-mod-styled"
          spellCheck={false}
          placeholder="*.0100.*"
          value={text}
          onChange={event => {
            setText(event.target.value);
            props.onChange(event.target.value);
          }}
        />
      </label>
      <p>
        {trans.__(
          '* matches any characters, ? one character, {11111..11120} a number in that range; re: starts a regular expression.'
        )}
      </p>
      <p role="status">{matchText(rows, text, trans)}</p>
    </div>
  );
}

function matchText(
  rows: IRows,
  text: string,
  trans: TranslationBundle
): string {
  const test = testOf(text);
  if (test === null) {
    return text.trim() === '' ? '' : trans.__('Not a regular expression');
  }
  let count = 0;
  for (let row = 0; row < rows.length; row += 1) {
    count += test(rows.nameAt(row)) ? 1 : 0;
  }
  return trans.__(
    '%1 of %2 match',
    count.toLocaleString(),
    rows.length.toLocaleString()
  );
}
