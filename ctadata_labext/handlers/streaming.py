"""Streamed answers: JSON lines, and downloads that the browser saves."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any

from tornado import iostream

from ctadata._printable import printable
from ctadata.errors import CTADataError

from ..download_slots import DownloadSlot
from ..errors import Abandoned, describe
from .base import CTADataHandler

if TYPE_CHECKING:
    from ctadata.api import APIClient

__all__ = ["DownloadHandler", "LinesHandler"]

# Bytes that are sent at a time: the service may send single bytes, and files may be short.
BLOCK = 64 << 10


class LinesHandler(CTADataHandler):
    """Base of handlers that send JSON objects, one in each line, while they work (NDJSON)."""

    async def send_lines(self, lines: AsyncGenerator[str | dict[str, Any] | None, None]) -> None:
        """Send objects as they are yielded, until the browser goes; None is not sent.

        An error before the first line is answered like any other error.
        """
        async with aclosing(lines):
            async for line in lines:
                if self.gone:
                    return
                if line is None:
                    continue
                self.set_header("Content-Type", "application/x-ndjson")
                self.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
                try:
                    await self.flush()
                except iostream.StreamClosedError:
                    self.leave()
        if not self.gone:
            self.finish(set_content_type="application/x-ndjson")


class DownloadHandler(CTADataHandler):
    """Base of handlers whose answer is saved by the browser.

    The content is not trusted: attachment, sandbox, nosniff.
    """

    @property
    def content_security_policy(self) -> str:
        """Forbid scripts and further requests, in case a browser displays the content."""
        return "sandbox; default-src 'none'"

    def set_download_headers(self, name: str, length: int) -> None:
        """Set the headers for a download of this name and length."""
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(length))
        # Hidden characters must not disguise a name; browsers treat backslashes as separators.
        self.set_attachment_header(printable(name).replace("\\", "_"))

    async def stream(self, what: str, content: Callable[[APIClient], Generator[bytes]]) -> None:
        """Send the content piece by piece, as fast as the browser receives it.

        While a download stalls, because the service or the browser is slow, others get its slot.
        `content` is called with a client and runs in a thread; `what` is its name in the log.
        """
        services = self.services
        client, watchdog = services.client.with_watchdog()
        self.left.add_done_callback(lambda left: watchdog.stop(Abandoned()))
        begun = False
        async with DownloadSlot(services.download_slots) as slot:
            if self.gone:
                return
            chunks = _gathered(content(client))
            try:
                with services.watchdogs.watching(watchdog):
                    while (
                        chunk := await slot.wait_for_service(
                            self.run_in(services.download_pool, next, chunks, None)
                        )
                    ) is not None:
                        if self.gone:
                            return
                        self.write(chunk)
                        begun = True
                        await slot.wait_for_browser(self.flush())
                self.finish(set_content_type="application/octet-stream")
            except iostream.StreamClosedError:
                self.log.debug("ctadata: the browser has cancelled the download of %r", what)
            except CTADataError as error:
                if self.gone:
                    return
                if not begun:
                    raise
                at = error.path or what
                self.log.warning(
                    "ctadata: the download of %r failed at %r: %s", what, at, describe(error)
                )
                # A properly ended answer would look complete.
                self.detach().close()
            finally:
                try:
                    await self.run_in(services.download_pool, chunks.close)
                except Abandoned:
                    chunks.close()


def _gathered(pieces: Generator[bytes]) -> Generator[bytes]:
    """Yield the same bytes in pieces of at least `BLOCK` bytes, except for the last one."""
    waiting: list[bytes] = []
    length = 0
    with closing(pieces):
        for piece in pieces:
            waiting.append(piece)
            length += len(piece)
            if length >= BLOCK:
                yield b"".join(waiting)
                waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)
