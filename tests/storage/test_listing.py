from __future__ import annotations

import json

import pytest

from ctadata import APIClient
from ctadata.errors import InvalidPath, NotFound, ServiceUnreachable, StorageException
from ctadata.storage.listing import EntryBuffer, Listing, read_listing
from tests.conftest import ODD_NAMES
from tests.support.scripted import sends

MTIME = "Sun, 22 Nov 2026 06:28:06 GMT"


def parsed(path, *items):
    raw = json.dumps(items).encode()
    buffer = EntryBuffer(path)
    own, _, refused = read_listing(
        [[raw]], "application/json", path.split("/") * bool(path), buffer
    )
    return Listing(own, buffer.entries, refused)


def directory(href):
    return {"href": href, "type": "directory", "mtime": MTIME}


def file(href, size="5"):
    return {"href": href, "type": "file", "size": size, "mtime": MTIME}


def test_the_directory_itself_is_not_listed(service_env):
    client = APIClient()
    listed = client.list_dir("lst/some-data-dir")
    assert sorted(listed) == [
        "lst/some-data-dir/deep/",
        "lst/some-data-dir/empty",
        "lst/some-data-dir/small.txt",
    ]
    assert client.list_dir("/lst/some-data-dir/") == listed


def test_a_file_lists_itself(service_env):
    (entry,) = APIClient().list_dir("lst/some-data-dir/small.txt")
    assert (entry, entry.size, entry.type) == ("lst/some-data-dir/small.txt", 5, "file")


def test_the_root(service_env):
    client = APIClient()
    assert client.list_dir() == client.list_dir("/") == ["cta/", "lst/"]
    assert client.stat("").type == "directory"


def test_odd_names_round_trip(service_env):
    client = APIClient()
    listed = client.list_dir("lst/odd")
    assert sorted(entry.name for entry in listed) == sorted(ODD_NAMES)
    assert [client.stat(entry).size for entry in listed] == [
        len(entry.name.encode()) for entry in listed
    ]


def test_missing(service_env):
    with pytest.raises(NotFound, match="'lst/nothing'") as caught:
        APIClient().list_dir("lst/nothing")
    assert caught.value.path == "lst/nothing"


def test_nothing_is_sent_for_a_path_that_must_not_be_asked_for(scripted):
    with pytest.raises(InvalidPath):
        APIClient().list_dir("lst/../cta")
    assert scripted.requests == []


def test_the_root_as_the_service_sends_it():
    listing = parsed("", file("", "0"), directory("cta/"))
    assert listing.own.type == "directory"
    assert listing.children == ["cta/"]


def test_an_empty_directory():
    listing = parsed("lst/empty", directory("lst/empty/"))
    assert (listing.own, listing.children) == ("lst/empty/", [])


def test_directories_that_the_service_calls_files():
    """Storages that leave out the slash make the service say so."""
    own = {"href": "lst/data", "type": "file", "mtime": MTIME}
    listing = parsed("lst/data", own, {**own, "href": "lst/data/sub"}, file("lst/data/f"))
    assert listing.own == "lst/data/"
    assert [(entry, entry.type) for entry in listing.children] == [
        ("lst/data/sub/", "directory"),
        ("lst/data/f", "file"),
    ]
    assert parsed("lst/data", own).own.type == "directory"


@pytest.mark.parametrize(
    "href",
    [
        "lst/data/../../etc/passwd",
        "lst/data/%2e%2e/x",
        "/etc/passwd",
        "http://other.example/lst/data/x",
        "lst/other/x",
        "lst/data/a/b",
        "lst/data/a%5Cb",
        "lst/data/a%00b",
        "lst/data//x",
    ],
)
def test_what_should_not_be_in_a_listing_is_refused_and_the_rest_goes_on(href):
    listing = parsed("lst/data", directory("lst/data/"), file(href), file("lst/data/good"))
    assert listing.children == ["lst/data/good"]
    assert len(listing.refused) == 1


@pytest.mark.parametrize("items", [{"href": "x"}, 3, [3], [{"type": "file"}], [{"href": None}]])
def test_what_is_no_listing_is_an_error(items):
    with pytest.raises(StorageException, match="listing"):
        read_listing(
            [[json.dumps(items).encode()]], "application/json", ["lst"], EntryBuffer("lst")
        )


def test_damaged_json_is_an_error():
    with pytest.raises(StorageException, match="damaged"):
        read_listing([[b'[{"href": "ls']], "application/json", ["lst"], EntryBuffer("lst"))


def test_a_page_is_not_a_listing():
    with pytest.raises(ServiceUnreachable, match="CTADS_URL"):
        read_listing([[b"<html>"]], "text/html; charset=utf-8", ["lst"], EntryBuffer("lst"))


def test_a_service_that_says_that_it_decodes_once(scripted):
    name = "two words.txt"
    sign = {"CTAData_Path_Decoding": "once"}
    listing = json.dumps([file("lst/two%20words.txt")]).encode()
    scripted.default = sends(b"Error: 404", 404, **sign)
    scripted.on("GET", "list/lst/two%20words.txt", sends(listing, **sign))
    client = APIClient()
    assert client.stat(f"lst/{name}").size == 5
    assert client.stat(f"lst/{name}").size == 5
    asked = [path.rpartition("/")[2] for _, path in scripted.requests]
    assert asked == ["two%2520words.txt", "two%20words.txt", "two%20words.txt"]


def test_a_service_that_does_not_say_how_often_it_decodes_is_asked_twice_quoted_only(scripted):
    scripted.list("lst/two%20words.txt", file("lst/two%20words.txt"))
    with pytest.raises(NotFound):
        APIClient().stat("lst/two words.txt")
    assert [path.rpartition("/")[2] for _, path in scripted.requests] == ["two%2520words.txt"]


def test_an_answer_about_another_path_does_not_count(scripted):
    """As from a service that cuts the name at '#'."""
    other = [directory("lst/h/"), file("lst/h/x")]
    scripted.default = sends(json.dumps(other).encode())
    for path in ("lst/h#x.txt", "lst/h%20", "lst/other"):
        with pytest.raises(NotFound, match="about 'lst/h"):
            APIClient().listing(path)


def test_plain_names_are_asked_for_once(scripted):
    with pytest.raises(NotFound):
        APIClient().stat("lst/plain.txt")
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    ("href", "says"),
    [
        ("lst/d/a%5cb", f"the character {chr(92)!r}, which no name may have"),
        ("lst/d/a%0ab", f"the character {chr(10)!r}, which no name may have"),
        ("lst/other", "does not lie in that directory"),
    ],
)
def test_what_is_left_out_is_told_with_its_reason(scripted, href, says):
    scripted.list("lst/d", {"href": "lst/d/", "type": "directory"}, {"href": href, "size": "1"})
    (refused,) = APIClient().listing("lst/d").refused
    assert says in str(refused)


@pytest.mark.parametrize("entries", [1000, 30_000])
def test_a_long_listing_is_read_as_it_was_sent(scripted, entries):
    """It comes in more blocks than one, of which each is only valid until the next one."""
    scripted.list("lst/d", directory("lst/d/"), *(file(f"lst/d/{n:06}") for n in range(entries)))
    assert APIClient().list_dir("lst/d") == [f"lst/d/{n:06}" for n in range(entries)]
