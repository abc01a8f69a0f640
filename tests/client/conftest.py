"""Fixtures of the client's tests: a scripted server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import TOKEN
from tests.scripted import Scripted, reply, sends

__all__ = ["TOKEN", "Scripted", "reply", "sends"]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with Scripted() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield script
