"""Walks, and that every walker finds directories that contain themselves with few requests."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from ctadata import APIClient, errors
from ctadata.cli.main import cli
from ctadata.entries import Entries, Entry
from ctadata.storage.listing import Listing, ListingCut
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


TREE = {
    "lst": ["a/", "b/", "file"],
    "lst/a": ["c/", "file", "other"],
    "lst/a/c": ["file"],
    "lst/b": [],
}
STEPS = [
    ("lst", ["lst/a/", "lst/b/"], ["lst/file"]),
    ("lst/a", ["lst/a/c/"], ["lst/a/file", "lst/a/other"]),
    ("lst/a/c", [], ["lst/a/c/file"]),
    ("lst/b", [], []),
]


@pytest.fixture
def tree(storage):
    storage.inside = TREE.__getitem__
    return storage


def test_walk_from_the_top_down(tree):
    assert list(APIClient().walk("lst/")) == STEPS
    assert len(tree.requests) == len(STEPS)
    assert next(APIClient().walk("lst"))[2][0].size == 0


@pytest.mark.parametrize("few", [0, 10_000])
def test_walk_through_long_listings(tree, monkeypatch, few):
    monkeypatch.setattr("ctadata.transfers.walk.FEW", few)
    steps = list(APIClient().walk("lst"))
    assert steps == STEPS
    assert [len(files) for _, _, files in steps] == [1, 2, 1, 0]
    assert steps[1][2][1] == "lst/a/other"


def test_what_is_pruned_is_not_listed(tree):
    steps = []
    for step in APIClient().walk("lst"):
        steps.append(step)
        step[1][:] = [entry for entry in step[1] if entry.name != "a"]
    assert [path for path, _, _ in steps] == ["lst", "lst/b"]
    assert len(tree.requests) == 2


def test_each_directory_is_listed_when_its_turn_comes(tree):
    steps = APIClient().walk("lst")
    assert tree.requests == []
    for number in range(1, 4):
        next(steps)
        assert len(tree.requests) == number


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_walk_no_deeper_than_is_asked_for(tree, depth):
    found = list(APIClient().walk("lst", maxdepth=depth))
    assert found == [step for step in STEPS if step[0].count("/") < depth]
    assert len(tree.requests) == len(found)


def test_a_depth_that_is_none(tree):
    with pytest.raises(errors.CTADataError, match="maxdepth"):
        APIClient().walk("lst", maxdepth=0)


def test_walk_from_a_file_and_from_an_href(service, monkeypatch):
    monkeypatch.setenv("CTADS_URL", service.downloadservice_url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", service.token)
    client = APIClient()
    file = "lst/some-data-dir/small.txt"
    assert list(client.walk(file)) == [(file, [], [file])]
    assert next(client.walk()) == ("", ["cta/", "lst/"], [])
    entry = client.list_dir("lst")[0]
    assert next(client.walk(entry["href"]))[0] == entry.path


def test_walk_from_where_nothing_is(storage):
    storage.on("GET", "list/lst", lambda handler: reply(handler, 404, b"no"))
    told = []
    with pytest.raises(errors.NotFound):
        list(APIClient().walk("lst", on_error=told.append))
    assert told == []


def test_errors_below_are_raised_or_told(tree):
    tree.on("GET", "list/lst/a", lambda handler: reply(handler, 403, b"no"))
    with pytest.raises(errors.AccessDenied):
        list(APIClient().walk("lst"))
    told = []
    assert list(APIClient().walk("lst", on_error=told.append)) == [STEPS[0], STEPS[3]]
    assert [(type(error), error.path) for error in told] == [(errors.AccessDenied, "lst/a")]


def test_a_loop_is_told_and_not_walked_through(storage):
    storage.inside = CYCLES["itself"]
    told = []
    steps = list(APIClient().walk("lst", on_error=told.append))
    assert 1 < len(steps) < 10
    assert ["is a loop in the storage" in str(error) for error in told] == [True]
    with pytest.raises(errors.StorageException, match="is a loop in the storage"):
        list(APIClient().walk("lst"))


def test_a_listing_that_is_cut_is_told(tree):
    client = APIClient(max_listing_entries=2)
    with pytest.warns(ListingCut, match="max_listing_entries") as warned:
        steps = list(client.walk("lst"))
    assert [path for path, _, _ in steps] == [path for path, _, _ in STEPS]
    assert {warning.filename for warning in warned} == {__file__}
    assert len(warned) == 2
    told = []
    assert list(client.walk("lst", on_error=told.append)) == steps
    assert [error.path for error in told] == ["lst", "lst/a"]


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
    assert done.stdout.splitlines() == ["lst/a/", "lst/bad/", "lst/c/", "lst/a/file", "lst/c/file"]
    assert done.stderr.startswith("lst/bad: ")


def test_a_walk_that_is_broad_first():
    """Ten directories each of which lists the same ten: none is entered for ever."""
    loops, entered, waiting = LoopDetector(), 0, [()]
    listing = Listing(Entry("lst/", {}), Entries(), [])
    while waiting:
        above = waiting.pop(0)
        try:
            below = loops.check_for_loop(listing, above)
        except errors.StorageException:
            continue
        entered += 1
        waiting += [below] * 10
    assert entered <= MAX_REPEATED + 1
