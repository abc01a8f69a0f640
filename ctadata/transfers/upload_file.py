"""Sending: the bytes of one file to the storage, until they are there."""

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from .._files import local_errors
from ..entries import Entry
from ..errors import (
    AccessDenied,
    CTADataError,
    IntegrityError,
    LocalFileError,
    NotFound,
    ServiceUnreachable,
    TransferError,
)
from ..http.watchdog import Watchdog
from ..storage.download_service import DownloadService, TooLarge
from .checksum import Checksum, Digest
from .local.credentials import credential_in, head_of
from .progress import FileProgress
from .remote_file import RemoteFile
from .upload_history import FileState, UploadHistory

__all__ = ["NAMELESS", "UploadBody", "file_size", "name_of", "open_source", "send"]

#: What errors call an open file that has no name.
NAMELESS = "<open file>"
BLOCK = 1 << 20
# Seconds that are longer than a tick of any system's clock.
TICK = 0.02


@contextmanager
def open_source(file: IO[bytes] | None, local: str, display_path: str) -> Iterator[IO[bytes]]:
    """Open a local file for reading, unless the caller has opened it.

    Raises
    ------
    LocalFileError
        If it is not a file that can be read.
    """
    if file is not None:
        yield file
        return
    with local_errors(display_path, "read"):
        opened = open(local, "rb")  # noqa: SIM115
    with opened:
        yield opened


def name_of(file: IO[bytes]) -> str:
    """Return the path of an open file; `NAMELESS` where it has none, such as a buffer or a pipe."""
    name = getattr(file, "name", None)
    # Of some it is a number, of others such as <stdin>.
    return name if isinstance(name, str) and name[:1] != "<" else NAMELESS


def file_size(local: str, display_path: str | None = None) -> int:
    """Return the size of a local file in bytes.

    Raises
    ------
    LocalFileError
        If there is none.
    """
    with local_errors(display_path or local, "read"):
        return os.stat(local).st_size


