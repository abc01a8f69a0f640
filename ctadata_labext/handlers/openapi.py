"""``ctadata/openapi.yaml``: the description of this REST interface."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import AUTH_RESOURCE, CTADataHandler

__all__ = ["OpenAPIHandler"]

DESCRIPTION = Path(__file__).parents[1] / "openapi.yaml"


class OpenAPIHandler(CTADataHandler):
    """Serves openapi.yaml."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer the description (media type of RFC 9512)."""
        description = await self.in_thread(DESCRIPTION.read_bytes)
        self.finish(description, set_content_type="application/yaml")
