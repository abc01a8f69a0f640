"""The storage of certificates: one file for each user and key, readable by nobody else.

::

    shared.pem            the shared one
    users/_41da/cta.pem   Ada's, under the key cta

User names are encoded so that no two share a file on any file system and none leads elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import string
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .._files import NotARegularFile, atomic_write, open_beneath, read_regular
from ..errors import CTADataError

_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EMLINK}
_PLAIN = frozenset((string.ascii_lowercase + string.digits + "-").encode())
_LONGEST_NAME = 200  # bytes; most file systems take 255
_PART = ".part"
_MAX_BYTES = 1 << 20


class UnusableName(ValueError):
    """A name that no user can have."""


class CertificateStore:
    """Stores certificates in a directory.

    Parameters
    ----------
    directory : Path or None
        The directory; None for a temporary one, from the first certificate until `close`.
    """

    def __init__(self, directory: Path | None) -> None:
        self._given = directory
        self._root = directory
        self._lock = threading.Lock()

    def open(self) -> None:
        """Create the directory if one was given and is missing.

        Raises
        ------
        CTADataError
            If it cannot be created, or others may read it.
        """
        if self._given is None:
            return
        try:
            self._given.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = self._given.stat()
        except OSError as error:
            raise CTADataError(
                f"{self._given} cannot hold certificates: {error.strerror}.", path=str(self._given)
            ) from error
        if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            raise CTADataError(
                f"{self._given} cannot hold certificates, since others may read it: run"
                f" 'chmod 700 {self._given}', or choose another directory.",
                path=str(self._given),
            )

    def close(self) -> None:
        """Remove a temporary directory."""
        if self._given is None and self._root is not None:
            shutil.rmtree(self._root)
            self._root = None

    def save(self, user: str | None, key: str, pem: str) -> None:
        """Store a certificate, replacing the existing one; it is on the disk at the end.

        Without `user`, it is the shared one.

        Raises
        ------
        UnusableName
            If a name is empty or not valid text.
        OSError
            If it cannot be written; the existing one stays.
        """
        *folders, name = _path(user, key)
        with self._lock, self._directory(folders, make=True) as directory:
            for left in os.listdir(directory):  # by a killed process
                if left.startswith(name) and left.endswith(_PART):
                    os.unlink(left, dir_fd=directory)
            atomic_write(name, pem.encode(), directory=directory, sync=True)

    def load(self, user: str | None, key: str) -> str | None:
        """Return a certificate, or None; see `save`."""
        *folders, name = _path(user, key)
        try:
            with self._directory(folders) as directory:
                content, _ = read_regular(name, _MAX_BYTES, directory=directory)
        except NotARegularFile:
            return None
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        return content.decode(errors="replace")

    @contextmanager
    def _directory(self, names: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """Open a directory below the root, following no link."""
        if self._root is None:
            if not make:
                raise FileNotFoundError(errno.ENOENT, "no certificate yet")
            self._root = Path(tempfile.mkdtemp(prefix="ctadata-certificates-"))
        with open_beneath(self._root, names, make=0o700 if make else None) as directory:
            yield directory


def _path(user: str | None, key: str) -> list[str]:
    if user is None:
        return [f"{_encoded(key)}.pem"]
    return ["users", _encoded(user), f"{_encoded(key)}.pem"]


def _encoded(name: str) -> str:
    """Return a file name: lower-case letters, digits and hyphens; other bytes as `_41`.

    A long name becomes its digest after `=`, which occurs in no other name.
    """
    try:
        content = name.encode()
    except UnicodeEncodeError:
        raise UnusableName from None
    if not content:
        raise UnusableName
    encoded = "".join(chr(byte) if byte in _PLAIN else f"_{byte:02x}" for byte in content)
    return encoded if len(encoded) <= _LONGEST_NAME else f"={hashlib.sha256(content).hexdigest()}"
