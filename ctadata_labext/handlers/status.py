"""``ctadata/status``: whether things are in place, in words for people."""

from __future__ import annotations

import platform
from typing import Any

import jupyter_server
from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata import config
from ctadata.api import APIClient
from ctadata.errors import CTADataError

from ..errors import describe
from .base import AUTH_RESOURCE, CTADataHandler

__all__ = ["API_VERSION", "StatusHandler"]

# Of openapi.yaml: it is raised when a panel of before could not use what is answered.
API_VERSION = 2


class StatusHandler(CTADataHandler):
    """Tells what the panel shows when nothing works."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``Status``; always with 200."""
        client = self.extension.client
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
                "writable_root": client.home_directory if service["url"] and not problem else None,
                "versions": {
                    "api": API_VERSION,
                    "ctadata": self.extension.version,
                    "jupyter_server": jupyter_server.__version__,
                    "python": platform.python_version(),
                },
            }
        )

    async def _service(self) -> dict[str, Any]:
        url: str | None = None
        message: str | None = None
        try:
            url = self.extension.client.downloadservice_url
            await self.extension.status_calls.run(self.left, APIClient.health)
        except CTADataError as error:
            message = describe(error)["message"]
        return {"url": url, "reachable": message is None, "message": message}
