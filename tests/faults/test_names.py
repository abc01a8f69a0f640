"""Faults 23 to 25: listings that are wrong, lead outside or never end; odd names."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ctadata
from ctadata import APIClient, errors
from ctadata.embedded_service import Service
from tests.conftest import TOKEN
from tests.support.scripted import sends

from .outcome import assert_says, files
from .storage import MODIFIED, Fault, Storage, content

OWN = {"href": "lst/d/", "type": "directory"}


def item(href: str, size: object = "4", **fields: object) -> dict[str, object]:
    return {"href": href, "type": "file", "size": size, "mtime": MODIFIED, **fields}


def lists(storage, path: str, *items: object) -> None:
    storage.fails("list", path, always=Fault(body=json.dumps(items).encode()))


HOSTILE = [
    "../../evil",
    "lst/d/../../evil",
    "lst/d/..",
    "lst/d/.",
    "lst/d/%2e%2e",
    "lst/d/%2e%2e/%2e%2e/evil",
    "lst/d/..%2f..%2fevil",
    "lst/d/%2E%2E%2Fevil",
    "lst/d/a%00b",
    "lst/d/a%0ab",
    "lst/d/a%5c..%5cevil",
    "lst/d//evil",
    "/etc/evil",
    "/lst/d/evil",
    "//other.example/evil",
    "http://other.example/evil",
    "http://other.example/lst/d/evil",
    "file:///etc/passwd",
    "lst/dd/evil",
    "lst/d/deep/evil",
    "evil",
    "lst/evil",
    "lst/d/" + "x" * 300,
    "lst/d/" + quote("ü" * 128),
]


@pytest.mark.parametrize("href", HOSTILE)
def test_one_hostile_name_is_refused_and_the_rest_goes_on(storage, work, href):
    """Fault 23, each alone: an error that names it, and no file outside of the target."""
    storage.put("lst/d/good", b"good")
    lists(storage, "lst/d", OWN, item("lst/d/good"), item(href))
    # Whatever else is asked for comes too.
    storage.fails("fetch", "*", always=Fault(body=b"evil"))
    storage.fails("fetch", "lst/d/good", always=Fault(body=b"good"))
    with pytest.raises(errors.TransferError) as caught:
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert_says(caught.value, "1 of ")
    assert len(caught.value.failures) == 1
    assert files(work.parent) == {"work/lst/d/good": b"good"}
    assert [served.name for served in storage.asked("fetch")] == ["lst/d/good"]


def test_many_hostile_names_at_the_command_line(storage, work):
    """Fault 23: the exit status is not 0, and each of them is named."""
    storage.put("lst/d/good", b"good")
    lists(storage, "lst/d", OWN, *map(item, HOSTILE), item("lst/d/good"))
    done = subprocess.run(
        [sys.executable, "-m", "ctadata", "get", "-r", "lst/d", "-o", "to"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "other.example" in done.stderr
    assert files(work.parent) == {"work/to/d/good": b"good"}


def test_names_that_look_hostile_and_are_not(storage, work):
    """Fault 23, reversed: a name that is encoded twice is a name like any other."""
    names = ["%2e%2e", "%2F", "..x", "x..", "a..b", "...", "~", "-rf", "$HOME", "*", "%"]
    whole = {name: storage.put(f"lst/d/{name}", 10 + n, n) for n, name in enumerate(names)}
    APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".")
    assert files(work / "d") == whole


def test_a_directory_that_contains_itself(storage, work):
    """Fault 24: its own entry, several times and in several forms."""
    storage.put("lst/d/good", b"good")
    itself = [OWN, OWN, {"href": "lst/d", "type": "file"}, {"href": "lst/d", "type": "directory"}]
    lists(storage, "lst/d", *itself, item("lst/d/good"), item("lst/d/good"))
    with contextlib.suppress(errors.TransferError):
        APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert files(work) == {"lst/d/good": b"good"}
    assert len(storage.asked("list")) == 1


@pytest.mark.parametrize("differs", [False, True])
def test_a_tree_without_end(storage, work, differs):
    """Fault 24: each directory has one more in it, and a file, the same or always another."""

    def endless(served):
        if served.endpoint == "list":
            depth = len(served.name) if differs else 4
            items = [
                {"href": f"{served.name}/", "type": "directory"},
                {"href": f"{served.name}/d/", "type": "directory"},
                item(f"{served.name}/f", str(depth)),
            ]
            storage.fails("list", served.name, Fault(body=json.dumps(items).encode()))

    storage.before = endless
    started = time.monotonic()
    with pytest.raises(errors.TransferError) as caught:
        APIClient(timeout=2, retries=0).fetch_and_save_file_or_dir(
            "lst/d", recursive=True, dry_run=True
        )
    assert time.monotonic() - started < 20
    assert_says(caught.value, "loop")
    assert len(storage.asked("list")) < 200
    assert files(work) == {}


def test_a_hundred_thousand_entries(storage, work):
    """Fault 24: counted, without a request for each."""
    items = [item(f"lst/d/{n:06}", "1000") for n in range(100_000)]
    lists(storage, "lst/d", OWN, *items)
    found: list[str] = []
    started = time.monotonic()
    total = APIClient().fetch_and_save_file_or_dir(
        "lst/d", recursive=True, dry_run=True, on_result=lambda result: found.append(result.state)
    )
    assert time.monotonic() - started < 15
    assert total == 100_000_000
    assert found == ["planned"] * 100_000
    assert len(storage.asked("list")) == 1
    assert files(work) == {}


BROKEN_LISTINGS = {
    "empty": b"",
    "cut": b'[{"href": "lst/d/", "type": "direc',
    "no list": b'{"href": "lst/d/"}',
    "null": b"null",
    "a list of texts": b'["lst/d/a", "lst/d/b"]',
    "no href": b'[{"type": "file", "size": "4"}]',
    "a number as href": b'[{"href": 5, "type": "file", "size": "4"}]',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "not UTF-8": b'[{"href": "lst/d/\xff", "type": "file", "size": "4"}]',
    "a page": b"<html>Internal Server Error</html>",
    "zeros": bytes(100),
    "a number of 10,000 digits": b"[" + b"9" * 10_000 + b"]",
}


@pytest.mark.parametrize("name", BROKEN_LISTINGS)
@pytest.mark.parametrize("recursive", [True, False])
def test_a_listing_that_is_none(storage, work, name, recursive):
    """Fault 24: a ctadata error that names the path."""
    storage.fails("list", "lst/d", always=Fault(body=BROKEN_LISTINGS[name]))
    with pytest.raises(errors.CTADataError) as caught:
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=recursive)
    assert_says(caught.value, "lst/d")
    assert files(work) == {}


@pytest.mark.parametrize("name", BROKEN_LISTINGS)
def test_a_listing_below_that_is_none(storage, work, name):
    """Fault 24: the rest of the tree is downloaded."""
    body = storage.put("lst/d/good", 1000)
    storage.put("lst/d/sub/x", 1000)
    storage.fails("list", "lst/d/sub", always=Fault(body=BROKEN_LISTINGS[name]))
    with pytest.raises(errors.TransferError) as caught:
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert [failure.path for failure in caught.value.failures] == ["lst/d/sub"]
    assert files(work) == {"lst/d/good": body}


ODD_FACTS = {
    "no size": {"size": None},
    "a negative size": {"size": "-4"},
    "a fraction": {"size": "4.5"},
    "a word": {"size": "many"},
    "too many digits": {"size": "9" * 5000},
    "other digits": {"size": "\u00b2"},
    "a list": {"size": [4]},
    "an object": {"size": {}},
}


@pytest.mark.parametrize("name", ODD_FACTS)
def test_sizes_that_are_none(storage, work, name):
    """Fault 24: a file of unknown size cannot be verified to be complete."""
    storage.put("lst/d/good", b"good")
    lists(storage, "lst/d", OWN, item("lst/d/good"), item("lst/d/odd", **ODD_FACTS[name]))
    storage.fails("fetch", "lst/d/odd", always=Fault(body=b"evil"))
    storage.fails("list", "lst/d/odd", always=Fault(status=404))
    with pytest.raises(errors.TransferError) as caught:
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert len(caught.value.failures) == 1
    assert_says(caught.value.failures[0], "odd")
    assert {n: b for n, b in files(work).items() if b} == {"lst/d/good": b"good"}


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (1 << 62, errors.NoSpace),
        ((1 << 63) - 1, errors.NoSpace),
        (1 << 63, errors.IntegrityError),
        ("9" * 20, errors.IntegrityError),
        ("9" * 400, errors.IntegrityError),
        ("9" * 9000, errors.IntegrityError),
        ("-1", errors.IntegrityError),
    ],
)
def test_a_size_that_no_disk_has(storage, work, size, kind):
    """Faults 24, 36 and 19: the file is refused with an error; the others are downloaded."""
    lists(storage, "lst/d", OWN, item("lst/d/a"), item("lst/d/odd", str(size)), item("lst/d/z"))
    for name in "az":
        storage.fails("fetch", f"lst/d/{name}", always=Fault(body=b"good"))
    with pytest.raises(errors.TransferError) as caught:
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True, dest=work, jobs=1)
    (failure,) = caught.value.failures
    assert isinstance(failure, kind)
    assert_says(failure, "odd")
    assert files(work) == {"d/a": b"good", "d/z": b"good"}


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Foo 2026 99:99:99 GMT", 5, None, [], "1", "9" * 400,
             "Sun, 22 Nov 99999 06:28:06 GMT", "Sun, 22 Nov 2026 06:28:06 +9999"]
)  # fmt: skip
def test_dates_that_are_none(storage, work, date):
    """Faults 24 and 26: the file is downloaded without them."""
    lists(storage, "lst/d", OWN, item("lst/d/good", mtime=date))
    storage.fails("fetch", "lst/d/good", always=Fault(body=b"good"))
    assert APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True) == 4
    assert files(work) == {"lst/d/good": b"good"}


@pytest.mark.parametrize("year", [1904, 1970, 2200])
def test_the_date_is_the_servers(storage, work, year):
    """Fault 26: independent of this machine's clock, and used for the comparison."""
    import calendar
    import datetime

    date = datetime.datetime(year, 1, 1, 12, tzinfo=datetime.timezone.utc)
    storage.put("lst/f", 100, modified=date.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    client = APIClient()
    client.fetch_and_save_file("lst/f")
    assert (work / "f").stat().st_mtime == calendar.timegm(date.timetuple())
    client.fetch_and_save_file("lst/f")
    assert len(storage.asked("fetch")) == 1


XML = [
    b"",
    b"<multistatus",
    b"<a/>",
    b"<html></html>",
    b"\xff\xfe",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
]


@pytest.mark.parametrize("answer", XML)
def test_webdav_that_is_none(storage, answer):
    """Fault 24 for XML: it ends at once, with an empty result or an error."""
    for at in ("", "/lst", "/lst/"):
        storage.on("PROPFIND", f"webdav{at}", sends(answer, 207, "application/xml"))
    found: list[object] = []
    with contextlib.suppress(Exception):
        # webdav4's own errors are not ours to choose.
        found = ctadata.webdav4_client().ls("lst")
    assert found == []
    assert 1 <= len(storage.requests) <= 3


SIMILAR = [
    ["Run.h5", "run.h5", "RUN.H5"],
    [unicodedata.normalize(form, "Übermaß é.txt") for form in ("NFC", "NFD")],
    ["a", "a ", " a", "a.", "a\u00a0"],
    ["x.part", "x.ctadata-journal.txt", "x"],
]


@pytest.mark.parametrize("names", SIMILAR)
def test_names_that_are_nearly_the_same(storage, work, names):
    """Fault 25: each name has its own file, none overwrites another."""
    whole = {name: storage.put(f"lst/d/{name}", 100 + n, n) for n, name in enumerate(names)}
    APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".")
    assert files(work / "d") == whole


