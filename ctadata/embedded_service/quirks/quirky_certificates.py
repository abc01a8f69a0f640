"""The certificate service's endpoints with the defects of the real one (docs/protocol.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...certificates.authorities import load_authorities
from ...certificates.messages import LONGEST_VALIDITY
from ...config import certificate_keys
from .. import certificate_endpoints
from ..certificate_store import CertificateStore
from ..rights import user_directory_name
from ..wsgi import Refusal, Request, Response
from .html_pages import html, page, sorted_json

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST_REQUEST = 512 * 1024
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_TOO_LONG = (
    "certificate validity too long, please generate a short-lived (max 7 day) proxy certificate"
    " for uploading."
)
_SHARED = "shared"


class _Complaint(Exception):
    """A certificate that is refused; the text is the answer."""

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


class _NotStored(_Complaint):
    """A certificate that is accepted, but not stored."""


class Certificates:
    """The endpoints, as methods that take a request and the path below the endpoint.

    Parameters
    ----------
    user, store, ca_bundle, service_token, admin
        As for `ctadata.embedded_service.certificate_endpoints.Certificates`, which hands them out.
    """

    def __init__(
        self,
        user: str,
        store: CertificateStore,
        ca_bundle: Path | None,
        service_token: str,
        admin: bool,
    ) -> None:
        self._user = user
        self._store = store
        self._ca_bundle = ca_bundle
        self._admin = admin
        self._kind = certificate_endpoints.Certificates(
            user, store, ca_bundle, service_token, admin
        )

    def health(self, request: Request, path: str) -> Response:
        """Answer that the service runs."""
        return html(HTTPStatus.OK, "OK - CertificateService up and running")

    def page(self, request: Request, path: str) -> Response:
        """Answer with the page for people."""
        return html(HTTPStatus.OK, "<!DOCTYPE html><title>Certificate Service</title>")

    def certificate(self, request: Request, path: str) -> Response:
        """Store a certificate, or say so; or hand it to the download service."""
        if request.method != "POST":
            return self._kind.certificate(request, path)
        fields = _fields(request)
        if isinstance(fields, Response):
            return fields
        key, user = fields.get("certificate_key"), fields.get("user")
        if key not in certificate_keys() or not isinstance(user, str | None):
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)
        if user not in (None, self._user) and not self._admin:
            return html(HTTPStatus.UNAUTHORIZED, "access denied")
        try:
            owner = user_directory_name(user or self._user)
            expiry = self._store_it(owner, key, fields.get("certificate"))
            validity: object = format_datetime(expiry, usegmt=True)
        except _NotStored as complaint:
            # The real one takes the complaint for the validity.
            validity = [str(complaint), complaint.status]
        except _Complaint as complaint:
            return html(complaint.status, str(complaint))
        return sorted_json({"message": "Certificate stored", "validity": validity})

    def main_certificate(self, request: Request, path: str) -> Response:
        """Store the certificate that users without one share."""
        if not self._admin:
            return html(HTTPStatus.UNAUTHORIZED, "access denied")
        fields = _fields(request)
        if isinstance(fields, Response):
            return fields
        if fields.get("certificate") is None:
            return html(HTTPStatus.BAD_REQUEST, "requests missing certificate or cabundle")
        try:
            self._store_it(None, _SHARED, fields["certificate"])
        except _Complaint as complaint:
            return html(complaint.status, str(complaint))
        message = {"message": "Shared certificate stored", "certificateUploaded": True}
        return sorted_json(message)

    def shared_status(self, request: Request, path: str) -> Response:
        """Answer whether the shared certificate is valid."""
        pem = self._store.load(None, _SHARED)
        if pem is None:
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)
        if _chain(pem)[0].not_valid_after_utc <= datetime.now(timezone.utc):
            text = "Unhealthy! - Shared certificate is outdated"
            return html(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        return html(HTTPStatus.OK, "OK - Shared certificate configured and valid")

    def _store_it(self, user: str | None, key: str, pem: object) -> datetime:
        """Store a certificate; return when it expires.

        Nobody asks for its private key.
        """
        from ..certificate_verification import Unacceptable, verified_chain

        if not isinstance(pem, str):
            raise _failure()
        chain = _chain(pem)
        try:
            verified_chain(chain, self._authorities())
        except Unacceptable:
            raise _Complaint("invalid certificate verification chain") from None
        if not pem.isascii():
            raise _failure()
        expiry = chain[0].not_valid_after_utc
        if expiry.date() > datetime.now(timezone.utc).date() + LONGEST_VALIDITY:
            raise _NotStored(_TOO_LONG)
        self._store.save(user, key, pem)
        return expiry

    def _authorities(self) -> Sequence[x509.Certificate]:
        if self._ca_bundle is not None:
            with suppress(OSError, ValueError):  # said below
                return load_authorities(self._ca_bundle)
        raise _NotStored(
            "certificateservice cabundle not configured, please contact the administrator",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )


def _failure() -> Refusal:
    """Return what makes a page: an error that the real service does not expect."""
    refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "")
    refusal.response = page(HTTPStatus.INTERNAL_SERVER_ERROR)
    return refusal


def _fields(request: Request) -> dict[str, Any] | Response:
    """Return the JSON object that was posted, or the answer where there is none."""
    if (request.header("Content-Type") or "").partition(";")[0] != "application/json":
        return page(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        fields = json.loads(request.body.read_all(_LONGEST_REQUEST))
    except (ValueError, RecursionError):
        return page(HTTPStatus.BAD_REQUEST)
    return fields if isinstance(fields, dict) else page(HTTPStatus.INTERNAL_SERVER_ERROR)


def _certificates(pem: str) -> Iterator[str]:
    """Yield what lies between the marks of certificates, in time that grows with the length."""
    begin = pem.find(_BEGIN)
    while begin >= 0 and (end := pem.find(_END, begin)) >= 0:
        end += len(_END)
        yield pem[begin:end]
        begin = pem.find(_BEGIN, end)


def _chain(pem: str) -> list[x509.Certificate]:
    from cryptography import x509

    try:
        chain = [x509.load_pem_x509_certificate(part.encode()) for part in _certificates(pem)]
    except ValueError:
        raise _Complaint("invalid certificate : it cannot be read") from None
    if not chain:
        raise _Complaint("no valid certificate provided")
    return chain
