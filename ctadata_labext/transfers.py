"""``ctadata/transfers``: start, watch, cancel and forget transfers of the server."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import AUTH_RESOURCE, CTADataHandler
from .errors import BadRequest
from .jobs import download_jobs, upload_jobs

__all__ = ["TransferHandler", "TransfersHandler"]


class TransfersHandler(CTADataHandler):
    """All transfers."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer all transfers, the oldest first."""
        self.finish({"transfers": self.extension.transfers.list()})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start one transfer for each path, or none."""
        order = self.json_body()
        transfers = await self.in_thread(self._start, order)
        self.set_status(202)
        self.finish({"transfers": transfers})

    def _start(self, order: dict[str, Any]) -> list[dict[str, object]]:
        extension = self.extension
        paths = order.get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise BadRequest("'paths' is not a list of paths")
        if not paths:
            raise BadRequest("'paths' is empty; choose at least one file")
        destination = order.get("destination", "")
        if not isinstance(destination, str):
            raise BadRequest("'destination' is not a path")
        overwrite = order.get("overwrite", False)
        if not isinstance(overwrite, bool):
            raise BadRequest("'overwrite' is neither true nor false")
        workspace = extension.workspace()
        if order.get("kind") == "download":
            jobs = download_jobs(
                extension.client, workspace, paths, destination, overwrite=overwrite
            )
        elif order.get("kind") == "upload":
            jobs = upload_jobs(extension.client, workspace, paths, destination)
        else:
            raise BadRequest("'kind' is neither 'download' nor 'upload'")
        return extension.transfers.start(jobs)


class TransferHandler(CTADataHandler):
    """One transfer."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, transfer_id: str) -> None:
        """Answer how far it is."""
        self.finish(self.extension.transfers.get(transfer_id))

    @web.authenticated
    @authorized
    async def delete(self, transfer_id: str) -> None:
        """Cancel it (202), or forget it when it has ended (204)."""
        cancelled = self.extension.transfers.cancel_or_forget(transfer_id)
        if cancelled is None:
            self.set_status(204)
            self.finish()
        else:
            self.set_status(202)
            self.finish(cancelled)
