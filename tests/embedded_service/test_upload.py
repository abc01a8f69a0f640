"""POST /upload: complete files under their names, or nothing."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from ctadata.embedded_service import Service

from ..conftest import TOKEN
from .conftest import Http, read_all

BODY = bytes(range(256)) * 1000


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def wait_until_empty(directory: Path) -> None:
    """Wait until the service has noticed that a client disconnected."""
    deadline = time.monotonic() + 20
    while names(directory) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert names(directory) == []


def test_a_new_file(http: Http, storage: Path) -> None:
    answer = http.request("POST", "upload/a%20file", body=BODY)
    assert answer.status == 200
    assert answer.json() == {
        "path": "lst/users/alice/a file",
        "status": "uploaded",
        "total_written": len(BODY),
    }
    assert (storage / "lst/users/alice/a file").read_bytes() == BODY


def test_overwriting_is_an_empty_204(http: Http, own: Path) -> None:
    (own / "file").write_bytes(b"old")
    answer = http.request("POST", "upload/file", body=BODY)
    assert (answer.status, answer.data) == (204, b"")
    assert (own / "file").read_bytes() == BODY
    assert names(own) == ["file"]


def test_an_empty_file(http: Http, own: Path) -> None:
    answer = http.request("POST", "upload/file", body=b"")
    assert answer.json()["total_written"] == 0
    assert (own / "file").read_bytes() == b""


def test_a_chunked_body(http: Http, own: Path) -> None:
    answer = http.request("POST", "upload/file", body=iter([BODY, b"x" * 3_000_000]), chunked=True)
    assert answer.json()["total_written"] == len(BODY) + 3_000_000
    assert (own / "file").read_bytes() == BODY + b"x" * 3_000_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("upload/missing/file", 409),
        ("upload/file-as-parent/file", 409),
        ("upload/directory", 405),
        ("upload/directory/", 405),
        ("upload", 404),
        ("upload/", 404),
        ("upload/../b", 400),
        ("upload/" + "n" * 300, 400),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_refusals(http: Http, own: Path, path: str, status: int, chunked: bool) -> None:
    (own / "directory").mkdir()
    (own / "file-as-parent").touch()
    body = iter([BODY]) if chunked else BODY
    assert http.request("POST", path, body=body, chunked=chunked).status == status
    assert names(own) == ["directory", "file-as-parent"]
    # The connection is usable: no part of the body is read as a request.
    assert http.get("health").status == 200


def test_the_users_directory_is_made_even_when_the_upload_fails(http: Http, storage: Path) -> None:
    assert http.request("POST", "upload/missing/file", body=b"").status == 409
    assert names(storage / "lst/users") == ["alice"]


@pytest.mark.parametrize(
    ("user", "existing", "path"),
    [
        ("Bob.Smith-92", ["lst", "cta/users"], "cta/users/bob_smith___"),
        ("éva01", ["cta"], "cta/users/_va01"),
        ("eva", ["cta/users", "lst/users"], "lst/users/eva"),
        ("eva", [], "lst/users/eva"),
    ],
)
def test_where_uploads_go(tmp_path: Path, user: str, existing: list[str], path: str) -> None:
    for folder in existing:
        (tmp_path / folder).mkdir(parents=True)
    with Service(tmp_path, token=TOKEN, user=user) as service:
        http = Http(service)
        assert http.request("POST", "upload/file", body=b"x").json()["path"] == f"{path}/file"
        http.close()
    assert (tmp_path / path / "file").read_bytes() == b"x"


@pytest.mark.parametrize(
    "start",
    [
        ("Content-Length: 1000000",),
        ("Transfer-Encoding: chunked",),
    ],
)
@pytest.mark.parametrize("farewell", ["shutdown", "reset"])
@pytest.mark.parametrize("target", ["upload/file", "webdav/lst/users/alice/file"])
def test_a_client_that_goes_away_leaves_nothing(
    http: Http, own: Path, start: tuple[str], farewell: str, target: str
) -> None:
    method = "POST" if target.startswith("upload") else "PUT"
    with http.connect() as connection:
        connection.sendall(http.head(method, target, *start))
        connection.sendall(b"f4240\r\n" if "chunked" in start[0] else b"")
        connection.sendall(b"x" * 500_000)
        while not names(own):  # until the service is at it
            time.sleep(0.001)
        assert not (own / "file").exists()
        assert http.get("list/lst/users/alice").json()[1:] == []
        if farewell == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection).startswith(b"HTTP/1.1 400 ")
    wait_until_empty(own)


@pytest.mark.parametrize(
    "body",
    [b"zz\r\nxx\r\n0\r\n\r\n", b"-1\r\n\r\n", b"5\r\nxxxxxyy0\r\n\r\n", b"0\r\nno end"],
)
def test_broken_chunks_leave_nothing(http: Http, own: Path, body: bytes) -> None:
    with http.connect() as connection:
        connection.sendall(http.head("POST", "upload/file", "Transfer-Encoding: chunked"))
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")
    assert names(own) == []


@pytest.mark.parametrize("length", ["-5", "+5", "1_0", "5, 5"])
def test_a_content_length_that_is_no_number(http: Http, own: Path, length: str) -> None:
    with http.connect() as connection:
        connection.sendall(http.head("POST", "upload/file", f"Content-Length: {length}"))
        connection.sendall(b"12345" + http.head("GET", "health"))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert names(own) == []


def test_trailers_and_the_next_request_on_the_same_connection(http: Http, own: Path) -> None:
    with http.connect() as connection:
        connection.sendall(http.head("POST", "upload/file", "Transfer-Encoding: chunked"))
        connection.sendall(b"3;ext=1\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")
        connection.sendall(http.head("GET", "health", "Connection: close"))
        answer = read_all(connection)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert (own / "file").read_bytes() == b"abc"


def test_no_right_to_write(http: Http, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so let the system call fail.
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    answer = http.request("POST", "upload/file", body=BODY)
    assert (answer.status, answer.reason) == (403, "Missing rights to upload files")
    assert answer.data == b"Access denied"
    assert names(own) == []


def test_readers_of_a_replaced_file_see_the_old_or_the_new(http: Http, own: Path) -> None:
    (own / "file").write_bytes(b"o" * 8_000_000)
    with http.connect() as connection:
        connection.sendall(http.head("GET", "fetch/lst/users/alice/file", "Connection: close"))
        first = connection.recv(1000)
        assert http.request("POST", "upload/file", body=b"n" * 100).status == 204
        received = first + read_all(connection)
    assert received.count(b"o" * 60_000) > 100
    assert received.endswith(b"0\r\n\r\n")
