"""Downloads: a file or a tree, each file under its final name only when it is whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .._local import PartFile, open_directory
from .._paths import local_name
from .._protocol import DownloadService, Listing
from ..entries import Entry
from ..errors import (
    AuthenticationError,
    CTADataError,
    IntegrityError,
    NoSpace,
    ServiceUnreachable,
    TransferCancelled,
    TransferError,
)
from .progress import OnProgress, Watch

__all__ = ["Downloads", "checked", "file_size"]


class Downloads:
    """Downloads from one service.

    Parameters
    ----------
    service : DownloadService
        Where the files come from.
    chunk_size : int, optional
        Bytes that the service gathers before it sends them on.
    overwrite : bool, optional
        Whether local files of the same names are replaced.
    on_progress, cancel : optional
        As `Watch` takes them.
    """

    def __init__(
        self,
        service: DownloadService,
        *,
        chunk_size: int | None = None,
        overwrite: bool = True,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._service = service
        self._chunk_size = chunk_size
        self._overwrite = overwrite
        self._on_progress = on_progress
        self._cancel = cancel

    def file(self, entry: Entry, root: Path, parts: Sequence[str], name: str) -> int:
        """Download one file into the directory `parts` below `root`.

        Parameters
        ----------
        entry : Entry
            The file, as a listing gave it.
        root, parts : Path, sequence of str
            As `open_directory` takes them.
        name : str
            The local name.

        Returns
        -------
        int
            The bytes written.

        Raises
        ------
        IntegrityError
            If the bytes that came are not as many as the listing announced.
        TransferError
            If the file cannot be written, or the transfer was cancelled.
        """
        size = file_size(entry)
        watch = Watch(entry.path, size, self._on_progress, self._cancel)
        shown = str(root.joinpath(*parts, name))
        try:
            with open_directory(root, parts) as directory:
                part = PartFile(directory, name, shown=shown, size=size, overwrite=self._overwrite)
                try:
                    watch.step(0)
                    blocks = self._service.fetch(entry.path, self._chunk_size)
                    for block in checked(blocks, entry.path, size):
                        part.write(block)
                        watch.step(len(block))
                    part.finish()
                except BaseException:
                    part.discard()
                    raise
        except CTADataError:
            watch.tell("failed")
            raise
        watch.tell("finished")
        return size

    def tree(self, listing: Listing, root: Path, parts: Sequence[str]) -> int:
        """Download all that is below a directory; what fails does not stop the rest.

        Parameters
        ----------
        listing : Listing
            The remote directory.
        root, parts : Path, sequence of str
            The local directory, as `open_directory` takes it, that stands for the remote one.

        Returns
        -------
        int
            The bytes written.

        Raises
        ------
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        path = listing.own.path
        failures: list[CTADataError] = list(listing.refused)
        total = 0
        with open_directory(root, parts):
            # An empty directory is made too.
            pass
        for entry in listing.children:
            try:
                name = local_name(entry.name, entry.path)
                if entry.is_directory:
                    below = self._service.listing(entry.path)
                    total += self.tree(below, root, [*parts, name])
                else:
                    total += self.file(entry, root, parts, name)
            except (AuthenticationError, ServiceUnreachable, TransferCancelled, NoSpace):
                # All that follows would fail in the same way.
                raise
            except TransferError as error:
                failures.extend(error.failures or [error])
            except CTADataError as error:
                failures.append(error)
        if failures:
            raise TransferError(
                f"{len(failures)} of the files below {path or '/'!r} failed: {failures[0]}",
                path=path,
                failures=failures,
            )
        return total


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
    if entry.size is None:
        raise IntegrityError(f"The storage does not say the size of {path!r}", path=path)
    return entry.size


def checked(blocks: Iterable[bytes], path: str, size: int) -> Iterator[bytes]:
    """Pass the blocks on and raise `IntegrityError` unless they are `size` bytes in all.

    The service sends an error page with status 200 in place of a file that it cannot read,
    and some storages end a broken stream as if it were whole (docs/protocol.md, "Fetch").
    """
    received = 0
    for block in blocks:
        received += len(block)
        if received > size:
            break
        yield block
    if received != size:
        came = "more" if received > size else f"{received} bytes"
        raise IntegrityError(
            f"{came} came for {path!r} where the listing says {size}; nothing was saved, try again",
            path=path,
        )
