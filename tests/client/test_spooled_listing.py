from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata import _listing
from ctadata._listing import SpooledListing, parse_listing
from ctadata.errors import InvalidPath, NotFound, ServiceUnreachable, StorageException


def spooled(raw: bytes, path: str = "lst", content_type: str = "application/json"):
    # In pieces, as it comes.
    pieces = (raw[start : start + 1000] for start in range(0, len(raw), 1000))
    return SpooledListing([[piece] for piece in pieces], content_type, path.split("/"))


def items(*names: str) -> list[dict[str, str]]:
    return [{"href": "lst/", "type": "directory"}] + [
        {"href": f"lst/{name}", "type": "file", "size": "5"} for name in names
    ]


names = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="/\\%"), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(st.lists(names, max_size=20), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_it_says_the_same_as_a_listing_in_memory(found, indent, ascii_only):
    raw = json.dumps(items(*found), indent=indent, ensure_ascii=ascii_only).encode()
    whole = parse_listing(raw, "application/json", ["lst"])
    listing = spooled(raw)
    assert listing.own == whole.own
    assert list(listing.entries()) == whole.children
    # It can be read again.
    assert [entry.facts for entry in listing.entries()] == [e.facts for e in whole.children]


def test_more_than_fits_in_memory(monkeypatch):
    monkeypatch.setattr(_listing, "SPOOL", 1000)
    monkeypatch.setattr(_listing, "BLOCK", 100)
    found = [f"run{number:05}.h5" for number in range(500)]
    listing = spooled(json.dumps(items(*found)).encode())
    assert [entry.name for entry in listing.entries()] == found


def test_what_should_not_be_in_a_listing_is_refused_and_the_rest_goes_on():
    good, refused = spooled(json.dumps(items("../x", "good")).encode()).entries()
    assert isinstance(refused, InvalidPath)
    assert good == "lst/good"


def test_listings_that_differ_have_other_fingerprints():
    def fingerprint(*found: str) -> int:
        return spooled(json.dumps(items(*found)).encode()).fingerprint

    assert fingerprint("a", "b") == fingerprint("a", "b") != fingerprint("a", "c")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[",
        b'[{"href": "lst/a"',
        b'[{"href": "lst/a"},',
        b'[{"href": "lst/a"} {"href": "lst/b"}]',
        b'[{"href": "lst/\xff"}]',
        b"[3]",
        b'[{"href": "' + b"x" * (3 << 20) + b'"}]',
        b"[" * 100_000,
    ],
    ids=str,
)
def test_what_is_no_listing_is_an_error(raw):
    with pytest.raises(StorageException, match="listing"):
        spooled(raw)


def test_an_empty_list_is_nothing():
    with pytest.raises(NotFound):
        spooled(b"[]")


def test_a_page_is_not_a_listing():
    with pytest.raises(ServiceUnreachable, match="CTADS_URL"):
        spooled(b"<html>", content_type="text/html")
