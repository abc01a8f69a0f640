"""The dates of HTTP (RFC 9110, 5.6.7), which a long listing has by the hundred thousand."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["seconds_of"]

# Characters; what is longer is no date.
LONGEST = 64
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# Taken apart here: the parser of the standard library takes five times as long.
_usual = re.compile(
    rf"[A-Z][a-z]{{2}}, ([0-9]{{2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}}) "
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) GMT"
).fullmatch


def seconds_of(date: object) -> int | None:
    """Return a date as seconds since the epoch (UTC); None where it is none.

    Parameters
    ----------
    date : object
        What the service sent: ``Sun, 22 Nov 2026 06:28:06 GMT``, or any other date of RFC 5322.
    """
    if not isinstance(date, str) or len(date) > LONGEST:
        return None
    try:
        if match := _usual(date):
            day, month, year, hours, minutes, seconds = match.groups()
            return _midnight(year, month, day) + (
                int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            )
        return _unusual(date)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _midnight(year: str, month: str, day: str) -> int:
    from datetime import date

    days = date(int(year), MONTHS.index(month) + 1, int(day)).toordinal()
    return (days - date(1970, 1, 1).toordinal()) * 86400


def _unusual(text: str) -> int:
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    # What is beyond the years 1 to 9999 in UTC has no date.
    return int(moment.astimezone(timezone.utc).timestamp())
