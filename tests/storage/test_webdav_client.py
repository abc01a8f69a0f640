from __future__ import annotations

import io
import os
import threading

import pytest

import ctadata
from ctadata import errors
from tests.conftest import ODD_NAMES
from tests.support.proxies import Grid

from ..support.scripted import sends


def test_listing_from_the_root(service_env):
    client = ctadata.webdav4_client()
    assert sorted(client.ls("/", detail=False)) == ["cta", "lst"]
    assert sorted(entry["name"] for entry in client.ls("lst/some-data-dir")) == [
        "lst/some-data-dir/deep",
        "lst/some-data-dir/empty",
        "lst/some-data-dir/small.txt",
    ]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(service_env, work, name):
    client = ctadata.webdav4_client()
    assert f"lst/odd/{name}" in client.ls("lst/odd", detail=False)
    assert client.info(f"lst/odd/{name}")["content_length"] == len(name.encode())
    client.download_file(f"lst/odd/{name}", "copy")
    assert (work / "copy").read_text() == name


def test_uploads_relative_to_the_own_directory(service_env, work):
    (work / "example.txt").write_text("example")
    client = ctadata.webdav4_client()
    client.uploadFile("example.txt", "remote/deep/example.txt")
    client.upload_file("example.txt", "lst/users/alice/beside.txt")
    client.upload_file("example.txt", "/lst/users/alice/beside.txt", overwrite=True)
    listed = client.ls("lst/users/alice", detail=False)
    assert sorted(listed) == ["lst/users/alice/beside.txt", "lst/users/alice/remote"]
    assert client.info("lst/users/alice/remote/deep/example.txt")["content_length"] == 7


@pytest.mark.parametrize("path", ["/cta/x.txt", "lst/some-data-dir/x.txt", "/x.txt"])
def test_a_path_outside_gets_the_services_refusal(service_env, work, path):
    (work / "example.txt").write_text("example")
    with pytest.raises(errors.AccessDenied, match="Missing rights to write"):
        ctadata.webdav4_client().uploadFile("example.txt", path)


def test_redirects_are_not_followed(scripted):
    scripted.on("PROPFIND", "webdav", sends(b"", 302, Location=f"{scripted.url}elsewhere"))
    with pytest.raises(errors.ServiceUnreachable, match="redirect, where no token is sent"):
        ctadata.webdav4_client().ls("/")
    assert [path for _, path in scripted.requests] == ["/services/downloadservice/webdav"]


def test_the_token_is_needed_and_refused_in_clear_words(service_env, monkeypatch):
    client = ctadata.webdav4_client()
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    with pytest.raises(errors.AuthenticationError, match="refuses the hub token"):
        client.ls("/")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    with pytest.raises(errors.NoToken):
        client.ls("/")


LITERAL = [
    "h",
    "h#ash.txt",
    "#",
    "enc%41.txt",
    "enc%2541.txt",
    "encA.txt",
    "a..b.txt",
    "x?y",
    "a+b &c",
]


@pytest.fixture
def literal(service_env, tmp_path):
    """Files whose names become another one's if they are decoded or cut."""
    for name in LITERAL:
        (tmp_path / "storage/lst/odd" / name).write_text(f"this is {name}")


def read_whole(client, path):
    with client.open(path, mode="rb") as file:
        return file.read()


def read_from_the_middle(client, path):
    with client.open(path, mode="rb") as file:
        start = file.read(4)
        file.seek(4)
        return start + file.read()


@pytest.mark.parametrize("name", LITERAL)
@pytest.mark.parametrize("read", [read_whole, read_from_the_middle])
def test_a_stream_has_the_bytes_of_its_file(literal, name, read):
    assert read(ctadata.webdav4_client(), f"lst/odd/{name}") == f"this is {name}".encode()


@pytest.mark.parametrize("name", LITERAL)
def test_what_a_client_says_of_a_file_is_about_that_file(literal, name):
    client = ctadata.webdav4_client()
    path = f"lst/odd/{name}"
    assert client.exists(path)
    assert client.isfile(path)
    assert client.content_length(path) == len(f"this is {name}")
    assert client.ls(path, detail=False) == [path]
    assert "1" in client.options(path)


@pytest.mark.parametrize("name", LITERAL)
def test_uploads_under_any_name(literal, work, tmp_path, name):
    client = ctadata.webdav4_client()
    for other in ("h", "enc", "x", "a"):
        (work / "own").write_text(other)
        client.upload_file("own", f"w/{other}")
    (work / "own").write_text(name)
    client.upload_file("own", f"w/{name}", overwrite=True)
    client.mkdir(f"lst/users/alice/w/dir {name}")
    own = tmp_path / "storage/lst/users/alice/w"
    there = {p.name: p.read_text() for p in own.iterdir() if p.is_file()}
    assert there == {"h": "h", "enc": "enc", "x": "x", "a": "a", name: name}
    assert (own / f"dir {name}").is_dir()


