"""Where the user may write: found by asking the service, never computed.

The service makes the name of a user's directory from the hub's user name in a way of its
own (docs/protocol.md, "Uploads"), and a client outside of the hub does not know that name.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from ..config import USER_VARIABLE, user_name
from ..errors import (
    AccessDenied,
    CertificateNeeded,
    InvalidPath,
    NotFound,
    ServiceTimeout,
    StorageException,
)
from .download_service import DownloadService
from .listing import Listing

__all__ = ["below", "find", "forget", "known", "learn"]

# Directories that may have a directory of users, in the service's own order.
FOLDERS = ("lst", "cta")
# Directories of users that are tried one by one: before, and after the one question that may tell.
FEW = 16
MAX_CANDIDATES = 2000
# Seconds after which no other one is tried.
SECONDS = 120.0


def known(service: DownloadService) -> str | None:
    """Return the user's own directory where the service has told it, without asking."""
    return service.state.home_directories.get(_key(service))


def learn(service: DownloadService, directory: str) -> None:
    """Remember the user's own directory, for this service and this token."""
    service.state.home_directories[_key(service)] = directory


def forget(service: DownloadService) -> None:
    """Ask again the next time, since the service seems to use another directory by now."""
    service.state.home_directories.pop(_key(service), None)


def find(service: DownloadService) -> str:
    """Return the user's own directory.

    Parameters
    ----------
    service : DownloadService
        Is asked, unless it has told it already.

    Returns
    -------
    str
        For example ``lst/users/alice``.

    Raises
    ------
    AccessDenied
        If the service lets the user write nowhere.
    ServiceTimeout
        If the directory is not found within two minutes.
    """
    directory = known(service) or _found(service, time.monotonic() + SECONDS)
    if directory is None:
        raise AccessDenied(
            f"No directory of yours was found at {service.url}. If you have no certificate there, "
            "upload one with ctadata.upload_certificate or 'ctadata certificate upload'; outside "
            f"of the platform, set {USER_VARIABLE} to your name on the hub; else ask the "
            "platform's administrators for a directory of your own"
        )
    learn(service, directory)
    return directory


def _found(service: DownloadService, until: float) -> str | None:
    """Ask the service; what needs few requests comes first."""
    return (
        _guessed(service)
        or _tried(service, FEW, until)
        or _told(service)
        or _guessed(service)
        or _tried(service, MAX_CANDIDATES, until)
    )


def _guessed(service: DownloadService) -> str | None:
    """Return the directory that the service makes of the hub's user name, if it is the user's."""
    name = user_name()
    if name is None:
        return None
    folded = re.sub("[^01a-z]", "_", name.lower())
    guesses = (f"{users}/{folded}" for users, _ in _directories_of_users(service))
    return next(filter(partial(_is_own, service), guesses), None)


def _tried(service: DownloadService, most: int, until: float) -> str | None:
    """Return the first directory of a user that the service lets this one make.

    Parameters
    ----------
    most : int
        Where there are more directories, nothing is tried.
    until : float
        When to give up (`time.monotonic`).

    Raises
    ------
    ServiceTimeout
        If it is that late.
    """
    for users, listing in _directories_of_users(service):
        directories = (entry.path for entry in listing.children if entry.is_directory)
        names = list(islice(directories, most + 1))
        # Where even the directory above them is let pass, somebody on the way answers so to all.
        if len(names) <= most and not _is_own(service, users):
            for directory in names:
                if time.monotonic() > until:
                    raise ServiceTimeout(
                        f"{service.url} answers so slowly that your own directory was not found "
                        f"within {SECONDS:.0f} seconds; try again later, or set {USER_VARIABLE} "
                        "to your name on the hub"
                    )
                if _is_own(service, directory):
                    return directory
    return None


def _directories_of_users(service: DownloadService) -> Iterator[tuple[str, Listing]]:
    for folder in FOLDERS:
        users = f"{folder}/users"
        try:
            yield users, service.listing(users, MAX_CANDIDATES)
        except CertificateNeeded:
            raise
        except (NotFound, AccessDenied):
            continue


def _is_own(service: DownloadService, directory: str) -> bool:
    """Return whether the service lets this user make a directory.

    Making one that is there already changes nothing, and the service refuses it for
    everybody else's.
    """
    try:
        service.make_collection(directory)
    except (NotFound, AccessDenied):
        return False
    return True


def _told(service: DownloadService) -> str | None:
    """Let the service make the user's directory, by an upload that has to fail.

    Before it looks for the directory that should hold a file, it makes the user's own; here
    that one does not exist, so that nothing is written. A storage that makes it all the same
    tells where.
    """
    nowhere = f"ctadata-{os.urandom(8).hex()}/probe"
    try:
        answer = service.upload(nowhere, b"", 0, own="")
    except CertificateNeeded:
        raise
    except (NotFound, AccessDenied):
        return None
    except StorageException as error:
        # The made-up name says nothing to anybody.
        shown = str(error).replace(repr(nowhere), "your own directory")
        raise StorageException(shown) from error
    return str(answer["path"]).removesuffix(f"/{nowhere}") if answer else None


def below(own: str, segments: Sequence[str]) -> list[str]:
    """Return a path that is relative to the user's own directory.

    Parameters
    ----------
    own : str
        The user's own directory.
    segments : sequence of str
        A path relative to it, or the whole one from the storage's root, as listings and the panel
        give it.

    Raises
    ------
    InvalidPath
        If it lies in the directory of somebody else.
    """
    head = own.split("/")
    if list(segments[: len(head)]) == head:
        return list(segments[len(head) :])
    if len(segments) > 1 and segments[0] in FOLDERS and segments[1] == "users":
        path = "/".join(segments)
        raise InvalidPath(
            f"{path!r} is not in your own directory, {own!r}, the only one that you can write to",
            path=path,
        )
    return list(segments)


def _key(service: DownloadService) -> bytes:
    # Not the token itself, which should not lie about in memory longer than necessary.
    import hashlib

    return hashlib.sha256((service.http.token() or "").encode()).digest()
