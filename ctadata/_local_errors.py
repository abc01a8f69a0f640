"""Errors of the local disk turned into ctadata errors: a full disk, no permission, a bad name."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator

from .errors import AlreadyExists, CTADataError, LocalFileError, NoSpace

__all__ = ["NO_SPACE", "TRANSIENT", "local_error", "local_errors"]

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
# Errors that say nothing about the file itself.
TRANSIENT = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.EIO, errno.EINTR}
# Remedies that add something to the message of the system.
_REMEDIES = {
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
    errno.EROFS: "choose another place",
    errno.EMFILE: "use fewer jobs at a time, or raise the limit (ulimit -n)",
    errno.ENFILE: "use fewer jobs at a time",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EFBIG: "choose another disk",
    errno.ESTALE: "the network disk has lost the file; try again",
    errno.EIO: "the disk may be damaged or its server down; try again, or choose another disk",
}


def local_error(error: OSError, display_path: str, doing: str = "written") -> CTADataError:
    """Return an error of ctadata for an error of the system: a path cannot be ``written``."""
    number = error.errno
    if number in NO_SPACE:
        full = "is full" if number == errno.ENOSPC else "is full for you: your quota is used up"
        return NoSpace(
            f"The disk {full}; {display_path!r} was not written: make room, or choose another disk",
            path=display_path,
        )
    if number in {errno.ELOOP, errno.ENOTDIR} and doing == "written":
        # O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link.
        return AlreadyExists(
            f"{display_path!r} cannot be written: a part of its path is a file or a symbolic link",
            path=display_path,
        )
    # Errors raised by Python itself have only a text.
    why = error.strerror or str(error)
    remedy = _REMEDIES.get(number or 0)
    return LocalFileError(
        f"{display_path!r} cannot be {doing}: {why}" + (f"; {remedy}" if remedy else ""),
        path=display_path,
    )


@contextlib.contextmanager
def local_errors(display_path: str | None = None, doing: str = "written") -> Iterator[None]:
    """Convert errors of the system in a block of code, as `local_error` does.

    Without `display_path`, the path is the one in the error of the system.
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
        # Without the name, which cannot be displayed.
        raise LocalFileError(
            f"{display_path or error.object!a} cannot be {doing}: the encoding of "
            f"local file names, {sys.getfilesystemencoding()!r}, lacks some of its characters; set "
            "LC_ALL=C.UTF-8",
            path=display_path,
        ) from error
    if failure is not None:
        raise failure
