import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IFinding, IInspection } from '../../api/types';
import { printable } from '../../common/printable';
import { blockIcon, noteIcon, warningIcon } from '../../ui/icons';
import {
  describeEnd,
  describeKind,
  describeLevel,
  shortFqan
} from '../describe-certificates';

const ICONS = { block: blockIcon, warn: warningIcon, info: noteIcon };

/** The details of an inspected certificate, before it is uploaded. */
export function CertificateDetails(props: {
  inspection: IInspection;
  /** The server's time. */
  now: number;
  trans: TranslationBundle;
}): JSX.Element {
  const { inspection, now, trans } = props;
  const { authority, identity, subject, issuer, kind, vo, fqans } = inspection;
  const unknown = trans.__('not known');
  return (
    <>
      <dl className="jp-CTAData-facts">
        <dt>{trans.__('Who')}</dt>
        <dd>
          <bdi>{printable(identity ?? subject ?? unknown)}</bdi>
        </dd>
        <dt>{trans.__('Issued by')}</dt>
        <dd>
          <bdi>{printable(authority ?? issuer ?? unknown)}</bdi>
        </dd>
        <dt>{trans.__('Kind')}</dt>
        <dd>{kind === null ? unknown : describeKind(inspection, trans)}</dd>
        <dt>{trans.__('VO and roles')}</dt>
        <dd>
          <Roles vo={vo} fqans={fqans} trans={trans} />
        </dd>
        <dt>{trans.__('Valid until')}</dt>
        <dd>{describeEnd(inspection.not_after, now, trans)}</dd>
      </dl>
      <FindingList findings={inspection.findings} trans={trans} />
    </>
  );
}

function Roles(props: {
  vo: string | null;
  fqans: readonly string[];
  trans: TranslationBundle;
}): JSX.Element {
  const { vo, fqans, trans } = props;
  const roles = [...new Set(fqans.map(shortFqan))];
  if (vo === null && roles.length === 0) {
    return <>{trans.__('none')}</>;
  }
  return (
    <>
      <bdi>{printable(vo ?? trans.__('not known'))}</bdi>
      {roles.map(role => (
        <React.Fragment key={role}>
          <br />
          <bdi>{printable(role)}</bdi>
        </React.Fragment>
      ))}
    </>
  );
}

/** The findings, blocking ones first. */
export function FindingList(props: {
  findings: readonly IFinding[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { findings, trans } = props;
  if (findings.length === 0) {
    return null;
  }
  const levels: readonly IFinding['level'][] = ['block', 'warn', 'info'];
  return (
    <ul className="jp-CTAData-findings" aria-label={trans.__('Findings')}>
      {levels.flatMap(level =>
        findings
          .filter(finding => finding.level === level)
          .map(({ code, sentence }) => {
            const Icon = ICONS[level].react;
            return (
              <li key={code + sentence} className={`jp-mod-${level}`}>
                <Icon
                  tag="span"
                  elementSize="normal"
                  elementPosition="center"
                />
                <div>
                  <strong>{describeLevel(level, trans)}:</strong>{' '}
                  {printable(sentence)}
                </div>
              </li>
            );
          })
      )}
    </ul>
  );
}