def test_a_stream_follows_no_redirect(scripted, work):
    props = (
        b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/services/downloadservice/webdav/lst/a'
        b"</d:href><d:propstat><d:prop><d:resourcetype/></d:prop>"
        b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
    )
    scripted.on("PROPFIND", "webdav/lst/a", sends(props, 207, "application/xml"))
    scripted.on("GET", "webdav/lst/a", sends(b"", 307, Location=f"{scripted.url}elsewhere"))
    with pytest.raises(errors.ServiceUnreachable, match="redirect"):
        ctadata.webdav4_client().download_file("lst/a", "a")
    assert not [path for _, path in scripted.requests if path.endswith("elsewhere")]


REFUSALS = {
    "scope": (403, b"Access denied, token scopes are insufficient.", errors.MissingScope, "scope"),
    "certificate": (
        400,
        b"Error while retrieving certificate: missing",
        errors.CertificateNeeded,
        "upload a fresh one",
    ),
    "login": (302, b"", errors.AuthenticationError, "refuses the hub token"),
    "down": (503, b"<html>Service Unavailable</html>", errors.ServiceUnreachable, "not available"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_are_said_in_our_words(scripted, name):
    status, body, kind, words = REFUSALS[name]
    scripted.default = sends(body, status, "text/html", Location="/hub/login?next=x")
    client = ctadata.webdav4_client()
    for attempt in (
        lambda: client.ls("lst"),
        lambda: client.options(),
        lambda: client.http.get(client.join_url("lst/a")),
        lambda: client.mkdir("lst/users/me/x"),
    ):
        with pytest.raises(kind, match=words):
            attempt()


def test_the_token_goes_to_nobody_else(service_env, scripted):
    """A complete address, or one that leads outside, is refused before anything is sent."""
    client = ctadata.webdav4_client(downloadservice=service_env.downloadservice_url)
    for url in (
        f"{scripted.url}webdav/lst",
        f"{service_env.downloadservice_url}list/lst",
        f"{service_env.downloadservice_url}webdavx",
    ):
        with pytest.raises(errors.InvalidPath, match="is not below"):
            client.http.get(url)
    assert scripted.requests == []


@pytest.fixture
def ten(scripted):
    """A file that has ten bytes in the listing; tests script what is sent."""
    props = (
        b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/services/downloadservice/webdav/lst/a'
        b"</d:href><d:propstat><d:prop><d:resourcetype/><d:getcontentlength>10"
        b"</d:getcontentlength></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        b"</d:response></d:multistatus>"
    )
    scripted.on("PROPFIND", "webdav/lst/a", sends(props, 207, "application/xml"))
    scripted.list("lst/a", {"href": "lst/a", "type": "file", "size": "10"})
    return scripted


def ends_early(handler):
    """Announce ten bytes and send four of them."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"0123")
    handler.close_connection = True


def ends_unnoticed(handler):
    """Send four bytes without a length."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"0123")
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ends_early, errors.ServiceUnreachable),
        (ends_unnoticed, errors.IntegrityError),
        (sends(b"", 403), errors.AccessDenied),
        (sends(b"", 404), errors.NotFound),
        (sends(b"", 500), errors.StorageException),
    ],
    ids=["early", "unnoticed", "refused", "missing", "broken"],
)
def test_a_download_that_fails_leaves_the_old_file(ten, work, answer, kind):
    (work / "a").write_text("old")
    ten.on("GET", "webdav/lst/a", answer)
    with pytest.raises(kind):
        ctadata.webdav4_client().download_file("lst/a", "a")
    assert {path.name: path.read_text() for path in work.iterdir()} == {"a": "old"}


def test_a_download_replaces_a_file_when_it_is_whole(service_env, work):
    (work / "a").write_text("old")
    moved = []
    client = ctadata.webdav4_client()
    client.download_file("lst/some-data-dir/small.txt", "a", callback=moved.append, chunk_size=2)
    assert {path.name: path.read_text() for path in work.iterdir()} == {"a": "small"}
    assert sum(moved) == 5
    with pytest.raises(errors.LocalFileError, match="'no/where' cannot be written"):
        client.download_file("lst/some-data-dir/small.txt", "no/where")
    assert (work / "a").read_text() == "small"


