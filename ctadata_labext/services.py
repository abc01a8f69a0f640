"""What the handlers are given: client, threads, transfers, spool, limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from ctadata.api import APIClient

from .browse.archives import Archives
from .download_slots import DownloadSlots
from .service_calls import ServiceCalls, Watchdogs
from .threads import DaemonExecutor
from .transfers.manager import TransferManager
from .uploads.spool import Spool
from .uploads.writer import UploadWriter
from .workspace import Workspace

__all__ = ["Services"]


@dataclass(frozen=True)
class Services:
    """What all handlers share; the extension makes one for the server.

    Attributes
    ----------
    calls, walk_calls, certificate_calls, status_calls : ServiceCalls
        Calls of the services. Each kind has its own threads and never waits for another.
    local_pool, download_pool, upload_pool : DaemonExecutor
        Threads for work on this machine, for downloads by the browser, and for writing uploads.
    workspace : callable
        Returns JupyterLab's root folder, as configured now.
    max_entries, max_results, upload_timeout
        Settings of the extension.
    upload_writers : dict
        The uploads that are being received, by id.
    """

    client: APIClient
    calls: ServiceCalls
    walk_calls: ServiceCalls
    certificate_calls: ServiceCalls
    status_calls: ServiceCalls
    watchdogs: Watchdogs
    local_pool: DaemonExecutor
    download_pool: DaemonExecutor
    upload_pool: DaemonExecutor
    transfers: TransferManager
    spool: Spool
    archives: Archives
    download_slots: DownloadSlots
    workspace: Callable[[], Workspace]
    log: logging.Logger
    max_entries: int
    max_results: int
    upload_timeout: float
    upload_writers: dict[str, UploadWriter] = field(default_factory=dict)

    def active_count(self) -> int:
        """Return the number of unfinished transfers and of uploads being received."""
        return self.transfers.active_count() + len(self.upload_writers)

    async def stop(self, timeout: float) -> bool:
        """Stop all calls and uploads, and interrupt the transfers.

        Waits `timeout` seconds for the transfers, and returns whether all have ended.
        """
        self.watchdogs.close()
        await asyncio.gather(*(writer.disconnect() for writer in self.upload_writers.values()))
        for pool in (self.local_pool, self.download_pool, self.upload_pool):
            pool.close()
        for calls in (self.calls, self.certificate_calls, self.status_calls, self.walk_calls):
            calls.threads.close()
        return await asyncio.to_thread(self.transfers.shutdown, timeout)
