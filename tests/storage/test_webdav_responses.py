"""Hostile responses to the WebDAV client."""

from __future__ import annotations

import contextlib
import gzip

import pytest

import ctadata
from ctadata import errors
from ctadata.storage import webdav_responses

from ..support.scripted import sends

HEAD = b'<?xml version="1.0"?>'
LAUGHS = (
    HEAD
    + b"<!DOCTYPE m [<!ENTITY a0 'ha'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b']><m xmlns="DAV:">&a9;</m>'
)
ANSWERS = {
    "entities": LAUGHS,
    "an external entity": HEAD
    + b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><m xmlns="DAV:">&a;</m>',
    "deep": HEAD + b"<a>" * 200_000,
    "many": HEAD + b"<m>" + b"<a/>" * 1_600_000 + b"</m>",
    "many attributes": HEAD + b"<m>" + b'<a b="" c="" d="" e=""/>' * 500_000 + b"</m>",
    "half": HEAD + b'<m xmlns="DAV:"><response>',
    "no XML": b"hello",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_listings_that_would_take_the_memory(scripted, name):
    scripted.on("PROPFIND", "webdav/lst", sends(ANSWERS[name], 207, "application/xml"))
    with pytest.raises(errors.StorageException, match="'lst' is damaged, or too long"):
        ctadata.webdav4_client().ls("lst")


def endless(status: int, headers: dict[str, str], beginning: bytes = b""):
    def answer(handler):
        handler.send_response(status)
        for header, value in headers.items():
            handler.send_header(header, value)
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(beginning)
            while True:
                handler.wfile.write(b" " * (1 << 20))

    return answer


@pytest.mark.parametrize("status", [200, 207, 404, 500])
def test_an_answer_without_end(scripted, monkeypatch, status):
    monkeypatch.setattr(webdav_responses, "MAX_LISTING", 5 << 20)
    answer = endless(status, {"Content-Type": "application/xml"}, HEAD + b"<m>")
    scripted.on("PROPFIND", "webdav/lst", answer)
    with pytest.raises(errors.StorageException, match=r"longer than [15] MiB"):
        ctadata.webdav4_client().ls("lst")


def test_an_error_without_end(scripted):
    scripted.on("PROPFIND", "webdav/lst", endless(503, {}, b"away"))
    with pytest.raises(errors.ServiceUnreachable, match="503"):
        ctadata.webdav4_client().ls("lst")


FILE = (
    HEAD
    + b'<multistatus xmlns="DAV:"><response><href>/services/downloadservice/webdav/lst/x</href>'
    b"<propstat><prop><getcontentlength>5</getcontentlength></prop>"
    b"<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"
)


def test_what_is_compressed_is_not_expanded(scripted, work):
    bomb = gzip.compress(b" " * (16 << 20))
    compressed = sends(bomb, 207, "application/xml", Content_Encoding="gzip")
    scripted.on("PROPFIND", "webdav/lst", compressed)
    scripted.on("PROPFIND", "webdav/lst/x", sends(FILE, 207, "application/xml"))
    scripted.on("GET", "webdav/lst/x", compressed)
    client = ctadata.webdav4_client()
    with pytest.raises(errors.ServiceUnreachable, match="'lst' is compressed"):
        client.ls("lst")
    with pytest.raises(errors.ServiceUnreachable, match="'lst/x' is compressed"):
        client.download_file("lst/x", "x")
    assert list(work.iterdir()) == []


def test_a_file_without_end_does_not_fill_the_disk(scripted, work):
    scripted.on("PROPFIND", "webdav/lst/x", sends(FILE, 207, "application/xml"))
    scripted.on("GET", "webdav/lst/x", endless(200, {}))
    with pytest.raises(errors.IntegrityError, match="More bytes were received for 'lst/x'"):
        ctadata.webdav4_client().download_file("lst/x", "x")
    assert list(work.iterdir()) == []
