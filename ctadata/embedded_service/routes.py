"""The routes of both services; openapi.yaml beside this file describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .certificate_endpoints import CertificateEndpoints
from .file_endpoints import FileEndpoints
from .webdav_endpoint import METHODS, WebDAVEndpoint
from .wsgi import Request, Response

DOWNLOADS = "/services/downloadservice"
CERTIFICATES = "/services/certificateservice"

READ = frozenset({"GET", "HEAD"})
READ_OR_POST = READ | {"POST"}
POST = frozenset({"POST"})

Handler = Callable[[Request, str], Response]


@dataclass(frozen=True)
class Route:
    """An endpoint.

    Attributes
    ----------
    methods : frozenset of str
        The allowed methods.
    handler : callable
        Answers a request for the endpoint itself.
    below : callable, optional
        Answers a request for a path below it; None: there are no such paths.
    public : frozenset of str
        The methods that need no token.
    """

    methods: frozenset[str]
    handler: Handler
    below: Handler | None = None
    public: frozenset[str] = frozenset()


Routes = Mapping[str, Mapping[str, Route]]
"""By the prefix of the service, then by the name of the endpoint."""


def find_prefix(routes: Routes, path: str) -> str | None:
    """Return the prefix of the service that a path belongs to, if any."""
    return next((prefix for prefix in routes if f"{path}/".startswith(f"{prefix}/")), None)


def embedded_routes(
    files: FileEndpoints, webdav: WebDAVEndpoint, certificates: CertificateEndpoints
) -> Routes:
    """Return the routes of the embedded service."""
    return {
        DOWNLOADS: {
            "": Route(READ, files.page),
            "list": Route(READ_OR_POST, files.list, files.list),
            "fetch": Route(READ_OR_POST, files.fetch, files.fetch),
            "upload": Route(POST, files.upload, files.upload),
            "health": Route(READ, files.health, public=READ),
            "storage-status": Route(READ, files.storage_status, public=READ),
            "webdav": Route(METHODS, webdav.answer, webdav.answer),
            "upload-cert": Route(POST, certificates.older_certificate),
            "upload-main-cert": Route(POST, certificates.main_certificate),
        },
        CERTIFICATES: {
            "certificate": Route(READ_OR_POST, certificates.certificate, public=READ),
            "main-certificate": Route(POST, certificates.main_certificate),
            "shared-certificate-status": Route(READ, certificates.shared_status),
            "health": Route(READ, certificates.health, public=READ),
        },
    }
