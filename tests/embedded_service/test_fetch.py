"""GET /fetch."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from .conftest import Http, read_all

RUN = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"


def test_a_file_comes_chunked_as_an_attachment(http: Http, storage: Path) -> None:
    answer = http.get(f"fetch/{RUN}", headers={"Range": "bytes=0-3"})
    assert answer.status == 200  # ranges are for WebDAV
    assert answer.data == (storage / RUN).read_bytes()
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={RUN.split('/')[-1]}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Length" not in answer.headers
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("chunk_size", ["0", "-1", "many", "1000", "99999999999"])
def test_any_chunk_size_serves(http: Http, storage: Path, chunk_size: str) -> None:
    answer = http.get(f"fetch/{RUN}?chunk_size={chunk_size}")
    assert answer.data == (storage / RUN).read_bytes()


def test_an_empty_file(http: Http) -> None:
    answer = http.get("fetch/lst/some-data-dir/empty")
    assert (answer.status, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("lst/nothing", 404),
        ("lst/some-data-dir/small.txt/below", 404),
        ("lst", 400),
        ("", 400),
        ("lst/../odd", 400),
    ],
)
def test_errors_are_errors(http: Http, path: str, status: int) -> None:
    answer = http.get(f"fetch/{path}")
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("name", ["Übermaß λόγος.txt", 'a"b; c.txt', "望遠鏡"])
def test_any_name_fits_in_the_header(http: Http, storage: Path, name: str) -> None:
    (storage / "lst" / name).touch()
    answer = http.get("fetch/lst/" + "".join(f"%{byte:02X}" for byte in name.encode()))
    encoded = answer.headers["Content-Disposition"].partition("; filename*=UTF-8''")[2]
    assert unquote(encoded) == name


def test_head_has_no_body(http: Http) -> None:
    answer = http.request("HEAD", f"fetch/{RUN}")
    assert (answer.status, answer.data) == (200, b"")


def test_a_file_that_shrinks_breaks_the_stream(http: Http, storage: Path) -> None:
    victim = storage / "lst/large"
    with open(victim, "wb") as file:
        file.truncate(64 * 1024**2)
    with http.connect() as connection:
        connection.sendall(http.head("GET", "fetch/lst/large"))
        assert b"200 OK" in connection.recv(1024)
        with open(victim, "r+b") as file:
            file.truncate(1)
        received = read_all(connection)
    assert not received.endswith(b"0\r\n\r\n")
