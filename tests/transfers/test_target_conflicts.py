"""Sources of one call with the same target are refused before anything is transferred."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest
from click.testing import CliRunner

from ctadata import APIClient, errors
from ctadata.cli.main import cli

NFC, NFD = normalize("NFC", "é.txt"), normalize("NFD", "é.txt")


@pytest.fixture
def own(service_env, tmp_path) -> Path:
    """Where the service stores what alice uploads."""
    return tmp_path / "storage/lst/users/alice"


def write(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def files_of(directory: Path) -> set[str]:
    return {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("local", "both"),
    [
        (["q1/s.txt", "q2/s.txt"], ["q1/s.txt", "q2/s.txt", "y/s.txt"]),
        (["good", "q1/s.txt", "q2/s.txt"], ["q1/s.txt", "q2/s.txt", "y/s.txt"]),
        (["q1/sub", "q2/sub/"], ["q1/sub", "q2/sub", "y/sub"]),
        (["q1/sub", "q3/sub"], ["q1/sub", "q3/sub", "y/sub"]),
        ([f"q1/{NFC}", f"q2/{NFD}"], [f"q1/{NFC}", f"q2/{NFD}"]),
        (["folded"], [f"folded/in/{NFC}", f"folded/in/{NFD}"]),
        (["good", "folded"], [f"folded/in/{NFC}", f"folded/in/{NFD}"]),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_uploads_that_meet(own, work, local, both, dry_run):
    write("good", "q1/s.txt", "q2/s.txt", "q1/sub/a", "q2/sub/b", "q3/sub")
    write(f"q1/{NFC}", f"q2/{NFD}", f"folded/in/{NFC}", f"folded/in/{NFD}", "folded/ok")
    found = []
    with pytest.raises(errors.AlreadyExists) as caught:
        APIClient().upload_many(
            local, "y/", recursive=True, dry_run=dry_run, on_result=found.append
        )
    assert all(repr(name) in str(caught.value) for name in both)
    assert found == []
    assert not (own / "y").exists()
    done = CliRunner().invoke(cli, ["put", "-r", "--json", *local, "y/"])
    assert done.exit_code == 1
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["failed"]
    assert both[0] in done.stderr
    assert not (own / "y").exists()


def test_a_directory_with_names_that_may_be_one(own, work):
    write(f"folded/{NFC}", f"folded/{NFD}", "folded/other")
    with pytest.raises(errors.AlreadyExists, match="accents"):
        APIClient().upload_dir("folded", "y")
    assert not (own / "y").exists()
    # What does not take part does not meet.
    APIClient().upload_dir("folded", "y", exclude=NFD)
    assert files_of(own / "y") == {NFC, "other"}


@pytest.mark.parametrize(
    "paths", [["y/a", "/y/a"], ["y/a", "y/a/b"], ["y/a/b/c", "y/a"], [f"y/{NFC}", f"y/{NFD}"]]
)
def test_named_uploads_that_meet(own, work, paths):
    write("1", "2")
    with pytest.raises(errors.AlreadyExists, match=r"'1'.*'2'|'2'.*'1'"):
        APIClient().upload_files(dict(zip(paths, "12", strict=True)))
    assert not own.exists() or files_of(own) == set()


def test_a_named_upload_without_a_name(own, work):
    write("1")
    with pytest.raises(errors.InvalidPath, match="'1' is given no name"):
        APIClient().upload_files({"/": "1"})


def test_uploads_that_do_not_meet(own, work):
    write("q1/s.txt", "q2/S.txt", "q1/sub/a", "q2/sub2/b")
    local = ["q1/s.txt", "q2/S.txt", "./q1/s.txt", "q1/sub", "q2/sub2", Path("q1/sub")]
    answers = APIClient().upload_many(local, "y/", recursive=True)
    assert files_of(own / "y") == {"s.txt", "S.txt", "sub/a", "sub2/b"}
    # What is named twice is uploaded once.
    assert len(answers) == 4


def test_a_directory_is_not_taken_for_a_file(own, work):
    """Each of several files keeps its own name, even if a directory has that name."""
    write("a", "b")
    (own / "y/a").mkdir(parents=True)
    with pytest.raises(errors.TransferError) as caught:
        APIClient().upload_many(["a", "b"], "y")
    assert [type(failure) for failure in caught.value.failures] == [errors.AlreadyExists]
    assert files_of(own / "y") == {"b"}


def test_what_is_there_is_left_out_of_several(own, work):
    write("a", "b")
    APIClient().upload_many(["a"], "y")
    write("c")
    found = []
    APIClient().upload_many(["a", "c"], "y", dry_run=True, on_result=found.append)
    assert {result.state for result in found} == {"planned"}
    assert files_of(own / "y") == {"a"}


@pytest.fixture
def twins(service_env, tmp_path) -> Path:
    """A storage with equal names in several directories."""
    storage = tmp_path / "storage/twins"
    for name in ("a/x/1", "b/x/2", "c/x", "x/deep", "n/x/y/3"):
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        (storage / name).write_text(name)
    return storage


@pytest.mark.parametrize(
    ("paths", "dest"),
    [
        (["twins/a/x", "twins/b/x"], "to"),
        (["twins/a/x/", "twins/c/x"], "to"),
        (["twins/c/x", "twins/b/x/"], "to"),
        (["twins/a/x/1", "twins/a/x", "twins/b/x"], "to"),
        (["twins/c/x", "x/y"], None),
        (["x", "twins/c/x"], None),
    ],
)
def test_downloads_that_meet(twins, work, tmp_path, paths, dest):
    (tmp_path / "storage/x/y").mkdir(parents=True)
    (tmp_path / "storage/x/y/4").write_text("4")
    found = []
    with pytest.raises(errors.AlreadyExists, match="nothing was transferred"):
        APIClient().fetch_many(paths, dest, recursive=True, on_result=found.append)
    assert found == []
    assert list(work.rglob("*")) == []
    command = ["get", "-r", *paths, *(["-o", dest] if dest else []), "--json"]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 1
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["failed"]
    assert list(work.rglob("*")) == []


def test_downloads_that_do_not_meet(twins, work):
    """Without a destination directories keep their whole paths."""
    paths = ["twins/a/x", "twins/b/x", "twins/n/x/y/3", "twins/a/x/", "twins/n", "twins/n/x"]
    locals_ = APIClient().fetch_many(paths, recursive=True)
    assert list(map(str, locals_)) == [
        "twins/a/x",
        "twins/b/x",
        "3",
        "twins/a/x",
        "twins/n",
        "twins/n/x",
    ]
    assert files_of(work) == {"twins/a/x/1", "twins/b/x/2", "3", "twins/n/x/y/3"}


def test_missing_ones_do_not_keep_the_others_back(twins, work):
    done = CliRunner().invoke(cli, ["get", "twins/c/x", "twins/nothing", "--json"])
    assert done.exit_code == 1
    states = {(told["path"], told["state"]) for told in map(json.loads, done.stdout.splitlines())}
    assert states == {("twins/c/x", "finished"), ("twins/nothing", "failed")}
    assert files_of(work) == {"x"}
