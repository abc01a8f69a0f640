from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import ctadata
from ctadata import APIClient, errors

from ..support.scripted import sends

CONTENT = b"0123456789" * 100


@pytest.fixture
def latest(work):
    (work / "latest").write_bytes(CONTENT)
    return "latest"


@pytest.fixture
def own(service_env, tmp_path) -> Path:
    """Where the service stores what alice uploads."""
    return tmp_path / "storage/lst/users/alice"


def test_a_file_into_a_directory_that_does_not_exist_yet(own, latest):
    answer = ctadata.upload_file(latest, "filelists/deep/latest-file-list")
    assert answer == {
        "path": "lst/users/alice/filelists/deep/latest-file-list",
        "status": "uploaded",
        "total_written": len(CONTENT),
    }
    assert (own / "filelists/deep/latest-file-list").read_bytes() == CONTENT
    os.unlink(latest)
    assert ctadata.fetch_and_save_file(answer["path"]) == len(CONTENT)


def test_replacing_a_file_says_the_same_as_storing_it(own, latest):
    first = ctadata.upload_file(latest, "filelists/latest")
    Path(latest).write_bytes(b"new")
    assert ctadata.upload_file(latest, "filelists/latest") == {**first, "total_written": 3}
    assert (own / "filelists/latest").read_bytes() == b"new"


@pytest.mark.parametrize("path", ["", "into/"])
def test_a_trailing_slash_means_into(own, latest, path):
    assert ctadata.upload_file(latest, path)["path"] == f"lst/users/alice/{path}latest"


@pytest.mark.parametrize("name", ["two words", "h#x", "50%", "%41", "Übermaß", "a+b&c=d?"])
def test_odd_names(own, latest, name):
    answer = ctadata.upload_file(latest, f"odd/{name}")
    assert answer["path"] == f"lst/users/alice/odd/{name}"
    assert [p.name for p in (own / "odd").iterdir()] == [name]


def test_empty_files_and_open_files(own, work):
    (work / "empty").touch()
    with open(work / "empty", "rb") as source:
        assert APIClient().upload_file(source, "renamed")["total_written"] == 0
    assert (own / "renamed").read_bytes() == b""


