import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { RequestError, toRequestError } from '../api/errors';
import { explain } from '../api/explain';

interface IErrorBoundaryProps {
  trans: TranslationBundle;
  children: React.ReactNode;
}

interface IErrorBoundaryState {
  error: RequestError | null;
}

/** Shows an error instead of a view that cannot be rendered, until there is something else to render. */
export class ErrorBoundary extends React.Component<
  IErrorBoundaryProps,
  IErrorBoundaryState
> {
  static getDerivedStateFromError(thrown: unknown): IErrorBoundaryState {
    return { error: toRequestError(thrown) };
  }

  override state: IErrorBoundaryState = { error: null };

  override componentDidUpdate(
    previous: IErrorBoundaryProps,
    { error }: IErrorBoundaryState
  ): void {
    // Not in the update that has failed: that would be without end.
    if (
      error &&
      error === this.state.error &&
      previous.children !== this.props.children
    ) {
      this._retry();
    }
  }

  override render(): React.ReactNode {
    const { trans, children } = this.props;
    if (!this.state.error) {
      return children;
    }
    const { title, text } = explain(this.state.error, trans);
    return (
      <div className="jp-CTAData-message jp-mod-error" role="alert">
        <h3>{title}</h3>
        {text && <p>{text}</p>}
        <button
          className="jp-CTAData-button jp-mod-styled"
          onClick={this._retry}
        >
          {trans.__('Try again')}
        </button>
      </div>
    );
  }

  private _retry = () => this.setState({ error: null });
}

/** Create a widget that renders a view again at each signal. */
export function createView(
  changed: ISignal<unknown, unknown>,
  trans: TranslationBundle,
  render: () => JSX.Element
): ReactWidget {
  return ReactWidget.create(
    <UseSignal signal={changed}>
      {() => <ErrorBoundary trans={trans}>{render()}</ErrorBoundary>}
    </UseSignal>
  );
}
