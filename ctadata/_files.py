"""Local paths as users write them, directories, and what the local disk refuses.

What is written takes its name from a listing, and a directory may change while it is
written into; so each component below the directory that the caller trusts is opened by
itself with ``O_NOFOLLOW`` (POSIX.1-2008, openat), and never through a symbolic link.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ._arguments import refuse_secret
from .errors import AlreadyExists, CTADataError, InvalidPath, LocalFileError, NoSpace

__all__ = [
    "PASSING",
    "free_space",
    "local_error",
    "local_errors",
    "local_path",
    "open_directory",
    "several",
    "split_below",
]

P = TypeVar("P")

# What says nothing of a file itself.
PASSING = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.EIO, errno.EINTR}
# What to do about an error of the system, where more can be said than its own words.
_REMEDIES = {
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
    errno.EROFS: "choose another place",
    errno.EMFILE: "use fewer jobs at a time, or raise the limit (ulimit -n)",
    errno.ENFILE: "use fewer jobs at a time",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EFBIG: "choose another disk",
    errno.ESTALE: "the network disk has lost it; try again",
    errno.EIO: "the disk may be damaged, or its server away; try again, or choose another disk",
}


def local_path(given: object) -> Path:
    """Return a local path as a user means it: a leading ``~`` or ``~user`` is a home directory.

    A shell does the same, but not where it is quoted, and Python does not. Where there is a file
    of that very name, it is meant.

    Raises
    ------
    LocalFileError
        If it is no path, but for example a certificate or the token.
    """
    text = given if isinstance(given, str) else getattr(given, "__fspath__", lambda: None)()
    if not isinstance(text, str) or "\0" in text:
        raise LocalFileError(f"{given!r} is not the path of a local file; give a string or a Path")
    refuse_secret(text, LocalFileError)
    if text.startswith("~") and not os.path.lexists(text):
        text = os.path.expanduser(text)
    return Path(text)


def several(paths: Iterable[P], what: str) -> list[P]:
    """Return the paths that a caller gave, or refuse a single one.

    Raises
    ------
    CTADataError
        If it is one path, which would be taken apart, or nothing that has any.
    """
    if isinstance(paths, (str, bytes, os.PathLike)) or not isinstance(paths, Iterable):
        raise CTADataError(f"{what} is not a list of paths; for a single one give [{paths!r}]")
    return list(paths)


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
    LocalFileError, NoSpace, AlreadyExists
        If it cannot be made or opened.
    """
    with local_errors(str(root.joinpath(*parts))):
        descriptor = _open_directory(root, parts)
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


def free_space(directory: int) -> int:
    """Return the bytes that are free on the disk of a directory, given by its descriptor."""
    found = os.fstatvfs(directory)
    return found.f_bavail * found.f_frsize


def local_error(error: OSError, display_path: str, doing: str = "written") -> CTADataError:
    """Turn a failure of the local file system into an error that names the file.

    Parameters
    ----------
    error : OSError
        What the system says.
    display_path : str
        The local path.
    doing : str, optional
        What was to be done with it: ``written``, ``read``.
    """
    number = error.errno
    if number in {errno.ENOSPC, errno.EDQUOT}:
        full = "is full" if number == errno.ENOSPC else "is full for you: your quota is used up"
        return NoSpace(
            f"The disk {full}; {display_path!r} was not written: make room", path=display_path
        )
    if number in {errno.ELOOP, errno.ENOTDIR} and doing == "written":
        # O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link.
        return AlreadyExists(
            f"{display_path!r} cannot be written: a part of its path is a file or a symbolic link",
            path=display_path,
        )
    # What Python raises itself has no number.
    why = os.strerror(number) if number else str(error)
    remedy = _REMEDIES.get(number or 0)
    return LocalFileError(
        f"{display_path!r} cannot be {doing}: {why}" + (f"; {remedy}" if remedy else ""),
        path=display_path,
    )


@contextlib.contextmanager
def local_errors(display_path: str | None = None, doing: str = "written") -> Iterator[None]:
    """Turn failures of the local file system in a block of code into errors of ctadata.

    Parameters
    ----------
    display_path : str, optional
        The local path; by default what the system's error names.
    doing : str, optional
        As for `local_error`.
    """
    failure = None
    try:
        yield
    except OSError as error:
        named = error.filename if isinstance(error.filename, str) else "a local file"
        failure = local_error(error, display_path or named, doing).caused_by(error)
    except RecursionError as error:
        raise LocalFileError(
            f"{display_path or 'a local file'!r} cannot be {doing}: it lies below too many "
            "directories; choose another place",
            path=display_path,
        ) from error
    except UnicodeEncodeError as error:
        # Without the name, which could not be shown.
        raise LocalFileError(
            f"{display_path or error.object!a} cannot be {doing}: local file names are in "
            f"{sys.getfilesystemencoding()!r} here, which has not all of its characters; set "
            "LC_ALL=C.UTF-8",
            path=display_path,
        ) from error
    if failure is not None:
        raise failure
