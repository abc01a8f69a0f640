"""What is streamed to the browser: for as long as it is there, and whole or not at all."""

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

# Bytes that are sent at a time: a service may send them one by one, and files may be short.
TOGETHER = 64 << 10


class LinesHandler(CTADataHandler):
    """Base of the handlers that send JSON objects, one in each line, while they work (NDJSON)."""

    async def send_lines(self, lines: AsyncGenerator[str | dict[str, Any] | None, None]) -> None:
        """Send objects as they are yielded, for as long as the browser listens; None is not sent.

        An error before the first line is answered as one.
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
    """Base of the handlers that send what is saved by the browser.

    Its content is hostile: attachment, sandbox, nosniff.
    """

    @property
    def content_security_policy(self) -> str:
        """Nothing may run or be loaded, whatever a browser makes of the content."""
        return "sandbox; default-src 'none'"

    def set_download_headers(self, name: str, length: int) -> None:
        """Say that so many bytes follow, to be saved under this name."""
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(length))
        # What is hidden in a name must not make it look like another one; browsers take
        # backslashes for separators.
        self.set_attachment_header(printable(name).replace("\\", "_"))

    async def stream(self, what: str, content: Callable[[APIClient], Generator[bytes]]) -> None:
        """Send one piece after the other, each when the browser has taken the one before.

        A download that stands still, whether the service or the browser is slow, gives its slot
        to others meanwhile.

        Parameters
        ----------
        what : str
            What it is, for the log.
        content : callable
            Is given a client, and yields the bytes; they are asked for in a thread.
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
                self.log.debug("ctadata: the browser has ended the download of %r", what)
            except CTADataError as error:
                if self.gone:
                    return
                if not begun:
                    raise
                at = error.path or what
                self.log.warning(
                    "ctadata: the download of %r broke at %r: %s", what, at, describe(error)
                )
                # To end the answer properly would pass off what was sent as the whole.
                self.detach().close()
            finally:
                try:
                    await self.run_in(services.download_pool, chunks.close)
                except Abandoned:
                    chunks.close()


def _gathered(pieces: Generator[bytes]) -> Generator[bytes]:
    """Yield the same bytes in pieces of at least `TOGETHER`, but for the last one."""
    waiting: list[bytes] = []
    length = 0
    with closing(pieces):
        for piece in pieces:
            waiting.append(piece)
            length += len(piece)
            if length >= TOGETHER:
                yield b"".join(waiting)
                waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)
