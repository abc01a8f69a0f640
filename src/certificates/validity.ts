import { IDelegation } from '../api/types';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The overall state of all delegations. */
export interface IBadgeState {
  state: 'unknown' | 'none' | 'valid' | 'expiring' | 'expired';
  /** Milliseconds left, if a certificate is valid. */
  left: number;
}

/** Milliseconds of validity left; 0 if it is not valid or unknown. */
export function timeLeft(notAfter: string | null, now: number): number {
  const end = Date.parse(notAfter ?? '');
  return Number.isNaN(end) ? 0 : Math.max(0, end - now);
}

/** Whether so little time is left that the user should act. */
export function isExpiring(left: number): boolean {
  return left > 0 && left < HOUR;
}

/** The valid certificate that expires first, otherwise the best of the others. */
export function badgeState(
  delegations: readonly IDelegation[],
  now: number
): IBadgeState {
  if (delegations.length === 0) {
    return { state: 'none', left: 0 };
  }
  const valid = delegations
    .map(delegation => timeLeft(delegation.not_after, now))
    .filter(left => left > 0);
  if (valid.length === 0) {
    return { state: 'expired', left: 0 };
  }
  const first = Math.min(...valid);
  return isExpiring(first)
    ? { state: 'expiring', left: first }
    : { state: 'valid', left: Math.max(...valid) };
}

/** Milliseconds until the texts change, to the minute; null if they never do. */
export function nextChange(
  delegations: readonly IDelegation[],
  now: number
): number | null {
  const changes = delegations
    .map(delegation => timeLeft(delegation.not_after, now))
    .filter(left => left > 0)
    // "23 min" is shown until less than 23 minutes are left.
    .map(left => (left % MINUTE) + 1);
  return changes.length > 0 ? Math.min(...changes) : null;
}
