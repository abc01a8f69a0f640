"""Fixtures of the tests that break things: a breaking storage, a breaking wire before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.conftest import TOKEN

from .storage import Storage
from .wire import Wire


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Whatever breaks, no thread of a transfer may outlive it."""
    before = set(threading.enumerate())
    yield
    # Of servers that serve a whole module each connection has one.
    ours = {t for t in threading.enumerate() if "process_request_thread" not in t.name}
    for thread in ours - before:
        thread.join(5)
        assert not thread.is_alive(), f"{thread.name} is left"


@pytest.fixture
def storage(no_thread_is_left: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage that breaks on request, in the environment that a user's session has."""
    with Storage() as running:
        monkeypatch.setenv("CTADS_URL", running.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield running


@pytest.fixture
def wire(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A breaking wire between the client and the storage."""
    with Wire(storage.url) as between:
        monkeypatch.setenv("CTADS_URL", between.url)
        yield between
