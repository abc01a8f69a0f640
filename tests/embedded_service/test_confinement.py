"""No path leaves the served directory, at any endpoint, by any method."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import DOWNLOADS, Http, read_all

SECRET = b"a secret outside"
ENDPOINTS = [
    ("GET", "list"),
    ("POST", "list"),
    ("GET", "fetch"),
    ("HEAD", "fetch"),
    ("POST", "upload"),
    ("GET", "webdav"),
    ("HEAD", "webdav"),
    ("PROPFIND", "webdav"),
    ("PROPPATCH", "webdav"),
    ("OPTIONS", "webdav"),
    ("MKCOL", "webdav"),
    ("PUT", "webdav"),
    ("TRACE", "webdav"),
]
CLIMBING = [
    "../secret",
    "lst/../../secret",
    "lst/users/alice/../../../../secret",
    "%2e%2e/secret",
    "%2E%2E/secret",
    ".%2e/secret",
    "..%2fsecret",
    "..%2Fsecret",
    "lst%2f..%2f..%2fsecret",
    "..%5csecret",
    "lst/..\\..\\secret",
    "./../secret",
    "lst/./odd",
    "lst/%00",
    "lst/odd%00.txt",
    "lst/new%0Aline",
    "lst/%FF%FE",
    "lst/%C0%AE%C0%AE/secret",
    ".ctadata-upload-0123456789abcdef",
]


@pytest.fixture
def secret(storage: Path) -> Path:
    file = storage.parent / "secret"
    file.write_bytes(SECRET)
    return file


@pytest.mark.parametrize("path", CLIMBING)
def test_paths_that_climb_are_refused(http: Http, secret: Path, path: str) -> None:
    for method, endpoint in ENDPOINTS:
        with http.connect() as connection:
            head = http.head(method, f"{endpoint}/{path}", "Connection: close", "Content-Length: 0")
            connection.sendall(head)
            answer = read_all(connection)
        assert answer.startswith(b"HTTP/1.1 400 "), (method, endpoint, answer[:80])
        assert SECRET not in answer
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize("target", ["//etc/passwd", "http://localhost/x", "*", "relative", "/a#b"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PROPFIND"])
def test_strange_request_targets(http: Http, method: str, target: str) -> None:
    with http.connect() as connection:
        fields = f"Authorization: Bearer {http.token}\r\nConnection: close"
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n".encode())
        answer = read_all(connection)
    assert answer.split(b" ", 2)[1] in (b"400", b"404", b"308"), answer[:80]
    assert b"root:" not in answer


@pytest.mark.parametrize("path", ["%252e%252e/secret", "lst/%252E%252E%252Fsecret", "%252E/lst"])
def test_paths_quoted_twice_do_not_climb(http: Http, secret: Path, path: str) -> None:
    for endpoint in ("list", "fetch", "webdav"):
        assert http.get(f"{endpoint}/{path}").status == 404
    assert http.request("POST", f"upload/{path}", body=b"x").status in (200, 409)
    assert secret.read_bytes() == SECRET


@pytest.fixture
def links(storage: Path, own: Path, secret: Path) -> list[str]:
    """Links to a file and to a directory outside, absolute and relative; and a pipe."""
    outside = storage.parent / "outside"
    outside.mkdir()
    (outside / "inner").write_bytes(SECRET)
    (storage / "lst/file-link").symlink_to(secret)
    (storage / "lst/dir-link").symlink_to(outside)
    (storage / "lst/relative-link").symlink_to("../../outside", target_is_directory=True)
    (storage / "lst/dangling").symlink_to(storage.parent / "nothing")
    (own / "dir-link").symlink_to(outside)
    os.mkfifo(storage / "lst/pipe")
    return [
        *("lst/file-link", "lst/dir-link", "lst/dir-link/inner", "lst/relative-link/inner"),
        *("lst/dangling", "lst/pipe", "lst/users/alice/dir-link/inner"),
    ]


def test_links_are_neither_followed_nor_shown(http: Http, links: list[str]) -> None:
    for path in links:
        for endpoint in ("list", "fetch", "webdav"):
            answer = http.get(f"{endpoint}/{path}")
            assert answer.status == 404, (endpoint, path)
        assert http.request("PROPFIND", f"webdav/{path}").status == 404
    assert b"link" not in http.get("list/lst").data
    assert b"pipe" not in http.get("list/lst").data
    assert b"link" not in http.request("PROPFIND", "webdav/lst", headers={"Depth": "1"}).data


def test_nothing_is_written_through_links(
    http: Http, storage: Path, own: Path, links: list[str]
) -> None:
    outside = storage.parent / "outside"
    assert http.request("POST", "upload/dir-link/new", body=b"x").status == 409
    assert http.request("PUT", "webdav/lst/users/alice/dir-link/new", body=b"x").status == 409
    assert http.request("MKCOL", "webdav/lst/users/alice/dir-link/new/").status == 409
    assert http.request("MKCOL", "webdav/lst/users/alice/dir-link/").status == 405
    assert [entry.name for entry in outside.iterdir()] == ["inner"]


def test_an_upload_replaces_a_link_and_not_its_target(http: Http, own: Path, secret: Path) -> None:
    (own / "link").symlink_to(secret)
    assert http.request("POST", "upload/link", body=b"mine").status == 204
    assert secret.read_bytes() == SECRET
    assert (own / "link").read_bytes() == b"mine"
    assert not (own / "link").is_symlink()


def test_a_user_directory_that_is_a_link_is_not_entered(http: Http, storage: Path) -> None:
    outside = storage.parent / "outside"
    outside.mkdir()
    (storage / "lst/users").rmdir()
    (storage / "lst/users").symlink_to(outside)
    assert http.request("POST", "upload/new", body=b"x").status == 409
    assert list(outside.iterdir()) == []


def test_encoded_endpoints_are_no_endpoints(http: Http) -> None:
    assert http.get(f"{DOWNLOADS}/%6cist/lst").status == 404
    assert http.get("/services/downloadservice%2flist").status == 404
