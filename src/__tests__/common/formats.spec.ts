import {
  formatDuration,
  formatMoment,
  formatSize,
  splitName
} from '../../common/formats';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KB'],
    [644 * 1024 + 700, '645 KB'],
    [1024 ** 2 - 1, '1.0 MB'],
    [1.25 * 1024 ** 3, '1.3 GB'],
    [50 * 1024 ** 5, '50.0 PB']
  ])('%p bytes are %p', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min']
  ])('%p seconds are %p', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('writes times in UTC', () => {
    expect(formatMoment(1731644886)).toEqual({
      day: '2024-11-15',
      time: '04:28:06'
    });
    expect(formatMoment(Infinity)).toEqual({ day: '', time: '' });
  });

  it('splits long names without losing or breaking a character', () => {
    expect(splitName('short.h5')).toEqual(['short.h5', '']);
    expect(splitName('datacheck_dl1_LST-1.Run11111.0100.h5')).toEqual([
      'datacheck_dl1_LST-1.Run',
      '11111.0100.h5'
    ]);
    const stars = '🌟'.repeat(30);
    expect(splitName(stars).join('')).toBe(stars);
    expect(splitName(stars)[1]).toBe('🌟'.repeat(13));
  });
});
