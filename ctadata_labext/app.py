"""The extension: its settings, and how its parts are put together."""

from __future__ import annotations

import contextlib
import os
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

from .browse.archives import Archives
from .download_slots import DownloadSlots
from .routes import FALLBACK, ROUTES
from .service_calls import ServiceCalls, Watchdogs
from .services import Services
from .threads import DaemonExecutor
from .transfers.manager import TransferManager
from .transfers.run_job import run_job
from .transfers.store import TransferStore
from .uploads.handoff import discard_uploads
from .uploads.spool import Spool
from .workspace import Workspace

__all__ = ["CTADataExtension"]

# Work on this machine; it never waits for a service.
LOCAL_THREADS = 8
# Short calls of the services, such as listings: some may hang until their deadline.
CALL_THREADS = 64
CERTIFICATE_THREADS = 8
STATUS_THREADS = 8
# Listings that all walks together request at a time; one walk requests a few.
WALK_THREADS = 32
# Downloads by the browser that may wait for the service, beside those that run.
WAITING_DOWNLOADS = 60
# Uploads are written to one disk.
UPLOAD_THREADS = 4


class CTADataExtension(ExtensionApp):
    """Browse, download and upload the data of the CTA."""

    name = "ctadata_labext"

    downloadservice_url = Unicode(
        "",
        config=True,
        help="URL of the download service. By default the environment's CTADS_URL, or else the "
        "public platform.",
    )
    certificateservice_url = Unicode(
        "",
        config=True,
        help="URL of the certificate service. By default the environment's CTACS_URL, or else the "
        "one beside the download service.",
    )
    timeout = Float(
        config.TIMEOUT,
        min=0.1,
        config=True,
        help="Seconds for which the download service may send nothing.",
    )
    request_timeout = Float(
        60.0,
        min=0.1,
        config=True,
        help="Seconds that one request to a service, such as a listing, may take in total. "
        "Searches, totals and archives have this time for each directory.",
    )
    status_timeout = Float(
        5.0,
        min=0.1,
        config=True,
        help="Seconds after which the panel reports the download service as unreachable.",
    )
    max_entries = Int(
        250_000,
        min=1,
        config=True,
        help="Maximum number of entries of one directory that are sent to the browser. Longer "
        "listings are cut.",
    )
    max_listing_entries = Int(
        None,
        min=1,
        allow_none=True,
        config=True,
        help="Maximum number of entries of one directory that are read from the download service. "
        "Longer listings are cut, and transfers and totals of that directory report it. By "
        "default the environment's CTADATA_MAX_LISTING_ENTRIES, or else 1,000,000.",
    )
    max_listing_bytes = Int(
        None,
        min=1,
        allow_none=True,
        config=True,
        help="Maximum size of one listing, in bytes. Longer listings are cut, as above. By default "
        "the environment's CTADATA_MAX_LISTING_BYTES, or else 536,870,912 (512 MiB).",
    )
    max_results = Int(
        10_000,
        min=1,
        config=True,
        help="Maximum number of files and directories that a search returns.",
    )
    max_transfers = Int(
        4,
        min=1,
        config=True,
        help="Number of transfers between storage and workspace that run at the same time. Others "
        "wait.",
    )
    max_queued_transfers = Int(
        500,
        min=0,
        config=True,
        help="Maximum number of waiting transfers. Further ones are refused.",
    )
    max_ended_transfers = Int(
        200,
        min=0,
        config=True,
        help="Maximum number of ended transfers that are kept in the list. The oldest are removed "
        "first.",
    )
    max_downloads = Int(
        4,
        min=1,
        config=True,
        help="Number of downloads to the user's computer that run at the same time. Others wait.",
    )
    uploads_directory = Unicode(
        "",
        config=True,
        help="Directory for files uploaded from the user's computer, until they are stored. By "
        "default 'uploads' in data_dir.",
    )
    upload_expiry = Float(
        24.0,
        min=0.01,
        config=True,
        help="Hours after which an unfinished upload is removed if no data arrives.",
    )
    upload_timeout = Float(
        30.0,
        min=0.1,
        config=True,
        help="Seconds after which the connection of an upload from the user's computer is closed "
        "if it brings less than 256 bytes per second. The upload can be resumed.",
    )
    max_uploads = Int(
        10_000,
        min=0,
        config=True,
        help="Maximum number of files from the user's computer that are not yet in the storage. "
        "0: no limit.",
    )
    max_upload_size = Int(
        0,
        min=0,
        config=True,
        help="Maximum size in bytes of a file uploaded from the user's computer. 0: no limit.",
    )
    shutdown_timeout = Float(
        3.0,
        min=0.0,
        config=True,
        help="Seconds that the server waits for its transfers to stop when it shuts down.",
    )
    data_dir = Unicode(
        config=True,
        help="Directory for data that must survive a restart of the server, such as the list of "
        "transfers. By default the environment's CTADATA_DATA_DIR, or else 'ctadata' in Jupyter's "
        "data directory.",
    )

    @default("data_dir")
    def _data_dir_default(self) -> str:
        return str(config.data_directory())

    def initialize_settings(self) -> None:
        """Make the services that the handlers are given."""
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
        spool = Spool(
            Path(self.uploads_directory or os.path.join(self.data_dir, "uploads")),
            expiry=self.upload_expiry * 3600,
            max_uploads=self.max_uploads,
            max_size=self.max_upload_size,
        )
        upload_pool.submit(spool.remove_expired)

        def calls(kind: str, threads: int, **more: Any) -> ServiceCalls:
            pool = DaemonExecutor(threads, f"ctadata-{kind}")
            return ServiceCalls(client, pool, self.request_timeout, watchdogs, **more)

        self.services = Services(
            client=client,
            calls=calls("call", CALL_THREADS),
            walk_calls=calls("walk", WALK_THREADS),
            certificate_calls=calls(
                "certificate",
                CERTIFICATE_THREADS,
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
                partial(run_job, client, self.workspace, spool),
                TransferStore(Path(self.data_dir, "transfers"), self.workspace().root, self.log),
                max_running=self.max_transfers,
                max_queued=self.max_queued_transfers,
                max_ended=self.max_ended_transfers,
                log=self.log,
                on_forget=partial(discard_uploads, spool),
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
        """Return the number of unfinished transfers and uploads: they keep an idle server up."""
        return self.services.active_count()

    async def stop_extension(self) -> None:
        """Interrupt all transfers, and wait for them for a short time."""
        if not await self.services.stop(self.shutdown_timeout):
            self.log.warning("ctadata: some transfers did not stop in time; they are abandoned")

    def _warn_of_plain_http(self, client: APIClient) -> None:
        """Log that the token is sent unencrypted, for whoever has configured the URL."""
        # An invalid URL is reported by each request.
        with contextlib.suppress(CTADataError):
            url = client.downloadservice_url
            text = first_warning(url, config.DOWNLOADSERVICE_VARIABLE)
            if text is not None:
                self.log.warning("ctadata: %s", text)
