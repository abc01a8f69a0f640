import { MAX_LENGTH, fitMessage } from '../../ui/notification-text';

const title = 'The download of a.h5 has failed';

it('shows a short message as it is', () => {
  const text = `${title}: the disk is full`;
  expect(fitMessage({ title, text })).toEqual({ shown: text, details: null });
  expect(fitMessage({ title, text: '' }).shown).toBe(title);
});

it('shows the title of a long message, and keeps the whole', () => {
  const text = `${title}: ${'why '.repeat(40)}; make room and try again`;
  expect(fitMessage({ title, text })).toEqual({ shown: title, details: text });
  const exact = 'x'.repeat(MAX_LENGTH);
  expect(fitMessage({ title, text: exact }).details).toBeNull();
  expect(fitMessage({ title, text: `${exact}x` }).details).toBe(`${exact}x`);
});

it('shows the title of a message of several lines', () => {
  const text = `${title}\nand why`;
  expect(fitMessage({ title, text })).toEqual({ shown: title, details: text });
});

it('keeps both ends of a long title, and no half character', () => {
  const name = '🔭'.repeat(200);
  const { shown, details } = fitMessage({
    title: `The download of ${name} has failed`,
    text: `The download of ${name} has failed: the disk is full`
  });
  expect(shown.length).toBeLessThanOrEqual(MAX_LENGTH);
  expect(shown).toMatch(/^The download of 🔭+…🔭+ has failed$/u);
  expect(details).toContain(name);
});
