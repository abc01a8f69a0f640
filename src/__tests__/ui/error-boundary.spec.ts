import * as React from 'react';

import { toRequestError } from '../../api/errors';
import { ErrorBoundary } from '../../ui/error-boundary';
import { trans } from '../helpers/translator';

// It needs a page.
jest.mock('@jupyterlab/ui-components', () => ({}));

beforeEach(() => {
  jest.spyOn(console, 'error').mockReturnValue();
});

function boundary(children: React.ReactNode): ErrorBoundary {
  return new ErrorBoundary({ trans, children });
}

it('shows the view as long as it can be rendered', () => {
  expect(boundary('rows').render()).toBe('rows');
});

it.each([new TypeError('x is undefined'), 'words', null, undefined, {}])(
  'shows an error where rendering throws %p',
  thrown => {
    const broken = boundary('rows');
    broken.state = ErrorBoundary.getDerivedStateFromError(thrown);
    const shown = JSON.stringify(broken.render());
    expect(shown).toContain('"role":"alert"');
    expect(shown).toContain('Try again');
    expect(shown).not.toContain('rows');
  }
);

it('renders again when there is something else to render, and only then', () => {
  const error = toRequestError('words');
  const broken = boundary('new rows');
  const retried = jest.spyOn(broken, 'setState').mockReturnValue();
  broken.state = { error };
  // The update in which it has failed.
  broken.componentDidUpdate({ trans, children: 'rows' }, { error: null });
  broken.componentDidUpdate({ trans, children: 'new rows' }, { error });
  expect(retried).not.toHaveBeenCalled();
  broken.componentDidUpdate({ trans, children: 'rows' }, { error });
  expect(retried).toHaveBeenCalledWith({ error: null });
});
