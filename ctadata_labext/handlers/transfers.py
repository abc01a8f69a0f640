"""``ctadata/transfers``: start, watch, cancel, retry and remove transfers."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..errors import BadRequest
from ..owners import owner_of
from ..transfers.run_job import download_jobs, upload_jobs
from ..uploads.handoff import handoff_job
from ..uploads.spool_files import is_id
from .base import CTADataHandler

__all__ = ["CancelHandler", "RetryHandler", "TransferHandler", "TransfersHandler"]


class TransfersHandler(CTADataHandler):
    """All transfers."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer all transfers, the oldest first."""
        self.finish({"transfers": self.services.transfers.list(owner_of(self))})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start one transfer for each path, or none of them."""
        order = self.json_body()
        transfers = await self.in_thread(self._start, order)
        self.set_status(202)
        self.finish({"transfers": transfers})

    def _start(self, order: dict[str, Any]) -> list[dict[str, object]]:
        services = self.services
        if order.get("kind") == "upload" and "uploads" in order:
            return [self._start_upload_job(order)]
        paths = self.json_paths()
        destination = order.get("destination", "")
        if not isinstance(destination, str):
            raise BadRequest("'destination' is not a path")
        overwrite = order.get("overwrite", False)
        if not isinstance(overwrite, bool):
            raise BadRequest("'overwrite' is neither true nor false")
        workspace = services.workspace()
        if order.get("kind") == "download":
            jobs = download_jobs(workspace, paths, destination, overwrite=overwrite)
        elif order.get("kind") == "upload":
            jobs = upload_jobs(workspace, paths, destination, _names(order, len(paths)))
        else:
            raise BadRequest("'kind' is neither 'download' nor 'upload'")
        return services.transfers.start(jobs, owner_of(self))

    def _start_upload_job(self, order: dict[str, Any]) -> dict[str, object]:
        name, uploads = order.get("name"), order.get("uploads")
        if not isinstance(name, str) or not isinstance(order.get("destination", ""), str):
            raise BadRequest("'name' or 'destination' is not a string")
        if not isinstance(uploads, list) or not uploads:
            raise BadRequest("'uploads' is not a list of at least one upload")
        left_out = order.get("left_out", {})
        if not isinstance(left_out, dict):
            raise BadRequest("'left_out' is not an object")
        pairs = []
        for upload in uploads:
            match upload:
                case {"id": str(upload_id), "path": str(path)} if is_id(upload_id):
                    pairs.append((upload_id, path))
                case _:
                    raise BadRequest("One of the 'uploads' has no 'id' or no 'path'")
        job = handoff_job(name, pairs, order.get("destination", ""), left_out)
        owner = owner_of(self)
        # If the first answer was lost, the panel sends the same order again.
        if started := self.services.transfers.same_as(job, owner):
            return started
        ids = [upload_id for upload_id, _ in pairs]
        spool = self.services.spool
        spool.claim(ids, owner)
        try:
            (transfer,) = self.services.transfers.start([job], owner)
        except BaseException:
            spool.take_back(ids)
            raise
        return transfer


class TransferHandler(CTADataHandler):
    """One transfer."""

    @web.authenticated
    @authorized
    async def get(self, transfer_id: str) -> None:
        """Answer openapi.yaml's ``Transfer``."""
        self.finish(self.services.transfers.get(transfer_id, owner_of(self)))

    @web.authenticated
    @authorized
    async def delete(self, transfer_id: str) -> None:
        """Remove it from the list, if it has ended."""
        await self.in_thread(self.services.transfers.forget, transfer_id, owner_of(self))
        self.set_status(204)
        self.finish()


class CancelHandler(CTADataHandler):
    """Cancels a transfer; it stays in the list."""

    @web.authenticated
    @authorized
    async def post(self, transfer_id: str) -> None:
        """Cancel it, unless it has ended."""
        transfer = await self.in_thread(self.services.transfers.cancel, transfer_id, owner_of(self))
        self.set_status(202)
        self.finish(transfer)


class RetryHandler(CTADataHandler):
    """Runs a transfer again that failed or was interrupted."""

    @web.authenticated
    @authorized
    async def post(self, transfer_id: str) -> None:
        """Queue it again with the same id."""
        transfer = await self.in_thread(self.services.transfers.retry, transfer_id, owner_of(self))
        self.set_status(202)
        self.finish(transfer)


def _names(order: dict[str, Any], count: int) -> list[str] | None:
    names = order.get("names")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest("'names' is not a list of names")
    if len(names) != count:
        raise BadRequest("'names' must have one name for each path")
    return names
