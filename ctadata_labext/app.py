"""The extension: what can be configured, and how the parts are put together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from functools import partial
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, Int, Unicode, default

from ctadata import config
from ctadata._printable import printable_record
from ctadata.api import APIClient
from ctadata.errors import CTADataError
from ctadata.http.plain_http import first_warning
from ctadata.transfers.progress import OnNotice, OnProgress

from .browse.archives import Archives
from .download_slots import DownloadSlots
from .handlers.archives import ArchiveHandler, ArchivesHandler
from .handlers.base import NotOfferedHandler
from .handlers.certificates import (
    CertificateHandler,
    CertificatesHandler,
    FoundCertificateHandler,
    FoundHandler,
    InspectHandler,
)
from .handlers.files import FilesHandler
from .handlers.home_directory import HomeDirectoryHandler
from .handlers.openapi import OpenAPIHandler
from .handlers.resources import ResourcesHandler
from .handlers.search import SearchHandler
from .handlers.status import StatusHandler
from .handlers.totals import TotalsHandler
from .handlers.transfers import CancelHandler, RetryHandler, TransferHandler, TransfersHandler
from .handlers.uploads import UploadHandler, UploadsHandler
from .handlers.workspace_files import FoldersHandler
from .service_calls import ServiceCalls, Watchdogs
from .threads import DaemonExecutor
from .transfers.job import Job
from .transfers.manager import TransferManager
from .transfers.run_job import run_job
from .transfers.store import TransferStore
from .uploads.handoff import drop_received
from .uploads.spool import Spool
from .uploads.writer import UploadWriter
from .workspace import Workspace

__all__ = ["ROUTES", "CTADataExtension"]

ROUTES: list[tuple[str, type]] = [
    (r"/ctadata/status", StatusHandler),
    (r"/ctadata/openapi\.yaml", OpenAPIHandler),
    (r"/ctadata/resources/(.*)", ResourcesHandler),
    (r"/ctadata/files/(.+)", FilesHandler),
    (r"/ctadata/archives", ArchivesHandler),
    (r"/ctadata/archives/([^/]+)", ArchiveHandler),
    (r"/ctadata/search/(.*)", SearchHandler),
    (r"/ctadata/totals", TotalsHandler),
    (r"/ctadata/own-directory", HomeDirectoryHandler),
    (r"/ctadata/workspace/(.*)", FoldersHandler),
    (r"/ctadata/transfers", TransfersHandler),
    (r"/ctadata/transfers/([^/]+)", TransferHandler),
    (r"/ctadata/transfers/([^/]+)/cancel", CancelHandler),
    (r"/ctadata/transfers/([^/]+)/retry", RetryHandler),
    (r"/ctadata/uploads", UploadsHandler),
    (r"/ctadata/uploads/([^/]+)", UploadHandler),
    (r"/ctadata/certificates", CertificatesHandler),
    (r"/ctadata/certificates/inspect", InspectHandler),
    (r"/ctadata/certificates/found", FoundHandler),
    (r"/ctadata/certificates/([^/]+)", CertificateHandler),
    (r"/ctadata/certificates/([^/]+)/found", FoundCertificateHandler),
]

# What concerns this machine alone; it waits for no service.
LOCAL_THREADS = 8
# Short calls of the services at once, such as listings: some may hang until their deadline.
CALL_THREADS = 64
CERTIFICATE_THREADS = 8
STATUS_THREADS = 8
# Listings that all walks together ask for at a time; a walk asks for a few.
WALK_THREADS = 32
# Downloads that may wait for the service beside those that run.
DOWNLOADS_ASIDE = 60
# Writing of what is uploaded from the user's computer, to one disk.
UPLOAD_THREADS = 4


class CTADataExtension(ExtensionApp):
    """Browse, download and upload the data of the CTA."""

    name = "ctadata_labext"

    downloadservice_url = Unicode(
        "",
        config=True,
        help="Address of the download service; empty: CTADS_URL of the environment, "
        "or else the public platform.",
    )
    certificateservice_url = Unicode(
        "",
        config=True,
        help="Address of the certificate service; empty: CTACS_URL of the environment, "
        "or else the download service's sibling.",
    )
    timeout = Float(
        60.0, min=0.1, config=True, help="Seconds that the data service may stay silent."
    )
    request_timeout = Float(
        60.0,
        min=0.1,
        config=True,
        help="Seconds that a request of the panel to a service may take in all, such as a listing; "
        "searches, totals and archives may take as long for each directory.",
    )
    status_timeout = Float(
        5.0,
        min=0.1,
        config=True,
        help="Seconds after which the status page calls the data service unreachable.",
    )
    max_entries = Int(
        250_000,
        min=1,
        config=True,
        help="Entries of one directory that are sent to the browser; the listing is cut there.",
    )
    max_listing_entries = Int(
        None,
        min=1,
        allow_none=True,
        config=True,
        help="Entries of one directory that are read from the data service; a longer listing is "
        "cut there, and those that transfer or count it say so. By default "
        "CTADATA_MAX_LISTING_ENTRIES of the environment, or else 1,000,000.",
    )
    max_listing_bytes = Int(
        None,
        min=1,
        allow_none=True,
        config=True,
        help="Bytes of one listing that are read from the data service; likewise. By default "
        "CTADATA_MAX_LISTING_BYTES of the environment, or else 512 MiB.",
    )
    max_results = Int(
        10_000, min=1, config=True, help="Files and directories that a search finds at most."
    )
    max_transfers = Int(
        4,
        min=1,
        config=True,
        help="Transfers between storage and workspace that run at once; further ones wait.",
    )
    max_queued_transfers = Int(
        500, min=0, config=True, help="Transfers that may wait; further ones are refused."
    )
    max_ended_transfers = Int(
        200,
        min=0,
        config=True,
        help="Ended transfers that are remembered until they are dismissed.",
    )
    max_downloads = Int(
        4,
        min=1,
        config=True,
        help="Downloads to the user's own computer that run at once; further ones wait.",
    )
    uploads_directory = Unicode(
        "",
        config=True,
        help="Folder that keeps what is uploaded from the user's own computer until it is stored; "
        "empty: 'uploads' in data_dir.",
    )
    upload_expiry = Float(
        24.0,
        min=0.01,
        config=True,
        help="Hours after its last piece until an unfinished upload is removed.",
    )
    upload_timeout = Float(
        30.0,
        min=0.1,
        config=True,
        help="Seconds after which an upload from the user's own computer is cut off whose bytes "
        "stop coming, or come at less than 256 bytes per second; it can be resumed.",
    )
    max_uploads = Int(
        10_000,
        min=0,
        config=True,
        help="Files uploaded from the user's own computer that are kept at once; 0: any number.",
    )
    max_upload_size = Int(
        0,
        min=0,
        config=True,
        help="Bytes that a file uploaded from the user's own computer may have; 0: any number.",
    )
    shutdown_timeout = Float(
        3.0,
        min=0.0,
        config=True,
        help="Seconds that a stopping server waits for its interrupted transfers.",
    )
    data_dir = Unicode(
        config=True,
        help="Directory for what must survive a restart of the server, such as the list of "
        "transfers; by default CTADATA_DATA_DIR of the environment, or else 'ctadata' in Jupyter's "
        "data directory.",
    )

    @default("data_dir")
    def _data_dir_default(self) -> str:
        return str(config.data_directory())

    def initialize_settings(self) -> None:
        """Make the client, the threads and the manager of transfers."""
        self.log.addFilter(printable_record)
        self.version = version("ctadata")
        self.client = self._make_client(self.timeout)
        self._warn_of_plain_http()
        self._make_calls()
        self.local_pool = DaemonExecutor(LOCAL_THREADS, "ctadata-local")
        self.archives = Archives()
        self.downloads = DownloadSlots(self.max_downloads, DOWNLOADS_ASIDE)
        self.download_pool = DaemonExecutor(
            self.max_downloads + DOWNLOADS_ASIDE, "ctadata-download"
        )
        self.upload_pool = DaemonExecutor(UPLOAD_THREADS, "ctadata-upload")
        self.receptions: dict[str, UploadWriter] = {}
        self.spool = self._make_spool()
        self.upload_pool.submit(self.spool.remove_expired)
        ledger = TransferStore(Path(self.data_dir, "transfers"), self.workspace().root, self.log)
        self.transfers = TransferManager(
            self._run_job,
            ledger,
            max_running=self.max_transfers,
            max_queued=self.max_queued_transfers,
            max_ended=self.max_ended_transfers,
            log=self.log,
            on_forget=partial(drop_received, self.spool),
        )

    def initialize_handlers(self) -> None:
        """Add the routes below ``ctadata/``."""
        # The last one takes what fits none of the others.
        routes = [*ROUTES, (r"/ctadata(?:/.*)?", NotOfferedHandler)]
        self.handlers.extend((pattern, handler, {"extension": self}) for pattern, handler in routes)

    def workspace(self) -> Workspace:
        """Return the folder that JupyterLab shows, as it is configured now."""
        assert self.serverapp is not None
        contents = self.serverapp.contents_manager
        # A contents manager that keeps no files on the disk has no root_dir.
        root = getattr(contents, "root_dir", "") or self.serverapp.root_dir
        return Workspace(os.path.abspath(root), allow_hidden=contents.allow_hidden)

    def current_activity(self) -> Any:
        """Return what keeps an idle server from being shut down: transfers that run or wait."""
        return self.transfers.active_count() + len(self.receptions)

    async def stop_extension(self) -> None:
        """Interrupt all transfers; wait for them, but not long."""
        self.watchdogs.close()
        await asyncio.gather(*(reception.cut() for reception in self.receptions.values()))
        kinds = (self.calls, self.certificate_calls, self.status_calls, self.walk_calls)
        pools = (self.local_pool, self.download_pool, self.upload_pool)
        for pool in (*pools, *(calls.threads for calls in kinds)):
            pool.close()
        ended = await asyncio.to_thread(self.transfers.shutdown, self.shutdown_timeout)
        if not ended:
            self.log.warning("ctadata: some transfers did not end in time and are dropped")

    def _make_calls(self) -> None:
        """Make what asks the services: none of these kinds waits for another one."""
        self.watchdogs = Watchdogs()
        seconds = self.request_timeout
        self.calls = ServiceCalls(
            self.client, DaemonExecutor(CALL_THREADS, "ctadata-call"), seconds, self.watchdogs
        )
        self.walk_calls = ServiceCalls(
            self.client, DaemonExecutor(WALK_THREADS, "ctadata-walk"), seconds, self.watchdogs
        )
        self.certificate_calls = ServiceCalls(
            self.client,
            DaemonExecutor(CERTIFICATE_THREADS, "ctadata-certificate"),
            seconds,
            self.watchdogs,
            address=attrgetter("certificateservice_url"),
            remedy="it may have stored the certificate all the same; try again",
        )
        self.status_calls = ServiceCalls(
            self._make_client(self.status_timeout, retries=0),
            DaemonExecutor(STATUS_THREADS, "ctadata-status"),
            self.status_timeout,
            self.watchdogs,
        )

    def _warn_of_plain_http(self) -> None:
        """Log where the token goes in the clear, for those who have set the address."""
        # What is no address is told to those who use it.
        with contextlib.suppress(CTADataError):
            url = self.client.downloadservice_url
            text = first_warning(url, config.DOWNLOADSERVICE_VARIABLE)
            if text is not None:
                self.log.warning("ctadata: %s", text)

    def _make_spool(self) -> Spool:
        return Spool(
            Path(self.uploads_directory or os.path.join(self.data_dir, "uploads")),
            expiry=self.upload_expiry * 3600,
            max_uploads=self.max_uploads,
            max_size=self.max_upload_size,
        )

    def _run_job(
        self, job: Job, on_progress: OnProgress, on_notice: OnNotice, cancel: threading.Event
    ) -> str | None:
        return run_job(
            self.client, self.workspace(), self.spool, job, on_progress, on_notice, cancel
        )

    def _make_client(self, timeout: float, retries: int = 3) -> APIClient:
        return APIClient(
            downloadservice=self.downloadservice_url or None,
            certificateservice=self.certificateservice_url or None,
            data_dir=self.data_dir,
            timeout=timeout,
            retries=retries,
            max_listing_entries=self.max_listing_entries,
            max_listing_bytes=self.max_listing_bytes,
        )
