"""The rules of ``overwrite``: which existing files are kept, replaced or refused."""

from __future__ import annotations

import os
import stat

from ...entries import Entry
from ...errors import AlreadyExists, CTADataError

__all__ = ["OVERWRITE", "check_overwrite", "keeps_existing"]

OVERWRITE = ("update", "never", "fail", "skip", "replace")


def check_overwrite(overwrite: str) -> None:
    """Refuse a value that is not in `OVERWRITE`."""
    if overwrite not in OVERWRITE:
        choices = ", ".join(map(repr, OVERWRITE))
        raise CTADataError(f"overwrite={overwrite!r} is not known; it is one of {choices}")


def keeps_existing(
    directory: int, name: str, entry: Entry, overwrite: str, display_path: str
) -> bool:
    """Return whether an existing local file is kept instead of being downloaded again.

    Parameters
    ----------
    directory : int
        Descriptor of the directory.
    name : str
        The file's name in it.
    entry : Entry
        The remote file.
    overwrite : str
        One of `OVERWRITE`.
    display_path : str
        The local path, for errors.

    Raises
    ------
    AlreadyExists
        If there is something that must not be replaced.
    """
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if overwrite == "skip":
        return True
    what = _irreplaceable(found)
    if what == "a directory" or (what and overwrite != "replace"):
        remedy = (
            f", or into it with {display_path + '/'!r}"
            if what == "a directory"
            else ", or replace it with overwrite='replace'"
        )
        raise AlreadyExists(
            f"{display_path!r} is {what} and is not replaced; save under another name{remedy}",
            path=display_path,
        )
    if overwrite == "fail":
        raise AlreadyExists(f"{display_path!r} exists already", path=display_path)
    modified = entry.modified
    same = (
        found.st_size == entry.size
        # Listings have whole seconds.
        and modified is not None
        and int(found.st_mtime) == int(modified.timestamp())
    )
    if overwrite == "never" and not same:
        raise AlreadyExists(
            f"{display_path!r} exists already and is another file", path=display_path
        )
    return same and overwrite != "replace"


def _irreplaceable(found: os.stat_result) -> str:
    if stat.S_ISDIR(found.st_mode):
        return "a directory"
    if stat.S_ISLNK(found.st_mode):
        return "a symbolic link"
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"
    return "" if found.st_mode & 0o222 else "read-only"
