"""The routes below ``ctadata/``; openapi.yaml describes their requests and responses."""

from __future__ import annotations

from .handlers.archives import ArchiveHandler, ArchivesHandler
from .handlers.base import CTADataHandler, NotOfferedHandler
from .handlers.certificates import (
    CertificatesHandler,
    DelegateFoundHandler,
    DelegateHandler,
    FoundCertificateHandler,
    InspectHandler,
)
from .handlers.files import FilesHandler
from .handlers.resources import HomeDirectoryHandler, ResourcesHandler, WorkspaceHandler
from .handlers.search import SearchHandler
from .handlers.status import OpenAPIHandler, StatusHandler
from .handlers.totals import TotalsHandler
from .handlers.transfers import CancelHandler, RetryHandler, TransferHandler, TransfersHandler
from .handlers.uploads import UploadHandler, UploadsHandler

__all__ = ["FALLBACK", "ROUTES"]

ROUTES: list[tuple[str, type[CTADataHandler]]] = [
    (r"/ctadata/status", StatusHandler),
    (r"/ctadata/openapi\.yaml", OpenAPIHandler),
    (r"/ctadata/resources/(.*)", ResourcesHandler),
    (r"/ctadata/files/(.+)", FilesHandler),
    (r"/ctadata/archives", ArchivesHandler),
    (r"/ctadata/archives/([^/]+)", ArchiveHandler),
    (r"/ctadata/search/(.*)", SearchHandler),
    (r"/ctadata/totals", TotalsHandler),
    (r"/ctadata/home-directory", HomeDirectoryHandler),
    (r"/ctadata/workspace/(.*)", WorkspaceHandler),
    (r"/ctadata/transfers", TransfersHandler),
    (r"/ctadata/transfers/([^/]+)", TransferHandler),
    (r"/ctadata/transfers/([^/]+)/cancel", CancelHandler),
    (r"/ctadata/transfers/([^/]+)/retry", RetryHandler),
    (r"/ctadata/uploads", UploadsHandler),
    (r"/ctadata/uploads/([^/]+)", UploadHandler),
    (r"/ctadata/certificates", CertificatesHandler),
    (r"/ctadata/certificates/inspect", InspectHandler),
    (r"/ctadata/certificates/found", FoundCertificateHandler),
    (r"/ctadata/certificates/([^/]+)", DelegateHandler),
    (r"/ctadata/certificates/([^/]+)/found", DelegateFoundHandler),
]
# For all other addresses.
FALLBACK: tuple[str, type[CTADataHandler]] = (r"/ctadata(?:/.*)?", NotOfferedHandler)