OURS = [
    ".x.ctadata-journal",
    ".ctadata-journal",
    "x.01234567-1-89abcdef.part",
    # For disks that do not tell these apart.
    ".X.CTADATA-Journal",
    "x.01234567-1-89ABCDEF.PART",
    ".x.ctadata-jour\u200dnal",
]


@pytest.mark.parametrize("name", OURS)
def test_names_of_our_own_unfinished_downloads(storage, work, name):
    """Fault 36: refused by name, the rest is downloaded; under another name it is, too."""
    whole = storage.put("lst/d/x", 9_000_000)
    body = storage.put(f"lst/d/{name}", b"{}")
    client = APIClient()
    with pytest.raises(errors.TransferError) as caught:
        client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".")
    (failure,) = caught.value.failures
    assert_says(failure, re.escape(repr(name)[1:-1]), "unfinished download", "save_to_fn")
    assert files(work / "d") == {"x": whole}
    client.fetch_and_save_file(f"lst/d/{name}", "other")
    assert (work / "other").read_bytes() == body


@pytest.mark.parametrize("name", OURS)
def test_a_directory_with_the_name_of_an_unfinished_download(storage, work, name):
    whole = storage.put("lst/d/x", 100)
    storage.put(f"lst/d/{name}/y", 100)
    with pytest.raises(errors.TransferError) as caught:
        APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".", hidden=True)
    assert_says(caught.value.failures[0], re.escape(repr(name)[1:-1]), "unfinished download")
    assert files(work) == {"d/x": whole}
    with pytest.raises(errors.InvalidPath, match="unfinished download"):
        APIClient().fetch_and_save_file_or_dir(f"lst/d/{name}", recursive=True, dest=".")


