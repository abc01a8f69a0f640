"""Directories that contain themselves are found by every walker, with few requests."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from ctadata import APIClient, errors
from ctadata.cli.main import cli
from ctadata.transfers.walk import MAX_DEPTH, MAX_REPEATED, LoopDetector

from ..support.scripted import reply

MODIFIED = "Sun, 22 Nov 2026 06:28:06 GMT"


@pytest.fixture
def storage(scripted):
    """Directories all of which list what `inside` returns for them."""

    def answer(handler):
        path = unquote(unquote(handler.path.partition("/list/")[2])).strip("/")
        items = [{"href": f"{path}/", "type": "directory", "mtime": MODIFIED}]
        for name in scripted.inside(path):
            kind = "directory" if name.endswith("/") else "file"
            size = {} if kind == "directory" else {"size": "0"}
            items.append({"href": f"{path}/{name}", "type": kind, "mtime": MODIFIED, **size})
        reply(handler, 200, json.dumps(items).encode(), "application/json")

    scripted.default = answer
    return scripted


CYCLES = {
    "itself": lambda path: ["loop/", "file"],
    "itself ten times": lambda path: [f"loop{number}/" for number in range(10)],
    "two by turns": lambda path: ["a/", "file"] if len(path.split("/")) % 2 else ["b/"],
    "behind a good one": lambda path: ["file"] if path.endswith("good") else ["good/", "loop/"],
}


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("options", [[], ["--json"], ["-l"]])
def test_list(storage, cycle, options):
    storage.inside = CYCLES[cycle]
    done = CliRunner().invoke(cli, ["list", "-R", *options, "lst"])
    assert done.exit_code == 1
    assert "is a loop in the storage" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(storage.requests) < 60
    assert "lst/" in done.stdout


@pytest.mark.parametrize("cycle", CYCLES)
def test_get(storage, work, cycle):
    storage.inside = CYCLES[cycle]
    with pytest.raises(errors.TransferError) as caught:
        APIClient().fetch_many(["lst"], "to", recursive=True, dry_run=True)
    assert {type(failure) for failure in caught.value.failures} == {errors.StorageException}
    # Several are listed at the same time, how many depends on the machine; each further level of
    # the widest loop has ten times as many.
    assert len(storage.requests) < 2000


def test_list_as_deep_as_may_be(storage):
    storage.inside = lambda path: [f"d{path.count('/')}/"]
    done = CliRunner().invoke(cli, ["list", "-R", "lst"])
    assert done.exit_code == 1
    assert f"more than {MAX_DEPTH} levels deep" in done.stderr
    assert len(done.stdout.splitlines()) == MAX_DEPTH + 1


def test_directories_that_look_alike_are_no_loop(storage):
    """Such as those that were made together."""
    storage.inside = lambda path: ["x/", "y/"] if path.count("/") < 3 else ["file"]
    done = CliRunner().invoke(cli, ["list", "-R", "lst"])
    assert done.exit_code == 0, done.stderr
    assert len([line for line in done.stdout.splitlines() if line.endswith("file")]) == 8


def test_one_directory_that_fails_does_not_end_the_others(storage):
    storage.inside = lambda path: ["a/", "bad/", "c/"] if path == "lst" else ["file"]
    storage.on("GET", "list/lst/bad", lambda handler: reply(handler, 500, b"no"))
    done = CliRunner().invoke(cli, ["list", "-R", "lst"])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["lst/a/", "lst/a/file", "lst/bad/", "lst/c/", "lst/c/file"]
    assert done.stderr.startswith("lst/bad: ")


def test_a_walk_that_is_broad_first():
    """Ten directories each of which lists the same ten: none is entered for ever."""
    loops, entered, waiting = LoopDetector(), 0, [()]
    while waiting:
        above = waiting.pop(0)
        try:
            below = loops.below("lst", above, 7)
        except errors.StorageException:
            continue
        entered += 1
        waiting += [below] * 10
    assert entered <= MAX_REPEATED + 1
