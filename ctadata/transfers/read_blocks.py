"""Reading: a file's bytes one after the other, without saving them; goes on after a break."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from ..entries import Entry
from ..errors import IntegrityError
from ..http.errors import StreamInterrupted
from ..storage.download_service import DownloadService, RangesUnusable
from .download_file import PROGRESS, RANGE

__all__ = ["read_blocks"]

# Bytes; error pages are shorter.
PAGE = 64 << 10


def read_blocks(
    service: DownloadService, entry: Entry, start: int, stop: int, chunk_size: int | None = None
) -> Generator[bytes]:
    """Yield the bytes ``[start, stop)`` of a file in blocks of up to 1 MiB.

    A whole file comes as one stream, anything else, and what is missing after a break, by
    closed ranges. The beginning of a whole file is held back until more of it has come, since it
    may be an error page with status 200.

    Parameters
    ----------
    service : DownloadService
        Where it comes from.
    entry : Entry
        The file, as a listing gave it.
    start, stop : int
        Which bytes.
    chunk_size : int, optional
        Bytes that the service gathers before it sends them on.

    Raises
    ------
    IntegrityError
        If fewer or more bytes come than the listing says, or the file has changed.
    StreamInterrupted
        If it breaks off again and again.
    """
    position = tried_from = start
    retrier = service.http.retrier()
    held: list[bytes] = []
    while position < stop:
        whole = position == 0 and stop == entry.size
        try:
            if whole:
                content = service.fetch(entry.path, chunk_size)
            else:
                content = service.read_range(entry.path, position, min(position + RANGE, stop))
            with contextlib.closing(content.blocks):
                for blocks in content.blocks:
                    block = b"".join(blocks)
                    if position + len(block) > stop:
                        raise _wrong(entry, "more")
                    position += len(block)
                    if whole and position < PAGE:
                        held.append(block)
                        continue
                    yield b"".join([*held, block]) if held else block
                    held = []
            if whole and position < stop:
                # An error page with status 200 looks like this, too.
                raise _wrong(entry, f"{position} bytes")
            if held:
                yield b"".join(held)
                held = []
        except StreamInterrupted as error:
            if held:
                # Nobody knows yet whether this was the file.
                position, held = 0, []
            if position > tried_from + PROGRESS:
                tried_from = position
                retrier.reset()
            retrier.wait(error)
            own = service.stat(entry.path)
            if (own.size, own.get("mtime")) != (entry.size, entry.get("mtime")):
                raise IntegrityError(
                    f"{entry.path!r} has changed while it was read; read it again", path=entry.path
                ) from error
        except RangesUnusable as error:
            if not retrier.retried:
                raise
            raise StreamInterrupted(
                f"{entry.path!r} broke off and cannot be continued: {error}", path=entry.path
            ) from error


def _wrong(entry: Entry, came: str) -> IntegrityError:
    return IntegrityError(
        f"{came} came for {entry.path!r} where the listing says {entry.size}; try again",
        path=entry.path,
    )
