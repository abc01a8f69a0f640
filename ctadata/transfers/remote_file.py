"""RemoteFile: one file of the storage, as a listing gave it, and whether it is still that one."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .._printable import logger_of
from ..entries import Entry
from ..errors import IntegrityError, TransferError
from ..storage.download_service import DownloadService
from .checksum import WANTED, Digest, offered

__all__ = ["Changed", "RemoteFile", "file_size"]

logger = logger_of(__name__)


class Changed(IntegrityError):
    """The file is not the one that the first bytes came from."""


def file_size(entry: Entry) -> int:
    """Return the size of a file in bytes.

    Raises
    ------
    TransferError
        If it is a directory.
    IntegrityError
        If the storage does not say: a whole file could not be told from a broken one.
    """
    path = entry.path
    if entry.is_directory:
        raise TransferError(
            f"{path or '/'!r} is a directory; download it with recursive=True (get -r)", path=path
        )
    size = entry.size
    if size is None:
        raise IntegrityError(
            f"The storage does not say how long {path!r} is, or says what cannot be, so that a "
            "whole file could not be told from a broken one",
            path=path,
        )
    return size


class RemoteFile:
    """What is known of one remote file; can be used from several threads at once.

    Parameters
    ----------
    entry : Entry
        The file, as a listing gave it.
    checksum : bool
        Whether the storage is asked for its checksum.

    Attributes
    ----------
    entry, path, size
        As they are now, the size in bytes.
    wanted : mapping
        The headers that ask for the checksum.
    """

    def __init__(self, entry: Entry, *, checksum: bool) -> None:
        self.wanted: Mapping[str, str] = WANTED if checksum else {}
        self._lock = threading.Lock()
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        self.entry, self.path, self.size = entry, entry.path, file_size(entry)
        self.forget()

    def forget(self) -> None:
        """Forget what was learned of it beside the listing: all is asked for anew."""
        self._asked = False
        self._etag: str | None = None

    def digest(self, service: DownloadService) -> Digest | None:
        """Ask once for the file's checksum, unless this storage offers none."""
        if self._asked or not self.wanted or not service.state.has_checksums:
            return None
        self._asked = True
        headers = service.describe(self.path, self.wanted)
        self._etag = headers.get("ETag") or self._etag
        digest = offered(headers.get("Digest", ""))
        if digest is None:
            service.state.has_checksums = False
        return digest

    def check_same(self, headers: Mapping[str, str]) -> None:
        """Compare what an answer with a part of the file says of the whole.

        Raises
        ------
        Changed
            If that is another file.
        """
        total = headers.get("Content-Range", "").rpartition("/")[2]
        etag = headers.get("ETag")
        with self._lock:
            known = self._etag = self._etag or etag
        if total not in {str(self.size), "*"} or (etag and etag != known):
            raise Changed(
                f"{self.path!r} has changed while it was downloaded; try again", path=self.path
            )

    def look_again(self, service: DownloadService) -> bool:
        """List the file again; return whether it has changed, and take it as it is now."""
        entry = service.stat(self.path)
        if (entry.size, entry.get("mtime")) == (self.size, self.entry.get("mtime")):
            return False
        logger.info("%r has changed; it is downloaded from its beginning", self.path)
        self._take(entry)
        return True

    def other(self, came: str) -> IntegrityError:
        """Return the error that says that something else came."""
        return IntegrityError(self._other(came), path=self.path)

    def longer(self) -> Changed:
        """Return the error that says that more came: what came before is not the file either."""
        return Changed(self._other("more"), path=self.path)

    def _other(self, came: str) -> str:
        return (
            f"{came} came for {self.path!r} where the listing says {self.size}; nothing was "
            "saved, try again"
        )