@pytest.mark.parametrize("recursive", [True, False])
def test_a_listing_without_end(storage, work, recursive):
    """Fault 36: memory, disk and time stay limited."""
    entries = b", ".join(json.dumps(item(f"lst/d/{n}")).encode() for n in range(10_000))
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(b"[" + json.dumps(OWN).encode())
        with contextlib.suppress(ConnectionError):
            while True:
                handler.wfile.write(b", " + entries)
                sent.append(len(entries))
        handler.close_connection = True

    storage.on("GET", "list/lst/d", endless)
    client = APIClient(max_listing_bytes=10 << 20)
    with pytest.raises(errors.CTADataError) as caught:
        client.fetch_and_save_file_or_dir("lst/d", recursive=recursive)
    says = "CTADATA_MAX_LISTING_BYTES" if recursive else "recursive"
    assert_says(*getattr(caught.value, "failures", None) or [caught.value], "lst/d", says)
    with pytest.warns(UserWarning, match=r"'lst/d' is too long.*CTADATA_MAX_LISTING_BYTES"):
        listed = client.list_dir("lst/d")
    assert listed.truncated
    assert listed[-1] == f"lst/d/{(len(listed) - 1) % 10_000}"
    with pytest.warns(UserWarning, match=r"only the first 70,000 entries.*MAX_LISTING_ENTRIES"):
        listed = APIClient(max_listing_entries=70_000).list_dir("lst/d")
    assert (len(listed), listed.truncated) == (70_000, True)
    assert client.stat("lst/d").is_directory
    assert sum(sent) < 90 << 20
    assert files(work) == {}


