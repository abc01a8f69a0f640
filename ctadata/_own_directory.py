"""Where the user may write: found by asking the service, never computed.

The service makes the name of a user's directory from the hub's user name in a way of its
own (docs/protocol.md, "Uploads"), and a client outside of the hub does not know that name.
"""

from __future__ import annotations

import os
import re
import threading

from ._protocol import DownloadService
from .config import user_name
from .errors import AccessDenied, NotFound

__all__ = ["find", "known", "learn"]

# Folders that may have a directory of users, in the service's own order.
FOLDERS = ("lst", "cta")
MAX_CANDIDATES = 2000

_known: dict[tuple[str, bytes], str] = {}
_lock = threading.Lock()


def known(service: DownloadService, token: str | None) -> str | None:
    """Return the user's own directory where the service has told it, without asking."""
    return _known.get(_key(service, token))


def learn(service: DownloadService, token: str | None, directory: str) -> None:
    """Remember the user's own directory, for this service and this token."""
    with _lock:
        _known[_key(service, token)] = directory


def find(service: DownloadService, token: str | None) -> str:
    """Return the user's own directory.

    Parameters
    ----------
    service : DownloadService
        Is asked, unless it has told it already.
    token : str or None
        Whose directory it is.

    Returns
    -------
    str
        For example ``lst/users/alice``.

    Raises
    ------
    AccessDenied
        If the service lets the user write nowhere.
    """
    directory = known(service, token) or _confirmed(service)
    if directory is None:
        directory = _provoked(service) or _confirmed(service)
    if directory is None:
        raise AccessDenied(
            f"{service.url} lets you write nowhere; ask the platform's administrators for a "
            "directory of your own"
        )
    learn(service, token, directory)
    return directory


def _confirmed(service: DownloadService) -> str | None:
    """Return the one directory of users that the service lets this user make.

    Making one that is there already changes nothing, and the service refuses it for
    everybody else's.
    """
    name = user_name()
    guess = re.sub("[^01a-z]", "_", name.lower()) if name else None
    for folder in FOLDERS:
        try:
            listing = service.listing(f"{folder}/users")
        except (NotFound, AccessDenied):
            continue
        names = [entry.name for entry in listing.children if entry.is_directory]
        if guess:
            names = [guess, *(other for other in names if other != guess)]
        for candidate in names[:MAX_CANDIDATES]:
            directory = f"{folder}/users/{candidate}"
            try:
                service.make_collection(directory)
            except AccessDenied:
                continue
            return directory
    return None


def _provoked(service: DownloadService) -> str | None:
    """Make the service create the user's directory, with an upload that has to fail.

    Before it looks for the directory that should hold a file, it makes the user's own; here
    that one does not exist, so that nothing is written.
    """
    nowhere = f"ctadata-{os.urandom(8).hex()}"
    try:
        answer = service.upload(f"{nowhere}/probe", b"", 0)
    except NotFound:
        return None
    if answer is None:
        return None
    return str(answer["path"]).removesuffix(f"/{nowhere}/probe")


def _key(service: DownloadService, token: str | None) -> tuple[str, bytes]:
    # Not the token itself, which should not lie about in memory longer than necessary.
    import hashlib

    return service.url, hashlib.sha256((token or "").encode()).digest()
