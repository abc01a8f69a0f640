"""Certificate files: the default one, and whether a file is safe to be sent."""

from __future__ import annotations

import os
import pwd
import stat

from .._files import NotARegularFile, local_path, read_regular
from ..errors import CertificateError, LocalFileError
from .messages import MAX_BYTES, NEW_PROXY

__all__ = ["default_proxy_file", "owner_of", "read_file"]

PROXY_VARIABLE = "X509_USER_PROXY"


def default_proxy_file() -> str:
    """Return the path where grid tools keep the user's proxy certificate.

    Returns
    -------
    str
        ``X509_USER_PROXY`` of the environment, else ``/tmp/x509up_u<uid>``.
    """
    return os.environ.get(PROXY_VARIABLE) or f"/tmp/x509up_u{os.geteuid()}"


def owner_of(path: str) -> str | None:
    """Return the name or else the number of a file's owner; None if there is no file."""
    try:
        number = os.stat(path, follow_symlinks=False).st_uid
    except (OSError, ValueError):
        return None
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def read_file(path: str | os.PathLike[str], *, private: bool = False) -> bytes:
    """Read a certificate file.

    Parameters
    ----------
    path : str or path
        A regular file.
    private : bool, optional
        Whether the file is to be sent: then it must not be a symbolic link, must belong to the
        user, and nobody else may be able to read it.

    Returns
    -------
    bytes
        Its content, at most one byte more than `MAX_BYTES`.

    Raises
    ------
    CertificateError
        If it is not such a file.
    """
    given = str(path)
    if "-----BEGIN" in given or "\n" in given:
        # The error must not repeat the content.
        raise CertificateError("Give the path of a certificate's file, or its content as bytes")
    try:
        name = str(local_path(path))
    except LocalFileError as error:
        raise CertificateError(str(error)) from error
    try:
        if private and stat.S_ISLNK(os.lstat(name).st_mode):
            raise CertificateError(
                f"{name!r} is a symbolic link; give the file that it points to", path=name
            )
        content, found = read_regular(name, MAX_BYTES + 1, follow=not private)
    except FileNotFoundError:
        raise CertificateError(f"There is no file {name!r}: {NEW_PROXY}", path=name) from None
    except NotARegularFile:
        raise CertificateError(f"{name!r} is not a regular file", path=name) from None
    except OSError as error:
        raise CertificateError(f"{name!r} cannot be read: {error.strerror}", path=name) from None
    except ValueError as error:
        raise CertificateError(f"{name!r} is not the name of a file", path=name) from error
    if private:
        _check_private(name, found)
    return content


def _check_private(name: str, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise CertificateError(
            f"{name!r} belongs to another user; use a proxy certificate of your own", path=name
        )
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CertificateError(
            f"{name!r} can be read by others (its mode is {stat.S_IMODE(found.st_mode):04o}): "
            f"run 'chmod 600 {name}' and, if others could read it for long, {NEW_PROXY}",
            path=name,
        )
