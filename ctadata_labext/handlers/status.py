"""``ctadata/status``: whether things are in place; ``ctadata/openapi.yaml``: what else there is."""

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

# Of openapi.yaml: it is raised when a panel of before could not use what is answered.
API_VERSION = 3
DESCRIPTION = Path(__file__).parents[1] / "openapi.yaml"


class StatusHandler(CTADataHandler):
    """Tells what the panel shows when nothing works."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``Status``; always with 200."""
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
    """Serves openapi.yaml."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer the description (media type of RFC 9512)."""
        description = await self.in_thread(DESCRIPTION.read_bytes)
        self.finish(description, set_content_type="application/yaml")
