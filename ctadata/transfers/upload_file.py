"""Uploads one file, and verifies what the storage has received."""

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from .._local_errors import local_errors
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
from ..storage.download_service import DownloadService
from ..storage.responses import TooLarge
from .checksum import Checksum, Digest
from .local.credentials import credential_in, head_of
from .progress import FileProgress
from .remote_file import RemoteFile
from .upload_history import FileState, UploadHistory

__all__ = [
    "NAMELESS",
    "UploadBody",
    "local_size",
    "name_of",
    "not_binary",
    "open_local",
    "upload_file",
]

#: The name of an open file without a name, in errors.
NAMELESS = "<open file>"
BLOCK = 1 << 20
# Seconds; longer than a tick of any system's clock.
TICK = 0.02


def not_binary(local: str) -> LocalFileError:
    """Return the error for a file that was not opened in binary mode."""
    return LocalFileError(f"{local!r} returns no bytes; open it with 'rb'", path=local)


@contextmanager
def open_local(file: IO[bytes] | None, local: str, display_path: str) -> Iterator[IO[bytes]]:
    """Open a local file for reading, unless the caller has opened it.

    Raises
    ------
    LocalFileError
        If it cannot be read.
    """
    if file is not None:
        yield file
        return
    with local_errors(display_path, "read"):
        opened = open(local, "rb")  # noqa: SIM115
    with opened:
        yield opened


def name_of(file: IO[bytes]) -> str:
    """Return the path of an open file; `NAMELESS` for one without, such as a buffer or a pipe."""
    name = getattr(file, "name", None)
    # Some files have a number as their name, others something like <stdin>.
    return name if isinstance(name, str) and name[:1] != "<" else NAMELESS


def local_size(local: str, display_path: str | None = None) -> int:
    """Return the size of a local file in bytes.

    Raises
    ------
    LocalFileError
        If there is no such file.
    """
    with local_errors(display_path or local, "read"):
        return os.stat(local).st_size


