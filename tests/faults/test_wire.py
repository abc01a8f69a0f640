"""The tools of these tests work as described; checked with bare sockets and urllib3."""

from __future__ import annotations

import socket

import pytest
import urllib3

from .storage import Fault

SIZE = 3 << 20


def get(url, path="fetch/lst/f", **headers):
    """Return the received bytes, and how it ended; only a few bytes if they drip."""
    received = b""
    with urllib3.PoolManager(retries=False, timeout=0.3) as pool:
        try:
            response = pool.request("GET", url + path, preload_content=False, headers=headers)
            with response:
                single = 0
                while single < 3 and (block := response.read1(1 << 16)):
                    received += block
                    single = single + 1 if len(block) == 1 else 0
        except urllib3.exceptions.HTTPError as error:
            return received, type(error.args[-1] if error.args else error).__name__
    return received, None


def test_what_does_not_break_passes(storage, wire):
    body = storage.put("lst/f", SIZE)
    assert get(wire.url) == (body, None)
    assert wire.connections == 1
    assert SIZE < wire.passed < SIZE + 2000


@pytest.mark.parametrize("how", ["cut", "reset", "stall", "drip"])
def test_a_wire_breaks_once(storage, wire, how):
    body = storage.put("lst/f", SIZE)
    wire.breaks(how, 1 << 20)
    came, ended = get(wire.url)
    assert ended is not None or how == "drip"
    assert body.startswith(came)
    assert (1 << 20) - 2000 < len(came) < (1 << 20) + 10
    assert get(wire.url) == (body, None)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("how", ["cut", "reset", "stall"])
def test_a_storage_breaks_once(storage, framing, how):
    body = storage.put("lst/f", SIZE)
    storage.fails("fetch", "lst/f", Fault(framing=framing, stop=1 << 20, then=how))
    came, ended = get(storage.url)
    assert came == body[: 1 << 20]
    # The defect of HTTP without a length.
    assert (ended is None) == (framing == "close" and how == "cut")
    assert storage.sent("lst/f") == 1 << 20
    assert get(storage.url) == (body, None)


def test_ranges(storage):
    body = storage.put("lst/f", SIZE)
    assert get(storage.url, "webdav/lst/f", Range="bytes=10-19") == (body[10:20], None)
    served = storage.asked("webdav")[0]
    assert (served.status, served.start, served.sent) == (206, 10, 10)


def test_a_refused_connection(storage, wire):
    wire.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", wire.port), timeout=1)
    wire.accept()
    storage.put("lst/f", b"back")
    assert get(wire.url) == (b"back", None)


def test_silence(storage, wire):
    storage.put("lst/f", b"x")
    wire.flowing.clear()
    assert get(wire.url)[0] == b""
    assert wire.connections == 1
    assert storage.log == []
