import { IDelegation } from '../api/types';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What the badge says of all that was uploaded. */
export interface IBadgeState {
  state: 'unknown' | 'none' | 'valid' | 'expiring' | 'expired';
  /** Milliseconds that are left, where something is valid. */
  left: number;
}

/** Milliseconds for which it is valid from now on; 0 where it is not, or nobody knows. */
export function timeLeft(notAfter: string | null, now: number): number {
  const end = Date.parse(notAfter ?? '');
  return Number.isNaN(end) ? 0 : Math.max(0, end - now);
}

/** Whether so little is left that its owner should act. */
export function isExpiring(left: number): boolean {
  return left > 0 && left < HOUR;
}

/** The worst of what is valid, otherwise the best of the rest. */
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

/** Milliseconds until something else is to be said of them, to the minute; null: never. */
export function nextChange(
  delegations: readonly IDelegation[],
  now: number
): number | null {
  const changes = delegations
    .map(delegation => timeLeft(delegation.not_after, now))
    .filter(left => left > 0)
    // "23 min" are said until less than 23 are left.
    .map(left => (left % MINUTE) + 1);
  return changes.length > 0 ? Math.min(...changes) : null;
}
