"""Reads the bytes of a remote file in order without saving them; resumes after interruptions."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from ..entries import Entry
from ..errors import IntegrityError
from ..http.errors import StreamInterrupted
from ..storage.download_service import DownloadService
from ..storage.responses import RangesUnusable
from .download_file import PROGRESS, RANGE

__all__ = ["read_blocks"]

# Bytes; the service's error pages are shorter.
ERROR_PAGE = 64 << 10


def read_blocks(
    service: DownloadService, entry: Entry, start: int, stop: int, chunk_size: int | None = None
) -> Generator[bytes]:
    """Yield the bytes ``[start, stop)`` of a file in blocks of up to 1 MiB.

    A whole file comes as one stream. A part of a file, and the rest after an interruption, comes
    by closed ranges. The beginning of a whole file is held back until more has been received,
    since it may be an error page with status 200.

    Parameters
    ----------
    chunk_size : int, optional
        Bytes that the service collects before it forwards them.

    Raises
    ------
    IntegrityError
        If the file has another size than listed, or has changed.
    StreamInterrupted
        If the stream is interrupted again and again.
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
                        raise IntegrityError.wrong_size(entry.path, None, entry.size)
                    position += len(block)
                    if whole and position < ERROR_PAGE:
                        held.append(block)
                        continue
                    yield b"".join([*held, block]) if held else block
                    held = []
            if whole and position < stop:
                # An error page with status 200 looks like this, too.
                raise IntegrityError.wrong_size(entry.path, position, entry.size)
            if held:
                yield b"".join(held)
                held = []
        except StreamInterrupted as error:
            if held:
                # It is not known yet whether this was the file.
                position, held = 0, []
            if position > tried_from + PROGRESS:
                tried_from = position
                retrier.reset()
            retrier.wait(error)
            own = service.stat(entry.path)
            if (own.size, own.get("mtime")) != (entry.size, entry.get("mtime")):
                raise IntegrityError(
                    f"{entry.path!r} changed while it was read; try again", path=entry.path
                ) from error
        except RangesUnusable as error:
            if not retrier.retried:
                raise
            raise StreamInterrupted(
                f"{entry.path!r} broke off and cannot be continued: {error}", path=entry.path
            ) from error
