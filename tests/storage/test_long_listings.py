"""Listings that are too long for a list, or for any memory; from a real service on loopback."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

import ctadata
from ctadata import APIClient, entries, errors
from ctadata.cli.main import cli
from ctadata.entries import Entries, ManyEntries
from ctadata.storage import item_classifier
from ctadata.storage.listing import EntryBuffer, read_listing

from ..support.scripted import sends

DATE = "Sun, 22 Nov 2026 06:28:06 GMT"
OWN = {"href": "lst/d/", "type": "directory", "mtime": DATE}
# Each of its own name; the rest is as the service sends it.
ITEM = (
    '{"href": "lst/d/dl1_LST-1.Run%07d.0000.h5", "type": "file", "size": "4711", "mtime": "'
    + DATE
    + '", "url": "http://localhost/services/downloadservice/list/lst/d/x.h5"}'
)


def long(count: int | None):
    """An answer with so many entries; without end for None."""
    # Made once: the service is not what is measured.
    block = ", ".join(ITEM % number for number in range(1000)).encode()

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(b"[" + json.dumps(OWN).encode())
            sent = 0
            while count is None or sent < count:
                thousand = block.replace(b"Run0000", b"Run%04d" % (sent // 1000 % 10_000))
                handler.wfile.write(b", " + thousand)
                sent += 1000
            handler.wfile.write(b"]")

    return answer


def names(count: int) -> list[str]:
    return [f"lst/d/dl1_LST-1.Run{number:07}.0000.h5" for number in range(count)]


def many(count: int, few: int = 0) -> ManyEntries:
    raw = ", ".join(ITEM % number for number in range(count)).encode()
    pieces = ([raw[start : start + 1000]] for start in range(0, len(raw), 1000))

    def content() -> Iterator[list[bytes]]:
        yield [b"[" + json.dumps(OWN).encode() + b","]
        yield from pieces
        yield [b"]"]

    buffer = EntryBuffer("lst/d", few)
    read_listing(content(), "application/json", ["lst", "d"], buffer)
    assert isinstance(buffer.entries, ManyEntries)
    return buffer.entries


def test_many_entries_behave_as_a_list():
    found, expected = many(5000), names(5000)
    assert len(found) == 5000
    assert list(found) == expected
    assert found == expected
    assert expected == found
    assert found != expected[1:]
    assert found == many(5000, few=4000)
    assert found[4711] == expected[4711]
    assert found[-1] == expected[-1]
    assert found[4711].size == 4711
    assert found[10:4000:1999] == expected[10:4000:1999]
    assert isinstance(found[:2], list)
    assert list(reversed(found)) == expected[::-1]
    assert sorted(found, reverse=True)[0] == expected[-1]
    assert expected[1234] in found
    assert "lst/d/x" not in found
    assert found.index(expected[1234]) == 1234
    assert (found + expected)[4998:5002] == [*expected[-2:], *expected[:2]]
    assert (expected + found)[4998:5002] == [*expected[-2:], *expected[:2]]
    assert repr(found).startswith("<5000 entries: 'lst/d/dl1_LST-1.Run0000000.0000.h5'")
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert other == expected
    with pytest.raises(IndexError):
        found[5000]
    with pytest.raises(TypeError):
        hash(found)


def test_a_list_as_long_as_it_may_be(scripted):
    scripted.on("GET", "list/lst/d", long(3000))
    listed = APIClient(max_listing_entries=3000).list_dir("lst/d")
    assert isinstance(listed, list)
    assert isinstance(listed, Entries)
    assert not listed.truncated
    assert listed == names(3000)
    assert listed[0]["size"] == "4711"


@pytest.mark.parametrize(
    ("variable", "value", "count"),
    [("CTADATA_MAX_LISTING_ENTRIES", "1234", 1234), ("CTADATA_MAX_LISTING_BYTES", "100000", None)],
)
def test_a_listing_that_is_cut_says_so(scripted, monkeypatch, work, variable, value, count):
    scripted.on("GET", "list/lst/d", long(None))
    monkeypatch.setenv(variable, value)
    # Each time, not only the first.
    for _ in range(2):
        with pytest.warns(UserWarning, match=rf"'lst/d' is too long.*{variable}") as warned:
            listed = ctadata.list_dir("lst/d")
        assert warned[0].filename == __file__
    assert listed.truncated
    assert listed == names(len(listed))
    assert len(listed) == (count or pytest.approx(520, abs=10))
    listing = APIClient().listing("lst/d")
    assert isinstance(listing.cut, errors.StorageException)
    assert APIClient().stat("lst/d")["mtime"] == DATE
    for options in ([], ["-R"], ["-l"], ["--json"]):
        result = CliRunner().invoke(cli, ["list", "lst/d", *options])
        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) == len(listed)
        assert variable in result.stderr
        assert "UserWarning" not in result.stderr
    with pytest.raises(errors.TransferError) as caught:
        APIClient().fetch_many(["lst/d"], ".", recursive=True)
    (failure,) = caught.value.failures
    assert variable in str(failure)


@pytest.mark.parametrize("value", ["0", "-5", "x", "1e6", "9" * 30])
def test_settings_that_are_none(scripted, monkeypatch, value):
    monkeypatch.setenv("CTADATA_MAX_LISTING_ENTRIES", value)
    with pytest.raises(errors.CTADataError, match="CTADATA_MAX_LISTING_ENTRIES"):
        APIClient().list_dir("lst")
    with pytest.raises(errors.CTADataError, match="max_listing_bytes"):
        APIClient(max_listing_bytes=0)
    assert scripted.requests == []


def test_what_cannot_be_told_from_a_cut_listing_is_not_taken_for_missing(scripted):
    """It would be written over: as where a service answers about something else without end."""
    other = b", ".join(b'{"href": "lst/other/%d", "size": "1"}' % n for n in range(100))
    scripted.default = sends(b"[" + other + b"]")
    client = APIClient(max_listing_bytes=1000)
    for call in (client.stat, client.list_dir):
        with pytest.raises(errors.StorageException, match="too long") as caught:
            call("lst/d")
        assert not isinstance(caught.value, errors.NotFound)


JUNK = {
    "itself": b'{"href": "lst/d/"},',
    "no name": b'{"href": ""},',
    "of elsewhere": b'{"href": "../x", "size": "1"},',
    "nested": b'{"href": "lst/d/", "x": ' + b"[" * 50 + b"]" * 50 + b"},",
    "long": b'{"href": "lst/d/' + b"x" * 200_000 + b'"},',
}


@pytest.mark.parametrize("name", JUNK)
def test_what_has_no_entries_is_not_read_on(scripted, monkeypatch, name):
    """512 MiB of it would take minutes."""
    monkeypatch.setattr(item_classifier, "MAX_WASTE", 1 << 20)
    block = JUNK[name] * (100_000 // len(JUNK[name]) + 1)
    sent = []

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(b"[")
            while True:
                handler.wfile.write(block)
                sent.append(len(block))

    scripted.on("GET", "list/lst/d", answer)
    for call in (APIClient().stat, lambda path: APIClient().listing(path).cut):
        sent.clear()
        try:
            said = str(call("lst/d"))
        except errors.StorageException as error:
            said = str(error)
        assert said == "lst/d/" or "no entry of it" in said
        assert sum(sent) < 32 << 20


def test_not_every_name_of_millions_is_refused_by_itself(scripted, caplog):
    items = [OWN, *({"href": f"../../x{n}", "size": "1"} for n in range(5000))]
    scripted.list("lst/d", *items, {"href": "lst/d/good", "size": "1"})
    listing = APIClient().listing("lst/d")
    assert listing.children == ["lst/d/good"]
    assert len(listing.refused) == 101
    assert "4900 more names" in str(listing.refused[-1])
    assert len(caplog.records) == 101


def test_a_name_of_a_megabyte_is_refused_in_a_few_words(scripted):
    items = [OWN, {"href": f"lst/d/{'x' * 900_000}", "size": "1"}, {"href": "lst/d/x", "size": "1"}]
    scripted.list("lst/d", *items)
    listing = APIClient().listing("lst/d")
    assert listing.children == ["lst/d/x"]
    (refused,) = listing.refused
    assert "longer than 1024 characters" in str(refused)
    assert len(str(refused)) + len(refused.path or "") < 2000


def test_all_long_listings_together_take_only_so_much_memory(monkeypatch):
    monkeypatch.setattr(entries, "_memory", entries.Memory(each=25_000, together=25_000))
    first = many(3000)
    assert not first.truncated
    second = many(6000)
    assert second.truncated
    assert "memory" in str(second.cut)
    assert list(second) == names(len(second))
    del first, second
    assert not many(3000).truncated


# Runs in a process of its own, whose memory is measured: the peak beyond what it had before.
MEASURED = """
import resource, sys, threading, warnings
import ctadata
warnings.simplefilter("ignore")
client = ctadata.APIClient()
client.list_dir("lst/small")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1024)
before = peak()
found = []
threads = [
    threading.Thread(target=lambda: found.append(client.list_dir("lst/d")))
    for _ in range(int(sys.argv[1]))
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(peak() - before, *(len(listed) for listed in found), *(listed.truncated for listed in found))
"""  # noqa: E501


def measured(count: int) -> tuple[float, list[str]]:
    command = [sys.executable, "-c", MEASURED, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    grown, *rest = done.stdout.split()
    return float(grown), rest


def test_a_million_entries_take_little_memory(scripted):
    scripted.list("lst/small", {**OWN, "href": "lst/small/"})
    scripted.on("GET", "list/lst/d", long(1_000_000))
    grown, found = measured(1)
    assert found == ["1000000", "False"]
    assert grown < 120


def test_listings_without_end_end_at_the_limit(scripted, monkeypatch):
    monkeypatch.setenv("CTADATA_MAX_LISTING_ENTRIES", "150000")
    scripted.list("lst/small", {**OWN, "href": "lst/small/"})
    scripted.on("GET", "list/lst/d", long(None))
    grown, found = measured(3)
    assert found == ["150000"] * 3 + ["True"] * 3
    assert grown < 300


def test_a_name_with_the_token_in_it_is_left_out_of_a_long_listing_too(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "Run0001234.0000")
    found = many(5000)
    expected = names(5000)
    del expected[1234]
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    assert found == expected
    assert found[4000] == expected[4000]
    assert found[4000]["size"] == "4711"