@pytest.mark.parametrize(
    "answer",
    [sends(b"0123456789"), sends(b"", 206), sends(b"0123", 206, Content_Range="bytes 0-3/10")],
    ids=["whole", "empty", "shifted"],
)
def test_a_part_is_never_taken_for_another_one(ten, answer):
    asked = []

    def answers(handler):
        asked.append(handler.headers["Range"])
        if asked[-1] is None:
            sends(b"0123456789", Accept_Ranges="bytes")(handler)
        else:
            answer(handler)

    ten.on("GET", "webdav/lst/a", answers)
    with ctadata.webdav4_client().open("lst/a", "rb") as file:
        assert file.read(2) == b"01"
        with pytest.raises(errors.IntegrityError, match="does not send parts"):
            file.seek(6)
    assert asked == [None, "bytes=6-9"]


def test_behind_the_end_there_is_nothing(service_env):
    with ctadata.webdav4_client().open("lst/some-data-dir/small.txt", "rb") as file:
        for position in (5, 500):
            assert file.seek(position) == position
            assert file.read() == b""
        file.seek(-2, 2)
        assert file.read() == b"ll"


@pytest.mark.parametrize("mode", ["w", "wb", "a", "x", "r+", "rb+"])
def test_files_are_opened_for_reading_only(literal, tmp_path, mode):
    with (
        pytest.raises(errors.CTADataError, match="only for reading; write with upload_file"),
        ctadata.webdav4_client().open("lst/odd/h", mode),
    ):
        pass
    assert (tmp_path / "storage/lst/odd/h").read_text() == "this is h"


def test_what_the_service_does_not_offer_is_not_tried(scripted):
    """The target would be named in a header, which nobody quotes."""
    client = ctadata.webdav4_client()
    for attempt in (
        lambda: client.remove("lst/users/me/h#x"),
        lambda: client.move("lst/users/me/a", "lst/users/me/h#x", overwrite=True),
        lambda: client.copy("lst/users/me/a", "lst/users/me/h#x"),
    ):
        with pytest.raises(errors.AccessDenied, match="nobody delete, move or copy"):
            attempt()
    assert scripted.requests == []


def test_nobody_asks_for_all_that_is_below(ten):
    depths = []
    answer = ten.answers["PROPFIND", "/services/downloadservice/webdav/lst/a"]

    def answers(handler):
        depths.append(handler.headers["Depth"])
        answer(handler)

    ten.on("PROPFIND", "webdav/lst/a", answers)
    client = ctadata.webdav4_client()
    assert client.exists("lst/a")
    assert client.isfile("lst/a")
    assert client.content_length("lst/a") == 10
    client.propfind("lst/a")
    client.propfind("lst/a", headers={"Depth": "0"})
    assert depths == ["1", "1", "1", "1", "0"]


def test_local_files_that_cannot_be_sent(service_env, work, tmp_path):
    own = tmp_path / "storage/lst/users/alice"
    own.mkdir(exist_ok=True)
    (own / "there").write_text("there")
    client = ctadata.webdav4_client()
    with pytest.raises(errors.LocalFileError, match="'nothing' cannot be read"):
        client.upload_file("nothing", "there", overwrite=True)
    with pytest.raises(errors.LocalFileError, match="open it with 'rb'"):
        client.upload_fileobj(io.StringIO("text"), "there", overwrite=True)
    (work / "userkey.pem").write_bytes(Grid.create().user.key_pem())
    with pytest.raises(errors.TransferError, match="holds a private key"):
        client.upload_file("userkey.pem", "there", overwrite=True)
    assert (own / "there").read_text() == "there"


def _write(end, content):
    with end:
        end.write(content)


def test_a_pipe_can_be_sent_unless_it_gives_a_key(service_env, work, tmp_path):
    client = ctadata.webdav4_client()
    key = Grid.create().user.key_pem()
    for content in (key, b"content" * 100_000):
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as file:
            end = os.fdopen(writing, "wb")
            writer = threading.Thread(target=_write, args=(end, content))
            writer.start()
            if content is key:
                with pytest.raises(errors.TransferError, match="holds a private key"):
                    client.upload_fileobj(file, "piped")
            else:
                client.upload_fileobj(file, "piped")
            writer.join()
    assert (tmp_path / "storage/lst/users/alice/piped").read_bytes() == b"content" * 100_000


def test_a_path_that_cannot_be_sent_is_refused(service_env):
    with pytest.raises(errors.InvalidPath, match="no remote name may have"):
        ctadata.webdav4_client().exists("lst/\udc80")
