"""The user's home directory: learned only from what matches, with few requests."""

from __future__ import annotations

import json

import pytest

from ctadata import APIClient, errors
from ctadata.storage import home_directory

from ..support.scripted import sends

DIRECTORY = {"type": "directory"}


@pytest.fixture
def many(scripted):
    """A service with 500 directories of users, of which u250 is the user's."""
    names = [f"lst/users/u{n}/" for n in range(500)]
    users = [{"href": href, **DIRECTORY} for href in ["lst/users/", *names]]
    scripted.list("lst/users", *users)
    scripted.default = sends(b"Access denied", 403)
    scripted.on("GET", "list/cta/users", sends(b"Error: 404", 404))
    scripted.on("MKCOL", "webdav/lst/users/u250/", sends(b"", 405))
    return scripted


def sent(script):
    return [method for method, _ in script.requests]


def test_the_hubs_name_is_tried_first(many, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "U250")
    many.list("lst/users", {"href": "lst/users/", **DIRECTORY})
    many.on("MKCOL", "webdav/lst/users/u__0/", sends(b"", 201))
    assert APIClient().find_home_directory() == "lst/users/u__0"
    assert sent(many) == ["GET", "MKCOL"]


def test_one_question_comes_before_hundreds(many, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)

    def stores(handler):
        path = handler.path.partition("/upload/")[2]
        answer = {"path": f"lst/users/u250/{path}", "status": "uploaded", "total_written": 0}
        sends(json.dumps(answer).encode())(handler)

    many.default = lambda handler: (
        stores(handler) if handler.command == "POST" else sends(b"Access denied", 403)(handler)
    )
    assert APIClient().find_home_directory() == "lst/users/u250"
    assert sent(many).count("POST") == 1
    assert "MKCOL" not in sent(many)


def test_others_are_tried_where_the_service_does_not_tell(many, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert APIClient().find_home_directory() == "lst/users/u250"
    assert sent(many).index("POST") < sent(many).index("MKCOL")


def test_a_slow_service_is_not_asked_for_ever(many, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    monkeypatch.setattr(home_directory, "SECONDS", 0)
    with pytest.raises(errors.ServiceTimeout, match="set JUPYTERHUB_USER"):
        APIClient().find_home_directory()
    # Only that for the directory above all of them.
    assert sent(many).count("MKCOL") <= 1


def test_a_proxy_that_lets_no_directory_be_made_teaches_nothing(many, monkeypatch):
    """It answers for everybody's directory what the service answers for the user's own."""
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    names = [f"lst/users/u{n}/" for n in range(5)]
    users = [{"href": href, **DIRECTORY} for href in ["lst/users/", *names]]
    many.list("lst/users", *users)
    many.default = lambda handler: sends(b"", 405 if handler.command == "MKCOL" else 404)(handler)
    with pytest.raises(errors.AccessDenied, match="Your home directory was not found"):
        APIClient().find_home_directory()


@pytest.mark.parametrize(
    "answered",
    [
        "lst/users/me/run_1.fits",
        "lst/users/me/run",
        "lst/users/me/deeper/run 1.fits",
        "run 1.fits",
        "../run 1.fits",
        "//run 1.fits",
    ],
)
def test_an_answer_about_another_name_is_an_error_and_teaches_nothing(scripted, work, answered):
    scripted.list(
        "lst/users", {"href": "lst/users/", **DIRECTORY}, {"href": "lst/users/me/", **DIRECTORY}
    )
    scripted.list("lst/users/me", {"href": "lst/users/me/", **DIRECTORY})
    scripted.on("MKCOL", "webdav/lst/users/me/", sends(b"", 405))
    scripted.default = sends(b"Error: 404", 404)
    answer = {"path": answered, "status": "uploaded", "total_written": 4}
    scripted.on("POST", "upload/run%25201.fits", sends(json.dumps(answer).encode()))
    (work / "run 1.fits").write_bytes(b"data")
    client = APIClient()
    with pytest.raises(errors.StorageException, match="another name"):
        client.upload_file("run 1.fits", "run 1.fits")
    assert client.home_directory == "lst/users/me"


def test_without_a_certificate_the_error_says_so(scripted, work):
    words = b"Error while retrieving certificate: certificate missing"
    scripted.default = sends(words, 400, "text/html")
    (work / "a").write_bytes(b"data")
    with pytest.raises(errors.CertificateNeeded, match="upload a fresh one") as caught:
        APIClient().upload_file("a", "dir/a")
    assert "probe" not in str(caught.value)
    assert caught.value.path == "dir/a"


def test_where_one_may_write_nowhere_a_certificate_is_mentioned(scripted, work):
    scripted.default = sends(b"Access denied", 403)
    (work / "a").write_bytes(b"data")
    with pytest.raises(errors.AccessDenied, match="certificate") as caught:
        APIClient().upload_file("a", "dir/a")
    assert "probe" not in str(caught.value)
    assert caught.value.path == "dir/a"


def test_another_directory_is_found_once_the_service_uses_it(service_env, tmp_path, work):
    """As for somebody who was admitted to one more folder while a server ran."""
    users = tmp_path / "storage/lst/users"
    users.rename(tmp_path / "away")
    (tmp_path / "storage/cta/users").mkdir()
    (work / "a").write_bytes(b"data")
    client = APIClient()
    assert client.upload_file("a", "deep/a")["path"] == "cta/users/alice/deep/a"
    (tmp_path / "away").rename(users)
    with pytest.raises(errors.NotFound):
        client.upload_file("a", "deep/a")
    assert client.upload_file("a", "deep/a")["path"] == "lst/users/alice/deep/a"
