"""Clients of the embedded service for tests: urllib3, or byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from ctadata.embedded_service import Service

from ..conftest import serving

DOWNLOADS = "/services/downloadservice"
CERTIFICATES = "/services/certificateservice"


class Http:
    """Sends requests unchanged, without normalization, redirects or retries."""

    def __init__(self, service: Service) -> None:
        parts = urlsplit(service.downloadservice_url)
        self.address = (parts.hostname, parts.port)
        self.token = service.token
        self._pool = urllib3.HTTPConnectionPool(parts.hostname, parts.port, maxsize=4)

    def request(self, method: str, path: str, **kwargs: Any) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | kwargs.pop("headers", {})
        target = path if path.startswith("/services") else f"{DOWNLOADS}/{path}"
        return self._pool.urlopen(
            method, target, headers=headers, redirect=False, retries=False, **kwargs
        )

    def get(self, path: str, **kwargs: Any) -> urllib3.BaseHTTPResponse:
        return self.request("GET", path, **kwargs)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self.address, timeout=20)
        return connection

    def head(self, method: str, path: str, *fields: str) -> bytes:
        """The bytes of a request head."""
        lines = [f"{method} {DOWNLOADS}/{path} HTTP/1.1", "Host: localhost"]
        lines += [f"Authorization: Bearer {self.token}", *fields, "", ""]
        return "\r\n".join(lines).encode()

    def close(self) -> None:
        self._pool.close()


@pytest.fixture
def service(tmp_path: Path, ca_bundle: Path) -> Iterator[Service]:
    """The service without quirks; `test_quirks.py` has its own."""
    with serving(tmp_path / "storage", ca_bundle) as running:
        yield running


@pytest.fixture
def http(service: Service) -> Iterator[Http]:
    client = Http(service)
    yield client
    client.close()


@pytest.fixture
def storage(service: Service, tmp_path: Path) -> Path:
    """The served directory."""
    return tmp_path / "storage"


@pytest.fixture
def own(storage: Path) -> Path:
    """Alice's home directory, created."""
    directory = storage / "lst/users/alice"
    directory.mkdir(parents=True)
    return directory


def read_all(connection: socket.socket) -> bytes:
    """All bytes until the service closes the connection."""
    received = b""
    while block := connection.recv(65536):
        received += block
    return received
