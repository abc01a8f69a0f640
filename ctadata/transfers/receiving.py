"""Where uploads go to: the directories of the storage that receive them, and names in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from .._paths import check_remote_path
from .._protocol import DownloadService
from ..entries import Entry
from ..errors import InvalidPath, NotFound
from .sending import NAMELESS

__all__ = ["name_in_directory", "receiving_directory", "stored_entry"]


def stored_entry(service: DownloadService, own: str, segments: list[str]) -> Entry | None:
    """Return what is at a path of the user's own directory, if anything is."""
    with suppress(NotFound):
        return service.listing("/".join([own, *segments])).own
    return None


def name_in_directory(local: str, path: str) -> str:
    """Return the name that a file gets in a directory, which is its own.

    Raises
    ------
    InvalidPath
        If it has none, as an open file may, or one that no remote file may have.
    """
    if local == NAMELESS:
        raise InvalidPath(
            f"{path or '/'!r} is a directory, and the open file has no name; give the whole path "
            "of the remote file",
            path=path,
        )
    name = os.path.basename(local)
    if check_remote_path(name) != [name]:
        raise InvalidPath(f"{local!r} has no name under which it could be uploaded", path=local)
    return name


def receiving_directory(
    service: DownloadService, own: str, segments: Sequence[str], *, make: bool
) -> dict[str, Entry]:
    """Return what is in a directory that receives files; make it where it is missing."""
    target = "/".join([own, *segments])
    try:
        listing = service.listing(target)
    except NotFound:
        if make:
            for end in range(1, len(segments) + 1):
                service.make_collection("/".join([own, *segments[:end]]))
        return {}
    if not listing.own.is_directory:
        raise InvalidPath(f"{target!r} is a file and cannot hold others", path=target)
    return {entry.name: entry for entry in listing.children}
