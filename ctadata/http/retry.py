"""When a failed request is sent again, and how long to wait before that."""

from __future__ import annotations

import random
from email.utils import mktime_tz, parsedate_tz
from http.client import responses
from typing import Any

import urllib3

from .._printable import logger_of
from ..errors import CTADataError
from .connections import CONNECT_TIMEOUT
from .errors import UNAVAILABLE
from .watchdog import Watchdog

__all__ = ["Retrier", "Retry"]

logger = logger_of(__name__)

# Other 4xx would be refused again; POST is repeated only where nothing was sent.
RETRY_STATUS = UNAVAILABLE
RETRY_METHODS = frozenset({"GET", "HEAD", "PROPFIND", "MKCOL"})
# Seconds.
RETRY_AFTER_MAX = 30
FIRST_PAUSE = 0.5


class Retry(urllib3.Retry):
    """The retries of one request: exponential backoff with jitter, Retry-After, both capped."""

    # Not 413, which asks for a smaller request and not for a later one.
    RETRY_AFTER_STATUS_CODES = RETRY_STATUS
    watchdog: Watchdog
    #: What is sent, the number of tries in all, and why the last one failed.
    what = ""
    tries = 0
    why = ""

    @classmethod
    def from_total(cls, total: int, watchdog: Watchdog, what: str) -> Retry:
        """Return a policy of `total` retries; `watchdog` can end its pauses, `what` is logged."""
        retry = cls(
            total=total,
            redirect=0,
            status_forcelist=RETRY_STATUS,
            allowed_methods=RETRY_METHODS,
            backoff_factor=0.3,
            backoff_jitter=0.2,
            backoff_max=10,
            retry_after_max=RETRY_AFTER_MAX,
            raise_on_status=False,
        )
        retry.watchdog, retry.what, retry.tries = watchdog, what, total + 1
        return retry

    def new(self, **options: Any) -> Retry:
        """Return a copy with changed options; urllib3 calls this."""
        retry = super().new(**options)
        retry.watchdog, retry.what, retry.tries = self.watchdog, self.what, self.tries
        return retry

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """Return the seconds to wait, measured by the service's own clock (RFC 9110, 10.2.3)."""
        after = parsedate_tz(response.headers.get("Retry-After") or "")
        now = parsedate_tz(response.headers.get("Date") or "")
        if after is not None and now is not None:
            return min(max(0, mktime_tz(after) - mktime_tz(now)), RETRY_AFTER_MAX)
        try:
            return super().get_retry_after(response)
        except (urllib3.exceptions.InvalidHeader, ValueError):
            # Not a number, or a number of thousands of digits.
            return None

    def increment(self, *args: Any, **options: Any) -> Retry:
        """Return the policy that is left after a response or failure."""
        response, error = options.get("response"), options.get("error")
        crowded = response is not None and response.status in {429, 503}
        if crowded or isinstance(error, urllib3.exceptions.TimeoutError):
            self.watchdog.congested()
        # A request that was stopped on purpose is not retried.
        self.watchdog.check()
        retry = super().increment(*args, **options)
        retry.why = _request_failure(response, error, self.watchdog)
        return retry

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        """Wait before the next try."""
        pause = self.get_backoff_time()
        if response is not None:
            # Only a broken connection is retried at once: it may just have been idle too long.
            pause = self.get_retry_after(response) or max(pause, FIRST_PAUSE * random.random())
        after = f" in {pause:.0f} s" if pause >= 1 else ""
        text = f"trying again ({self.tries - (self.total or 0)} of {self.tries}){after}: {self.why}"
        logger.info("%s: %s", self.what or "/", text)
        self.watchdog.notice(text)
        self.watchdog.pause(pause)


class Retrier:
    """The retries of a transfer, which go beyond those of its single requests.

    Parameters
    ----------
    retries : int
        How often the transfer is tried again without progress.
    watchdog : Watchdog
        Watches over the transfer.
    """

    def __init__(self, retries: int, watchdog: Watchdog) -> None:
        self._retries = retries
        self._watchdog = watchdog
        self._retry: Retry | None = None

    @property
    def retried(self) -> bool:
        """Whether there was a retry since the last progress."""
        return self._retry is not None

    def reset(self) -> None:
        """Reset the count of retries, because there was progress."""
        self._retry = None

    def wait(self, error: CTADataError) -> None:
        """Wait before the next try.

        Parameters
        ----------
        error : CTADataError
            What the last try failed with; raised if there are no tries left.
        """
        retry = self._retry or Retry.from_total(self._retries, self._watchdog, error.path or "")
        try:
            retry = retry.increment("GET", error=urllib3.exceptions.ProtocolError())
        except urllib3.exceptions.MaxRetryError:
            raise error from error.__cause__
        retry.why = _transfer_failure(error, self._watchdog.timeout)
        retry.sleep()
        self._retry = retry


def _request_failure(
    response: urllib3.BaseHTTPResponse | None, error: object, watchdog: Watchdog
) -> str:
    """Return in a few words why a request failed."""
    if response is not None:
        # The standard's phrase: the service's own may say anything.
        return f"{response.status} {responses.get(response.status, '')}".strip()
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {min(CONNECT_TIMEOUT, watchdog.timeout):.0f} s"
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"no data for {watchdog.timeout:.0f} s"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no connection"
    return "the connection broke off"


def _transfer_failure(error: CTADataError, timeout: float) -> str:
    """Return in a few words why a transfer failed."""
    if isinstance(error.__cause__, TimeoutError):
        return f"no data for {timeout:.0f} s"
    text = str(error)
    return (text.partition(" broke off: ")[2] or text).partition("; ")[0]
