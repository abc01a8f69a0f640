"""Files that were received from the browser, until they are stored. It knows nothing of HTTP."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ctadata._files import local_error
from ctadata.errors import NoSpace

from ..errors import NoSuchUpload, TooLarge, TooManyUploads, UploadBusy, UploadConflict
from ..owners import may_have
from .spool_files import RECEIVED, SENDING, STORED, Upload, UploadFiles, UploadInfo

__all__ = ["Piece", "Spool"]

# Seconds between two looks at what has expired, and at what other servers have put there.
CHECK_INTERVAL = 60.0


class Piece:
    """Bytes that are being added to an upload; its holder is the only one who may.

    Attributes
    ----------
    upload : Upload
        The upload, as it was when the piece began.
    offset : int
        Where the next byte goes.
    """

    def __init__(self, spool: Spool, upload: Upload, file: int) -> None:
        self._spool = spool
        self._file: int | None = file
        self.upload = upload
        self.offset = upload.offset

    def write(self, data: bytes | bytearray) -> None:
        """Add some bytes.

        Raises
        ------
        TooLarge
            If the file was to be shorter; nothing is written then.
        NoSpace
            If the disk is full; what fitted is kept.
        """
        upload = self.upload
        if self.offset + len(data) > upload.size:
            raise TooLarge(
                f"More comes of {upload.path!r} than the {upload.size} bytes announced; upload it "
                "again",
                path=upload.path,
            )
        assert self._file is not None
        left = memoryview(data)
        while left:
            try:
                written = os.pwrite(self._file, left, self.offset)
            except OSError as error:
                raise local_error(error, upload.path) from error
            self.offset += written
            left = left[written:]
            self._spool._note(upload.id, upload.size - self.offset)

    def close(self) -> None:
        """Let others add to the upload."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._spool._release(self.upload.id)


