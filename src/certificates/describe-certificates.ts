import { TranslationBundle } from '@jupyterlab/translation';

import { RequestError } from '../api/errors';
import { IExplanation, explain } from '../api/explain';
import { IDelegation, IFinding, IInspection } from '../api/types';
import { IBadgeState, timeLeft } from './validity';

/** Format a duration, rounded down to minutes: "11 h 43 min". */
export function formatLeft(
  milliseconds: number,
  trans: TranslationBundle
): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) {
    return trans.__('%1 d %2 h', Math.floor(hours / 24), hours % 24);
  }
  if (hours >= 1) {
    return trans.__('%1 h %2 min', hours, minutes % 60);
  }
  return minutes >= 1
    ? trans.__('%1 min', minutes)
    : trans.__('less than a minute');
}

/** The same in one unit, for narrow places. */
export function formatLeftBriefly(
  milliseconds: number,
  trans: TranslationBundle
): string {
  const hours = Math.floor(milliseconds / 3_600_000);
  return hours >= 48
    ? trans.__('%1 d', Math.floor(hours / 24))
    : hours >= 1
      ? trans.__('%1 h', hours)
      : formatLeft(milliseconds, trans);
}

/** Format a time in the local time zone, with its name. */
export function formatLocal(moment: string | null): string {
  const date = new Date(moment ?? '');
  return Number.isNaN(date.getTime())
    ? ''
    : date.toLocaleString(undefined, {
        year: 'numeric',
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        timeZoneName: 'short'
      });
}

/** "26 Nov 2026, 02:25 CET, in 11 h 43 min". */
export function describeEnd(
  notAfter: string | null,
  now: number,
  trans: TranslationBundle
): string {
  const end = formatLocal(notAfter);
  if (end === '') {
    return trans.__('not known');
  }
  const left = timeLeft(notAfter, now);
  return left > 0
    ? trans.__('%1, in %2', end, formatLeft(left, trans))
    : trans.__('%1 (expired)', end);
}

/** An FQAN without its empty parts: "/cta/Role=NULL/Capability=NULL" is "/cta". */
export function shortFqan(fqan: string): string {
  return fqan.replace(/\/Capability=NULL$/i, '').replace(/\/Role=NULL$/i, '');
}

/** Describe a certificate's kind. */
export function describeKind(
  { kind, limited }: IInspection,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'rfc3820':
      return limited
        ? trans.__('limited proxy certificate (RFC 3820)')
        : trans.__('proxy certificate (RFC 3820)');
    case 'gt3-draft':
      return limited
        ? trans.__('limited proxy certificate of a draft of RFC 3820')
        : trans.__('proxy certificate of a draft of RFC 3820');
    case 'legacy':
      return limited
        ? trans.__('limited legacy proxy certificate (GT2)')
        : trans.__('legacy proxy certificate (GT2)');
    case 'end-entity':
      return trans.__('certificate of a person or a machine, not a proxy');
    case 'ca':
      return trans.__('certificate of an authority, not a proxy');
    default:
      return trans.__('not known');
  }
}

/** Describe what a certificate is uploaded for. */
export function describeKey(key: string, trans: TranslationBundle): string {
  switch (key) {
    case 'cta':
      return trans.__('CTA data');
    case 'lst':
      return trans.__('LST data');
    case 'arc':
      return trans.__('computing jobs on ARC');
    default:
      return trans.__('a purpose set up by the administrators');
  }
}

export function describeLevel(
  level: IFinding['level'],
  trans: TranslationBundle
): string {
  switch (level) {
    case 'block':
      return trans.__('Blocks');
    case 'warn':
      return trans.__('Warning');
    default:
      return trans.__('Note');
  }
}

/** The text of the badge. */
export function describeBadge(
  { state, left }: IBadgeState,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'valid':
    case 'expiring':
      return trans.__('Certificate: %1 left', formatLeftBriefly(left, trans));
    case 'expired':
      return trans.__('Certificate expired');
    case 'none':
      return trans.__('No certificate delegated from here');
    default:
      return trans.__('Certificate: unknown');
  }
}

/** The explanation if nothing was uploaded. */
export function describeNone(trans: TranslationBundle): string {
  return trans.__(
    'No certificate was uploaded from here. A shared robot certificate may be in use: ask support.'
  );
}

/** The source of what is known about delegations. */
export function describeOrigin(
  { uploaded_at: at }: IDelegation,
  trans: TranslationBundle
): string {
  return trans.__(
    'as uploaded from here at %1, since the service cannot be asked',
    formatLocal(at)
  );
}

/** Describe all known delegations, one per line. */
export function describeDelegations(
  delegations: readonly IDelegation[],
  now: number,
  trans: TranslationBundle
): string {
  return delegations
    .map(delegation =>
      [
        `${delegation.key}: ${delegation.identity ?? trans.__('not known')}`,
        trans.__(
          'valid until %1',
          describeEnd(delegation.not_after, now, trans)
        ),
        describeOrigin(delegation, trans)
      ].join('\n')
    )
    .join('\n\n');
}

/** Explain an error of a request about certificates. */
export function explainCertificates(
  error: RequestError,
  trans: TranslationBundle
): IExplanation {
  const explanation = explain(error, trans);
  // Other parts of the server extension may exist.
  return error.code === 'extension-missing' || error.code === 'not-offered'
    ? {
        ...explanation,
        title: trans.__('The Jupyter server does not support certificates'),
        text: trans.__(
          'Its extension ctadata_labext is missing, or older than this panel. Restart the Jupyter server; if that does not help, update ctadata where the server runs.'
        )
      }
    : explanation;
}

/** Explain an error of an upload, which may have succeeded nevertheless. */
export function explainUpload(
  error: RequestError,
  trans: TranslationBundle
): IExplanation {
  const explanation = explainCertificates(error, trans);
  const { text } = explanation;
  return error.code === 'server-unreachable'
    ? {
        ...explanation,
        text: trans.__(
          '%1 The certificate may or may not have been uploaded.',
          text
        )
      }
    : explanation;
}
