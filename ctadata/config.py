"""All defaults, and what the environment says of the services and the token.

The environment is read at each call: notebooks set variables after ``import ctadata``, and a hub
may renew a token while a kernel runs.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from ._arguments import count
from ._files import local_path
from ._secrets import TOKEN_VARIABLE, never_show
from .errors import NEW_TOKEN, CTADataError, InvalidToken, LocalFileError
from .http.addresses import host_of, problem_of
from .http.plain_http import is_loopback

__all__ = [
    "CERTIFICATESERVICE_VARIABLE",
    "CERTIFICATE_KEY",
    "DEFAULT_LIMITS",
    "DOWNLOADSERVICE_VARIABLE",
    "JOBS",
    "MAX_JOBS",
    "MAX_TIMEOUT",
    "MIN_SPEED",
    "RETRIES",
    "TIMEOUT",
    "TOKEN_VARIABLE",
    "ListingLimits",
    "certificate_keys",
    "certificateservice_url",
    "data_directory",
    "downloadservice_url",
    "listing_limits",
    "token",
    "user_name",
]

DOWNLOADSERVICE_VARIABLE = "CTADS_URL"
CERTIFICATESERVICE_VARIABLE = "CTACS_URL"
USER_VARIABLE = "JUPYTERHUB_USER"
CERTIFICATE_KEYS_VARIABLE = "CTACS_ALLOWED_CERT_KEYS"
DATA_DIRECTORY_VARIABLE = "CTADATA_DATA_DIR"
MAX_ENTRIES_VARIABLE = "CTADATA_MAX_LISTING_ENTRIES"
MAX_BYTES_VARIABLE = "CTADATA_MAX_LISTING_BYTES"

DEFAULT_DOWNLOADSERVICE = "https://platform.cta.cscs.ch/services/downloadservice/"
# The default purpose of a delegated certificate, and all purposes.
CERTIFICATE_KEY = "cta"
DEFAULT_CERTIFICATE_KEYS = ("cta", "lst", "arc")

# Files at a time: the service has ten threads for all its users.
JOBS = 8
MAX_JOBS = 64
# Seconds of silence after which the service counts as stalled.
TIMEOUT = 60.0
# Longer than anybody waits, and short enough for every system call.
MAX_TIMEOUT = 1e6
# How often something that failed in passing is tried again.
RETRIES = 3
# Bytes per second: slower than any useful link.
MIN_SPEED = 1024.0

# Visible ASCII: what RFC 6750 allows in a header, and a little more.
_TOKEN = re.compile(r"[!-~]+")


class ListingLimits(NamedTuple):
    """Where a listing is cut off.

    Attributes
    ----------
    entries : int
        The entries that are read.
    size : int
        The bytes of the service's answer that are read; an entry takes about 250.
    """

    entries: int = 1_000_000
    size: int = 512 << 20


DEFAULT_LIMITS = ListingLimits()


def downloadservice_url(configured: str | None = None) -> str:
    """Return the address of the download service.

    Parameters
    ----------
    configured : str, optional
        An address given by the caller; otherwise ``CTADS_URL`` of the environment,
        otherwise the public platform.

    Returns
    -------
    str
        The address with scheme and trailing slash.

    Raises
    ------
    CTADataError
        If the configured address is not one of a web service.
    """
    url = configured or os.environ.get(DOWNLOADSERVICE_VARIABLE) or DEFAULT_DOWNLOADSERVICE
    return _normalised(url, DOWNLOADSERVICE_VARIABLE)


def certificateservice_url(
    configured: str | None = None, downloadservice: str | None = None
) -> str:
    """Return the address of the certificate service.

    Parameters
    ----------
    configured : str, optional
        An address given by the caller; otherwise ``CTACS_URL`` of the environment,
        otherwise the sibling of the download service.
    downloadservice : str, optional
        The download service's address, where the caller gave one.

    Returns
    -------
    str
        The address with scheme and trailing slash.

    Raises
    ------
    CTADataError
        If the configured address is not one of a web service.
    """
    url = configured
    if not url and not downloadservice:
        url = os.environ.get(CERTIFICATESERVICE_VARIABLE)
    if url:
        return _normalised(url, CERTIFICATESERVICE_VARIABLE)
    return urljoin(downloadservice_url(downloadservice), "../certificateservice/")


def certificate_keys() -> list[str]:
    """Return the keys under which the certificate service keeps certificates.

    Returns
    -------
    list of str
        ``CTACS_ALLOWED_CERT_KEYS`` of the environment, separated by commas; by default
        ``cta``, ``lst``, ``arc``.
    """
    keys = [key.strip() for key in os.environ.get(CERTIFICATE_KEYS_VARIABLE, "").split(",")]
    return [key for key in dict.fromkeys(keys) if key] or list(DEFAULT_CERTIFICATE_KEYS)


def data_directory(configured: str | os.PathLike[str] | None = None) -> Path:
    """Return the directory for records that outlive a process; it need not exist.

    Parameters
    ----------
    configured : str or path, optional
        A directory given by the caller; otherwise ``CTADATA_DATA_DIR`` of the environment,
        otherwise ``ctadata`` in Jupyter's data directory.

    Raises
    ------
    LocalFileError
        If it is not a path, or this account has no home directory.
    """
    directory = configured or os.environ.get(DATA_DIRECTORY_VARIABLE)
    if not directory:
        return _jupyter_data_directory() / "ctadata"
    try:
        os.fsencode(path := local_path(directory))
    except UnicodeEncodeError as error:
        raise LocalFileError(f"data_dir={directory!r} is no path; choose another one") from error
    return path


def _jupyter_data_directory() -> Path:
    # The same as jupyter_core.paths, which scripts do not need.
    if directory := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(directory)
    base = os.environ.get("XDG_DATA_HOME")
    if base and sys.platform != "darwin":
        return Path(base, "jupyter")
    try:
        home = Path.home()
    except RuntimeError as error:
        raise LocalFileError(
            f"This account has no home directory; set {DATA_DIRECTORY_VARIABLE} to a directory"
        ) from error
    return home / ("Library/Jupyter" if sys.platform == "darwin" else ".local/share/jupyter")


def token(configured: str | None = None) -> str | None:
    """Return the hub token given by the caller or else by the environment, or None.

    Surrounding white space is removed: a token that was read from a file ends in a newline.

    Raises
    ------
    InvalidToken
        If it cannot be a token; the error does not repeat it.
    """
    value = configured or os.environ.get(TOKEN_VARIABLE) or ""
    if not isinstance(value, str):
        raise InvalidToken(f"The hub token is not a string but {type(value).__name__}; {NEW_TOKEN}")
    value = value.strip()
    if value and _TOKEN.fullmatch(value) is None:
        raise InvalidToken(
            "The hub token has a character that no token has, such as a space or a line break; it "
            f"was not sent: {NEW_TOKEN}"
        )
    if value:
        never_show(value)
    return value or None


def user_name() -> str | None:
    """Return the user's name on the hub, if the environment has it."""
    return os.environ.get(USER_VARIABLE) or None


