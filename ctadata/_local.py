"""Local directories, opened and made, but never through a symbolic link.

What is written takes its name from a listing, and a directory may change while it is
written into; so each component below the directory that the caller trusts is opened by
itself with ``O_NOFOLLOW`` (POSIX.1-2008, openat).
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import AlreadyExists, InvalidPath, NoSpace, TransferError

__all__ = ["local_error", "open_directory", "split_below"]


def split_below(directory: Path, root: Path) -> tuple[str, ...]:
    """Return the components of `directory` below `root`.

    Raises
    ------
    InvalidPath
        If `directory` does not lie below `root`.
    """
    try:
        parts = directory.relative_to(root).parts
    except ValueError:
        parts = ("..",)
    if ".." in parts:
        raise InvalidPath(f"{str(directory)!r} lies outside of {str(root)!r}", path=str(directory))
    return parts


@contextlib.contextmanager
def open_directory(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open the directory `parts` below `root`, and make what is missing of it.

    Parameters
    ----------
    root : Path
        Trusted: its own links are followed.
    parts : sequence of str
        The components below it; none of them may be a link.

    Yields
    ------
    int
        A file descriptor, closed at the end.

    Raises
    ------
    TransferError
        If it cannot be made or opened.
    """
    try:
        descriptor = _open_directory(root, parts)
    except OSError as error:
        raise local_error(error, str(root.joinpath(*parts))) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_directory(root: Path, parts: Sequence[str]) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, flags)
    for part in parts:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=descriptor)
            below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def local_error(error: OSError, shown: str) -> TransferError | AlreadyExists:
    """Turn a failure of the local file system into an error that names the file."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoSpace(f"The disk is full: {shown!r} could not be written; make room", path=shown)
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        # O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link.
        return AlreadyExists(
            f"{shown!r} cannot be written: a part of its path is a file or a symbolic link",
            path=shown,
        )
    return TransferError(f"{shown!r} cannot be written: {error.strerror}", path=shown)
