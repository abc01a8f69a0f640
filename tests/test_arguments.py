"""Wrong arguments of every public function: an error of ctadata that names the argument."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import inspect
import os
import threading
from pathlib import Path
from typing import Any

import pytest

import ctadata
from ctadata import APIClient, _secrets
from ctadata._options import ClientOptions
from ctadata.errors import CTADataError, LocalFileError

from .support.certificates import write_proxy

CALLS: dict[str, dict[str, Any]] = {
    "list_dir": {"path": "lst"},
    "stat": {"path": "lst"},
    "listing": {"path": "lst"},
    "iter_bytes": {"path": "lst/file"},
    "fetch_and_save_file": {"path": "lst/file", "save_to_fn": "file"},
    "fetch_and_save_file_or_dir": {"path": "lst", "recursive": True, "dest": "down"},
    "fetch_many": {"paths": ["lst/file"], "dest": "down"},
    "upload_file": {"local_fn": "up/file", "path": "x"},
    "upload_dir": {"local_dir": "up", "path": "x"},
    "upload_many": {"local_paths": ["up/file"], "path": "x"},
    "upload_files": {"files": {"x": "up/file"}},
    "upload_certificate": {"file": "proxy.pem"},
    "upload_personal_certificate": {"file": "proxy.pem"},
    "upload_shared_certificate": {"file": "proxy.pem"},
    "delegate_certificate": {"file": "proxy.pem", "certificate_key": "cta"},
}
# Of these any value means yes or no.
FLAGS = {
    "answers", "checksum", "dry_run", "force", "hidden", "progress", "recursive", "skip_existing",
}  # fmt: skip
WRONG: dict[str, Any] = {
    "None": None,
    "a number": 5,
    "0": 0,
    "-1": -1,
    "a huge number": 10**400,
    "1.5": 1.5,
    "nan": float("nan"),
    "a decimal": decimal.Decimal("1e400"),
    "text": "3",
    "empty text": "",
    "a lone surrogate": "a\ud800",
    "a null byte": "a\0b",
    "a long name": "x" * 300,
    "a long path": "/".join(["x" * 250] * 20),
    "bytes": b"\xff",
    "a list": [5],
    "a dict": {"a": 1},
    "an object": object(),
    "a date": datetime.datetime(2026, 11, 22),
    "a path": Path("of-nothing"),
    "a type": int,
}


@pytest.fixture
def work_with_files(service_env, work, tmp_path, monkeypatch):
    # What is sent as a token is never shown again by this process: not in other tests, please.
    monkeypatch.setattr(_secrets, "_sent", {})
    (work / "up").mkdir()
    (work / "up/file").write_bytes(b"x")
    write_proxy(work / "proxy.pem")
    (tmp_path / "storage/lst/file").write_bytes(b"hello")
    return work


@pytest.mark.parametrize("service", ["kind"], indirect=True)
@pytest.mark.parametrize("name", CALLS)
def test_no_argument_of_any_type_brings_a_raw_error(work_with_files, name, capfd):
    """Whatever an argument is: the call does its work, or raises an error of ctadata."""
    parameters = set(inspect.signature(getattr(APIClient, name)).parameters) - {"self"}
    if name not in {"list_dir", "upload_file", "upload_certificate"}:
        # All functions treat the options of the client in the same way.
        parameters -= ClientOptions.__annotations__.keys()
    for parameter in sorted(parameters - FLAGS):
        for what, value in WRONG.items():
            if isinstance(value, type) and parameter.startswith(("on_", "cancel")):
                # It can be called, and what that raises is the caller's.
                continue
            arguments = {**CALLS[name], parameter: value}
            try:
                with contextlib.suppress(CTADataError):
                    result = getattr(APIClient(retries=0, timeout=20), name)(**arguments)
                    if inspect.isgenerator(result):
                        list(result)
            except Exception as error:
                raise AssertionError(f"{name}({parameter}={what})") from error
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("service", ["kind"], indirect=True)
@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("fetch_and_save_file", "jobs", "3"),
        ("fetch_and_save_file", "jobs", None),
        ("fetch_and_save_file", "jobs", 0),
        ("fetch_and_save_file", "jobs", 65),
        ("fetch_and_save_file", "streams", "2"),
        ("fetch_and_save_file", "streams", 1.5),
        ("fetch_and_save_file", "chunk_size", "1 MB"),
        ("fetch_and_save_file", "chunk_size", -1),
        ("fetch_and_save_file", "on_progress", "bar"),
        ("fetch_and_save_file", "on_result", []),
        ("fetch_and_save_file", "on_notice", 5),
        ("fetch_and_save_file", "cancel", True),
        ("fetch_and_save_file", "overwrite", True),
        ("fetch_many", "include", 5),
        ("fetch_many", "exclude", [b"*.h5"]),
        ("iter_bytes", "start", "0"),
        ("iter_bytes", "start", -1),
        ("iter_bytes", "stop", 1.5),
        ("iter_bytes", "entry", "lst/file"),
        ("upload_file", "jobs", "3"),
        ("upload_files", "files", ["x"]),
        ("upload_personal_certificate", "user", b"ada"),
    ],
)
def test_the_argument_is_named(work_with_files, name, argument, value):
    with pytest.raises(CTADataError, match=argument) as caught:
        getattr(APIClient(), name)(**{**CALLS[name], argument: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("timeout", "60"), ("timeout", 0), ("timeout", True), ("timeout", float("nan")),
        ("timeout", 10**400), ("retries", 1.5), ("retries", -1), ("retries", "3"),
        ("min_speed", "slow"), ("min_speed", -1), ("min_speed", float("inf")),
    ],
)  # fmt: skip
def test_a_client_is_not_made_of_wrong_arguments(argument, value):
    with pytest.raises(CTADataError, match=argument):
        APIClient(**{argument: value})


def test_an_assigned_size_of_blocks_is_looked_at_too(work_with_files):
    client = APIClient()
    client.chunk_size = "x&token=y"  # type: ignore[assignment]
    with pytest.raises(CTADataError, match="chunk_size"):
        client.fetch_and_save_file("lst/file", "file")


class OfAnotherLibrary:
    """A whole number as NumPy has them."""

    def __index__(self) -> int:
        return 2


def test_numbers_and_events_of_other_libraries_will_do(work_with_files):
    import multiprocessing

    for cancel in (threading.Event(), multiprocessing.get_context("spawn").Event()):
        size = ctadata.fetch_and_save_file(
            "lst/file", "file", jobs=OfAnotherLibrary(), streams=OfAnotherLibrary(), cancel=cancel
        )
        assert size == 5


def test_a_long_argument_is_not_repeated_as_a_whole():
    with pytest.raises(CTADataError) as caught:
        APIClient(retries="9" * 10_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("service", ["kind"], indirect=True)
def test_a_place_below_too_many_directories(work_with_files):
    """Making them takes a call inside a call for each."""
    deep = "d/" * 1900
    for call in (
        lambda: ctadata.fetch_and_save_file("lst/file", deep),
        lambda: ctadata.fetch_and_save_file_or_dir("lst/file", dest=deep),
        lambda: ctadata.fetch_many(["lst/file"], deep),
    ):
        with pytest.raises(LocalFileError, match="too many directories"):
            call()
    assert not (work_with_files / "d").exists()


@pytest.mark.parametrize("skip_existing", [False, True])
def test_without_a_place_for_records_files_are_uploaded_all_the_same(
    work_with_files, monkeypatch, capfd, skip_existing, caplog
):
    """As for an account that has no home directory."""
    for variable in ("CTADATA_DATA_DIR", "JUPYTER_DATA_DIR", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    answer = ctadata.upload_file("up/file", "x", skip_existing=skip_existing)
    assert answer["total_written"] == 1
    assert "no home directory" in caplog.text
    assert "Traceback" not in capfd.readouterr().err
