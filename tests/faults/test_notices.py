"""A transfer that waits before a retry reports that, with the reason."""

from __future__ import annotations

import logging

import pytest

from ctadata import APIClient, errors

from .storage import MIB, OWN, Fault, content


def notices(call, **options) -> list[tuple[str, str | None]]:
    """Call a method, and return the notices."""
    told = []
    call(on_notice=lambda path, text: told.append((path, text)), progress=False, **options)
    return told


def client(**options) -> APIClient:
    return APIClient(**{"timeout": 1, "retries": 3, "min_speed": 0, **options})


@pytest.mark.parametrize("size", [1000, 20 * MIB])
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault(stop=500, then="stall"), "no data for 1 s"),
        (Fault(stop=500), "The connection to 127.0.0.1"),
        (Fault(status=503, headers={"Retry-After": "1"}), "503 Service Unavailable"),
    ],
)
def test_a_download(storage, work, caplog, size, fault, why):
    caplog.set_level(logging.INFO, "ctadata")
    storage.put("lst/x", size)
    storage.fails("fetch", "lst/x", fault)
    told = notices(client().fetch_and_save_file, path="lst/x")
    (_, first), (_, last) = told[0], told[-1]
    seconds = " in 1 s" if fault.status else ""
    assert first.startswith(f"trying again (2 of 4){seconds}: {why}")
    assert last is None
    assert {path for path, _ in told} == {"lst/x"}
    # With -v.
    assert f"lst/x: {first}" in caplog.text


def test_all_tries(storage, work):
    storage.put("lst/x", 1000)
    storage.fails("fetch", "lst/x", always=Fault(stop=500))
    told = []
    with pytest.raises(errors.CTADataError):
        client().fetch_and_save_file("lst/x", on_notice=lambda *given: told.append(given[1]))
    assert [text and text[: len("trying again (2 of 4)")] for text in told if text] == [
        f"trying again ({number} of 4)" for number in (2, 3, 4)
    ]
    # Of what has ended nothing is left to be shown.
    assert told[-1] is None


def test_a_listing(storage, work):
    storage.put("lst/d/x", 1000)
    storage.fails("list", "lst/d", Fault(status=502))
    told = notices(client().fetch_many, paths=["lst/d"], dest="to", recursive=True)
    assert told == [("lst/d", "trying again (2 of 4): 502 Bad Gateway"), ("lst/d", None)]


def test_an_upload(storage, work):
    (work / "x").write_bytes(content(4 * MIB))
    storage.fails("upload", "x", Fault(stop=100, then="reset"))
    told = notices(client().upload_file, local_fn="x", path="x")
    assert [path for path, _ in told] == ["x"] * len(told)
    assert told[0][1].startswith("trying again (2 of 4): The connection to")
    assert told[-1][1] is None
    assert f"{OWN}/x" in storage.files


def test_nothing_is_said_where_all_goes_well(storage, work):
    storage.put("lst/x", 20 * MIB)
    assert notices(client().fetch_and_save_file, path="lst/x") == []


def test_on_the_bar(storage, work, capsys):
    storage.put("lst/x", 1000)
    storage.fails("fetch", "lst/x", Fault(status=503, headers={"Retry-After": "1"}))
    client().fetch_and_save_file("lst/x", progress=True)
    shown = capsys.readouterr().err
    assert "trying again (2 of 4) in 1 s: 503 Service Unavailable:   0%" in shown
    assert "x: 100%" in shown.rpartition("\r")[2]
