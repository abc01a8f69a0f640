import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { certificateIcon, warningIcon } from '../../ui/icons';
import {
  describeBadge,
  describeDelegations,
  describeNone,
  explainCertificates
} from '../describe-certificates';
import { CertificatesModel } from '../model';

/** A line with the validity of the delegated certificates; a click opens the dialog. */
export function CertificateBadge(props: {
  certificates: CertificatesModel;
  open: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { certificates, open, trans } = props;
  const { badge } = certificates;
  const isBad = badge.state === 'expiring' || badge.state === 'expired';
  const Icon = (isBad ? warningIcon : certificateIcon).react;
  return (
    <button
      className={`jp-CTAData-badge jp-mod-${badge.state}`}
      title={caption(certificates, trans)}
      onClick={open}
    >
      <Icon tag="span" elementSize="normal" elementPosition="center" />
      <span>{describeBadge(badge, trans)}</span>
    </button>
  );
}

function caption(
  { delegations, error, known, now }: CertificatesModel,
  trans: TranslationBundle
): string {
  const lines: string[] = [];
  if (error) {
    const { title, text } = explainCertificates(error, trans);
    lines.push([title, text].filter(line => line !== '').join('. '));
  } else if (!known) {
    lines.push(trans.__('The server has not answered yet.'));
  } else if (delegations.length === 0) {
    lines.push(describeNone(trans));
  }
  if (delegations.length > 0) {
    lines.push(describeDelegations(delegations, now, trans));
  }
  return lines.join('\n\n');
}
