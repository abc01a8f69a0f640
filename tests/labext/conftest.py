from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# As a plugin of the whole run it would start and stop a Jupyter server around each test of the
# client, too: imported here, its fixtures and hooks hold for this directory only.
from pytest_jupyter.jupyter_server import *  # noqa: F403

from ctadata.embedded_service import Service

from .described import Api
from .tiny_service import TinyService


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"ctadata_labext": True}}}


@pytest.fixture
def storage(service_env: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the embedded service serves; the environment speaks of it."""
    monkeypatch.setenv("JUPYTERHUB_USER", "alice")
    return tmp_path / "storage"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyService]:
    """A service that misbehaves on request; the environment speaks of it."""
    with TinyService() as tiny:
        monkeypatch.setenv("CTADS_URL", tiny.url)
        monkeypatch.delenv("CTACS_URL", raising=False)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token-of-the-tiny-service")
        yield tiny


@pytest.fixture
def extension(jp_serverapp: Any) -> Any:
    (app,) = jp_serverapp.extension_manager.extension_apps["ctadata_labext"]
    return app


@pytest.fixture
def api(http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str]) -> Api:
    return Api(http_server_client, jp_base_url, jp_auth_header)