def test_names_as_long_as_can_be(storage, work):
    """Fault 25: 255 bytes are stored, 256 are an error that says what to do."""
    longest = {n: storage.put(f"lst/d/{n}", 9_000_000) for n in ["x" * 255, "ü" * 127 + "y"]}
    storage.put("lst/d/" + "z" * 256, 100)
    storage.fails("fetch", "lst/d/" + "x" * 255, Fault(stop=5_000_000))
    client = APIClient()
    with pytest.raises(errors.TransferError) as caught:
        client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".")
    (failure,) = caught.value.failures
    assert_says(failure, "255 bytes", "save_to_fn")
    assert files(work / "d") == longest
    assert client.fetch_and_save_file("lst/d/" + "z" * 256, "short") == 100


# Fault 25: what any storage may have, and some that none should.
names = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(" %#?+&.\n\r\t\\/:;'\"<>|*~$ü\u0308\u202e\ufeff"),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module", params=["kind", "quirky"])
def embedded(request):
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory, "storage")
        (root / "lst/d").mkdir(parents=True)
        (root / "lst/users").mkdir()
        with Service(root, token=TOKEN, user="alice", quirks=request.param == "quirky") as service:
            yield root, APIClient(downloadservice=service.downloadservice_url, token=TOKEN)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=names)
def test_any_name_comes_back_or_is_refused_by_name(embedded, name):
    """Fault 25, there and back: uploaded, listed, downloaded; never a file outside the target."""
    root, client = embedded
    with tempfile.TemporaryDirectory() as directory:
        outer = Path(directory)
        source, target = outer / "source", outer / "a/b/c/to"
        source.write_bytes(name.encode())
        target.mkdir(parents=True)
        try:
            stored = client.upload_file(source, name)["path"]
            client.fetch_and_save_file_or_dir(stored, dest=target)
        except errors.CTADataError:
            assert not list(target.rglob("*"))
        else:
            last = name.rstrip("/").rpartition("/")[2]
            got = files(target)
            assert list(got.values()) == [name.encode()]
            assert name.endswith("/") or [*got] == [last]
        finally:
            outside = {p for p in outer.rglob("*") if p.is_file() and target not in p.parents}
            assert outside == {source}
            own = root / "lst/users/alice"
            assert all(own in p.parents for p in root.rglob("*") if p.is_file())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(names.filter(lambda n: n[-1] != "/"), min_size=1, max_size=5, unique=True))
def test_any_names_that_a_storage_has(found):
    """Fault 25: each listed file is saved under its name, or refused; in a directory."""
    with Storage() as storage, tempfile.TemporaryDirectory() as directory:
        outer = Path(directory)
        target = outer / "a/b/to"
        target.mkdir(parents=True)
        for n, name in enumerate(found):
            storage.put(f"lst/d/{name}", 10 + n, n)
        # As the name stands in it, segments or not.
        lists(storage, "lst/d", OWN, *(
            item(quote(f"lst/d/{name}", safe="/"), str(10 + n)) for n, name in enumerate(found)
        ))  # fmt: skip
        client = APIClient(downloadservice=storage.url, token=TOKEN, retries=0, timeout=2)
        failures = []
        try:
            client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=target)
        except errors.TransferError as error:
            failures = error.failures
        there = files(target / "d")
        assert len(there) + len(failures) == len(found)
        for n, name in enumerate(found):
            assert there.pop(name, None) == content(10 + n, n) or failures
        assert there == {}
        assert set(os.listdir(outer)) == {"a"}
        assert os.listdir(outer / "a") == ["b"]
        assert os.listdir(outer / "a/b") == ["to"]