class Spool:
    """The directory of one user's received files.

    Parameters
    ----------
    directory : Path
        It; made where it is missing. Several servers of the user may share it.
    expiry : float
        Seconds after the last piece, or after a transfer's last use, until an upload is removed.
    max_uploads : int
        How many there may be; 0 for any number.
    max_size : int
        Bytes that a file may have; 0 for any size.
    clock : callable, optional
        Seconds since the epoch.
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
        self._files = UploadFiles(directory, expiry)
        self._max_uploads = max_uploads
        self._clock = clock
        self._lock = threading.Lock()
        # Where the file system has no locks, they keep apart at least what this server does.
        self._receiving: set[str] = set()
        # The bytes that are still to come, of each upload.
        self._missing: dict[str, int] = {}
        self._checked_at: float | None = None
        self.expiry = expiry
        self.max_size = max_size

    def create(self, facts: UploadInfo) -> Upload:
        """Begin an upload.

        Raises
        ------
        TooLarge, TooManyUploads
            If it is too large, or one too many.
        NoSpace
            If the disk has no room for it beside what is still to come of the others.
        """
        upload_id = uuid.uuid4().hex
        with self._lock, _translated(facts.path):
            self._files.make_directory()
            if self._checked_at is None or self._clock() - self._checked_at >= CHECK_INTERVAL:
                self._remove_expired()
            self._check_room(facts)
            self._files.create(upload_id, facts)
            self._missing[upload_id] = facts.size
        return self.get(upload_id)

    def get(self, upload_id: str, owner: str | None = None) -> Upload:
        """Return an upload that no transfer has yet.

        Parameters
        ----------
        upload_id : str
            Its id.
        owner : str, optional
            Who asks, as of `owner_of`, as in the other methods.

        Raises
        ------
        NoSuchUpload
            If there is none of this id.
        """
        upload = self._files.read(upload_id, RECEIVED)
        if upload is None or not may_have(owner, upload.owner):
            raise NoSuchUpload(
                "The server no longer has this upload: it was ended, handed on or expired; choose "
                "the file again, and upload it"
            )
        return upload

    def waiting(self, owner: str | None = None) -> list[Upload]:
        """Return the uploads that no transfer has yet, sorted by their paths."""
        read = self._files.read
        found = filter(None, (read(each, RECEIVED) for each in self._files.ids(RECEIVED)))
        own = (upload for upload in found if may_have(owner, upload.owner))
        return sorted(own, key=lambda upload: (upload.destination, upload.path, upload.id))

    def append(self, upload_id: str, offset: int, owner: str | None = None) -> Piece:
        """Take an upload to add to it; nobody else can until the piece is closed.

        Parameters
        ----------
        upload_id : str
            Its id.
        offset : int
            The bytes that the sender takes to be there.
        owner : str, optional
            Who sends them.

        Raises
        ------
        NoSuchUpload
            If there is none of this id.
        UploadBusy
            If somebody else is adding to it.
        UploadConflict
            If another number of bytes is there.
        """
        piece = self._take(upload_id, owner)
        if piece.offset != offset:
            piece.close()
            raise UploadConflict(
                f"{piece.offset} bytes of {piece.upload.path!r} are here, not {offset}; go on from "
                "there",
                path=piece.upload.path,
            )
        return piece

    def remove(self, upload_id: str, owner: str | None = None) -> None:
        """Remove an upload that no transfer has yet.

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
        """Remove what has expired, unless somebody is adding to it."""
        with self._lock, contextlib.suppress(FileNotFoundError):
            self._remove_expired()

    def claim(self, ids: Sequence[str], owner: str | None = None) -> list[Upload]:
        """Give uploads to a transfer: all of them, or none.

        Raises
        ------
        NoSuchUpload
            If one does not exist.
        UploadConflict
            If one has not come completely, or belongs to a transfer already.
        """
        uploads: list[Upload] = []
        try:
            for upload_id in ids:
                read = self._files.read
                handed_on = read(upload_id, SENDING) or read(upload_id, STORED)
                if handed_on and may_have(owner, handed_on.owner):
                    raise UploadConflict(
                        "One of these uploads belongs to a transfer already; look at the transfers"
                    )
                upload = self.get(upload_id, owner)
                if upload.offset < upload.size:
                    raise UploadConflict(
                        f"Of {upload.path!r} only {upload.offset} of {upload.size} bytes have come "
                        "so far; resume its upload first",
                        path=upload.path,
                    )
                with _translated(upload.path):
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

    def handed_on(self, upload_id: str) -> tuple[Upload, bool]:
        """Return an upload that a transfer has, and whether it is stored already.

        Raises
        ------
        NoSuchUpload
            If it expired.
        """
        for state in (SENDING, STORED):
            upload = self._files.read(upload_id, state)
            if upload is not None:
                return upload, state == STORED
        raise NoSuchUpload(
            "The server no longer has it, for it has expired; choose the file again, and upload it"
        )

    def data(self, upload_id: str) -> Path:
        """Return the file that has an upload's bytes."""
        return self._files.data(upload_id)

    def stored(self, upload_id: str) -> None:
        """Take note that the storage has a file now, and remove what was received."""
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

    def _check_room(self, facts: UploadInfo) -> None:
        if self.max_size and facts.size > self.max_size:
            raise TooLarge(
                f"{facts.path!r} has {facts.size} bytes; this server takes files of at most "
                f"{self.max_size} (CTADataExtension.max_upload_size)",
                path=facts.path,
            )
        if self._max_uploads and len(self._missing) >= self._max_uploads:
            raise TooManyUploads(
                f"{len(self._missing)} uploads are waiting here, as many as this server keeps; "
                "resume or remove some of them"
            )
        free = self._files.free_space() - sum(self._missing.values())
        if facts.size > free:
            raise NoSpace(
                f"{facts.path!r} needs {facts.size} bytes on the disk of the Jupyter server until "
                f"it is stored, which has {max(0, free)} left; make room there, or remove "
                "unfinished uploads",
                path=facts.path,
            )

    def _remove_expired(self) -> None:
        now = self._clock()
        missing = {}
        for upload_id, changed in self._files.changes().items():
            # What a clock that was wrong has dated far ahead would never expire.
            expired = abs(now - changed) > self.expiry and upload_id not in self._receiving
            if expired and self._files.remove_unlocked(upload_id):
                continue
            upload = self._files.read(upload_id, RECEIVED)
            missing[upload_id] = upload.size - upload.offset if upload else 0
        self._missing = missing
        self._checked_at = now

    def _take(self, upload_id: str, owner: str | None) -> Piece:
        upload = self.get(upload_id, owner)
        with self._lock, _translated(upload.path):
            if upload_id in self._receiving:
                raise _busy(upload)
            try:
                file = self._files.open_locked(upload_id)
            except BlockingIOError as error:
                raise _busy(upload) from error
            try:
                # It may have grown, or be gone, since.
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


@contextlib.contextmanager
def _translated(display_path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise local_error(error, display_path) from error


def _busy(upload: Upload) -> UploadBusy:
    return UploadBusy(
        f"Another request is sending {upload.path!r}; wait for its end", path=upload.path
    )
