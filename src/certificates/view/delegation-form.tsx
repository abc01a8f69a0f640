import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IExplanation } from '../../api/explain';
import { IDelegated } from '../../api/types';
import { printable } from '../../common/printable';
import { chooseFiles } from '../../ui/choose-files';
import {
  DelegationSession,
  IUploadResult,
  findingsOf
} from '../delegation-session';
import {
  describeEnd,
  describeKey,
  describeNone,
  describeOrigin,
  explainCertificates,
  explainUpload,
  formatLocal
} from '../describe-certificates';
import { CertificatesModel } from '../model';
import { CertificateDetails, FindingList } from './certificate-details';

interface IBodyProps {
  certificates: CertificatesModel;
  session: DelegationSession;
  trans: TranslationBundle;
}

/** The content of the dialog: delegations, ways to choose a certificate, its details, and the result. */
export function DelegationForm(props: IBodyProps): JSX.Element {
  useMinutes();
  const { certificates, session, trans } = props;
  const { error, examined: look, looking, result, sending } = session;
  return (
    <div className="jp-CTAData-delegate">
      <Delegated {...props} />
      <Choice {...props} />
      <div className="jp-CTAData-heard" role="status">
        {looking !== null
          ? trans.__('Checking %1', looking)
          : sending
            ? trans.__('Uploading')
            : ''}
      </div>
      {looking !== null && (
        <p aria-hidden="true">
          {trans.__('Checking')} <bdi>{looking}</bdi>…
        </p>
      )}
      {error && (
        <Trouble
          explanation={explainCertificates(error, trans)}
          focused={error}
        >
          {error.code !== 'no-file' && (
            <button
              type="button"
              className="jp-CTAData-button jp-mod-styled"
              onClick={() => void session.lookAgain()}
            >
              {trans.__('Try again')}
            </button>
          )}
        </Trouble>
      )}
      {look && (
        <section aria-label={trans.__('Chosen certificate')}>
          <Heading focused={look} block="start">
            {trans.__('In')} <bdi>{look.name}</bdi>
          </Heading>
          {!result && (
            <p>
              {look.inspection.blocked
                ? trans.__('This cannot be uploaded. Nothing was sent.')
                : trans.__('Nothing has been sent yet.')}
            </p>
          )}
          <CertificateDetails
            inspection={look.inspection}
            now={certificates.now}
            trans={trans}
          />
          <Upload {...props} />
        </section>
      )}
      {result && <Result {...props} result={result} />}
    </div>
  );
}

