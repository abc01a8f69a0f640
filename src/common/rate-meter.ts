/** Milliseconds over which the rate is measured. */
const WINDOW = 5000;

/** Measures a rate over the last seconds. */
export class RateMeter {
  /** Report the bytes done so far; returns bytes per second, or null if it is too early to tell. */
  at(now: number, bytes: number): number | null {
    this._samples.push({ now, bytes });
    while (this._samples.length > 2 && now - this._samples[1].now > WINDOW) {
      this._samples.shift();
    }
    const first = this._samples[0];
    const rate = ((bytes - first.bytes) * 1000) / (now - first.now);
    return rate > 0 && Number.isFinite(rate) ? rate : null;
  }

  private _samples: { now: number; bytes: number }[] = [];
}
