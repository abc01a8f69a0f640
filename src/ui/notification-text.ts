/** Characters of a message that JupyterLab shows, in toasts and in its notification center. */
export const MAX_LENGTH = 140;

/** What a notification says. */
export interface IMessage {
  /** What happened, in a few words; shown where `text` is too long. */
  title: string;
  /** The whole message, with what to do. May have several lines. */
  text: string;
}

/** What fits into a notification, and the whole message where that is more. */
export interface IFitted {
  shown: string;
  details: string | null;
}

/** Fit a message into a notification: the text if it is short, otherwise its title. */
export function fitMessage({ title, text }: IMessage): IFitted {
  const whole = text || title;
  if (whole.length <= MAX_LENGTH && !whole.includes('\n')) {
    return { shown: whole, details: null };
  }
  return { shown: shorten(title), details: whole };
}

/** Leave out the middle of a long title: its end often says what happened. */
function shorten(title: string): string {
  // Not in UTF-16 units, which could cut a character in two.
  const characters = Array.from(title);
  if (title.length <= MAX_LENGTH) {
    return title;
  }
  const kept = Math.floor((MAX_LENGTH - 1) / 4);
  return [...characters.slice(0, kept), '…', ...characters.slice(-kept)].join(
    ''
  );
}
