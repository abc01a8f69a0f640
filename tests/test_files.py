"""Paths as users write them: ``~``, trailing slashes, whole remote paths, one for several."""

from __future__ import annotations

import io
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import pytest

import ctadata
from ctadata import APIClient, errors

SMALL = "lst/some-data-dir/small.txt"
OWN = "lst/users/alice"


@pytest.fixture
def home(service_env, work, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def own(service_env, tmp_path):
    """The user's own directory in the storage."""
    return tmp_path / "storage" / OWN


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ctadata", *arguments], capture_output=True, text=True, timeout=60
    )


def test_downloads_to_the_home_directory(home):
    ctadata.fetch_and_save_file(SMALL, "~/a.txt")
    ctadata.fetch_and_save_file(SMALL, Path("~/b.txt"))
    ctadata.fetch_many([SMALL], "~/many")
    ctadata.fetch_and_save_file_or_dir("lst/some-data-dir", True, dest="~/dir")
    assert (home / "a.txt").read_bytes() == (home / "b.txt").read_bytes() == b"small"
    assert (home / "many/small.txt").exists()
    assert (home / "dir/some-data-dir/small.txt").exists()
    assert command("get", SMALL, "--output=~/c.txt").returncode == 0
    assert command("get", SMALL, "-o", "~/many").returncode == 0
    assert (home / "c.txt").exists()
    assert os.listdir() == []


def test_uploads_from_the_home_directory(home, own):
    (home / "d").mkdir()
    (home / "d/a").write_bytes(b"a")
    ctadata.upload_file("~/d/a", "file")
    ctadata.upload_dir("~/d", "dir")
    ctadata.upload_many(["~/d/a"], "many")
    ctadata.upload_many(["~/d"], "many", recursive=True)
    ctadata.webdav4_client().upload_file("~/d/a", "webdav")
    assert command("put", "~/d/a", "put").returncode == 0
    assert command("put", "-r", "~/d", "put-r").returncode == 0
    for stored in ("file", "dir/a", "many/a", "many/d/a", "webdav", "put", "put-r/a"):
        assert (own / stored).read_bytes() == b"a"


def test_the_home_directory_of_another_user(service_env, work):
    user = pwd.getpwuid(os.geteuid())
    with pytest.raises(errors.AlreadyExists, match=user.pw_dir):
        ctadata.fetch_and_save_file(SMALL, f"~{user.pw_name}")


def test_names_that_begin_with_a_tilde(home, own):
    """As a shell hands them on where it expands ``*``."""
    for name in ("~", "~root", "~nobody-of-that-name"):
        Path(name).write_bytes(name.encode())
        ctadata.upload_file(name, "tilde/")
        assert (own / "tilde" / name).read_bytes() == name.encode()


@pytest.mark.parametrize("target", ["new/", "new/deeper/", "new/.", "."])
def test_into_a_directory_that_does_not_exist_yet(service_env, work, target):
    ctadata.fetch_and_save_file(SMALL, target)
    assert (work / target / "small.txt").read_bytes() == b"small"
    assert command("get", SMALL, "-o", f"{target}").returncode == 0
    assert command("get", "lst/some-data-dir/empty", "-o", "one/").returncode == 0
    assert (work / "one/empty").is_file()


def test_a_directory_without_its_slash_is_no_file_to_be_replaced(service_env, work):
    (work / "there").mkdir()
    with pytest.raises(errors.AlreadyExists, match="into it with 'there/'"):
        ctadata.fetch_and_save_file(SMALL, "there")
    ctadata.fetch_and_save_file(SMALL, "there/")
    assert os.listdir("there") == ["small.txt"]


@pytest.mark.parametrize("one", [SMALL, SMALL.encode(), PurePosixPath(SMALL), None, 5])
def test_one_path_in_place_of_several(service_env, work, one):
    with pytest.raises(errors.CTADataError, match=r"give \["):
        ctadata.fetch_many(one)
    with pytest.raises(errors.CTADataError, match=r"give \["):
        ctadata.upload_many(one, "x")
    entry = ctadata.list_dir("lst/some-data-dir")[0]
    with pytest.raises(errors.CTADataError, match=r"give \["):
        ctadata.fetch_many(entry)


@pytest.mark.parametrize("path", [None, 5, b"lst/x", ["lst/x"]])
def test_what_is_no_remote_path(service_env, work, path):
    (work / "a").write_bytes(b"a")
    client = APIClient()
    for call in (
        client.list_dir,
        client.stat,
        client.fetch_and_save_file,
        client.fetch_and_save_file_or_dir,
        lambda path: client.fetch_many([path]),
        lambda path: list(client.iter_bytes(path)),
        lambda path: client.upload_file("a", path),
        lambda path: client.upload_dir(".", path),
        lambda path: client.upload_many(["a"], path),
        lambda path: client.upload_files({path: "a"} if not isinstance(path, list) else {5: "a"}),
    ):
        with pytest.raises(errors.InvalidPath, match="is not a remote path"):
            call(path)


