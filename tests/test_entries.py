from __future__ import annotations

import pickle
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata import Entry

FACTS = {
    "href": "lst/a%20b.h5",
    "type": "file",
    "size": "5",
    "mtime": "Sun, 22 Nov 2026 06:28:06 GMT",
    "url": "http://service/list/lst/a%20b.h5",
}


def test_an_entry_is_its_path():
    entry = Entry("lst/a b.h5", FACTS)
    assert entry == "lst/a b.h5"
    assert "a b" in entry
    assert entry.split("/")[-1] == entry.name == "a b.h5"
    assert entry[:3] == "lst"
    assert entry[-1] == "5"


def test_an_entry_answers_as_the_service_sent_it():
    entry = Entry("lst/a b.h5", FACTS)
    assert {key: entry[key] for key in entry.keys()} == FACTS  # noqa: SIM118
    assert int(entry["size"]) == entry.size == 5
    assert entry.get("nothing", "else") == "else"
    with pytest.raises(KeyError):
        entry["nothing"]


def test_facts_in_python_types():
    entry = Entry("lst/a b.h5", FACTS)
    assert entry.type == "file"
    assert entry.modified == datetime(2026, 11, 22, 6, 28, 6, tzinfo=timezone.utc)
    assert entry.url == FACTS["url"]


def test_as_a_dictionary():
    assert Entry("lst/a b.h5", FACTS).to_dict() == {
        "path": "lst/a b.h5",
        "type": "file",
        "size": 5,
        "modified": "2026-11-22T06:28:06Z",
    }
    unknown = {"type": "directory", "size": None, "modified": None}
    assert Entry("lst/d/", {"size": "5"}).to_dict() == {"path": "lst/d/", **unknown}


def test_a_directory():
    entry = Entry("lst/data/", {"href": "lst/data/", "type": "directory"})
    assert (entry.type, entry.name, entry.path) == ("directory", "data", "lst/data")
    assert entry.size is None
    assert entry.modified is None


@pytest.mark.parametrize(
    "mtime",
    [
        "Sun, 22 Nov 2026 07:28:06 +0100",
        "Sun, 22 Nov 2026 06:28:06 -0000",
        "Sunday, 22-Nov-26 06:28:06 GMT",
        "22 Nov 2026 06:28:06 GMT",
    ],
)
def test_dates_in_other_forms(mtime):
    modified = datetime(2026, 11, 22, 6, 28, 6, tzinfo=timezone.utc)
    assert Entry("x", {**FACTS, "mtime": mtime}).modified == modified


@given(
    st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(timezone.utc)),
)
def test_every_date_of_http_is_read(moment):
    moment = moment.replace(microsecond=0)
    entry = Entry("x", {**FACTS, "mtime": format_datetime(moment, usegmt=True)})
    assert entry.modified == moment


@pytest.mark.parametrize(
    "mtime",
    [
        "yesterday",
        "",
        None,
        5,
        "Sun, 31 Feb 2026 06:28:06 GMT",
        "Sun, 22 Nov 0000 06:28:06 GMT",
        "Sun, 22 Nov 2026 24:28:06 GMT",
    ],
)
def test_a_time_that_is_none_is_unknown(mtime):
    assert Entry("x", {**FACTS, "mtime": mtime}).modified is None


def test_a_size_that_is_none_is_unknown():
    assert Entry("x", {**FACTS, "size": "-1"}).size is None


def test_an_entry_can_be_pickled():
    entry = pickle.loads(pickle.dumps(Entry("lst/a b.h5", FACTS)))
    assert entry == "lst/a b.h5"
    assert entry.size == 5
