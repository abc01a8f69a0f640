"""Requests with and without a valid token."""

from __future__ import annotations

import logging

import pytest

from ctadata.embedded_service import Service
from ctadata.errors import CTADataError

from ..conftest import TOKEN
from .conftest import CERTIFICATES, DOWNLOADS, Http

JSON = {"Content-Type": "application/json"}
WRONG = {"Authorization": "Bearer wrong"}
NONE = {"Authorization": ""}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("list", NONE | JSON, 401),
        ("list", WRONG | JSON, 401),
        ("list", NONE, 302),
        ("list", WRONG, 302),
        ("list", NONE | {"Content-Type": "application/json; charset=utf-8"}, 302),
        ("list", {"Authorization": f"bearer {TOKEN}"} | JSON, 401),
        ("list", {"Authorization": f"Basic {TOKEN}"} | JSON, 401),
        ("list", {"Authorization": f"Bearer {TOKEN}"}, 200),
        (f"list?token={TOKEN}", NONE, 200),
        ("list?token=wrong", NONE | JSON, 401),
        ("list?token=%FF%00", NONE | JSON, 401),
        ("webdav", NONE, 302),
        ("upload/x", NONE, 302),
        ("nothing-of-the-sort", NONE, 302),
        (f"{CERTIFICATES}/shared-certificate-status", NONE | JSON, 401),
        (f"{CERTIFICATES}/shared-certificate-status", WRONG | JSON, 302),
    ],
)
def test_token(http: Http, path: str, headers: dict[str, str], status: int) -> None:
    assert http.get(path, headers=headers).status == status


def test_the_refusal_as_json(http: Http) -> None:
    answer = http.get("list", headers=NONE | JSON)
    assert answer.json() == {"message": "Invalid or missing Bearer token"}


@pytest.mark.parametrize(
    "path",
    ["health", "storage-status", f"{DOWNLOADS}/health", f"{CERTIFICATES}/health"],
)
def test_health_needs_no_token(http: Http, path: str) -> None:
    answer = http.get(path, headers=NONE)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("list", {}, 200),
        ("fetch/lst/some-data-dir/small.txt", {}, 200),
        ("webdav/lst/some-data-dir/small.txt", {}, 200),
        ("", {}, 200),
        ("health", NONE, 200),
        ("list//lst", {}, 308),
        ("list", NONE, 302),
        ("list", NONE | JSON, 401),
        ("list/nothing", {}, 404),
        ("nothing", {}, 404),
        ("list/..", {}, 400),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_says_that_paths_are_decoded_once(
    http: Http, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = http.request(method, path, headers=headers)
    assert answer.status == status
    assert answer.headers["CTAData-Path-Decoding"] == "once"


def test_no_token_in_the_location(http: Http) -> None:
    answer = http.get("list/a%20b?token=nearly-right", headers=NONE)
    assert answer.status == 302
    assert answer.headers["Location"] == f"/hub/login?next={DOWNLOADS}/list/a%2520b"


def test_no_token_in_the_log(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http.get(f"list?token={TOKEN}")
    http.get("list?token=nearly-right", headers=NONE)
    http.get(f"fetch/nothing?token={TOKEN}")
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("ctadata", "wsgidav"))]
    assert not [message for message in ours if TOKEN in message or "nearly-right" in message]


def test_trace_does_not_echo_the_token(http: Http) -> None:
    answer = http.request("TRACE", f"webdav/lst?token={TOKEN}", headers={"X-Shown": "yes"})
    assert answer.status == 200
    assert b"X-Shown: yes" in answer.data
    assert TOKEN.encode() not in answer.data


def test_an_empty_token_is_refused(tmp_path: object) -> None:
    with pytest.raises(CTADataError):
        Service(str(tmp_path), token="")
