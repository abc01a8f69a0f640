"""Local files: paths, and opening, reading and writing them safely.

File names come from listings, and others may change a directory while it is used. Therefore each
component below a trusted directory is opened by itself with ``O_NOFOLLOW`` (POSIX.1-2008, openat),
never through a symbolic link.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ._arguments import refuse_secret
from .errors import CTADataError, InvalidPath, LocalFileError

__all__ = [
    "SEARCH",
    "IsASymbolicLink",
    "LocalPath",
    "NotARegularFile",
    "atomic_write",
    "free_space",
    "local_path",
    "open_beneath",
    "open_regular",
    "read_json",
    "read_regular",
    "several",
    "split_below",
    "write_new",
]

P = TypeVar("P")

LocalPath = str | os.PathLike[str]

# Like a path, O_PATH needs no permission to read a directory. macOS does not have it.
SEARCH = getattr(os, "O_PATH", os.O_RDONLY)


class IsASymbolicLink(OSError):
    """A component of a path is a symbolic link."""


class NotARegularFile(OSError):
    """A path is a directory (EISDIR), a pipe, or a device."""


def local_path(given: object) -> Path:
    """Return a local path; a leading ``~`` or ``~user`` is replaced by a home directory.

    A shell does not replace it within quotes. If a file of this very name exists, it is used.

    Raises
    ------
    LocalFileError
        If it is not a path but, for example, a certificate or the token.
    """
    text = given if isinstance(given, str) else getattr(given, "__fspath__", lambda: None)()
    if not isinstance(text, str) or "\0" in text:
        raise LocalFileError(f"{given!r} is not the path of a local file; give a string or a Path")
    refuse_secret(text, LocalFileError)
    if text.startswith("~") and not os.path.lexists(text):
        text = os.path.expanduser(text)
    return Path(text)


def several(paths: Iterable[P], what: str) -> list[P]:
    """Return a list of paths; refuse a single path.

    Raises
    ------
    CTADataError
        If it is a single path, which would be split into characters, or not iterable.
    """
    if isinstance(paths, (str, bytes, os.PathLike)) or not isinstance(paths, Iterable):
        raise CTADataError(f"{what} is not a list of paths; for a single one give [{paths!r}]")
    return list(paths)


def split_below(directory: Path, root: Path) -> tuple[str, ...]:
    """Return the components of `directory` below `root`.

    Raises
    ------
    InvalidPath
        If `directory` is not below `root`.
    """
    try:
        parts = directory.relative_to(root).parts
    except ValueError:
        parts = ("..",)
    if ".." in parts:
        raise InvalidPath(f"{str(directory)!r} lies outside of {str(root)!r}", path=str(directory))
    return parts


@contextlib.contextmanager
def open_beneath(
    root: str | os.PathLike[str],
    names: Sequence[str] = (),
    flags: int = os.O_RDONLY,
    *,
    make: int | None = None,
    follow_root: bool = True,
) -> Iterator[int]:
    """Open a directory below a trusted one, component by component, through no symbolic link.

    Parameters
    ----------
    root : str or path
        The trusted directory; with ``follow_root=False`` it must not be a link either.
    names : sequence of str
        The components below it.
    flags : int, optional
        How each of them is opened: for reading, or with `SEARCH`.
    make : int, optional
        The mode of missing components, which are created; by default they are errors.

    Raises
    ------
    IsASymbolicLink
        If a component is a link; other errors are those of the system.
    """
    flags |= os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(root, flags if follow_root else flags | os.O_NOFOLLOW)
    try:
        for name in names:
            if make is not None:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, make, dir_fd=descriptor)
            below = _open_component(name, flags, descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _open_component(name: str, flags: int, directory: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        # O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link.
        if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                raise IsASymbolicLink(error.errno, error.strerror, name) from error
        raise


def open_regular(
    path: str | os.PathLike[str],
    flags: int = os.O_RDONLY,
    *,
    directory: int | None = None,
    follow: bool = False,
) -> int:
    """Return a descriptor of a regular file, which is neither a pipe, device nor directory.

    Parameters
    ----------
    path : str or path
        The file, or its name in an open `directory`.
    flags : int, optional
        How it is opened; with O_CREAT a missing file is created for the user alone.
    follow : bool, optional
        Whether it may be a symbolic link to a regular file.

    Raises
    ------
    NotARegularFile
        If it is something else; other errors, also for a link, are those of the system.
    """
    # O_NONBLOCK: a pipe would wait for its other end.
    flags |= os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags, 0o600, dir_fd=directory)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            raise NotARegularFile(number, "not a regular file", os.fspath(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(
    path: str | os.PathLike[str],
    limit: int,
    *,
    directory: int | None = None,
    follow: bool = False,
) -> tuple[bytes, os.stat_result]:
    """Return the first `limit` bytes of a regular file, and its status; see `open_regular`."""
    descriptor = open_regular(path, directory=directory, follow=follow)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        return file.read(limit), found


def read_json(
    path: str | os.PathLike[str], limit: int, *, directory: int | None = None
) -> tuple[dict[str, Any], os.stat_result]:
    """Read a JSON object as `read_regular` does; a damaged file is an empty object."""
    content, found = read_regular(path, limit, directory=directory)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}, found


def write_new(
    path: str | os.PathLike[str],
    content: bytes,
    *,
    directory: int | None = None,
    sync: bool = False,
) -> None:
    """Create a file for the user alone; see `atomic_write`. Anything of this name is an error."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(descriptor)


def atomic_write(
    path: str | os.PathLike[str],
    content: bytes,
    *,
    directory: int | None = None,
    sync: bool = False,
) -> None:
    """Replace a file as a whole, for the user alone: others see the old content or the new one.

    Parameters
    ----------
    path : str or path
        The file, or its name in an open `directory`.
    content : bytes
        The new content; if it cannot be written, the old one stays.
    sync : bool, optional
        Whether to wait until the content is on the disk and, with `directory`, also the name.
    """
    temporary = f"{os.fspath(path)}.{secrets.token_hex(8)}.part"
    try:
        write_new(temporary, content, directory=directory, sync=sync)
        os.replace(temporary, path, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    if sync and directory is not None:
        os.fsync(directory)


def free_space(directory: int) -> int:
    """Return the bytes that are free on the disk of a directory, given by its descriptor."""
    found = os.fstatvfs(directory)
    return found.f_bavail * found.f_frsize
