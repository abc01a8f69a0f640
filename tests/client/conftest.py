"""Fixtures of the client's tests: a scripted server, and what certificates are made with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.conftest import TOKEN
from tests.proxies import Grid
from tests.scripted import Scripted, reply, sends

__all__ = ["TOKEN", "Scripted", "reply", "sends"]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with Scripted() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield script


@pytest.fixture(scope="session")
def grid() -> Grid:
    return Grid.create()


@pytest.fixture(scope="session", name="pkcs12")
def pkcs12_file(grid: Grid) -> bytes:
    """The user's certificate and key, as browsers export them."""
    user = grid.user
    encryption = BestAvailableEncryption(b"secret")
    return pkcs12.serialize_key_and_certificates(
        b"Ada", user.key, user.certificate, user.chain, encryption
    )
