"""The routes of both services with the defects."""

from __future__ import annotations

from ..routes import CERTIFICATES, DOWNLOADS, POST, READ, READ_OR_POST, Route, Routes
from ..webdav_endpoint import METHODS
from .quirky_certificates import QuirkyCertificateEndpoints
from .quirky_files import QuirkyFileEndpoints


def quirky_routes(files: QuirkyFileEndpoints, certificates: QuirkyCertificateEndpoints) -> Routes:
    """Return the routes of the services at the data centre."""
    return {
        DOWNLOADS: {
            "": Route(READ, files.page),
            "list": Route(READ_OR_POST, files.list, files.list),
            "fetch": Route(READ_OR_POST, files.fetch, files.fetch),
            "upload": Route(POST, files.upload_nothing, files.upload),
            "webdav": Route(METHODS, files.webdav, files.webdav),
            "health": Route(READ, files.health, public=READ),
            "storage-status": Route(READ, files.storage_status, public=READ),
        },
        CERTIFICATES: {
            "": Route(READ, certificates.page),
            "certificate": Route(READ_OR_POST, certificates.certificate, public=READ),
            "main-certificate": Route(POST, certificates.main_certificate),
            "shared-certificate-status": Route(READ, certificates.shared_status, public=READ),
            "health": Route(READ, certificates.health, public=READ),
        },
    }