class UploadBody:
    """The body of an upload: exactly the bytes that the file had at the start.

    Parameters
    ----------
    file : binary file
        Read from where it is; a pipe is read to its end.
    local : str
        Its name, for errors.
    progress : FileProgress
        Is told how far it is.
    watchdog : Watchdog
        Watches over the speed.

    Attributes
    ----------
    size : int or None
        Its bytes; None where that is not known before the end.
    credential : str or None
        What it is that must not be uploaded (`credential_in`).
    """

    def __init__(
        self, file: IO[bytes], local: str, progress: FileProgress, watchdog: Watchdog
    ) -> None:
        self._file = file
        self._watchdog = watchdog
        self._progress = progress
        self.local = local
        self.size: int | None = None
        self._ahead = b""
        with _reading(local):
            self._before = _settled(file, watchdog)
            self._start = file.tell() if file.seekable() else 0
            if file.seekable():
                self.size = file.seek(0, io.SEEK_END) - self._start
                file.seek(self._start)
            # The service empties an existing file as soon as the request begins: what cannot be
            # read must show before.
            self._ahead = head_of(self._next)
            # Of the very file that is sent, and not of what its name leads to later.
            self.credential = credential_in(self._ahead)
            if file.seekable():
                file.seek(self._start)
                self._ahead = b""
        self._position = 0
        self._sending = 0
        progress.total = self.size

    def is_stored(self, service: DownloadService, existing: Entry, sent: UploadHistory) -> bool:
        """Whether the storage has this very file already.

        That is, one of the same size and, where the storage has one, checksum; where it has
        none, the one that was sent, if neither has changed since.

        Parameters
        ----------
        service : DownloadService
            Is asked for the checksum.
        existing : Entry
            The remote file, as a listing gave it.
        sent : UploadHistory
            What was sent.
        """
        if self.size is None or existing.size != self.size:
            return False
        digest = RemoteFile(existing, checksum=True).digest(service)
        if digest is not None:
            return self._has(digest)
        return sent.has(existing.path, self.state, existing.modified)

    def _has(self, digest: Digest) -> bool:
        checksum = Checksum(digest)
        offset = 0
        while block := self._file.read(BLOCK):
            self._watchdog.check()
            checksum.feed(offset, [block])
            offset += len(block)
        self._file.seek(self._start)
        return checksum.value(-1, offset) == digest.value

    @property
    def state(self) -> FileState | None:
        """The state of the whole file, if that is what is sent, and has not changed since."""
        same = self._before == _state(self._file)
        whole = self._before is not None and self._before.size == self.size
        return self._before if same and whole else None

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.size is not None

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; none at the end."""
        self._watchdog.check()
        # What was read before is sent; after the end the storage takes its time.
        self._watchdog.data_received(self._sending)
        left = None if self.size is None else self.size - self._position
        if left is not None and not 0 <= length <= left:
            length = left
        # It would be taken for an error of the connection.
        with _reading(self.local):
            block = self._bytes(length)
        # A disk that hung may have given it only now, after the end.
        self._watchdog.check()
        # Fewer than asked for may come of some files, none only at the end.
        if left and not block:
            raise TransferError(
                f"{self.local!r} has become shorter while it was read; upload it again",
                path=self.local,
            )
        self._position += len(block)
        self._sending = len(block)
        if block:
            self._progress.step(len(block))
            self._watchdog.waiting_for_data()
        return block

    def _bytes(self, length: int) -> bytes:
        if self._ahead:
            most = len(self._ahead) if length < 0 else length
            block, self._ahead = self._ahead[:most], self._ahead[most:]
            return block
        block = self._file.read(length)
        if not isinstance(block, (bytes, bytearray)):
            raise ValueError("it gives no bytes; open it with 'rb'")
        return block

    def _next(self, length: int) -> bytes:
        self._watchdog.check()
        return self._bytes(length)

    def tell(self) -> int:
        """Return how many bytes were read, as a body that can be sent again must."""
        return self._position

    def seek(self, offset: int) -> int:
        """Go back, to send the body again."""
        self._file.seek(self._start + offset)
        self._progress.step(offset - self._position)
        self._position = offset
        return offset

    def check(self, stored: str) -> None:
        """Raise `IntegrityError` if the file has changed since the start."""
        self._progress.total = self._position
        now = _state(self._file)
        if now is None or self._before is None:
            return
        # Its mode, for example, may change without any harm.
        if (now.size, now.mtime_ns) != (self._before.size, self._before.mtime_ns):
            raise IntegrityError(
                f"{self.local!r} changed while it was uploaded to {stored!r}, which may now be a "
                "mixture; upload it again",
                path=self.local,
            )


@contextmanager
def _reading(local: str) -> Iterator[None]:
    """Name the file whose reading fails: of one that is closed, Python raises a ValueError."""
    with local_errors(local, "read"):
        try:
            yield
        except (ValueError, TypeError, AttributeError) as error:
            raise LocalFileError(f"{local!r} cannot be read: {error}", path=local) from error


def _state(file: IO[bytes]) -> FileState | None:
    try:
        found = os.fstat(file.fileno())
        # The times of a pipe or a device change with each use.
        return FileState.from_stat(found) if stat.S_ISREG(found.st_mode) else None
    except (OSError, io.UnsupportedOperation, AttributeError):
        return None


def _settled(file: IO[bytes], watchdog: Watchdog) -> FileState | None:
    """Return the state of a file, once the next change of it would have another time.

    Times of files are those of the system's last tick. Should the disk's clock be another one, no
    harm is done: it is waited once, or not at all.
    """
    state = _state(file)
    if state is not None and abs(time.time_ns() - state.ctime_ns) < TICK * 1e9:
        watchdog.pause(TICK)
        state = _state(file)
    return state


def send(
    service: DownloadService, source: UploadBody, own: str, path: str
) -> tuple[dict[str, Any], Entry]:
    """Upload a file, again where it broke off, and compare what is stored.

    Parameters
    ----------
    service : DownloadService
        Where it goes.
    source : UploadBody
        The file.
    own : str
        The user's own directory.
    path : str
        Where to, relative to it; the directory above it exists.

    Returns
    -------
    answer : dict
        ``path`` in the storage, ``status`` and ``total_written`` in bytes.
    stored : Entry
        The file, as the storage lists it now.

    Raises
    ------
    ServiceUnreachable
        If it broke off again and again; says what is left behind.
    IntegrityError
        If what is stored is not what was sent, or the file changed meanwhile.
    """
    stored = f"{own}/{path}"
    retrier = service.http.retrier()
    length = source.size
    while True:
        try:
            answer = service.upload(path, source, length, own=own)
            break
        except TooLarge:
            if length is None:
                raise
            # Some proxies look at the announced length only.
            length = None
            source.seek(0)
        except AccessDenied as error:
            if _listed(service, stored) is None:
                raise
            raise AccessDenied(
                f"{error}; a file is there already, and this storage does not let it be replaced: "
                "choose another name",
                path=stored,
            ) from error
        except ServiceUnreachable as error:
            if not source.repeatable:
                raise _broken(service, source, stored, error) from error
            try:
                retrier.wait(error)
            except ServiceUnreachable:
                raise _broken(service, source, stored, error) from error
            source.seek(0)
    sent = source.tell()
    if answer is None:
        # An existing file was replaced; the service then says nothing more.
        answer = {"path": stored, "status": "uploaded", "total_written": sent}
    source.check(answer["path"])
    entry = _listed(service, answer["path"])
    if entry is None or not answer.get("total_written", sent) == sent == entry.size:
        raise IntegrityError(
            f"{source.local!r} has {sent} bytes, but not all of them arrived as "
            f"{answer['path']!r} ({_left(entry)}); upload it again",
            path=answer["path"],
        )
    return answer, entry


def _broken(
    service: DownloadService, source: UploadBody, stored: str, error: ServiceUnreachable
) -> CTADataError:
    """Return an error that says what an upload that broke off has left behind."""
    try:
        left = _left(_listed(service, stored))
    except CTADataError:
        left = "something incomplete may be left there"
    return type(error)(
        f"The upload of {source.local!r} to {stored!r} broke off: {error} ({left})", path=stored
    )


def _left(entry: Entry | None) -> str:
    return "nothing is there" if entry is None else f"a file of {entry.size} bytes is left there"


def _listed(service: DownloadService, path: str) -> Entry | None:
    try:
        return service.stat(path)
    except NotFound:
        return None
