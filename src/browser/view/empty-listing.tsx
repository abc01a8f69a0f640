import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RequestError } from '../../api/errors';
import { Remedy, explain } from '../../api/explain';
import { baseName } from '../../common/paths';
import { printable } from '../../common/printable';
import { focusListing } from '../../ui/focus';
import { BrowserModel } from '../model';

interface IStateProps {
  model: BrowserModel;
  trans: TranslationBundle;
}

interface IEmptyListingProps extends IStateProps {
  /** Open the dialog that delegates a certificate. */
  delegate: () => void;
}

/** Replaces the rows when there are none. */
export function EmptyListing(props: IEmptyListingProps): JSX.Element | null {
  const { model, trans } = props;
  if (model.loading && model.count === null) {
    return <Loading model={model} trans={trans} />;
  }
  if (model.error && !model.search) {
    return <Failure {...props} error={model.error} />;
  }
  const { rows, search } = model;
  if (rows.filter !== '' && model.count) {
    return (
      <Message title={trans.__('Nothing matches “%1”', rows.filter)}>
        <Action
          label={trans.__('Clear the filter')}
          act={() => {
            rows.filter = '';
          }}
        />
      </Message>
    );
  }
  if (search) {
    // The line above shows the progress of the search.
    return search.running || search.error ? null : (
      <Message title={trans.__('No name matches “%1”', search.pattern)}>
        <Action
          label={trans.__('Back to the folder')}
          act={() => model.endSearch()}
        />
      </Message>
    );
  }
  return (
    <Message title={trans.__('This folder is empty')}>
      <Action label={trans.__('Refresh')} act={() => void model.refresh()} />
      <GoUp model={model} trans={trans} />
    </Message>
  );
}

/** The service is slow: name it, and offer to cancel. */
export function StillWaiting({ model, trans }: IStateProps): JSX.Element {
  const host = hostOf(model.status?.service.url);
  return (
    <>
      <span>
        {host
          ? trans.__('Still waiting for %1…', host)
          : trans.__('Still waiting for the data service…')}
      </span>
      <Action label={trans.__('Cancel')} act={() => model.cancel()} />
    </>
  );
}

function Loading({ model, trans }: IStateProps): JSX.Element {
  return (
    <div className="jp-CTAData-message jp-mod-loading" role="status">
      {model.slow ? (
        <StillWaiting model={model} trans={trans} />
      ) : (
        <span>
          {trans.__(
            'Loading %1…',
            baseName(model.path) || trans.__('CTA data')
          )}
        </span>
      )}
    </div>
  );
}

function Failure(
  props: IEmptyListingProps & { error: RequestError }
): JSX.Element {
  const { model, trans, error, delegate } = props;
  const { title, text, remedies } = explain(error, trans);
  const service = model.status?.service.url;
  const actions: Record<Remedy, JSX.Element> = {
    retry: (
      <Action label={trans.__('Try again')} act={() => void model.refresh()} />
    ),
    up: <GoUp model={model} trans={trans} />,
    delegate: (
      <Action label={trans.__('Delegate a certificate…')} act={delegate} />
    ),
    root: (
      <Action label={trans.__('Go to the top')} act={() => void model.cd('')} />
    )
  };
  return (
    <Message title={title} isError>
      {text && <p>{text}</p>}
      {service && error.code.startsWith('service-') && (
        <p className="jp-CTAData-url">{printable(service)}</p>
      )}
      {remedies.map(remedy => (
        <React.Fragment key={remedy}>{actions[remedy]}</React.Fragment>
      ))}
    </Message>
  );
}

function GoUp({ model, trans }: IStateProps): JSX.Element | null {
  return model.path === '' ? null : (
    <Action label={trans.__('Go up')} act={() => void model.goUp()} />
  );
}

function Message(props: {
  title: string;
  isError?: boolean;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div
      className={'jp-CTAData-message' + (props.isError ? ' jp-mod-error' : '')}
      role={props.isError ? 'alert' : 'status'}
    >
      <h3>{props.title}</h3>
      {props.children}
    </div>
  );
}

function Action(props: { label: string; act: () => void }): JSX.Element {
  return (
    <button
      className="jp-CTAData-button jp-mod-styled"
      onClick={event => {
        // The button is about to be removed.
        focusListing(event.currentTarget);
        props.act();
      }}
    >
      {props.label}
    </button>
  );
}

function hostOf(url: string | null | undefined): string | null {
  return /^https?:\/\/([^/]+)/.exec(url ?? '')?.[1] ?? null;
}
