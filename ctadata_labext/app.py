"""The extension: what can be configured, and how the parts are put together."""

from __future__ import annotations

import contextlib
import os
import threading
from functools import partial
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
from .routes import FALLBACK, ROUTES
from .service_calls import ServiceCalls, Watchdogs
from .services import Services
from .threads import DaemonExecutor
from .transfers.job import Job
from .transfers.manager import TransferManager
from .transfers.run_job import run_job
from .transfers.store import TransferStore
from .uploads.handoff import drop_received
from .uploads.spool import Spool
from .workspace import Workspace

__all__ = ["CTADataExtension"]

# What concerns this machine alone; it waits for no service.
LOCAL_THREADS = 8
# Short calls of the services at once, such as listings: some may hang until their deadline.
CALL_THREADS = 64
CERTIFICATE_THREADS = 8
STATUS_THREADS = 8
# Listings that all walks together ask for at a time; a walk asks for a few.
WALK_THREADS = 32
# Downloads that may wait for the service beside those that run.
WAITING_DOWNLOADS = 60
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
        """Make what the handlers work with."""
        self.log.addFilter(printable_record)
        client = APIClient(
            downloadservice=self.downloadservice_url or None,
            certificateservice=self.certificateservice_url or None,
            data_dir=self.data_dir,
            timeout=self.timeout,
            max_listing_entries=self.max_listing_entries,
            max_listing_bytes=self.max_listing_bytes,
        )
        self._warn_of_plain_http(client)
        watchdogs = Watchdogs()
        upload_pool = DaemonExecutor(UPLOAD_THREADS, "ctadata-upload")
        spool = self._make_spool()
        upload_pool.submit(spool.remove_expired)
        self.services = Services(
            client=client,
            calls=ServiceCalls(
                client,
                DaemonExecutor(CALL_THREADS, "ctadata-call"),
                self.request_timeout,
                watchdogs,
            ),
            walk_calls=ServiceCalls(
                client,
                DaemonExecutor(WALK_THREADS, "ctadata-walk"),
                self.request_timeout,
                watchdogs,
            ),
            certificate_calls=ServiceCalls(
                client,
                DaemonExecutor(CERTIFICATE_THREADS, "ctadata-certificate"),
                self.request_timeout,
                watchdogs,
                address=attrgetter("certificateservice_url"),
                remedy="it may have stored the certificate all the same; try again",
            ),
            status_calls=ServiceCalls(
                client.with_options(timeout=self.status_timeout, retries=0),
                DaemonExecutor(STATUS_THREADS, "ctadata-status"),
                self.status_timeout,
                watchdogs,
            ),
            watchdogs=watchdogs,
            local_pool=DaemonExecutor(LOCAL_THREADS, "ctadata-local"),
            download_pool=DaemonExecutor(
                self.max_downloads + WAITING_DOWNLOADS, "ctadata-download"
            ),
            upload_pool=upload_pool,
            transfers=TransferManager(
                partial(self._run_job, client, spool),
                TransferStore(Path(self.data_dir, "transfers"), self.workspace().root, self.log),
                max_running=self.max_transfers,
                max_queued=self.max_queued_transfers,
                max_ended=self.max_ended_transfers,
                log=self.log,
                on_forget=partial(drop_received, spool),
            ),
            spool=spool,
            archives=Archives(),
            download_slots=DownloadSlots(self.max_downloads, WAITING_DOWNLOADS),
            workspace=self.workspace,
            log=self.log,
            max_entries=self.max_entries,
            max_results=self.max_results,
            upload_timeout=self.upload_timeout,
        )

    def initialize_handlers(self) -> None:
        """Add the routes below ``ctadata/``."""
        routes = [*ROUTES, FALLBACK]
        given = {"services": self.services}
        self.handlers.extend((pattern, handler, given) for pattern, handler in routes)

    def workspace(self) -> Workspace:
        """Return the folder that JupyterLab shows, as it is configured now."""
        assert self.serverapp is not None
        contents = self.serverapp.contents_manager
        # A contents manager that keeps no files on the disk has no root_dir.
        root = getattr(contents, "root_dir", "") or self.serverapp.root_dir
        return Workspace(os.path.abspath(root), allow_hidden=contents.allow_hidden)

    def current_activity(self) -> Any:
        """Return what keeps an idle server from being shut down: transfers that run or wait."""
        return self.services.active_count()

    async def stop_extension(self) -> None:
        """Interrupt all transfers; wait for them, but not long."""
        if not await self.services.stop(self.shutdown_timeout):
            self.log.warning("ctadata: some transfers did not end in time and are dropped")

    def _warn_of_plain_http(self, client: APIClient) -> None:
        """Log where the token goes in the clear, for those who have set the address."""
        # What is no address is told to those who use it.
        with contextlib.suppress(CTADataError):
            url = client.downloadservice_url
            text = first_warning(url, config.DOWNLOADSERVICE_VARIABLE)
            if text is not None:
                self.log.warning("ctadata: %s", text)

    def _run_job(
        self,
        client: APIClient,
        spool: Spool,
        job: Job,
        on_progress: OnProgress,
        on_notice: OnNotice,
        cancel: threading.Event,
    ) -> str | None:
        return run_job(client, self.workspace(), spool, job, on_progress, on_notice, cancel)

    def _make_spool(self) -> Spool:
        return Spool(
            Path(self.uploads_directory or os.path.join(self.data_dir, "uploads")),
            expiry=self.upload_expiry * 3600,
            max_uploads=self.max_uploads,
            max_size=self.max_upload_size,
        )