class UploadBody:
    """The body of an upload: exactly the bytes that the file has at the start.

    Parameters
    ----------
    file : binary file
        Read from its current position; a pipe is read to its end.
    local : str
        Its name, for errors.
    progress : FileProgress
        Receives the progress.
    watchdog : Watchdog
        Watches over the speed.

    Attributes
    ----------
    size : int or None
        Its size in bytes; None if unknown before the end.
    credential : str or None
        The kind of credential in the file, which must not be uploaded (`credential_in`).
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
            self._before = _stable_state(file, watchdog)
            self._start = file.tell() if file.seekable() else 0
            if file.seekable():
                self.size = file.seek(0, io.SEEK_END) - self._start
                file.seek(self._start)
            # An unreadable file must be noticed now: the service empties an existing file as soon
            # as the request begins.
            self._ahead = head_of(self._next)
            # Checked in the open file, not in what its name leads to later.
            self.credential = credential_in(self._ahead)
            if file.seekable():
                file.seek(self._start)
                self._ahead = b""
        self._position = 0
        self._in_flight = 0
        progress.total = self.size

    def is_stored(self, service: DownloadService, existing: Entry, sent: UploadHistory) -> bool:
        """Whether the storage has this file already.

        The size must be the same, and the checksum if the storage offers one. Otherwise the file
        must have been uploaded before, and neither side may have changed since.
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
        """The state of the file if it is uploaded from its beginning and has not changed since."""
        same = self._before == _file_state(self._file)
        whole = self._before is not None and self._before.size == self.size
        return self._before if same and whole else None

    @property
    def repeatable(self) -> bool:
        """Whether the body can be sent again."""
        return self.size is not None

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; none at the end."""
        self._watchdog.check()
        # The previous block has been sent; after the last one the storage takes its time.
        self._watchdog.data_received(self._in_flight)
        left = None if self.size is None else self.size - self._position
        if left is not None and not 0 <= length <= left:
            length = left
        # The error would be taken for one of the connection.
        with _reading(self.local):
            block = self._bytes(length)
        # The disk may have hung until after the transfer was stopped.
        self._watchdog.check()
        # Some files return fewer bytes than requested, but none only at the end.
        if left and not block:
            raise TransferError(
                f"{self.local!r} became shorter while it was read; upload it again",
                path=self.local,
            )
        self._position += len(block)
        self._in_flight = len(block)
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
            raise not_binary(self.local)
        return block

    def _next(self, length: int) -> bytes:
        self._watchdog.check()
        return self._bytes(length)

    def tell(self) -> int:
        """Return the number of bytes read; urllib3 needs it to send the body again."""
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
        now = _file_state(self._file)
        if now is None or self._before is None:
            return
        # Other changes, such as of its mode, do no harm.
        if (now.size, now.mtime_ns) != (self._before.size, self._before.mtime_ns):
            raise IntegrityError(
                f"{self.local!r} changed while it was uploaded to {stored!r}, which may now be a "
                "mixture; upload it again",
                path=self.local,
            )


@contextmanager
def _reading(local: str) -> Iterator[None]:
    """Turn errors of reading a file into ones with its name; a closed file raises ValueError."""
    with local_errors(local, "read"):
        try:
            yield
        except (ValueError, TypeError, AttributeError) as error:
            raise LocalFileError(f"{local!r} cannot be read: {error}", path=local) from error


def _file_state(file: IO[bytes]) -> FileState | None:
    try:
        found = os.fstat(file.fileno())
        # The times of pipes and devices change with each use.
        return FileState.from_stat(found) if stat.S_ISREG(found.st_mode) else None
    except (OSError, io.UnsupportedOperation, AttributeError):
        return None


def _stable_state(file: IO[bytes], watchdog: Watchdog) -> FileState | None:
    """Return the state of a file, as soon as any later change will have another time.

    The times of files are those of the system's last clock tick. If the disk has another clock,
    this waits once or not at all, which does no harm.
    """
    state = _file_state(file)
    if state is not None and abs(time.time_ns() - state.ctime_ns) < TICK * 1e9:
        watchdog.pause(TICK)
        state = _file_state(file)
    return state


def upload_file(
    service: DownloadService, body: UploadBody, home: str, path: str
) -> tuple[dict[str, Any], Entry]:
    """Upload a file, with retries, and compare its size with what is stored.

    Parameters
    ----------
    path : str
        The remote path relative to `home`, the user's home directory; its directory exists.

    Returns
    -------
    answer : dict
        ``path`` in the storage, ``status`` and ``total_written`` in bytes.
    stored : Entry
        The file, as the storage lists it now.

    Raises
    ------
    ServiceUnreachable
        If it is interrupted again and again; says what is left behind.
    IntegrityError
        If something else is stored than was sent, or the file changed meanwhile.
    """
    stored = f"{home}/{path}"
    retrier = service.http.retrier()
    length = body.size
    while True:
        try:
            answer = service.upload(path, body, length, home=home)
            break
        except TooLarge:
            if length is None:
                raise
            # Some proxies only check the announced length.
            length = None
            body.seek(0)
        except AccessDenied as error:
            if _listed(service, stored) is None:
                raise
            raise AccessDenied(
                f"{error}; there is a file already, and this storage does not allow replacing it: "
                "choose another name",
                path=stored,
            ) from error
        except ServiceUnreachable as error:
            if not body.repeatable:
                raise _interrupted(service, body, stored, error) from error
            try:
                retrier.wait(error)
            except ServiceUnreachable:
                raise _interrupted(service, body, stored, error) from error
            body.seek(0)
    sent = body.tell()
    if answer is None:
        # The service says nothing more if an existing file was replaced.
        answer = {"path": stored, "status": "uploaded", "total_written": sent}
    body.check(answer["path"])
    entry = _listed(service, answer["path"])
    if entry is None or not answer.get("total_written", sent) == sent == entry.size:
        raise IntegrityError(
            f"{body.local!r} has {sent} bytes, but not all of them arrived as "
            f"{answer['path']!r} ({_left_behind(entry)}); upload it again",
            path=answer["path"],
        )
    return answer, entry


def _interrupted(
    service: DownloadService, body: UploadBody, stored: str, error: ServiceUnreachable
) -> CTADataError:
    """Return the error for an interrupted upload, which says what was left behind."""
    try:
        left = _left_behind(_listed(service, stored))
    except CTADataError:
        left = "something incomplete may be left there"
    return type(error)(
        f"The upload of {body.local!r} to {stored!r} broke off: {error} ({left})", path=stored
    )


def _left_behind(entry: Entry | None) -> str:
    return "nothing is there" if entry is None else f"a file of {entry.size} bytes is left there"


def _listed(service: DownloadService, path: str) -> Entry | None:
    try:
        return service.stat(path)
    except NotFound:
        return None
