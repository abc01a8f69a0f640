"""One file in the storage as a listing describes it, and whether it still is that file."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .._printable import logger_of
from ..entries import Entry
from ..errors import IntegrityError, TransferError
from ..storage.download_service import DownloadService
from .checksum import WANT_DIGEST, Digest, parse_digest

__all__ = ["FileChanged", "RemoteFile", "file_size"]

logger = logger_of(__name__)


class FileChanged(IntegrityError):
    """The file is no longer the one that the first bytes came from."""


def file_size(entry: Entry) -> int:
    """Return the size of a file in bytes.

    Raises
    ------
    TransferError
        If it is a directory.
    IntegrityError
        If the storage does not say: a complete file could not be told from a truncated one.
    """
    path = entry.path
    if entry.is_directory:
        raise TransferError(
            f"{path or '/'!r} is a directory; download it with recursive=True (get -r)", path=path
        )
    size = entry.size
    if size is None:
        raise IntegrityError(
            f"The storage does not say how long {path!r} is, or says something impossible, so that "
            "a complete file could not be told from a truncated one",
            path=path,
        )
    return size


class RemoteFile:
    """What is known about one remote file; can be used from several threads at once.

    Parameters
    ----------
    entry : Entry
        The file, as a listing gave it.
    checksum : bool
        Whether to ask the storage for its checksum.

    Attributes
    ----------
    entry, path, size : Entry, str, int
        The file as last listed; the size in bytes.
    digest_headers : mapping
        The headers that ask for the checksum, if it is wanted.
    """

    def __init__(self, entry: Entry, *, checksum: bool) -> None:
        self.digest_headers: Mapping[str, str] = WANT_DIGEST if checksum else {}
        self._lock = threading.Lock()
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        self.entry, self.path, self.size = entry, entry.path, file_size(entry)
        self.forget()

    def forget(self) -> None:
        """Forget the checksum and the ETag, so that they are asked for again."""
        self._asked = False
        self._etag: str | None = None

    def digest(self, service: DownloadService) -> Digest | None:
        """Ask once for the file's checksum, unless this storage offers none."""
        if self._asked or not self.digest_headers or not service.state.has_checksums:
            return None
        self._asked = True
        headers = service.describe(self.path, self.digest_headers)
        self._etag = headers.get("ETag") or self._etag
        digest = parse_digest(headers.get("Digest", ""))
        if digest is None:
            service.state.has_checksums = False
        return digest

    def check_same(self, headers: Mapping[str, str]) -> None:
        """Compare what a partial response says about the whole file.

        Raises
        ------
        FileChanged
            If the size or the ETag has changed.
        """
        total = headers.get("Content-Range", "").rpartition("/")[2]
        etag = headers.get("ETag")
        with self._lock:
            known = self._etag = self._etag or etag
        if total not in {str(self.size), "*"} or (etag and etag != known):
            raise FileChanged(
                f"{self.path!r} changed while it was downloaded; try again", path=self.path
            )

    def refresh(self, service: DownloadService) -> bool:
        """List the file again, and return whether it has changed."""
        entry = service.stat(self.path)
        if (entry.size, entry.get("mtime")) == (self.size, self.entry.get("mtime")):
            return False
        logger.info("%r has changed; its download starts again from the beginning", self.path)
        self._take(entry)
        return True