/** The delegation of each key. */
function Delegated(props: IBodyProps): JSX.Element {
  const { certificates, trans } = props;
  const { delegations, error, known, now } = certificates;
  return (
    <section aria-label={trans.__('Delegated from here')}>
      <h3>{trans.__('Delegated from here')}</h3>
      {error ? (
        <Trouble explanation={explainCertificates(error, trans)}>
          <button
            type="button"
            className="jp-CTAData-button jp-mod-styled"
            onClick={() => void certificates.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </Trouble>
      ) : delegations.length === 0 ? (
        <p>{known ? describeNone(trans) : trans.__('Asking the server…')}</p>
      ) : null}
      {delegations.length > 0 && (
        <ul className="jp-CTAData-delegations">
          {delegations.map(delegation => (
            <li key={delegation.key}>
              <strong>
                <bdi>{printable(delegation.key)}</bdi>
              </strong>
              {': '}
              <bdi>
                {printable(delegation.identity ?? trans.__('not known'))}
              </bdi>
              <div>
                {trans.__(
                  'valid until %1',
                  describeEnd(delegation.not_after, now, trans)
                )}
              </div>
              <div className="jp-CTAData-origin">
                {describeOrigin(delegation, trans)}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Ways to choose a certificate. */
function Choice(props: IBodyProps): JSX.Element {
  const { certificates, session, trans } = props;
  const { found, foundError, sending } = session;
  const id = React.useId();
  const inspection = found?.inspection ?? null;
  return (
    <section
      aria-label={trans.__('Choose a certificate')}
      className="jp-CTAData-choice"
    >
      <div className="jp-CTAData-dropArea">
        <button
          type="button"
          className="jp-CTAData-button jp-CTAData-chooseFile jp-mod-styled"
          disabled={sending}
          onClick={() => {
            void chooseFiles('file').then(async ([file]) => {
              if (file) {
                await session.chooseFile(file);
              }
            });
          }}
        >
          {trans.__('Choose File…')}
        </button>
        <span>{trans.__('or drop it here: a proxy with its key, as PEM')}</span>
      </div>
      <div>
        <button
          type="button"
          className="jp-CTAData-button jp-mod-styled"
          disabled={sending || (inspection === null && foundError === null)}
          aria-describedby={id}
          onClick={() => void session.chooseFound()}
        >
          {trans.__('Use the Proxy Found on This Server')}
        </button>
        <div id={id} className="jp-CTAData-found">
          {found ? (
            <>
              <bdi>{printable(found.path)}</bdi>
              {found.owner !== null && (
                <>
                  {', '}
                  {trans.__('owned by')} <bdi>{printable(found.owner)}</bdi>
                </>
              )}
              {inspection && (
                <div>
                  {trans.__(
                    'valid until %1',
                    describeEnd(inspection.not_after, certificates.now, trans)
                  )}
                </div>
              )}
              {found.message !== null && <div>{printable(found.message)}</div>}
            </>
          ) : foundError ? (
            describe(explainCertificates(foundError, trans))
          ) : (
            trans.__('Looking for one…')
          )}
        </div>
      </div>
    </section>
  );
}

/** The key to upload it for. */
function Keys(props: IBodyProps): JSX.Element {
  const { certificates, session, trans } = props;
  const { key, sending } = session;
  const name = React.useId();
  return (
    <fieldset className="jp-CTAData-keys" disabled={sending}>
      <legend>{trans.__('Upload it for')}</legend>
      {certificates.keys.map(other => (
        <label key={other}>
          <input
            type="radio"
            name={name}
            value={other}
            checked={other === key}
            onChange={() => {
              session.key = other;
            }}
          />
          <span>
            <bdi>{printable(other)}</bdi>
            {': '}
            {describeKey(other, trans)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Upload(props: IBodyProps): JSX.Element {
  const { certificates, session, trans } = props;
  const { canUpload, examined: look, sending } = session;
  return (
    <>
      {look?.inspection.blocked ? null : certificates.keys.length > 0 ? (
        <Keys {...props} />
      ) : (
        <p>
          {trans.__(
            'The server did not tell what certificates can be uploaded for.'
          )}
        </p>
      )}
      <button
        type="button"
        className="jp-Dialog-button jp-CTAData-upload jp-mod-accept jp-mod-styled"
        // A disabled button loses the focus.
        disabled={!canUpload && !sending}
        aria-disabled={sending}
        aria-busy={sending}
        onClick={() => void session.upload()}
      >
        {sending ? trans.__('Uploading…') : trans.__('Upload')}
      </button>
    </>
  );
}

function Result(props: IBodyProps & { result: IUploadResult }): JSX.Element {
  const { certificates, session, result, trans } = props;
  const { key, refused, stored } = result;
  return refused ? (
    <Trouble
      explanation={explainUpload(refused, trans)}
      findings={<FindingList findings={findingsOf(refused)} trans={trans} />}
      focused={result}
    >
      <button
        type="button"
        className="jp-CTAData-button jp-mod-styled"
        onClick={() =>
          // The file has changed and must be inspected first.
          void (refused.code === 'certificate-changed'
            ? session.lookAgain()
            : session.upload())
        }
      >
        {refused.code === 'certificate-changed'
          ? trans.__('Check It')
          : trans.__('Try again')}
      </button>
    </Trouble>
  ) : (
    <section className="jp-CTAData-result jp-mod-stored" role="status">
      <Heading focused={result}>
        {trans.__('Uploaded for')} <bdi>{key}</bdi>
      </Heading>
      {stored && (
        <Stored stored={stored} now={certificates.now} trans={trans} />
      )}
    </section>
  );
}

function Stored(props: {
  stored: IDelegated;
  now: number;
  trans: TranslationBundle;
}): JSX.Element {
  const { stored, now, trans } = props;
  const { not_after: end, uploaded_at: at } = stored.delegation;
  return (
    <>
      <p>
        {trans.__('The service says:')} <q>{printable(stored.message)}</q>
      </p>
      <p>
        {trans.__('Valid until %1', describeEnd(end, now, trans))}
        {', '}
        {trans.__('as uploaded from here at %1', formatLocal(at))}
      </p>
    </>
  );
}

/** An error, and what to do. */
function Trouble(props: {
  explanation: IExplanation;
  findings?: React.ReactNode;
  /** The heading gets the focus when this changes. */
  focused?: unknown;
  children: React.ReactNode;
}): JSX.Element {
  const { explanation, findings, focused, children } = props;
  return (
    <section className="jp-CTAData-result jp-mod-refused" role="alert">
      <Heading focused={focused}>{explanation.title}</Heading>
      {explanation.text !== '' && <p>{printable(explanation.text)}</p>}
      {findings}
      {children}
    </section>
  );
}

/** A heading that gets the focus when its section changes. */
function Heading(props: {
  focused?: unknown;
  /** How its section is scrolled into view. */
  block?: ScrollLogicalPosition;
  children: React.ReactNode;
}): JSX.Element {
  const { focused, block = 'nearest' } = props;
  const ref = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => {
    if (focused !== undefined) {
      ref.current?.focus({ preventScroll: true });
      ref.current?.closest('section')?.scrollIntoView({ block });
    }
  }, [focused, block]);
  return (
    <h3 ref={ref} tabIndex={-1}>
      {props.children}
    </h3>
  );
}

function describe({ title, text }: IExplanation): string {
  return [title, printable(text)].filter(part => part !== '').join(': ');
}

/** Render again each minute, to update the time left. */
function useMinutes(): void {
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    const timer = setInterval(() => setCount(count => count + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
}
