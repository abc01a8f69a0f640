"""The spool: files received from the browser until they are stored; independent of HTTP."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ctadata._local_errors import local_errors
from ctadata.errors import NoSpace

from ..errors import NoSuchUpload, TooLarge, TooManyUploads, UploadBusy, UploadConflict
from ..owners import may_access
from .spool_files import RECEIVED, SENDING, STORED, SpoolFiles, Upload, UploadInfo

__all__ = ["Piece", "Spool"]

# Seconds between two searches for expired uploads, and for those of other servers.
CHECK_INTERVAL = 60.0


class Piece:
    """A locked upload, to which bytes are appended.

    Attributes
    ----------
    upload : Upload
        The upload as it was when it was locked.
    offset : int
        The position of the next byte.
    """

    def __init__(self, spool: Spool, upload: Upload, file: int) -> None:
        self._spool = spool
        self._file: int | None = file
        self.upload = upload
        self.offset = upload.offset

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes.

        Raises
        ------
        TooLarge
            If the file would become longer than announced; nothing is written.
        NoSpace
            If the disk is full; the bytes that fitted are kept.
        """
        upload = self.upload
        if self.offset + len(data) > upload.size:
            raise TooLarge(
                f"{upload.path!r} has more than the announced {upload.size} bytes; upload it again",
                path=upload.path,
            )
        assert self._file is not None
        left = memoryview(data)
        while left:
            with local_errors(upload.path):
                written = os.pwrite(self._file, left, self.offset)
            self.offset += written
            left = left[written:]
            self._spool._note(upload.id, upload.size - self.offset)

    def close(self) -> None:
        """Unlock the upload."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._spool._release(self.upload.id)


class Spool:
    """The received files of the users of one server.

    Parameters
    ----------
    directory : Path
        The directory, created if it is missing. Several servers may share it.
    expiry : float
        Seconds after the last piece, or after a transfer's last use, until an upload is removed.
    max_uploads : int
        Maximum number of uploads; 0 for no limit.
    max_size : int
        Maximum bytes of a file; 0 for no limit.
    clock : callable, optional
        Returns seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        *,
        expiry: float,
        max_uploads: int,
        max_size: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._files = SpoolFiles(directory, expiry)
        self._max_uploads = max_uploads
        self._clock = clock
        self._lock = threading.Lock()
        # Without locks in the file system, at least the requests of this server exclude another.
        self._receiving: set[str] = set()
        # The missing bytes of each upload.
        self._missing: dict[str, int] = {}
        self._checked_at: float | None = None
        self.expiry = expiry
        self.max_size = max_size

    def create(self, info: UploadInfo) -> Upload:
        """Create an upload.

        Raises
        ------
        TooLarge, TooManyUploads
            If it is too large, or there are too many.
        NoSpace
            If the disk lacks space for it and the missing bytes of the others.
        """
        upload_id = uuid.uuid4().hex
        with self._lock, local_errors(info.path):
            self._files.make_directory()
            if self._checked_at is None or self._clock() - self._checked_at >= CHECK_INTERVAL:
                self._remove_expired()
            self._check_room(info)
            self._files.create(upload_id, info)
            self._missing[upload_id] = info.size
        return self.get(upload_id)

    def get(self, upload_id: str, owner: str | None = None) -> Upload:
        """Return an upload that does not belong to a transfer yet.

        Raises
        ------
        NoSuchUpload
            If `owner`, who asks (`owner_of`), has no upload of this id.
        """
        upload = self._files.read(upload_id, RECEIVED)
        if upload is None or not may_access(owner, upload.owner):
            raise NoSuchUpload(
                "The server no longer has this upload: it was cancelled, stored or has expired; "
                "choose the file and upload it again"
            )
        return upload

    def waiting(self, owner: str | None = None) -> list[Upload]:
        """Return the uploads that do not belong to a transfer yet, sorted by path."""
        read = self._files.read
        found = filter(None, (read(each, RECEIVED) for each in self._files.ids(RECEIVED)))
        own = (upload for upload in found if may_access(owner, upload.owner))
        return sorted(own, key=lambda upload: (upload.destination, upload.path, upload.id))

    def append(self, upload_id: str, offset: int, owner: str | None = None) -> Piece:
        """Lock an upload to append to it, at the number of received bytes that the sender knows.

        Raises
        ------
        NoSuchUpload
            If there is none of this id.
        UploadBusy
            If another request is writing to it.
        UploadConflict
            If another number of bytes was received.
        """
        piece = self._take(upload_id, owner)
        if piece.offset != offset:
            piece.close()
            raise UploadConflict(
                f"{piece.offset} bytes of {piece.upload.path!r} were received, not {offset}; "
                "resume from there",
                path=piece.upload.path,
            )
        return piece

    def remove(self, upload_id: str, owner: str | None = None) -> None:
        """Remove an upload that does not belong to a transfer yet.

        Raises
        ------
        NoSuchUpload, UploadBusy
            As in `append`.
        """
        piece = self._take(upload_id, owner)
        try:
            self._unlink(upload_id)
        finally:
            piece.close()

    def remove_expired(self) -> None:
        """Remove expired uploads, unless a request is writing to them."""
        with self._lock, contextlib.suppress(FileNotFoundError):
            self._remove_expired()

    def claim(self, ids: Sequence[str], owner: str | None = None) -> list[Upload]:
        """Give all of these uploads, or none, to a transfer.

        Raises
        ------
        NoSuchUpload
            If one does not exist.
        UploadConflict
            If one is incomplete, or belongs to a transfer already.
        """
        uploads: list[Upload] = []
        try:
            for upload_id in ids:
                read = self._files.read
                claimed = read(upload_id, SENDING) or read(upload_id, STORED)
                if claimed and may_access(owner, claimed.owner):
                    raise UploadConflict(
                        "One of these uploads belongs to a transfer already; see the transfers"
                    )
                upload = self.get(upload_id, owner)
                if upload.offset < upload.size:
                    raise UploadConflict(
                        f"Only {upload.offset} of {upload.size} bytes of {upload.path!r} were "
                        "received; resume its upload first",
                        path=upload.path,
                    )
                with local_errors(upload.path):
                    self._files.rename(upload_id, RECEIVED, SENDING)
                uploads.append(upload)
        except BaseException:
            self.take_back([upload.id for upload in uploads])
            raise
        return uploads

    def take_back(self, ids: Iterable[str]) -> None:
        """Undo `claim`."""
        for upload_id in ids:
            self._files.rename(upload_id, SENDING, RECEIVED)

    def claimed(self, upload_id: str) -> tuple[Upload, bool]:
        """Return an upload of a transfer, and whether it is stored already.

        Raises
        ------
        NoSuchUpload
            If it has expired.
        """
        for state in (SENDING, STORED):
            upload = self._files.read(upload_id, state)
            if upload is not None:
                return upload, state == STORED
        raise NoSuchUpload("The upload has expired; choose the file and upload it again")

    def data(self, upload_id: str) -> Path:
        """Return the path of an upload's data."""
        return self._files.data(upload_id)

    def stored(self, upload_id: str) -> None:
        """Mark an upload as stored, and remove its data."""
        self._files.rename(upload_id, SENDING, STORED)
        self.data(upload_id).unlink(missing_ok=True)
        with self._lock:
            self._missing.pop(upload_id, None)

    def renew(self, ids: Iterable[str]) -> None:
        """Keep a transfer's uploads from expiring."""
        now = self._clock()
        for upload_id in ids:
            self._files.touch(upload_id, now)

    def forget(self, ids: Iterable[str]) -> None:
        """Remove a transfer's uploads."""
        for upload_id in ids:
            self._unlink(upload_id)

    def _check_room(self, info: UploadInfo) -> None:
        if self.max_size and info.size > self.max_size:
            raise TooLarge(
                f"{info.path!r} has {info.size} bytes; this server accepts files of at most "
                f"{self.max_size} (CTADataExtension.max_upload_size)",
                path=info.path,
            )
        if self._max_uploads and len(self._missing) >= self._max_uploads:
            raise TooManyUploads(
                f"{len(self._missing)} uploads are waiting, the maximum of this server; resume or "
                "remove some of them"
            )
        free = self._files.free_space() - sum(self._missing.values())
        if info.size > free:
            raise NoSpace(
                f"{info.path!r} needs {info.size} bytes on the disk of the Jupyter server until "
                f"it is stored, but only {max(0, free)} are free; make room there, or remove "
                "unfinished uploads",
                path=info.path,
            )

    def _remove_expired(self) -> None:
        now = self._clock()
        missing = {}
        for upload_id, changed in self._files.changes().items():
            # Files dated far in the future by a wrong clock would never expire.
            expired = abs(now - changed) > self.expiry and upload_id not in self._receiving
            if expired and self._files.remove_unlocked(upload_id):
                continue
            upload = self._files.read(upload_id, RECEIVED)
            missing[upload_id] = upload.size - upload.offset if upload else 0
        self._missing = missing
        self._checked_at = now

    def _take(self, upload_id: str, owner: str | None) -> Piece:
        upload = self.get(upload_id, owner)
        with self._lock, local_errors(upload.path):
            if upload_id in self._receiving:
                raise _busy(upload)
            try:
                file = self._files.open_locked(upload_id)
            except BlockingIOError as error:
                raise _busy(upload) from error
            try:
                # It may have grown or gone meanwhile.
                upload = self.get(upload_id)
            except BaseException:
                os.close(file)
                raise
            self._receiving.add(upload_id)
            return Piece(self, upload, file)

    def _note(self, upload_id: str, missing: int) -> None:
        with self._lock:
            self._missing[upload_id] = missing

    def _release(self, upload_id: str) -> None:
        with self._lock:
            self._receiving.discard(upload_id)

    def _unlink(self, upload_id: str) -> None:
        self._files.remove(upload_id)
        with self._lock:
            self._missing.pop(upload_id, None)


def _busy(upload: Upload) -> UploadBusy:
    return UploadBusy(
        f"Another request is sending {upload.path!r}; wait until it ends", path=upload.path
    )
