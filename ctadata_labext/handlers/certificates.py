"""``ctadata/certificates``: inspect and delegate certificates, and list what was delegated.

A certificate comes as a request's body and is kept in memory until the request is answered.
No part of it is ever in an answer, a log line or an error (docs/protocol.md).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata import config
from ctadata.api import APIClient
from ctadata.certificates.authorities import known_authorities
from ctadata.certificates.certificate_files import default_proxy_file, owner_of, read_file
from ctadata.certificates.inspection import inspect
from ctadata.certificates.proxy import ProxyCertificate, iso
from ctadata.certificates.service import clean_message
from ctadata.errors import CertificateError, NotFound

from ..errors import BadRequest, CertificateChanged, describe
from .base import CTADataHandler

__all__ = [
    "CertificatesHandler",
    "DelegateFoundHandler",
    "DelegateHandler",
    "FoundCertificateHandler",
    "InspectHandler",
]

# Maximum size of an inspected file, in bytes; larger than any certificate.
MAX_BODY = 1 << 20


class CertificatesHandler(CTADataHandler):
    """What was delegated from this account."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``Certificates``."""
        client = self.services.client
        delegations = await self.in_thread(client.delegations)
        self.finish(
            {
                "now": iso(datetime.now(timezone.utc)),
                "service": client.certificateservice_url,
                "keys": config.certificate_keys(),
                "delegations": [delegation.to_dict() for delegation in delegations],
            }
        )


class InspectHandler(CTADataHandler):
    """Inspects a certificate; nothing is sent or stored."""

    max_body = MAX_BODY

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer openapi.yaml's ``Inspection``."""
        self.finish((await self.in_thread(_inspect, self.body)).to_dict())


class FoundCertificateHandler(CTADataHandler):
    """The proxy certificate that grid tools have left on this server."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``FoundCertificate``."""
        self.finish(await self.in_thread(_found))


class DelegateHandler(CTADataHandler):
    """Delegates a certificate that the browser sends."""

    max_body = MAX_BODY

    @web.authenticated
    @authorized
    async def put(self, key: str) -> None:
        """Delegate the body for a key, and answer openapi.yaml's ``Delegated``."""
        _check_key(key)
        calls = self.services.certificate_calls
        self.finish(await calls.complete(self.left, _delegate, self.body, key))


class DelegateFoundHandler(CTADataHandler):
    """Delegates the proxy certificate found on this server."""

    @web.authenticated
    @authorized
    async def put(self, key: str) -> None:
        """Delegate it for a key, if it is still the one that the panel showed."""
        _check_key(key)
        fingerprint = self.json_body().get("fingerprint")
        if not isinstance(fingerprint, str):
            raise BadRequest("'fingerprint' is not a string")
        calls = self.services.certificate_calls
        self.finish(await calls.complete(self.left, _delegate_found, key, fingerprint))


def _check_key(key: str) -> None:
    keys = config.certificate_keys()
    if key not in keys:
        raise NotFound(
            f"{key!r} is not a key of the certificate service; it is one of {', '.join(keys)}"
        )


def _inspect(content: bytes) -> ProxyCertificate:
    return inspect(content, trusted=known_authorities())


def _delegate(client: APIClient, content: bytes, key: str) -> dict[str, Any]:
    """Delegate a certificate; return openapi.yaml's ``Delegated``."""
    answer, delegation = client.delegate_certificate(content, key)
    return {
        "message": clean_message(answer.get("message")),
        "validity": answer["validity"],
        "delegation": delegation.to_dict(),
    }


def _delegate_found(client: APIClient, key: str, fingerprint: str) -> dict[str, Any]:
    path = default_proxy_file()
    content = read_file(path, private=True)
    if inspect(content).fingerprint != fingerprint:
        raise CertificateChanged(
            f"{path!r} contains another certificate now; inspect it first", path=path
        )
    return _delegate(client, content, key)


def _found() -> dict[str, Any]:
    path = default_proxy_file()
    found: dict[str, Any] = {
        "path": path,
        "owner": owner_of(path),
        "message": None,
        "inspection": None,
    }
    try:
        found["inspection"] = _inspect(read_file(path, private=True)).to_dict()
    except CertificateError as error:
        found["message"] = describe(error)["message"]
    return found