def test_a_directory_keeps_its_tree(own, work):
    for name in ("results/a", "results/sub/b", "results/sub/deeper/c"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(name)
    answers = ctadata.upload_dir("results", "results/")
    assert [answer["path"] for answer in answers] == [
        "lst/users/alice/results/a",
        "lst/users/alice/results/sub/b",
        "lst/users/alice/results/sub/deeper/c",
    ]
    assert (own / "results/sub/deeper/c").read_text() == "results/sub/deeper/c"


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(own, work):
    (work / "results").mkdir()
    (work / "results/good").write_text("good")
    (work / "results/back\\slash").write_text("no name for the storage")
    (work / "results/in\nside").mkdir()
    with pytest.raises(errors.TransferError) as caught:
        ctadata.upload_dir("results", "results")
    assert sorted(failure.path for failure in caught.value.failures) == [
        "back\\slash",
        "in\nside",
    ]
    assert (own / "results/good").read_text() == "good"


def test_a_link_below_the_root_is_not_followed(own, work, tmp_path):
    (tmp_path / "elsewhere/results").mkdir(parents=True)
    (tmp_path / "elsewhere/results/secret").write_text("secret")
    (work / "link").symlink_to(tmp_path / "elsewhere")
    (work / "results").symlink_to("link/results")
    for directory in ("link/results", "results"):
        with pytest.raises(errors.TransferError, match="symbolic link"):
            APIClient().upload_dir(directory, "results", root=work)
    with pytest.raises(errors.InvalidPath, match="outside"):
        APIClient().upload_dir(tmp_path / "elsewhere", "results", root=work)
    assert not (own / "results").exists()
    # Its own links are followed.
    (tmp_path / "root").symlink_to(tmp_path / "elsewhere")
    APIClient().upload_dir(tmp_path / "root/results", "results", root=tmp_path / "root")
    assert (own / "results/secret").read_text() == "secret"


def test_local_files_that_are_none(service_env, work):
    with pytest.raises(errors.LocalFileError, match="'missing' cannot be read"):
        ctadata.upload_file("missing", "x")
    with pytest.raises(errors.TransferError, match="not a directory"):
        ctadata.upload_dir("missing", "x")


def test_paths_that_lead_out_are_refused(service_env, latest):
    with pytest.raises(errors.InvalidPath):
        ctadata.upload_file(latest, "../bob/x")


def test_a_directory_that_is_there_means_into(own, latest):
    ctadata.upload_file(latest, "taken/x")
    assert ctadata.upload_file(latest, "taken")["path"] == "lst/users/alice/taken/latest"
    assert sorted(p.name for p in (own / "taken").iterdir()) == ["latest", "x"]
    with pytest.raises(errors.InvalidPath, match="is a file"):
        ctadata.upload_file(latest, "taken/x/y")


def test_what_is_there_already_is_left_out_where_asked_for(own, work):
    (work / "results").mkdir()
    for name in ("same", "changed"):
        (work / "results" / name).write_text(name)
    APIClient().upload_dir("results", "results")
    (work / "results/changed").write_text("CHANGED")
    (work / "results/new").write_text("new")
    (work / "results/unknown").write_text("unknown")
    (own / "results/unknown").write_text("unKNOWN")
    found = []
    APIClient().upload_dir("results", "results", skip_existing=True, on_result=found.append)
    assert {os.path.basename(result.local): result.state for result in found} == {
        "same": "skipped",
        "changed": "finished",
        "new": "finished",
        "unknown": "finished",
    }
    for name, content in {"changed": "CHANGED", "unknown": "unknown"}.items():
        assert (own / "results" / name).read_text() == content


def test_cancelling(own, latest):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(errors.TransferCancelled):
        APIClient().upload_file(latest, "x", cancel=cancel)
    assert not (own / "x").exists()


def test_progress(own, latest):
    steps = []
    APIClient().upload_file(latest, "x", on_progress=lambda *step: steps.append(step))
    assert steps[0] == ("x", 0, len(CONTENT), "waiting")
    assert steps[-1] == ("x", len(CONTENT), len(CONTENT), "finished")


def test_a_source_that_grows_is_an_error(own, latest):
    def grow(path, done, total, state):
        if done == total and state == "running":
            with open("latest", "ab") as source:
                source.write(b"more")

    with pytest.raises(errors.IntegrityError, match="changed while"):
        APIClient().upload_file(latest, "x", on_progress=grow)


def test_a_source_that_shrinks_is_an_error(own, latest):
    def shrink(path, done, total, state):
        os.truncate("latest", 5)

    with pytest.raises(errors.IntegrityError, match="changed while"):
        APIClient().upload_file(latest, "x", on_progress=shrink)


def test_other_directories_of_users_are_not_taken_for_ones_own(own, latest):
    for other in ("aaron", "zoe"):
        (own.parent / other).mkdir(parents=True)
    client = APIClient()
    assert client.upload_file(latest, "x/y")["path"] == "lst/users/alice/x/y"
    assert client.home_directory == "lst/users/alice"
    assert sorted(p.name for p in own.parent.iterdir()) == ["aaron", "alice", "zoe"]


def test_an_upload_of_which_nothing_was_stored_is_an_error(scripted, latest):
    """A service that lost the body answers as if it had stored it."""
    users = {"href": "lst/users/", "type": "directory"}
    scripted.list("lst/users", users, {"href": "lst/users/me/", "type": "directory"})
    scripted.list("lst/users/me", {"href": "lst/users/me/", "type": "directory"})
    scripted.on("MKCOL", "webdav/lst/users/me/", sends(b"", 405))
    lost = b'{"path": "lst/users/me/x", "status": "uploaded", "total_written": 0}'
    scripted.on("POST", "upload/x", sends(lost))
    scripted.list("lst/users/me/x", {"href": "lst/users/me/x", "type": "file", "size": "0"})
    with pytest.raises(errors.IntegrityError, match="a file of 0 bytes is left"):
        ctadata.upload_file(latest, "x")


def test_a_service_that_lets_one_write_nowhere(scripted, latest):
    scripted.default = sends(b"Access denied", 403)
    with pytest.raises(errors.AccessDenied):
        ctadata.upload_file(latest, "x")


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, b"Error while retrieving certificate: none", "certificate upload"),
        (500, b"<html>Internal Server Error</html>", "try again later"),
        (503, b"<html>", "try again later"),
    ],
)
def test_a_first_upload_that_the_storage_refuses(scripted, work, status, body, says):
    """The error names the path that the user gave, not one that was requested to find it."""
    scripted.default = sends(body, status, "text/html")
    (work / "a").write_bytes(b"a")
    client = APIClient(retries=0)
    for call in (
        lambda: client.upload_file("a", "run/a"),
        lambda: client.upload_many(["a"], "run"),
        lambda: client.upload_files({"run/a": "a"}),
    ):
        with pytest.raises(errors.CTADataError, match=says) as caught:
            call()
        assert caught.value.path == "run/a"
        assert "probe" not in str(caught.value)
