const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Format bytes in powers of 1024, with the units that the core file browser uses. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Format seconds: "8 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Format seconds since the epoch as date and time in UTC, like all times of the observatory. */
export function formatMoment(seconds: number): { day: string; time: string } {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) {
    return { day: '', time: '' };
  }
  const [day, time] = moment.toISOString().split('T');
  return { day, time: time.slice(0, 8) };
}

// The end of a name tells runs apart: subrun number and extension.
const TAIL = 13;

/**
 * Split a name for an ellipsis in its middle: only the head may be truncated.
 *
 * Head and tail together are always the whole name.
 */
export function splitName(name: string): [head: string, tail: string] {
  const characters = Array.from(name);
  if (characters.length < 2 * TAIL) {
    return [name, ''];
  }
  return [
    characters.slice(0, -TAIL).join(''),
    characters.slice(-TAIL).join('')
  ];
}
