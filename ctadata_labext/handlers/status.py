"""``ctadata/status``: what works; ``ctadata/openapi.yaml``: the description of this interface."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jupyter_server
from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata import config
from ctadata.api import APIClient
from ctadata.errors import CTADataError

from ..errors import describe
from .base import CTADataHandler

__all__ = ["API_VERSION", "DESCRIPTION", "OpenAPIHandler", "StatusHandler"]

# The version of openapi.yaml, raised when an older panel cannot use the answers.
API_VERSION = 3
DESCRIPTION = Path(__file__).parents[1] / "openapi.yaml"


class StatusHandler(CTADataHandler):
    """Whether the service can be reached, the token, the user, and versions."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``Status``, always with status 200."""
        client = self.services.client
        service = await self._service()
        problem: str | None = None
        try:
            present = config.token(client.token) is not None
        except CTADataError as error:
            present, problem = True, describe(error)["message"]
        self.finish(
            {
                "service": service,
                "token": {"present": present, "message": problem},
                "user": config.user_name(),
                "home_directory": client.home_directory if service["url"] and not problem else None,
                "versions": {
                    "api": API_VERSION,
                    "ctadata": version("ctadata"),
                    "jupyter_server": jupyter_server.__version__,
                    "python": platform.python_version(),
                },
            }
        )

    async def _service(self) -> dict[str, Any]:
        url: str | None = None
        message: str | None = None
        try:
            url = self.services.client.downloadservice_url
            await self.services.status_calls.run(self.left, APIClient.health)
        except CTADataError as error:
            message = describe(error)["message"]
        return {"url": url, "reachable": message is None, "message": message}


class OpenAPIHandler(CTADataHandler):
    """The description of the REST interface."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send openapi.yaml (media type: RFC 9512)."""
        description = await self.in_thread(DESCRIPTION.read_bytes)
        self.finish(description, set_content_type="application/yaml")
