"""/webdav with the real webdav4 client, and with requests that it would not send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from webdav4.client import Client, HTTPError

from ctadata.embedded_service import Service

from .conftest import DOWNLOADS, Http

RUN = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"
OWN = "webdav/lst/users/alice"


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    headers = {"Authorization": f"Bearer {service.token}"}
    with httpx.Client(headers=headers) as session:
        yield Client(f"{service.downloadservice_url}webdav", http_client=session)


def test_webdav4(client: Client, own: Path, storage: Path, tmp_path: Path) -> None:
    assert [item["name"] for item in client.ls("/")] == ["cta", "lst"]
    assert client.isdir("lst/some-data-dir")
    assert client.exists(RUN)
    assert not client.exists("lst/nothing")
    assert client.content_length(RUN) == (storage / RUN).stat().st_size
    client.mkdir("lst/users/alice/remote/")
    source = tmp_path / "example.txt"
    source.write_bytes(b"example")
    client.upload_file(source, "lst/users/alice/remote/example.txt")
    assert (own / "remote/example.txt").read_bytes() == b"example"
    client.download_file(RUN, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (storage / RUN).read_bytes()
    with pytest.raises(HTTPError, match="403"):
        client.upload_file(source, "lst/example.txt")


def hrefs(data: bytes) -> list[str | None]:
    return [element.text for element in ElementTree.fromstring(data).iter("{DAV:}href")]


@pytest.mark.parametrize("root", ["webdav", "webdav/"])
def test_hrefs_begin_with_the_prefix(http: Http, root: str) -> None:
    answer = http.request("PROPFIND", root, headers={"Depth": "1"})
    assert answer.status == 207
    prefix = f"{DOWNLOADS}/webdav"
    assert hrefs(answer.data) == [f"{prefix}/", f"{prefix}/cta/", f"{prefix}/lst/"]


@pytest.mark.parametrize("headers", [{}, {"Depth": "infinity"}, {"Depth": "1"}])
def test_depth_is_bounded(http: Http, headers: dict[str, str]) -> None:
    answer = http.request("PROPFIND", "webdav/lst/some-data-dir", headers=headers)
    assert len(hrefs(answer.data)) == 4
    assert b"nested" not in answer.data


def test_depth_0(http: Http) -> None:
    answer = http.request("PROPFIND", "webdav/lst", headers={"Depth": "0"})
    assert hrefs(answer.data) == [f"{DOWNLOADS}/webdav/lst/"]


def test_a_large_request_body_is_refused(http: Http) -> None:
    assert http.request("PROPFIND", "webdav/lst", body=b"<" * 2_000_000).status == 413


def test_entities_are_not_expanded(http: Http) -> None:
    body = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
        b'<D:propfind xmlns:D="DAV:"><D:prop><D:displayname>&b;</D:displayname></D:prop>'
        b"</D:propfind>"
    )
    assert b"root:" not in http.request("PROPFIND", "webdav/lst", body=body).data


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=250-300", 206, slice(250, 301)),
        ("bytes=1048570-", 206, slice(1048570, None)),
        ("bytes=1048570-9999999", 206, slice(1048570, None)),
        ("bytes=-6", 206, slice(-6, None)),
        ("bytes=5-2", 200, slice(None)),
        ("bytes=a-b", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
    ],
)
def test_ranges(http: Http, storage: Path, wanted: str, status: int, part: slice) -> None:
    whole = (storage / RUN).read_bytes()
    answer = http.get(f"webdav/{RUN}", headers={"Range": wanted})
    assert answer.status == status
    assert answer.data == whole[part]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Accept-Ranges"] == "bytes"
    if status == 206:
        start = whole.index(answer.data) if part.start is None else part.indices(len(whole))[0]
        end = start + len(answer.data) - 1
        assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"


def test_a_range_behind_the_end(http: Http) -> None:
    answer = http.get(f"webdav/{RUN}", headers={"Range": "bytes=1048576-1048577"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */1048576"


def test_if_range_with_another_etag_sends_everything(http: Http) -> None:
    etag = http.request("HEAD", f"webdav/{RUN}").headers["ETag"]
    headers = {"Range": "bytes=0-9", "If-Range": etag}
    assert http.get(f"webdav/{RUN}", headers=headers).status == 206
    headers["If-Range"] = '"another"'
    assert http.get(f"webdav/{RUN}", headers=headers).status == 200


def test_head_has_the_length(http: Http) -> None:
    answer = http.request("HEAD", f"webdav/{RUN}")
    assert (answer.status, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == "1048576"


@pytest.mark.parametrize("method", ["DELETE", "MOVE", "COPY", "LOCK", "UNLOCK", "POST", "PATCH"])
def test_methods_that_are_not_offered(http: Http, own: Path, method: str) -> None:
    (own / "file").touch()
    answer = http.request(
        method, f"{OWN}/file", headers={"Destination": f"{DOWNLOADS}/{OWN}/other"}
    )
    assert answer.status == 405
    allowed = "GET, HEAD, MKCOL, OPTIONS, PROPFIND, PROPPATCH, PUT, TRACE"
    assert answer.headers["Allow"] == allowed
    assert [entry.name for entry in own.iterdir()] == ["file"]


def test_options(http: Http) -> None:
    answer = http.request("OPTIONS", "webdav/lst")
    assert (answer.status, answer.headers["DAV"]) == (200, "1")
    assert "DELETE" not in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["PUT", "MKCOL", "PROPPATCH"])
@pytest.mark.parametrize(
    "path",
    [
        *("", "lst/file", "lst/users/file", "lst/users/bob/file", "cta/users/alice/file"),
        *("lst/users/alice", "lst/users/alicex/file", "lst/%CE%BB"),
    ],
)
def test_writes_elsewhere_are_refused(
    http: Http, storage: Path, own: Path, method: str, path: str
) -> None:
    before = sorted(storage.rglob("*"))
    answer = http.request(method, f"webdav/{path}", body=None if method == "MKCOL" else b"x")
    reason = f"Missing rights to write in : {path}, you are not allowed to write in this folder"
    assert (answer.status, answer.reason) == (403, reason)
    assert answer.data == b"Access denied"
    assert sorted(storage.rglob("*")) == before


def test_mkcol(http: Http, storage: Path) -> None:
    assert http.request("PUT", f"{OWN}/file", body=b"x").status == 409
    assert http.request("MKCOL", f"{OWN}/").status == 201
    assert http.request("MKCOL", f"{OWN}/").status == 405
    assert http.request("MKCOL", f"{OWN}/deep/er/").status == 409
    assert http.request("MKCOL", f"{OWN}/deep").status == 201
    assert (storage / "lst/users/alice/deep").is_dir()


def test_mkcol_makes_the_users_directory(http: Http, storage: Path) -> None:
    assert http.request("MKCOL", f"{OWN}/first/").status == 201
    assert (storage / "lst/users/alice/first").is_dir()


def test_put(http: Http, own: Path) -> None:
    assert http.request("PUT", f"{OWN}/file", body=b"1").status == 201
    answer = http.request("PUT", f"{OWN}/file", body=iter([b"2", b"3"]), chunked=True)
    assert (answer.status, answer.data) == (204, b"")
    assert (own / "file").read_bytes() == b"23"
    assert answer.headers["ETag"] == http.request("HEAD", f"{OWN}/file").headers["ETag"]
    answer = http.request("PUT", f"{OWN}/file", body=b"4", headers={"If-None-Match": "*"})
    assert answer.status == 412
    assert (own / "file").read_bytes() == b"23"
    assert http.request("PUT", f"{OWN}/missing/file", body=b"1").status == 409
    (own / "directory").mkdir()
    assert http.request("PUT", f"{OWN}/directory", body=b"1").status == 405
    assert sorted(entry.name for entry in own.iterdir()) == ["directory", "file"]


def test_proppatch_keeps_nothing(http: Http, own: Path) -> None:
    (own / "file").touch()
    body = (
        b'<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:z"><D:set><D:prop><Z:a>1</Z:a></D:prop>'
        b"</D:set></D:propertyupdate>"
    )
    answer = http.request("PROPPATCH", f"{OWN}/file", body=body)
    assert answer.status == 207
    assert b"HTTP/1.1 403 Forbidden" in answer.data