def test_remote_paths_of_pathlib(service_env, own, work):
    assert ctadata.fetch_and_save_file(PurePosixPath(SMALL)) == 5
    ctadata.upload_file("small.txt", PurePosixPath("a/b"))
    assert (own / "a/b").read_bytes() == b"small"


@pytest.mark.parametrize("path", [None, 5, b"x", ["x"], "a\0b"])
def test_what_is_no_local_path(service_env, work, path):
    client = APIClient()
    for call in (
        lambda path: client.fetch_and_save_file(SMALL, path or 0),
        lambda path: client.fetch_many([SMALL], path or 0),
        lambda path: client.fetch_and_save_file_or_dir(SMALL, dest=path or 0),
        lambda path: client.upload_file(path, "x"),
        lambda path: client.upload_dir(path, "x"),
        lambda path: client.upload_many([path], "x"),
        lambda path: client.upload_files({"x": path}),
        lambda path: client.webdav4_client().upload_file(path, "x"),
    ):
        with pytest.raises(errors.LocalFileError, match="is not the path of a local file"):
            call(path)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (f"{OWN}/a", "a"),
        (f"/{OWN}/a", "a"),
        (f"{OWN}/run/a", "run/a"),
        (f"{OWN}/run/", "run/local"),
        (f"{OWN}/", "local"),
        (OWN, "local"),
        # Folders of one's own, whatever their names.
        ("lst/a", "lst/a"),
        ("users/alice/a", "users/alice/a"),
    ],
)
def test_a_whole_remote_path_is_not_nested(service_env, own, work, given, stored):
    (work / "local").write_bytes(b"a")
    answer = ctadata.upload_file("local", given)
    assert answer["path"] == f"{OWN}/{stored}"
    assert command("put", "local", given).returncode == 0
    assert [str(p.relative_to(own)) for p in own.rglob("*") if p.is_file()] == [stored]


def test_whole_remote_paths_of_directories_and_several_files(service_env, own, work):
    (work / "d").mkdir()
    (work / "d/a").write_bytes(b"a")
    ctadata.upload_dir("d", f"{OWN}/dir")
    ctadata.upload_dir("d", OWN)
    ctadata.upload_many(["d/a"], f"{OWN}/many")
    ctadata.upload_many(["d"], f"{OWN}/many", recursive=True)
    APIClient().upload_files({f"{OWN}/named": "d/a"})
    ctadata.webdav4_client().upload_file("d/a", f"{OWN}/webdav")
    assert sorted(str(p.relative_to(own)) for p in own.rglob("*") if p.is_file()) == [
        "a", "dir/a", "many/a", "many/d/a", "named", "webdav",
    ]  # fmt: skip


def test_the_same_target_by_two_names_is_noticed(service_env, own, work):
    Path("a").write_bytes(b"a")
    Path("b").write_bytes(b"b")
    with pytest.raises(errors.AlreadyExists, match="nothing was transferred"):
        APIClient().upload_files({"x": "a", f"{OWN}/x": "b"})
    assert not (own / "x").exists()


@pytest.mark.parametrize(
    "given", ["lst/users/bob/a", "cta/users/alice/a", "/lst/users/bob/", "lst/users"]
)
def test_the_directory_of_somebody_else_is_refused(service_env, own, work, given):
    (work / "local").write_bytes(b"a")
    for call in (
        lambda: ctadata.upload_file("local", given),
        lambda: ctadata.upload_dir(".", given),
        lambda: ctadata.upload_many(["local"], given),
    ):
        with pytest.raises(errors.InvalidPath, match=f"own directory, '{OWN}'"):
            call()
    assert not list(own.rglob("*"))


def test_open_files_without_a_name(service_env, own, work):
    with tempfile.TemporaryFile() as file:
        file.write(b"content")
        file.seek(0)
        assert isinstance(file.name, int)
        with pytest.raises(errors.InvalidPath, match="the open file has no name"):
            ctadata.upload_file(file, "dir/")
        ctadata.upload_file(file, "dir/name")
    with pytest.raises(errors.InvalidPath, match="the open file has no name"):
        ctadata.upload_file(io.BytesIO(b"content"), "dir/")
    assert (own / "dir/name").read_bytes() == b"content"
    assert os.listdir(own / "dir") == ["name"]


def test_open_files_that_cannot_be_read(service_env, own, work):
    own.mkdir(parents=True, exist_ok=True)
    (own / "y").write_text("what is there already")
    (work / "text").write_text("text")
    with open("text") as file, pytest.raises(errors.LocalFileError, match="open it with 'rb'"):
        ctadata.upload_file(file, "x")
    with pytest.raises(errors.LocalFileError, match=r"'text' cannot be read: .*closed file"):
        ctadata.upload_file(file, "x")
    with open("text") as file, pytest.raises(errors.LocalFileError, match="open it with 'rb'"):
        ctadata.upload_file(file, "y")
    assert not (own / "x").exists()
    assert (own / "y").read_text() == "what is there already"
