"""The user's home directory in the storage: found by asking the service, never computed.

It is the one directory that the user may write to. The service derives its name from the hub's
user name (docs/protocol.md, "Uploads"), which a client outside of the hub does not know.
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

__all__ = ["find", "forget", "known", "learn", "relative_to_home"]

# Directories that may have a directory of users, in the order in which the service looks.
FOLDERS = ("lst", "cta")
# How many directories of users are tried one by one, before and after the probing upload.
FEW = 16
MAX_CANDIDATES = 2000
# Seconds after which the search is given up.
SECONDS = 120.0


def known(service: DownloadService) -> str | None:
    """Return the home directory if it is known already."""
    return service.state.home_directories.get(_key(service))


def learn(service: DownloadService, directory: str) -> None:
    """Remember the home directory, for this service and this token."""
    service.state.home_directories[_key(service)] = directory


def forget(service: DownloadService) -> None:
    """Ask again the next time: the service seems to use another directory by now."""
    service.state.home_directories.pop(_key(service), None)


def find(service: DownloadService) -> str:
    """Return the home directory, for example ``lst/users/alice``; ask for it if necessary."""
    directory = known(service) or _search(service, time.monotonic() + SECONDS)
    if directory is None:
        raise AccessDenied(
            f"Your home directory was not found at {service.url}. If you have no certificate "
            "there, upload one with ctadata.upload_certificate or 'ctadata certificate upload'; "
            f"outside of the platform, set {USER_VARIABLE} to your name on the hub; otherwise "
            "ask the platform's administrators for a home directory"
        )
    learn(service, directory)
    return directory


def _search(service: DownloadService, until: float) -> str | None:
    """Look for the home directory, by the ways that need few requests first."""
    return (
        _from_user_name(service)
        or _by_trying(service, FEW, until)
        or _by_probing_upload(service)
        or _from_user_name(service)
        or _by_trying(service, MAX_CANDIDATES, until)
    )


def _from_user_name(service: DownloadService) -> str | None:
    """Return the directory that belongs to the hub's user name, if this user may write to it."""
    name = user_name()
    if name is None:
        return None
    folded = re.sub("[^01a-z]", "_", name.lower())
    guesses = (f"{users}/{folded}" for users, _ in _directories_of_users(service))
    return next(filter(partial(_is_own, service), guesses), None)


def _by_trying(service: DownloadService, most: int, until: float) -> str | None:
    """Return the first directory of a user that the service lets this one make.

    Parameters
    ----------
    most : int
        If there are more directories than this, none is tried.
    until : float
        When to give up (`time.monotonic`).

    Raises
    ------
    ServiceTimeout
        If that time is reached.
    """
    for users, listing in _directories_of_users(service):
        directories = (entry.path for entry in listing.directories)
        names = list(islice(directories, most + 1))
        # If even the directory above them seems writable, a proxy gives this answer to everything.
        if len(names) <= most and not _is_own(service, users):
            for directory in names:
                if time.monotonic() > until:
                    raise ServiceTimeout(
                        f"{service.url} answers so slowly that your home directory was not found "
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

    Making one that exists changes nothing. The service refuses to make any of another user.
    """
    try:
        service.make_collection(directory)
    except (NotFound, AccessDenied):
        return False
    return True


def _by_probing_upload(service: DownloadService) -> str | None:
    """Let the service make the home directory, by an upload that has to fail.

    The service makes the user's home directory before it looks for the directory that receives a
    file. That one does not exist here, so that nothing is written; a storage that makes it all the
    same tells where.
    """
    nowhere = f"ctadata-{os.urandom(8).hex()}/probe"
    try:
        answer = service.upload(nowhere, b"", 0, home="")
    except CertificateNeeded:
        raise
    except (NotFound, AccessDenied):
        return None
    except StorageException as error:
        # Nobody knows the made-up name.
        shown = str(error).replace(repr(nowhere), "your home directory")
        raise StorageException(shown) from error
    return str(answer["path"]).removesuffix(f"/{nowhere}") if answer else None


def relative_to_home(own: str, segments: Sequence[str]) -> list[str]:
    """Return the segments of a path relative to the home directory.

    Parameters
    ----------
    own : str
        The home directory.
    segments : sequence of str
        A path relative to it, or relative to the storage's root, as listings and the panel give it.

    Raises
    ------
    InvalidPath
        If it lies in another user's directory.
    """
    head = own.split("/")
    if list(segments[: len(head)]) == head:
        return list(segments[len(head) :])
    if len(segments) > 1 and segments[0] in FOLDERS and segments[1] == "users":
        path = "/".join(segments)
        raise InvalidPath(
            f"{path!r} is not in your home directory, {own!r}, the only one that you can write to",
            path=path,
        )
    return list(segments)


def _key(service: DownloadService) -> bytes:
    # A hash, so that the token does not stay in memory longer than necessary.
    import hashlib

    return hashlib.sha256((service.http.token() or "").encode()).digest()
