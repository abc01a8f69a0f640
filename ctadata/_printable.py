"""Text that comes from outside, made fit to be printed, logged and sent on.

Names in listings, answers and their heads, certificates, files on the disk, arguments: whoever
made them may have made them to move a cursor, to turn a line around, to show another name than
they have, or to have a secret printed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import lru_cache

from ._secrets import HIDDEN, LEFT_OUT, hushed, without_secrets

__all__ = [
    "LINE",
    "MESSAGE",
    "WORDS",
    "logger_of",
    "printable",
    "printable_record",
    "shows_nothing",
]

#: Characters: of what a service says; of an error's message; of a line. A path of Linux has 4096.
WORDS = 300
MESSAGE = 2000
LINE = 8192
# How often a text that was written out or cut is looked through for secrets again.
ROUNDS = 4

# Where they do no harm, hidden characters are a part of what people write: the parts of an emoji
# and of a flag, joiners within words of Arabic, Persian and the scripts of India, variants of
# Chinese characters.
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
# Of marks above and below a letter, more than any language has: they cover other lines.
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"


def printable(text: str, limit: int = LINE, secrets: Iterable[str] = ()) -> str:
    r"""Return text that comes from outside such that it can be printed, logged and sent on.

    All that is not seen, or that changes how the rest is seen, is written as in a literal of
    Python: ``\x1b``, ``\u202e``, ``\n``. A backslash stays one, so that what is cleaned twice is
    the same as what is cleaned once. Emoji, combining characters and joiners where a script needs
    them stay as they are. Secrets are left out as `ctadata._secrets` describes.

    Parameters
    ----------
    text : str
        What a service, a file, an argument or another program says.
    limit : int, optional
        Characters of the answer. What is longer loses its middle: its end may say what to do.
    secrets : iterable of str, optional
        Tokens that are left out whatever they look like.

    Returns
    -------
    str
        On one line, without secrets.
    """
    secrets = tuple(secrets)
    if len(text) > 4 * limit:
        # Not all of what may be very long is looked through for spellings, and all of it for keys.
        text = _shortened(hushed(text, secrets), 4 * limit)
    text = without_secrets(text, secrets)
    # What is written out or cut may stand as a secret would: then it is taken for one, too.
    for _ in range(ROUNDS):
        before = text
        if not (text.isascii() and text.isprintable()):
            text = _unfit().sub(lambda found: found[1] or _escape(found[0]), text)
        text = _shortened(text, limit)
        if text == before:
            return text
        text = without_secrets(text, secrets)
    # Somebody plays with us.
    return LEFT_OUT


def shows_nothing(error: BaseException | None) -> bool:
    """Whether an error of another library, with its causes, has nothing to be written out."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for text in (str(error), repr(error)):
            if _lines(text) != text:
                return False
        error = error.__cause__ or error.__context__
    return True


def _lines(text: str) -> str:
    """Return a text of several lines, such as a traceback, each of them as `printable` has it."""
    return "\n".join(map(printable, without_secrets(text).split("\n")))


def logger_of(name: str) -> logging.Logger:
    """Return the logger of a module, whose records are as `printable` has them."""
    logger = logging.getLogger(name)
    logger.addFilter(printable_record)
    return logger


def printable_record(record: logging.LogRecord) -> bool:
    """Clean what a record says, whoever formats it; a filter for loggers and handlers."""
    try:
        text = record.getMessage()
    except Exception:
        # The handler tells what is wrong with it.
        return True
    record.msg, record.args = printable(text), ()
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    if record.exc_text:
        record.exc_text = _lines(record.exc_text)
    return True


@lru_cache(maxsize=1)
def _unfit() -> re.Pattern[str]:
    """Return what finds all that is not shown as it is, compiled where it is needed."""
    return re.compile(rf"({_HARMLESS})|[{HIDDEN}]|(?<={_MARK}{{8}}){_MARK}")


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return {9: r"\t", 10: r"\n", 13: r"\r"}.get(number, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = (limit - 1) // 3
    return text[: limit - 1 - end] + LEFT_OUT + text[len(text) - end :]
