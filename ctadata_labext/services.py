"""What the handlers are given: clients, threads, and what the server remembers."""

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
    """What the handlers work with; `CTADataExtension` makes one for the server.

    Attributes
    ----------
    client : APIClient
        Asks the services.
    calls, walk_calls, certificate_calls, status_calls : ServiceCalls
        Calls of the services, by their kinds: no kind waits for another one.
    watchdogs : Watchdogs
        Stop what takes too long.
    local_pool, download_pool, upload_pool : DaemonExecutor
        Threads for what concerns this machine alone, for downloads by the browser, and for
        writing what it uploads.
    transfers : TransferManager
        The transfers between storage and workspace.
    spool : Spool
        What was uploaded from the user's computer, until it is stored.
    archives : Archives
        The zip files that were planned.
    download_slots : DownloadSlots
        How many downloads by the browser run at once.
    workspace : callable
        Returns the folder that JupyterLab shows, as it is configured now.
    log : logging.Logger
        The extension's.
    max_entries, max_results, upload_timeout
        As configured; see `CTADataExtension`.
    upload_writers : dict
        What writes the uploads that are coming in, by their ids.
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
        """Return how many transfers and uploads there are that have not ended."""
        return self.transfers.active_count() + len(self.upload_writers)

    async def stop(self, timeout: float) -> bool:
        """Stop everything, and interrupt the transfers.

        Parameters
        ----------
        timeout : float
            Seconds to wait for the transfers.

        Returns
        -------
        bool
            Whether all transfers have ended.
        """
        self.watchdogs.close()
        await asyncio.gather(*(writer.cut() for writer in self.upload_writers.values()))
        for pool in (self.local_pool, self.download_pool, self.upload_pool):
            pool.close()
        for calls in (self.calls, self.certificate_calls, self.status_calls, self.walk_calls):
            calls.threads.close()
        return await asyncio.to_thread(self.transfers.shutdown, timeout)
