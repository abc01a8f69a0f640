"""A download that stalls half-way, for tests that interrupt it."""

from __future__ import annotations

import random
import threading
from http.server import BaseHTTPRequestHandler

from ..support.scripted import Scripted, reply


class HalfFile:
    """The file ``lst/d/large``: a fetch of it stalls half-way; its ranges come at once.

    Parameters
    ----------
    scripted : Scripted
        The server that answers so.

    Attributes
    ----------
    body : bytes
        The whole file.
    reached : threading.Semaphore
        Is released when a fetch has come to its half.
    gone : threading.Event
        To be set when the one who fetches is gone.
    fetches : int
        How many there were.
    """

    def __init__(self, scripted: Scripted) -> None:
        self.body = random.Random(7).randbytes(24 << 20)
        self.reached = threading.Semaphore(0)
        self.gone = threading.Event()
        self.fetches = 0
        fields = {"size": str(len(self.body)), "mtime": "Sun, 22 Nov 2026 06:28:06 GMT"}
        file = {"href": "lst/d/large", "type": "file", **fields}
        scripted.list("lst/d", {"href": "lst/d/", "type": "directory"}, file)
        scripted.list("lst/d/large", file)
        scripted.on("GET", "fetch/lst/d/large", self._fetch)
        scripted.on("GET", "webdav/lst/d/large", self._range)

    def _fetch(self, handler: BaseHTTPRequestHandler) -> None:
        self.fetches += 1
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body[: len(self.body) // 2])
        self.reached.release()
        self.gone.wait(30)
        handler.close_connection = True

    def _range(self, handler: BaseHTTPRequestHandler) -> None:
        first, last = map(int, handler.headers["Range"].removeprefix("bytes=").split("-"))
        place = f"bytes {first}-{last}/{len(self.body)}"
        part = self.body[first : last + 1]
        reply(handler, 206, part, "application/octet-stream", Content_Range=place)
