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
    TransferCancelled,
    TransferError,
)
from .progress import OnProgress, Watch

__all__ = ["checked", "download_file", "download_tree"]


def download_file(
    service: DownloadService,
    entry: Entry,
    root: Path,
    parts: Sequence[str],
    name: str,
    *,
    chunk_size: int | None = None,
    overwrite: bool = True,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Download one file into the directory `parts` below `root`.

    Parameters
    ----------
    service : DownloadService
        Where it comes from.
    entry : Entry
        The file, as a listing gave it.
    root, parts : Path, sequence of str
        As `open_directory` takes them.
    name : str
        The local name.
    chunk_size : int, optional
        Bytes that the service gathers before it sends them on.
    overwrite : bool, optional
        Whether a file of that name is replaced.
    on_progress, cancel : optional
        As `Watch` takes them.

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
    size = entry.size
    if size is None:
        raise IntegrityError(
            f"The storage does not say the size of {entry.path!r}", path=entry.path
        )
    watch = Watch(entry.path, size, on_progress, cancel)
    shown = str(root.joinpath(*parts, name))
    try:
        with open_directory(root, parts) as directory:
            part = PartFile(directory, name, shown=shown, size=size, overwrite=overwrite)
            try:
                _write(
                    part, checked(service.fetch(entry.path, chunk_size), entry.path, size), watch
                )
                part.finish()
            except BaseException:
                part.discard()
                raise
    except CTADataError:
        watch.tell("failed")
        raise
    watch.tell("finished")
    return size


def download_tree(
    service: DownloadService,
    listing: Listing,
    root: Path,
    parts: Sequence[str],
    *,
    chunk_size: int | None = None,
    overwrite: bool = True,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Download all that is below a directory; what fails does not stop the rest.

    Parameters
    ----------
    service : DownloadService
        Where it comes from.
    listing : Listing
        The remote directory.
    root, parts : Path, sequence of str
        The local directory, as `open_directory` takes it, that stands for the remote one.
    chunk_size, overwrite, on_progress, cancel : optional
        As for `download_file`.

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
                total += download_tree(
                    service,
                    service.listing(entry.path),
                    root,
                    [*parts, name],
                    chunk_size=chunk_size,
                    overwrite=overwrite,
                    on_progress=on_progress,
                    cancel=cancel,
                )
            else:
                total += download_file(
                    service,
                    entry,
                    root,
                    parts,
                    name,
                    chunk_size=chunk_size,
                    overwrite=overwrite,
                    on_progress=on_progress,
                    cancel=cancel,
                )
        except (AuthenticationError, TransferCancelled, NoSpace):
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


def _write(part: PartFile, blocks: Iterable[bytes], watch: Watch) -> None:
    watch.step(0)
    for block in blocks:
        part.write(block)
        watch.step(len(block))
