"""Sending: the bytes of one file to the storage, until they are there."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from .._guard import Guard
from .._local import local_errors
from .._protocol import DownloadService, TooLarge
from ..entries import Entry
from ..errors import (
    AccessDenied,
    CTADataError,
    IntegrityError,
    NotFound,
    ServiceUnreachable,
    TransferError,
)
from .checksum import Checksum, Digest
from .progress import Watch
from .remote import RemoteFile

__all__ = ["Source", "file_size", "open_source", "send"]

BLOCK = 1 << 20


@contextmanager
def open_source(file: IO[bytes] | None, local: str) -> Iterator[IO[bytes]]:
    """Open a local file for reading, unless the caller has opened it.

    Raises
    ------
    LocalFileError
        If it is not a file that can be read.
    """
    if file is not None:
        yield file
        return
    with local_errors(local, "read"):
        opened = open(local, "rb")  # noqa: SIM115
    with opened:
        yield opened


def file_size(local: str) -> int:
    """Return the size of a local file in bytes.

    Raises
    ------
    LocalFileError
        If there is none.
    """
    with local_errors(local, "read"):
        return os.stat(local).st_size


class Source:
    """The body of an upload: exactly the bytes that the file had at the start.

    Parameters
    ----------
    file : binary file
        Read from where it is; a pipe is read to its end.
    local : str
        Its name, for errors.
    watch : Watch
        Is told how far it is.
    guard : Guard
        Watches over the speed.

    Attributes
    ----------
    size : int or None
        Its bytes; None where that is not known before the end.
    """

    def __init__(self, file: IO[bytes], local: str, watch: Watch, guard: Guard) -> None:
        self._file = file
        self._guard = guard
        self._watch = watch
        self.local = local
        self._before = _state(file)
        self._start = file.tell() if file.seekable() else 0
        self.size: int | None = None
        if file.seekable():
            self.size = file.seek(0, io.SEEK_END) - self._start
            file.seek(self._start)
        self._position = 0
        self._sending = 0
        watch.total = self.size

    def is_stored(self, service: DownloadService, existing: Entry) -> bool:
        """Whether the storage has this very file already.

        That is, one of the same size and, where the storage has one, checksum; where it has
        none, one that was stored after this one was changed.

        Parameters
        ----------
        service : DownloadService
            Is asked for the checksum.
        existing : Entry
            The remote file, as a listing gave it.
        """
        if self.size is None or existing.size != self.size:
            return False
        digest = RemoteFile(existing, checksum=True).digest(service)
        if digest is not None:
            return self._has(digest)
        stored = existing.modified
        if self._before is None or stored is None:
            return False
        _, changed = self._before
        # The listing knows whole seconds.
        return changed // 10**9 <= stored.timestamp()

    def _has(self, digest: Digest) -> bool:
        checksum = Checksum(digest)
        offset = 0
        while block := self._file.read(BLOCK):
            self._guard.check()
            checksum.feed(offset, [block])
            offset += len(block)
        self._file.seek(self._start)
        return checksum.value(-1, offset) == digest.value

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.size is not None

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; none at the end."""
        self._guard.check()
        # What was read before is sent; after the end the storage takes its time.
        self._guard.handled(self._sending)
        left = None if self.size is None else self.size - self._position
        if left is not None and not 0 <= length <= left:
            length = left
        # It would be taken for an error of the connection.
        with local_errors(self.local, "read"):
            block = self._file.read(length)
        if left is not None and len(block) < length:
            raise TransferError(
                f"{self.local!r} has become shorter while it was read; upload it again",
                path=self.local,
            )
        self._position += len(block)
        self._sending = len(block)
        if block:
            self._watch.step(len(block))
            self._guard.reading()
        return block

    def tell(self) -> int:
        """Return how many bytes were read, as a body that can be sent again must."""
        return self._position

    def seek(self, offset: int) -> int:
        """Go back, to send the body again."""
        self._file.seek(self._start + offset)
        self._watch.step(offset - self._position)
        self._position = offset
        return offset

    def check(self, stored: str) -> None:
        """Raise `IntegrityError` if the file has changed since the start."""
        self._watch.total = self._position
        if _state(self._file) != self._before:
            raise IntegrityError(
                f"{self.local!r} changed while it was uploaded to {stored!r}, which may now be a "
                "mixture; upload it again",
                path=self.local,
            )


def _state(file: IO[bytes]) -> tuple[int, int] | None:
    """Return the size in bytes and the time of the last change in nanoseconds."""
    try:
        found = os.fstat(file.fileno())
    except (OSError, io.UnsupportedOperation, AttributeError):
        return None
    return found.st_size, found.st_mtime_ns


def send(service: DownloadService, source: Source, own: str, path: str) -> dict[str, Any]:
    """Upload a file, again where it broke off, and compare what is stored.

    Parameters
    ----------
    service : DownloadService
        Where it goes.
    source : Source
        The file.
    own : str
        The user's own directory.
    path : str
        Where to, relative to it; the directory above it exists.

    Returns
    -------
    dict
        ``path`` in the storage, ``status`` and ``total_written`` in bytes.

    Raises
    ------
    ServiceUnreachable
        If it broke off again and again; says what is left behind.
    IntegrityError
        If what is stored is not what was sent, or the file changed meanwhile.
    """
    stored = f"{own}/{path}"
    retry = None
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
            if _size(service, stored) is None:
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
                retry = service.http.again(error, retry)
            except ServiceUnreachable:
                raise _broken(service, source, stored, error) from error
            source.seek(0)
    sent = source.tell()
    if answer is None:
        # An existing file was replaced; the service then says nothing more.
        answer = {"path": stored, "status": "uploaded", "total_written": sent}
    source.check(answer["path"])
    size = _size(service, answer["path"])
    if not answer.get("total_written", sent) == sent == size:
        raise IntegrityError(
            f"{source.local!r} has {sent} bytes, but not all of them arrived as "
            f"{answer['path']!r} ({_left(size)}); upload it again",
            path=answer["path"],
        )
    return answer


def _broken(
    service: DownloadService, source: Source, stored: str, error: ServiceUnreachable
) -> CTADataError:
    """Return an error that says what an upload that broke off has left behind."""
    try:
        left = _left(_size(service, stored))
    except CTADataError:
        left = "something incomplete may be left there"
    return type(error)(
        f"The upload of {source.local!r} to {stored!r} broke off: {error} ({left})", path=stored
    )


def _left(size: int | None) -> str:
    return "nothing is there" if size is None else f"a file of {size} bytes is left there"


def _size(service: DownloadService, path: str) -> int | None:
    try:
        return service.listing(path).own.size
    except NotFound:
        return None
