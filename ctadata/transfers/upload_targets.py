"""The remote directories that receive uploads, and the names in them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress

from ..entries import Entry
from ..errors import InvalidPath, NotFound
from ..storage.download_service import DownloadService
from ..storage.paths import check_remote_path
from .target_conflicts import nameless
from .upload_file import NAMELESS

__all__ = ["name_in_directory", "prepare_directory", "stored_entry"]

# A listing of up to so many entries is held as a list.
FEW = 10_000


def stored_entry(service: DownloadService, home: str, segments: list[str]) -> Entry | None:
    """Return the entry at a path in the user's home directory, or None."""
    with suppress(NotFound):
        return service.stat("/".join([home, *segments]))
    return None


def name_in_directory(local: str, path: str) -> str:
    """Return the name under which a local file is uploaded into a directory: its own.

    Raises
    ------
    InvalidPath
        If it has no name, as an open file may, or one that is not allowed in the storage.
    """
    if local == NAMELESS:
        raise InvalidPath(
            f"{path or '/'!r} is a directory, and the open file has no name; give the whole path "
            "of the remote file",
            path=path,
        )
    name = os.path.basename(local)
    if check_remote_path(name) != [name]:
        raise nameless(local)
    return name


def prepare_directory(
    service: DownloadService,
    home: str,
    segments: Sequence[str],
    names: Collection[str] = (),
    *,
    make: bool,
    whole: bool = False,
) -> dict[str, Entry]:
    """Return which names already exist in a directory that receives files.

    Parameters
    ----------
    segments : sequence of str
        A directory relative to `home`, the user's home directory.
    names : collection of str, optional
        The names to look for.
    make : bool
        Whether to make a missing directory.
    whole : bool, optional
        Whether an incomplete listing is an error.

    Raises
    ------
    StorageException
        If `whole` and the listing is too long to be read to its end.
    """
    target = "/".join([home, *segments])
    try:
        listing = service.listing(target, FEW)
    except NotFound:
        if make:
            for end in range(1, len(segments) + 1):
                service.make_collection("/".join([home, *segments[:end]]))
        return {}
    if not listing.own.is_directory:
        raise InvalidPath(f"{target!r} is a file and cannot hold others", path=target)
    if whole and listing.cut is not None:
        raise listing.cut
    return {entry.name: entry for entry in listing.children if entry.name in names}
