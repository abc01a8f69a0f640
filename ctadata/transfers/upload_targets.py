"""Where uploads go to: the directories of the storage that receive them, and names in them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress

from ..entries import Entry
from ..errors import InvalidPath, NotFound
from ..storage.download_service import DownloadService
from ..storage.paths import check_remote_path
from .upload_file import NAMELESS

__all__ = ["name_in_directory", "receiving_directory", "stored_entry"]

# Entries of a listing that are held as a list.
FEW = 10_000


def stored_entry(service: DownloadService, own: str, segments: list[str]) -> Entry | None:
    """Return what is at a path of the user's own directory, if anything is."""
    with suppress(NotFound):
        return service.stat("/".join([own, *segments]))
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
    service: DownloadService,
    own: str,
    segments: Sequence[str],
    names: Collection[str] = (),
    *,
    make: bool,
    whole: bool = False,
) -> dict[str, Entry]:
    """Return those of some names that are in a directory that receives files.

    Parameters
    ----------
    service : DownloadService
        Is asked.
    own : str
        The user's own directory.
    segments : sequence of str
        A directory relative to it.
    names : collection of str, optional
        The names.
    make : bool
        Whether it is made where it is missing.
    whole : bool, optional
        Whether it has to be certain which of the names are there.

    Raises
    ------
    StorageException
        If its listing is too long to be read to its end, and `whole`.
    """
    target = "/".join([own, *segments])
    try:
        listing = service.listing(target, FEW)
    except NotFound:
        if make:
            for end in range(1, len(segments) + 1):
                service.make_collection("/".join([own, *segments[:end]]))
        return {}
    if not listing.own.is_directory:
        raise InvalidPath(f"{target!r} is a file and cannot hold others", path=target)
    if whole and listing.cut is not None:
        raise listing.cut
    return {entry.name: entry for entry in listing.children if entry.name in names}
