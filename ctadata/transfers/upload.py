"""Uploads: a file or a tree into the user's own directory, compared with a listing afterwards."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .. import _own_directory
from .._paths import check_remote_path
from .._protocol import DownloadService
from ..errors import (
    AccessDenied,
    AuthenticationError,
    CTADataError,
    IntegrityError,
    InvalidPath,
    NotFound,
    ServiceUnreachable,
    TransferCancelled,
    TransferError,
)
from .progress import OnProgress, Watch

__all__ = ["Uploads"]


class Uploads:
    """Uploads of one user to one service.

    Parameters
    ----------
    service : DownloadService
        Where the files go.
    token : str or None
        Whose directory they go to.
    on_progress, cancel : optional
        As `Watch` takes them.
    """

    def __init__(
        self,
        service: DownloadService,
        token: str | None,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._service = service
        self._token = token
        self._on_progress = on_progress
        self._cancel = cancel
        self._made: set[str] = set()

    def file(self, source: IO[bytes], local: str, path: str) -> dict[str, Any]:
        """Upload an open file.

        Parameters
        ----------
        source : binary file
            A regular file, read from its beginning.
        local : str
            Its name, for errors, and for the remote name where `path` ends in a slash.
        path : str
            Relative to the user's own directory; with a trailing slash, the directory
            that receives the file.

        Returns
        -------
        dict
            ``path`` in the storage, ``status`` and ``total_written`` in bytes.

        Raises
        ------
        IntegrityError
            If what is stored is not what was sent, or the file changed meanwhile.
        AccessDenied
            If the user may not write there.
        """
        before = os.fstat(source.fileno())
        if not path or path.endswith("/"):
            path += os.path.basename(local)
        watch = Watch(path, before.st_size, self._on_progress, self._cancel)
        try:
            answer = self._store(_Source(source, local, before.st_size, watch), path)
            after = os.fstat(source.fileno())
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise IntegrityError(
                    f"{local!r} changed while it was uploaded to {answer['path']!r}, which may now "
                    "be a mixture; upload it again",
                    path=local,
                )
        except CTADataError:
            watch.tell("failed")
            raise
        watch.tell("finished")
        return answer

    def tree(self, directory: Path, path: str, root: Path | None = None) -> list[dict[str, Any]]:
        """Upload all regular files below a directory; what fails does not stop the rest.

        Parameters
        ----------
        directory : Path
            The local directory. Links to other directories are not followed.
        path : str
            The remote directory that stands for it, relative to the user's own.
        root : Path, optional
            Resolved; links to files outside of it are not followed either.

        Returns
        -------
        list of dict
            One answer for each file, as `file` gives it.

        Raises
        ------
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        answers: list[dict[str, Any]] = []
        failures: list[CTADataError] = []
        for local, relative in _files_below(directory, root, failures):
            target = "/".join([*check_remote_path(path), *relative.parts])
            try:
                with open_source(local) as source:
                    answers.append(self.file(source, str(local), target))
            except (AuthenticationError, AccessDenied, ServiceUnreachable, TransferCancelled):
                # All that follows would fail in the same way.
                raise
            except CTADataError as error:
                failures.append(error)
        if failures:
            raise TransferError(
                f"{len(failures)} of the files below {str(directory)!r} failed: {failures[0]}",
                path=str(directory),
                failures=failures,
            )
        return answers

    def _store(self, source: _Source, path: str) -> dict[str, Any]:
        segments = check_remote_path(path)
        source.watch.step(0)
        # Also a cheap question with the token, before many bytes are sent for nothing.
        own = _own_directory.find(self._service, self._token)
        self._make_parents(own, segments[:-1])
        answer = self._service.upload(path, source, source.size)
        if answer is None:
            # An existing file was replaced; the service then says nothing more.
            answer = {
                "path": "/".join([own, *segments]),
                "status": "uploaded",
                "total_written": source.size,
            }
        self._compare(answer, source)
        _own_directory.learn(
            self._service, self._token, answer["path"].removesuffix("/" + "/".join(segments))
        )
        return answer

    def _make_parents(self, own: str, parents: list[str]) -> None:
        target = "/".join([own, *parents])
        if target in self._made:
            return
        try:
            listing = self._service.listing(target)
        except NotFound:
            for end in range(1, len(parents) + 1):
                self._service.make_collection("/".join([own, *parents[:end]]))
        else:
            if not listing.own.is_directory:
                raise InvalidPath(f"{target!r} is a file and cannot hold others", path=target)
        self._made.add(target)

    def _compare(self, answer: dict[str, Any], source: _Source) -> None:
        path = answer["path"]
        written = answer.get("total_written", source.size)
        try:
            stored = self._service.listing(path).own.size
        except NotFound:
            stored = None
        if written == source.size == stored:
            return
        left = (
            f"a file of {stored} bytes is left there" if stored is not None else "nothing is there"
        )
        raise IntegrityError(
            f"{source.local!r} has {source.size} bytes, but not all of them arrived as {path!r} "
            f"({left}); upload it again",
            path=path,
        )


class _Source:
    """The body of an upload: exactly the bytes that the file had at the start."""

    def __init__(self, file: IO[bytes], local: str, size: int, watch: Watch) -> None:
        self._file = file
        self._left = size
        self.local = local
        self.size = size
        self.watch = watch

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; none at the end."""
        if length < 0 or length > self._left:
            length = self._left
        block = self._file.read(length)
        if len(block) < length:
            raise TransferError(
                f"{self.local!r} has become shorter while it was read; upload it again",
                path=self.local,
            )
        self._left -= len(block)
        self.watch.step(len(block))
        return block

    def tell(self) -> int:
        """Return how many bytes were read, as a body that can be sent again must."""
        return self.size - self._left

    def seek(self, offset: int) -> int:
        """Go back, to send the body again over another connection."""
        self._file.seek(offset)
        self._left = self.size - offset
        self.watch.done = offset
        return offset


def open_source(local: str | os.PathLike[str]) -> IO[bytes]:
    """Open a local file for reading.

    Raises
    ------
    TransferError
        If it is not a file that can be read.
    """
    try:
        return open(local, "rb")
    except OSError as error:
        name = os.fspath(local)
        raise TransferError(f"{name!r} cannot be read: {error.strerror}", path=name) from error


def _files_below(
    directory: Path, root: Path | None, failures: list[CTADataError]
) -> Iterator[tuple[Path, Path]]:
    def leave_out(path: Path, why: str) -> None:
        failures.append(TransferError(f"{str(path)!r} {why} and was left out", path=str(path)))

    def unreadable(error: OSError) -> None:
        leave_out(Path(error.filename), f"cannot be read ({error.strerror})")

    for folder, folders, names in os.walk(directory, onerror=unreadable):
        folders.sort()
        for name in folders:
            if Path(folder, name).is_symlink():
                leave_out(Path(folder, name), "is a link to a directory")
        for name in sorted(names):
            local = Path(folder, name)
            if root is not None and not local.resolve().is_relative_to(root):
                leave_out(local, f"is a link out of {str(root)!r}")
            elif not local.is_file():
                leave_out(local, "is not a regular file")
            else:
                yield local, local.relative_to(directory)
