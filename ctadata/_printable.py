"""Clean foreign text before it is printed, logged or sent on.

Names in listings, responses and their headers, certificates, local files and arguments may be
crafted to move the cursor, to reverse a line, to imitate another name, or to reveal a secret.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import lru_cache

from ._secrets import HIDDEN, LEFT_OUT, without_plain_secrets, without_secrets

__all__ = [
    "LINE",
    "MESSAGE",
    "WORDS",
    "is_clean",
    "logger_of",
    "printable",
    "printable_record",
]

#: Limits in characters: for the words of a service, the message of an error, a line. A path on
#: Linux has up to 4096.
WORDS = 300
MESSAGE = 2000
LINE = 8192
# How often an escaped or shortened text is searched for secrets again.
ROUNDS = 4

# Hidden characters that are part of normal text: in emoji and flags, joiners within words of
# Arabic, Persian and the scripts of India, variants of Chinese characters.
_EMOJI = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    r"\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_JOINED = (
    r"[\u0620-\u06dc\u06de-\u070e\u0710-\u088f\u08a0-\u08e1\u08e3-\u109f\u1780-\u17b3\u17b6-\u17ff]"
)
_CHINESE = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd]"
_HARMLESS = "|".join(
    [
        r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f",
        rf"{_EMOJI}[\ufe0e\ufe0f]?(?:\u200d{_EMOJI}[\ufe0e\ufe0f]?)*",
        r"[0-9#*]\ufe0f\u20e3",
        rf"{_JOINED}(?:[\u200c\u200d]?{_JOINED})+",
        rf"{_CHINESE}[\ufe00-\ufe0f\U000e0100-\U000e01ef]",
    ]
)
# Marks above and below a letter. More than any language uses would cover other lines.
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"


def printable(text: str, limit: int = LINE, secrets: Iterable[str] = ()) -> str:
    r"""Return foreign text in a form that is safe to print, log and send on.

    Invisible characters, and those that change how others are displayed, are escaped as in a
    Python literal: ``\x1b``, ``\u202e``, ``\n``. Backslashes are not escaped, so that cleaning a
    text twice does not change it. Emoji, combining characters, and joiners that a script needs are
    kept. Secrets are removed as described in `ctadata._secrets`.

    Parameters
    ----------
    text : str
        Text of a service, a file, an argument or another program.
    limit : int, optional
        The maximum number of characters. Longer text loses its middle: its end may say what to do.
    secrets : iterable of str, optional
        Tokens to remove, whatever they look like.

    Returns
    -------
    str
        One line without secrets.
    """
    secrets = tuple(secrets)
    if len(text) > 4 * limit:
        # A very long text is searched completely only for unencoded secrets.
        text = _shorten(without_plain_secrets(text, secrets), 4 * limit)
    text = without_secrets(text, secrets)
    # An escaped or shortened text may look like a secret; it is then treated as one.
    for _ in range(ROUNDS):
        before = text
        if not (text.isascii() and text.isprintable()):
            text = _to_escape().sub(lambda found: found[1] or _escape(found[0]), text)
        text = _shorten(text, limit)
        if text == before:
            return text
        text = without_secrets(text, secrets)
    # The text was crafted to defeat this.
    return LEFT_OUT


def is_clean(error: BaseException | None) -> bool:
    """Whether an error of another library, with its causes, needs no cleaning."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for text in (str(error), repr(error)):
            if _printable_lines(text) != text:
                return False
        error = error.__cause__ or error.__context__
    return True


def _printable_lines(text: str) -> str:
    """Clean each line of a text, such as a traceback."""
    return "\n".join(map(printable, without_secrets(text).split("\n")))


def logger_of(name: str) -> logging.Logger:
    """Return the logger of a module, which cleans its records."""
    logger = logging.getLogger(name)
    logger.addFilter(printable_record)
    return logger


def printable_record(record: logging.LogRecord) -> bool:
    """Clean a log record, whoever formats it; a filter for loggers and handlers."""
    try:
        text = record.getMessage()
    except Exception:
        # The handler reports what is wrong with the record.
        return True
    record.msg, record.args = printable(text), ()
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    if record.exc_text:
        record.exc_text = _printable_lines(record.exc_text)
    return True


@lru_cache(maxsize=1)
def _to_escape() -> re.Pattern[str]:
    """Return the pattern of what must be escaped, compiled at its first use."""
    return re.compile(rf"({_HARMLESS})|[{HIDDEN}]|(?<={_MARK}{{8}}){_MARK}")


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return {9: r"\t", 10: r"\n", 13: r"\r"}.get(number, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = (limit - 1) // 3
    return text[: limit - 1 - end] + LEFT_OUT + text[len(text) - end :]
