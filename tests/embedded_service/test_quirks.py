"""The defects of the data centre's services, as marked in docs/protocol.md."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ctadata.embedded_service import Service, server

from ..conftest import ODD_NAMES, TOKEN, make_tree
from ..support.certificates import ALICE, alice, authority, period, proxy
from .conftest import CERTIFICATES, DOWNLOADS, Http, read_all

JSON = {"Content-Type": "application/json"}
OCTETS = {"Content-Type": "application/octet-stream"}
WRONG = {"Authorization": "Bearer wrong"}
OWN = "webdav/lst/users/alice"
RUN = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"
MIB = 1024**2


@pytest.fixture
def service(tmp_path: Path, ca_bundle: Path) -> Iterator[Service]:
    """The quirky service; alice is not an administrator."""
    storage = tmp_path / "storage"
    storage.mkdir()
    make_tree(storage)
    (storage / "lst/users/alice").mkdir()
    with Service(storage, token=TOKEN, user="alice", ca_bundle=ca_bundle, quirks=True) as running:
        yield running


@pytest.fixture
def own(storage: Path) -> Path:
    return storage / "lst/users/alice"


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def hrefs(http: Http, path: str) -> list[str]:
    return [entry["href"] for entry in http.get(f"list/{path}").json()]


def test_no_answer_says_that_paths_are_decoded_once(http: Http) -> None:
    for path in ("list", "list/nothing", "health", "nothing"):
        assert "CTAData-Path-Decoding" not in http.get(path).headers


# Quoting


def test_a_path_quoted_once_ends_at_a_hash_or_a_question_mark(http: Http, storage: Path) -> None:
    (storage / "lst/odd/h").write_text("h")
    assert hrefs(http, "lst/odd/h%23x.txt") == ["lst/odd/h"]
    assert hrefs(http, "lst/odd/h%3Fv=2") == ["lst/odd/h"]
    assert http.get("fetch/lst/odd/h%23x.txt").data == b"h"
    assert http.get("webdav/lst/odd/h%3Fx").data == b"h"


def test_an_upload_quoted_once_replaces_another_file(http: Http, own: Path) -> None:
    (own / "h").write_text("precious")
    assert http.request("POST", "upload/h%23x.txt", headers=OCTETS, body=b"new").status == 204
    assert names(own) == ["h"]
    answer = http.request("POST", "upload/q%3Fv=2", headers=OCTETS, body=b"new")
    assert answer.json()["path"] == "lst/users/alice/q?v=2"
    assert http.request("PUT", f"{OWN}/p%23x", body=b"new").status == 201
    assert http.request("MKCOL", f"{OWN}/d%23x").status == 201
    assert names(own) == ["d", "h", "p", "q"]


def test_a_path_quoted_once_is_decoded_twice(http: Http, storage: Path) -> None:
    (storage / "lst/odd/A.txt").write_text("A")
    assert hrefs(http, "lst/odd/%2541.txt") == ["lst/odd/A.txt"]
    assert http.get("fetch/lst/odd/%2541.txt").data == b"A"


@pytest.mark.parametrize("name", [*ODD_NAMES, "a..b", "(open", "c%20d", "%C3%A9", "é", "[x", "+"])
def test_a_path_quoted_twice_means_what_it_says(
    http: Http, storage: Path, own: Path, name: str
) -> None:
    (storage / "lst/odd" / name).write_text(name)
    twice = quote(quote(name, safe="").replace("..", "%2E%2E"), safe="")
    assert hrefs(http, f"lst/odd/{twice}") == [f"lst/odd/{quote(name, safe='()')}"]
    assert http.get(f"fetch/lst/odd/{twice}").data.decode() == name
    assert http.get(f"webdav/lst/odd/{twice}").data.decode() == name
    once = quote(name, safe="").replace("..", "%2E%2E")
    answer = http.request("POST", f"upload/{twice}", headers=OCTETS, body=b"x")
    assert answer.json()["path"] == f"lst/users/alice/{once}"
    assert http.request("PUT", f"{OWN}/{twice}", body=b"x").status == 204
    assert names(own) == [name]


def test_a_lone_percent_sign_stays(http: Http) -> None:
    assert hrefs(http, "lst/odd/50%25.txt") == ["lst/odd/50%25.txt"]


# Listings


def test_the_root_lists_itself_as_a_file(http: Http) -> None:
    first, *others = http.get("list").json()
    assert (first["href"], first["type"]) == ("", "file")
    assert "size" not in first
    assert [entry["href"] for entry in others] == ["cta/", "lst/"]
    assert http.get("list/").status == 404


def test_a_directory_lists_itself(http: Http) -> None:
    assert hrefs(http, "lst/some-data-dir")[0] == "lst/some-data-dir/"


def test_the_addresses_of_a_listing_are_garbage(http: Http, storage: Path) -> None:
    (storage / "lst/a+b").touch()
    (storage / "lst/x").touch()
    (entry,) = http.get("list/lst/x").json()
    assert entry["url"].endswith(f"{DOWNLOADS}/list/lst/x")  # of a file, too
    (entry,) = http.get("list/lst/a%252Bb").json()
    assert entry["url"].endswith(f"{DOWNLOADS}/list/lst/a+b/lst/a%2Bb")


def test_an_open_bracket_is_an_internal_error(http: Http, storage: Path) -> None:
    (storage / "lst/(open").touch()
    answer = http.get("list/lst/(open")
    assert answer.status == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<title>500" in answer.data


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*",
        "(a|a)*",
        "(a|aa)+",
        "(a?){40}a{40}",
        "a*" * 20,
        "(a|a)" * 40,
        r"(?:a+)+\1?",
    ],
)
def test_a_catastrophic_pattern_occupies_nobody(http: Http, storage: Path, pattern: str) -> None:
    name = f"{pattern}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".replace("?", "%3F")
    (storage / "lst" / name.replace("%3F", "?")).touch()
    http.get(f"list/lst/{quote(name)}", timeout=5)
    assert http.get("health", timeout=5).status == 200


def test_many_beginnings_of_certificates_occupy_nobody(http: Http) -> None:
    pem = "-----BEGIN CERTIFICATE-----" * 19_000
    body = json.dumps({"certificate": pem, "certificate_key": "cta"}).encode()
    path = f"{CERTIFICATES}/certificate"
    assert http.request("POST", path, body=body, headers=JSON, timeout=10).status == 400


def test_what_is_missing_is_a_page_behind_a_word(http: Http) -> None:
    answer = http.get("list/lst/nothing")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.data.startswith(b"Error: 404 <!DOCTYPE")


# Fetch


@pytest.mark.parametrize("path", ["lst/nothing", "lst", "lst/some-data-dir/small.txt/below"])
def test_an_error_page_is_fetched_as_the_file(http: Http, path: str) -> None:
    answer = http.get(f"fetch/{path}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.data.lstrip().startswith(b"<!DOCTYPE")


def test_a_storage_error_is_fetched_as_the_file(http: Http, storage: Path) -> None:
    (storage / "lst/some-data-dir/small.txt").unlink()
    (storage / "lst/some-data-dir/small.txt").symlink_to("/etc/hostname")
    answer = http.get("fetch/lst/some-data-dir/small.txt")
    assert (answer.status, answer.data[:9]) == (200, b"<!DOCTYPE")


def test_names_with_two_dots_are_refused(http: Http) -> None:
    for method, path in (("GET", "fetch/lst/a..b"), ("POST", "upload/a..b")):
        answer = http.request(method, path)
        assert (answer.status, answer.data) == (400, b"Error: path cannot contain '..'")


def test_names_outside_of_latin_1_cannot_be_fetched(http: Http, storage: Path) -> None:
    (storage / "lst/λ").touch()
    (storage / "lst/é").write_text("accent")
    answer = http.get("fetch/lst/%CE%BB")
    assert (answer.status, answer.data) == (500, b"")
    assert http.get("fetch/lst/%C3%A9").data == b"accent"


def test_chunk_size(http: Http, storage: Path) -> None:
    whole = (storage / RUN).read_bytes()
    assert http.get(f"fetch/{RUN}?chunk_size=1000").data == whole
    assert http.get(f"fetch/{RUN}?chunk_size=many").data == whole
    assert http.get(f"fetch/{RUN}?chunk_size=0").data == b""


def test_a_block_is_forwarded_when_it_is_full(http: Http) -> None:
    with http.connect() as connection:
        path = f"fetch/{RUN}?chunk_size=700000"
        connection.sendall(http.head("GET", path, "Connection: close"))
        answer = read_all(connection)
    assert answer.partition(b"\r\n\r\n")[2].startswith(b"%x\r\n" % 700_000)


# Uploads


def test_replacing_is_an_empty_204(http: Http, own: Path) -> None:
    for status in (200, 204):
        answer = http.request("POST", "upload/file", headers=OCTETS, body=b"content")
        assert answer.status == status
    assert answer.data == b""
    assert (own / "file").read_bytes() == b"content"


def test_a_file_is_emptied_when_an_upload_begins(http: Http, own: Path) -> None:
    (own / "file").write_bytes(b"precious")
    with http.connect() as connection:
        connection.sendall(http.head("POST", "upload/file", f"Content-Length: {50 * MIB}"))
        while (own / "file").stat().st_size:
            time.sleep(0.001)
        connection.sendall(b"x" * 11 * MIB)
        while (own / "file").stat().st_size < 10 * MIB:
            time.sleep(0.001)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert http.get("health").status == 200
    assert (own / "file").stat().st_size == 10 * MIB


@pytest.mark.parametrize(
    ("start", "status", "size"),
    [(["Content-Length: 11"], 200, 5), (["Transfer-Encoding: chunked"], 500, 0)],
)
def test_a_body_that_ends_early(
    http: Http, own: Path, start: list[str], status: int, size: int
) -> None:
    with http.connect() as connection:
        connection.sendall(http.head("POST", "upload/file", *start))
        connection.sendall(b"" if size else b"b\r\n")
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).startswith(b"HTTP/1.1 %d" % status)
    assert (own / "file").stat().st_size == size


def test_a_pause_empties_the_file(
    tmp_path: Path, http: Http, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_QUIRKY_TIMEOUT", 1)
    (own / "file").write_bytes(b"precious")
    with (
        Service(tmp_path / "storage", token=TOKEN, user="alice", quirks=True) as hasty,
        socket.create_connection(("127.0.0.1", _port(hasty)), timeout=20) as connection,
    ):
        connection.sendall(http.head("POST", "upload/file", "Content-Length: 11"))
        connection.sendall(b"hello")
        assert read_all(connection).startswith(b"HTTP/1.1 503")
    assert (own / "file").read_bytes() == b""


def _port(service: Service) -> int:
    found = re.search(r":(\d+)/", service.downloadservice_url)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("chunk_size", ["0", "-1"])
def test_a_chunk_size_that_is_no_size_empties_the_file(
    http: Http, own: Path, chunk_size: str
) -> None:
    answer = http.request("POST", f"upload/file?chunk_size={chunk_size}", body=b"lost")
    assert answer.status == (200 if chunk_size == "0" else 503)
    assert (own / "file").read_bytes() == b""


@pytest.mark.parametrize(
    ("headers", "body", "lost"),
    [
        ({}, b"short", True),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"short", True),
        ({}, b"x" * 10_001, False),
        (OCTETS, b"short", False),
        (JSON, b"short", False),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("error_on_the_way", [False, True])
def test_a_body_without_a_type_may_be_lost(
    http: Http,
    storage: Path,
    own: Path,
    headers: dict[str, str],
    body: bytes,
    lost: bool,
    chunked: bool,
    error_on_the_way: bool,
) -> None:
    if error_on_the_way:
        own.rmdir()
        own.parent.rmdir()
        own = storage / "cta/users/alice"
        own.parent.mkdir()
    lost = error_on_the_way and (lost or (chunked and headers == {}))
    sent = iter([body]) if chunked else body
    answer = http.request("POST", "upload/file", headers=headers, body=sent, chunked=chunked)
    assert answer.status == 200
    assert answer.json()["total_written"] == (0 if lost else len(body))
    assert (own / "file").read_bytes() == (b"" if lost else body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("upload/missing/file", 409),
        ("upload/directory", 405),
        ("upload", 500),
        ("upload/", 404),
        ("upload//file", 308),
    ],
)
def test_refused_uploads(http: Http, own: Path, path: str, status: int) -> None:
    (own / "directory").mkdir()
    assert http.request("POST", path, headers=OCTETS, body=b"x").status == status
    assert names(own) == ["directory"]
    assert http.get("health").status == 200


def test_without_a_directory_of_users_there_is_no_right(http: Http, own: Path) -> None:
    own.rmdir()
    own.parent.rmdir()
    answer = http.request("POST", "upload/file", headers=OCTETS, body=b"x")
    assert (answer.status, answer.reason) == (403, "Missing rights to upload files")
    assert answer.data == b"Access denied"


def test_users_share_a_directory(tmp_path: Path) -> None:
    (tmp_path / "cta/users").mkdir(parents=True)
    for user in ("Bob-2", "bob.9"):
        with Service(tmp_path, token=TOKEN, user=user, quirks=True) as service:
            http = Http(service)
            http.request("POST", f"upload/{user}", headers=OCTETS, body=b"x")
            http.close()
    assert names(tmp_path / "cta/users/bob__") == ["Bob-2", "bob.9"]


# WebDAV


def test_head_has_no_length(http: Http) -> None:
    answer = http.request("HEAD", f"webdav/{RUN}")
    assert answer.status == 200
    assert answer.headers["Content-Length"] == "0"
    assert "ETag" in answer.headers


def test_a_part_may_be_longer_than_asked(http: Http, storage: Path) -> None:
    (storage / "lst/marker").write_text("x:href>/pnfs/cta.cscs.ch/y")
    answer = http.get("webdav/lst/marker", headers={"Range": "bytes=0-25"})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == "bytes 0-25/26"
    assert answer.data == f"x:href>{DOWNLOADS}/webdav/y".encode()
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_ranges(http: Http, storage: Path) -> None:
    answer = http.get(f"webdav/{RUN}", headers={"Range": "bytes=3-1002"})
    assert (answer.status, answer.data) == (206, (storage / RUN).read_bytes()[3:1003])
    answer = http.get(f"webdav/{RUN}", headers={"Range": "bytes=1048576-1048577"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */1048576")


def test_a_directory_is_a_page_or_moved(http: Http) -> None:
    answer = http.get("webdav/lst/odd")
    assert (answer.status, answer.headers["Location"]) == (301, "/lst/odd/")
    answer = http.get("webdav/lst/odd/%23")
    assert answer.status == 200
    assert answer.data.startswith(b"<!DOCTYPE html>")


def test_the_hrefs_have_the_services_prefix(http: Http) -> None:
    answer = http.request("PROPFIND", "webdav", headers={"Depth": "1"})
    found = re.findall(rb"href>([^<]+)<", answer.data)
    assert found == [f"{DOWNLOADS}/webdav/{name}".encode() for name in ("", "cta/", "lst/")]
    assert http.request("PROPFIND", "webdav/", headers={"Depth": "1"}).status == 404


def test_propfind_without_a_depth_goes_all_the_way(http: Http) -> None:
    assert b"nested.txt" in http.request("PROPFIND", "webdav/lst").data


def test_the_users_root_needs_a_trailing_slash(http: Http, own: Path) -> None:
    own.rmdir()
    assert http.request("MKCOL", OWN).status == 403
    assert http.request("MKCOL", f"{OWN}/").status == 201
    assert http.request("MKCOL", f"{OWN}/").status == 405


@pytest.mark.parametrize("path", ["lst/x", "lst/users/bob/x", "lst/users/alicex/y"])
def test_writing_elsewhere_is_refused(http: Http, path: str) -> None:
    answer = http.request("PUT", f"webdav/{path}", body=b"x")
    reason = f"Missing rights to write in : {path}, you are not allowed to write in this folder"
    assert (answer.status, answer.reason) == (403, reason)


def test_a_reason_outside_of_latin_1_is_an_internal_error(http: Http) -> None:
    assert http.request("PUT", "webdav/lst/%CE%BB", body=b"x").status == 500


# Nothing leaves the served directory


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../secret", "lst/../../secret", "%2e%2e/secret", "%252E%252E/secret"),
        *("%25252E%25252E/%252E%252E/secret", "..%2Fsecret", "%252E%252E%252Fsecret"),
        *("lst/..;/secret/..", "..\\secret", "..%5Csecret", "..%255Csecret", "%2500", "a%250Ab"),
    ],
)
def test_no_path_climbs(http: Http, storage: Path, own: Path, path: str) -> None:
    secret = storage.parent / "secret"
    secret.write_text("a secret outside")
    for method, endpoint in (
        *(("GET", "list"), ("GET", "fetch"), ("GET", "webdav"), ("PROPFIND", "webdav")),
        *(("POST", "upload"), ("PUT", OWN), ("MKCOL", OWN), ("PROPPATCH", OWN)),
    ):
        target = f"{endpoint}/{path}"
        with http.connect() as connection:
            head = http.head(method, target, "Connection: close", "Content-Length: 0")
            connection.sendall(head)
            answer = read_all(connection)
        expected = b"200" if endpoint == "fetch" and b"200" in answer[:12] else b"4"
        assert answer.split(b" ", 2)[1].startswith(expected), (target, answer[:80])
        assert b"a secret" not in answer
    assert names(own) == []
    assert names(storage.parent) == ["secret", "storage"]
    assert secret.read_text() == "a secret outside"


def test_no_link_is_followed(http: Http, storage: Path, own: Path) -> None:
    outside = storage.parent / "outside"
    outside.mkdir()
    (outside / "inner").write_text("a secret outside")
    (storage / "lst/link").symlink_to(outside)
    (own / "link").symlink_to(outside)
    (own / "file").symlink_to(outside / "inner")
    assert http.get("list/lst/link").status == 404
    assert b"secret" not in http.get("fetch/lst/link/inner").data
    for path in ("link/new", "file"):
        answer = http.request("POST", f"upload/{path}", headers=OCTETS, body=b"x")
        assert answer.status >= 400
        assert http.request("PUT", f"{OWN}/{path}", body=b"x").status >= 400
    assert names(outside) == ["inner"]
    assert (outside / "inner").read_text() == "a secret outside"


# Credentials, and the hub


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("list", WRONG | JSON, 401),
        ("list", WRONG | {"Content-Type": "Application/JSON"}, 401),
        ("list", WRONG, 302),
        ("list", WRONG | {"Content-Type": "application/json; charset=utf-8"}, 302),
        ("list?token=wrong", JSON, 401),
        (f"list?token={TOKEN}", WRONG, 200),
        ("nothing", WRONG, 404),
        ("health", WRONG, 200),
        (f"{CERTIFICATES}/", WRONG | JSON, 302),
        (f"{CERTIFICATES}/", {"Authorization": ""} | JSON, 302),
        ("/services/nothing", JSON, 302),
    ],
)
def test_token(http: Http, path: str, headers: dict[str, str], status: int) -> None:
    assert http.get(path, headers=headers).status == status


def test_a_redirect_that_is_followed_ends_at_a_page(http: Http) -> None:
    location = http.get("list", headers=WRONG).headers["Location"]
    assert location.startswith("/hub/login")
    with http.connect() as connection:
        connection.sendall(f"GET {location} HTTP/1.0\r\n\r\n".encode())
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"text/html" in answer


def test_a_hub_without_the_service_asks_for_a_token_of_its_own(http: Http) -> None:
    answer = http.request("POST", "/services/nothing/upload", body=b"")
    assert answer.status == 403
    assert b"_xsrf" in answer.data


def test_ten_threads_serve_everybody(http: Http, storage: Path) -> None:
    with open(storage / "lst/large", "wb") as file:
        file.truncate(64 * MIB)
    readers = [http.connect() for _ in range(10)]
    try:
        for reader in readers:
            reader.sendall(http.head("GET", "fetch/lst/large"))
        for reader in readers:
            assert reader.recv(12) == b"HTTP/1.1 200"
        with http.connect() as another:
            another.sendall(http.head("GET", "health", "Connection: close"))
            another.settimeout(0.5)
            with pytest.raises(TimeoutError):
                another.recv(1)
            another.settimeout(20)
            readers.pop().close()
            assert read_all(another).startswith(b"HTTP/1.1 200")
    finally:
        for reader in readers:
            reader.close()


# Certificates


def post(http: Http, **fields: object) -> tuple[int, str, object]:
    answer = http.request(
        "POST", f"{CERTIFICATES}/certificate", headers=JSON, body=json.dumps(fields).encode()
    )
    content_type = answer.headers["Content-Type"]
    content = answer.json() if content_type == "application/json" else answer.data.decode()
    return answer.status, content_type.partition(";")[0], content


def test_what_is_not_stored_is_stored_in_words(tmp_path: Path, http: Http) -> None:
    status, _, content = post(http, certificate=alice().pem().decode(), certificate_key="cta")
    assert status == 200
    assert isinstance(content, dict)
    assert content["message"] == "Certificate stored"
    text, code = content["validity"]
    assert text.startswith("certificate validity too long")
    assert code == 400
    (tmp_path / "empty").mkdir()
    with Service(tmp_path / "empty", token=TOKEN, quirks=True) as unaware:
        other = Http(unaware)
        pem = proxy().pem().decode()
        _, _, content = post(other, certificate=pem, certificate_key="cta")
        other.close()
    assert isinstance(content, dict)
    assert content["validity"][1] == 500


def test_a_file_without_its_private_key_is_stored(http: Http) -> None:
    good = proxy()
    without_key = good.certificate_pem() + good.chain_pem()
    for pem in (without_key, without_key + alice().key_pem()):
        _, _, content = post(http, certificate=pem.decode(), certificate_key="cta")
        assert isinstance(content, dict)
        assert content["validity"].endswith(" GMT")


def test_a_users_own_certificate_is_stored_in_its_last_days(http: Http) -> None:
    own = authority().issue(ALICE, **period(6))
    _, _, content = post(http, certificate=own.pem().decode(), certificate_key="cta")
    assert isinstance(content, dict)
    assert content["validity"].endswith(" GMT")


@pytest.mark.parametrize(
    "fields",
    [
        {"certificate_key": "unknown"},
        {"certificate_key": None},
        {"certificate": None},
        {"user": 5},
    ],
)
def test_unexpected_fields_are_internal_errors(http: Http, fields: dict[str, object]) -> None:
    good = {"certificate": proxy().pem().decode(), "certificate_key": "cta"}
    assert post(http, **(good | fields))[:2] == (500, "text/html")
    pem = f"é{good['certificate']}"
    assert post(http, certificate=pem, certificate_key="cta")[:2] == (500, "text/html")


def test_refused_certificates(http: Http) -> None:
    assert post(http, certificate="none", certificate_key="cta") == (
        400,
        "text/html",
        "no valid certificate provided",
    )
    alone = proxy().certificate_pem().decode()
    assert post(http, certificate=alone, certificate_key="cta") == (
        400,
        "text/html",
        "invalid certificate verification chain",
    )


def test_the_oldest_endpoints_are_gone(http: Http) -> None:
    assert http.request("POST", "upload-cert", headers=JSON, body=b"{}").status == 404
