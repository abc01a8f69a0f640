"""Paths that are not quite the right ones: hrefs of a listing, and near misses."""

from __future__ import annotations

import copy
import pickle

import pytest

import ctadata
from ctadata import APIClient, errors
from tests.conftest import ODD_NAMES

NAMES = [*ODD_NAMES, "a+b.fits", "it's.txt", "é.txt", "run#2.txt", "a..b.txt"]


@pytest.fixture
def odd(service_env, tmp_path):
    directory = tmp_path / "storage/lst/odd"
    for name in NAMES:
        (directory / name).write_text(name)
    return directory


@pytest.mark.parametrize("plain", [False, True], ids=["href", "str"])
def test_the_href_of_an_entry_stands_for_its_file(odd, work, plain):
    for entry in ctadata.list_dir("lst/odd"):
        href = str(entry["href"]) if plain else entry["href"]
        assert ctadata.fetch_and_save_file(href) == entry.size
        assert (work / entry.name).read_text() == entry.name


@pytest.mark.parametrize("plain", [False, True], ids=["href", "str"])
def test_hrefs_of_directories_and_of_several(odd, work, tmp_path, plain):
    (odd / "two words").mkdir()
    (odd / "two words/x y").write_text("xy")
    hrefs = [entry["href"] for entry in ctadata.list_dir("lst/odd/two words")]
    directory = "lst/odd/two%20words/" if plain else ctadata.list_dir("lst/odd")[-1]["href"]
    hrefs = list(map(str, hrefs)) if plain else hrefs
    if plain:
        assert ctadata.list_dir(directory) == ["lst/odd/two words/x y"]
        ctadata.fetch_and_save_file_or_dir(directory, recursive=True, dest="to")
        assert (work / "to/two words/x y").read_text() == "xy"
    (local,) = ctadata.fetch_many(hrefs, "to")
    assert local.read_text() == "xy"


def test_a_name_that_looks_like_an_href_is_taken_as_it_stands(service_env, work, tmp_path):
    for name in ("a b", "a%20b", "a%2520b"):
        (tmp_path / "storage/lst/odd" / name).write_text(name)
    ctadata.fetch_and_save_file("lst/odd/a%20b")
    assert (work / "a%20b").read_text() == "a%20b"
    # An entry's own href says which it is.
    for entry in ctadata.list_dir("lst/odd"):
        if entry.name.startswith("a"):
            ctadata.fetch_and_save_file(entry["href"], "to", overwrite="replace")
            assert (work / "to").read_text() == entry.name


def test_what_is_no_href_is_not_decoded(service_env, work, tmp_path):
    for name in ("a#b c", "%zz d", "a?b"):
        (tmp_path / "storage/lst/odd" / name).write_text(name)
    for path in ("lst/odd/a%23b c", "lst/odd/a#b%20c", "lst/odd/%zz%20d", "lst/odd/a?b%20"):
        for attempt in (ctadata.list_dir, ctadata.fetch_and_save_file):
            with pytest.raises(errors.NotFound):
                attempt(path)
    assert list(work.iterdir()) == []


def test_an_href_survives_pickling_and_copying():
    href = ctadata.Entry("lst/a b/", {"href": "lst/a%20b/", "type": "directory"})["href"]
    for same in (pickle.loads(pickle.dumps(href)), copy.deepcopy(href)):
        assert (same, same.path) == ("lst/a%20b/", "lst/a b")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("lst/some-data-dir/small.txt#nope", "lst/some-data-dir/small.txt"),
        ("lst/some-data-dir/small.txt?v=2", "lst/some-data-dir/small.txt"),
        ("lst/some-data-dir/sm%61ll.txt", "lst/some-data-dir/small.txt"),
        ("lst/some%2Ddata-dir#top", "lst/some-data-dir"),
        ("lst/odd/two%20words.txt?x", "lst/odd/two words.txt"),
    ],
)
def test_a_near_miss_is_not_found_and_says_what_was_meant(service_env, work, path, meant):
    client = APIClient()
    for attempt in (
        lambda: client.list_dir(path),
        lambda: client.stat(path),
        lambda: list(client.iter_bytes(path)),
        lambda: client.fetch_and_save_file(path),
        lambda: client.fetch_and_save_file_or_dir(path, recursive=True),
        lambda: client.fetch_many([path]),
    ):
        with pytest.raises(errors.CTADataError) as caught:
            attempt()
        error = (getattr(caught.value, "failures", None) or [caught.value])[0]
        assert isinstance(error, errors.NotFound)
        assert f"did you mean {meant!r}?" in str(error)
    assert list(work.iterdir()) == []


def test_nothing_is_suggested_where_nothing_is_near(service_env):
    for path in ("lst/nothing", "lst/nothing#x", "lst/%zz", "lst/%ff"):
        with pytest.raises(errors.NotFound) as caught:
            APIClient().list_dir(path)
        assert "did you mean" not in str(caught.value)
