"""Local files: written under a temporary name, and never through a symbolic link.

What is written takes its name from a listing, and a directory may change while it is
written into; so each component below the directory that the caller trusts is opened by
itself with ``O_NOFOLLOW`` (POSIX.1-2008, openat).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ._paths import MAX_NAME_BYTES
from .errors import AlreadyExists, InvalidPath, NoSpace, TransferError

__all__ = ["PartFile", "open_directory", "split_below"]


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


class PartFile:
    """A file that appears under its name only when it is whole.

    Parameters
    ----------
    directory : int
        Descriptor of the directory that receives it.
    name : str
        Its final name.
    shown : str
        Its path, for errors.
    size : int
        The bytes that it will have; checked against the free space first.
    overwrite : bool
        Whether a file that has this name already is replaced.

    Raises
    ------
    AlreadyExists
        If something has the name that must not or cannot be replaced.
    NoSpace
        If the disk has less than `size` bytes left.
    """

    def __init__(
        self, directory: int, name: str, *, shown: str, size: int, overwrite: bool
    ) -> None:
        self._directory = directory
        self._name = name
        self._shown = shown
        self._overwrite = overwrite
        self._refuse_existing()
        free = os.fstatvfs(directory)
        if (available := free.f_bavail * free.f_frsize) < size:
            raise NoSpace(
                f"{shown!r} needs {size} bytes, {size - available} more than the disk has left; "
                "make room or choose another directory",
                path=shown,
            )
        # Of the name as much as fits: cut between characters, not within one.
        ending = f".{os.urandom(4).hex()}.part"
        stem = name.encode()[: MAX_NAME_BYTES - len(ending)].decode(errors="ignore")
        self._part = stem + ending
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            self._descriptor = os.open(self._part, flags, 0o666, dir_fd=directory)
        except OSError as error:
            raise local_error(error, shown) from error

    def write(self, block: bytes) -> None:
        """Append a block.

        Raises
        ------
        NoSpace
            If the disk is full.
        TransferError
            If it cannot be written for another reason.
        """
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise local_error(error, self._shown) from error

    def finish(self) -> None:
        """Give the file its final name, once its bytes are on the disk.

        Raises
        ------
        AlreadyExists
            If something took the name meanwhile that must not be replaced.
        NoSpace
            If the disk is full.
        """
        try:
            os.fsync(self._descriptor)
            # Network file systems may find only now that the disk is full.
            self._close()
            self._refuse_existing()
            os.replace(
                self._part, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory
            )
        except OSError as error:
            raise local_error(error, self._shown) from error

    def discard(self) -> None:
        """Remove what was written so far."""
        self._close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._part, dir_fd=self._directory)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _refuse_existing(self) -> None:
        try:
            mode = os.stat(self._name, dir_fd=self._directory, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISREG(mode):
            what = (
                "a directory"
                if stat.S_ISDIR(mode)
                else "a symbolic link"
                if stat.S_ISLNK(mode)
                else "not a regular file"
            )
            raise AlreadyExists(
                f"{self._shown!r} is {what} and is not replaced; save under another name",
                path=self._shown,
            )
        if not self._overwrite:
            raise AlreadyExists(f"{self._shown!r} exists already", path=self._shown)


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