def listing_limits(entries: int | None = None, size: int | None = None) -> ListingLimits:
    """Return the limits of a listing.

    Parameters
    ----------
    entries, size : int, optional
        Entries, and bytes of the service's answer, given by the caller; otherwise
        ``CTADATA_MAX_LISTING_ENTRIES`` and ``CTADATA_MAX_LISTING_BYTES`` of the environment,
        otherwise 1,000,000 entries and 512 MiB.

    Raises
    ------
    CTADataError
        If one of them is not a whole number from 1 on.
    """
    return ListingLimits(
        _limit(entries, "max_listing_entries", MAX_ENTRIES_VARIABLE, DEFAULT_LIMITS.entries),
        _limit(size, "max_listing_bytes", MAX_BYTES_VARIABLE, DEFAULT_LIMITS.size),
    )


def _limit(given: int | None, what: str, variable: str, default: int) -> int:
    if given is not None:
        return count(given, what, 1)
    value = os.environ.get(variable, "").strip()
    if not value:
        return default
    if not (re.fullmatch("[0-9]{1,18}", value) and int(value)):
        raise CTADataError(f"{variable} is not a whole number from 1 on; correct or unset it")
    return int(value)


def _normalised(url: str, variable: str) -> str:
    if not isinstance(url, str):
        raise CTADataError(f"{variable} is not a string but {type(url).__name__}")
    url = url.strip()
    if "://" not in url:
        # A service that a developer runs on this machine has no certificate.
        local = is_loopback(host_of(f"//{url}"))
        url = f"{'http' if local else 'https'}://{url}"
    problem = problem_of(url)
    if problem is None:
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise CTADataError(
                f"Take the user name and password out of {variable}: only a token is sent"
            )
        if parts.query or parts.fragment:
            problem = "it has a query or a fragment"
    if problem is not None:
        raise CTADataError(
            f"{variable} is not the address of a service: {problem}; set {variable} to one such "
            f"as {DEFAULT_DOWNLOADSERVICE}"
        )
    return url.rstrip("/") + "/"
