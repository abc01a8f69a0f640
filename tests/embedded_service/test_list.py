"""GET /list, and the quoting of paths."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctadata.embedded_service.url_paths import decode_path, is_usable_name
from ctadata.embedded_service.wsgi import HTTPError

from ..conftest import ODD_NAMES
from .conftest import Http


def test_a_directory_lists_itself_first(http: Http) -> None:
    answer = http.get("list/lst/some-data-dir")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    entries = answer.json()
    assert [(e["href"], e["type"], e.get("size")) for e in entries] == [
        ("lst/some-data-dir/", "directory", None),
        ("lst/some-data-dir/deep/", "directory", None),
        ("lst/some-data-dir/empty", "file", "0"),
        ("lst/some-data-dir/small.txt", "file", "5"),
    ]
    for entry in entries:
        assert entry["mtime"].endswith(" GMT")
        assert parsedate_to_datetime(entry["mtime"]).year >= 2024
        assert entry["url"].endswith(f"/services/downloadservice/list/{entry['href']}")


@pytest.mark.parametrize("path", ["list", "list/"])
def test_the_root_is_a_directory_without_a_name(http: Http, path: str) -> None:
    entries = http.get(path).json()
    assert entries[0]["href"] == ""
    assert entries[0]["type"] == "directory"
    assert [entry["href"] for entry in entries[1:]] == ["cta/", "lst/"]


def test_a_trailing_slash_makes_no_difference(http: Http) -> None:
    assert http.get("list/lst/odd/").data == http.get("list/lst/odd").data


def test_a_file_has_one_entry(http: Http) -> None:
    (entry,) = http.get("list/lst/some-data-dir/small.txt").json()
    assert (entry["type"], entry["size"]) == ("file", "5")


def test_post_lists_too(http: Http) -> None:
    assert http.request("POST", "list/lst").data == http.get("list/lst").data


def test_double_slashes_are_redirected_without_the_query(http: Http) -> None:
    answer = http.get("list/lst//odd?token=secret")
    assert answer.status == 308
    assert answer.headers["Location"] == "/services/downloadservice/list/lst/odd"


def test_what_is_missing_is_404(http: Http) -> None:
    answer = http.get("list/lst/nothing")
    assert answer.status == 404
    assert answer.data.startswith(b"Error: 404 ")


@pytest.mark.parametrize(
    "name",
    [
        *ODD_NAMES,
        *("(unbalanced.txt", "a..b.txt", "..b", "b..", "...", "+", "a;b=c"),
        # Each of them is the quoted form of another name.
        *("c%20d.txt", "c%2520d.txt", "%C3%A9", "%2E.txt", "%2e%2e", "%2F", "a%2Fb", "%00"),
    ],
)
def test_paths_are_decoded_exactly_once(http: Http, storage: Path, own: Path, name: str) -> None:
    (storage / "lst/odd" / name).write_text(name)
    path = quote(f"lst/odd/{name}")
    (entry,) = http.get(f"list/{path}").json()
    assert unquote(entry["href"]) == f"lst/odd/{name}"
    assert entry["href"] in [e["href"] for e in http.get("list/lst/odd").json()]
    assert http.get(f"fetch/{entry['href']}").data.decode() == name
    assert http.get(f"webdav/{path}").data.decode() == name
    answer = http.request("POST", f"upload/{quote(name)}", body=b"new")
    assert answer.json()["path"] == f"lst/users/alice/{name}"
    assert http.request("PUT", f"webdav/lst/users/alice/{quote(name)}", body=b"x").status == 204
    assert http.request("MKCOL", f"webdav/lst/users/alice/{quote(name)}d").status == 201
    assert sorted(entry.name for entry in own.iterdir()) == [name, f"{name}d"]


@pytest.mark.parametrize("name", ["%41.txt", "c%20d.txt", "h#x.txt", "%2e%2e"])
def test_a_path_quoted_twice_is_another_name(http: Http, storage: Path, name: str) -> None:
    (storage / "lst/odd" / name).write_text(name)
    twice = quote(quote(f"lst/odd/{name}"))
    for endpoint in ("list", "fetch", "webdav"):
        assert http.get(f"{endpoint}/{twice}").status == 404


def test_names_that_no_client_could_ask_for_are_not_listed(http: Http, storage: Path) -> None:
    folder = storage / "lst/hidden"
    folder.mkdir()
    for name in (b"new\nline", b"back\\slash", b"latin\xe9", b".ctadata-upload-0123", b"shown"):
        Path(folder, name.decode("utf-8", "surrogateescape")).touch()
    hrefs = [entry["href"] for entry in http.get("list/lst/hidden").json()]
    assert hrefs == ["lst/hidden/", "lst/hidden/shown"]


def test_ten_thousand_entries(http: Http, storage: Path) -> None:
    folder = storage / "lst/many"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number:05d}").touch()
    assert len(json.loads(http.get("list/lst/many").data)) == 10_001


@given(st.text(min_size=1, max_size=20).filter(is_usable_name))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_every_usable_name_survives_quoting(name: str) -> None:
    assert decode_path(quote(name, safe="")) == [name]


@given(st.text(alphabet="%./\\\0\n25EFefac#A", max_size=20))
def test_no_path_decodes_to_a_name_that_climbs(raw: str) -> None:
    try:
        names = decode_path(raw)
    except HTTPError:
        return
    assert all(is_usable_name(name) for name in names)
