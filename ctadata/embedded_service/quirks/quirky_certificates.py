"""The endpoints of the certificate service with the defects of the real one (docs/protocol.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ...certificates.messages import LONGEST_VALIDITY
from ...config import certificate_keys
from ..certificate_endpoints import (
    MAX_REQUEST,
    SHARED_KEY,
    SHARED_STORED,
    CertificateEndpoints,
)
from ..rights import user_directory_name
from ..wsgi import HTTPError, Request, Response
from .html_responses import html, page, sorted_json

if TYPE_CHECKING:
    from cryptography import x509

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_TOO_LONG = (
    "certificate validity too long, please generate a short-lived (max 7 day) proxy certificate"
    " for uploading."
)


class _Refused(Exception):
    """The certificate is refused; the message is the answer."""

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


class _NotStored(_Refused):
    """The service pretends to accept the certificate, but does not store it."""


class QuirkyCertificateEndpoints(CertificateEndpoints):
    """The endpoints with the defects; certificates are handed out without them."""

    def health(self, request: Request, raw: str) -> Response:
        """Answer that the service is running."""
        return html(HTTPStatus.OK, "OK - CertificateService up and running")

    def page(self, request: Request, raw: str) -> Response:
        """Answer with a page for people."""
        return html(HTTPStatus.OK, "<!DOCTYPE html><title>Certificate Service</title>")

    def certificate(self, request: Request, raw: str) -> Response:
        """Store a certificate, or pretend to; or hand it out to the download service."""
        if request.method != "POST":
            return self._hand_out(request)
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
            expiry = self._check_and_store(owner, key, fields.get("certificate"))
            validity: object = format_datetime(expiry, usegmt=True)
        except _NotStored as refused:
            # The real service sends the error as the validity.
            validity = [str(refused), refused.status]
        except _Refused as refused:
            return html(refused.status, str(refused))
        return sorted_json({"message": "Certificate stored", "validity": validity})

    def main_certificate(self, request: Request, raw: str) -> Response:
        """Store the certificate that users without one share."""
        if not self._admin:
            return html(HTTPStatus.UNAUTHORIZED, "access denied")
        fields = _fields(request)
        if isinstance(fields, Response):
            return fields
        if fields.get("certificate") is None:
            return html(HTTPStatus.BAD_REQUEST, "requests missing certificate or cabundle")
        try:
            self._check_and_store(None, SHARED_KEY, fields["certificate"])
        except _Refused as refused:
            return html(refused.status, str(refused))
        return sorted_json(SHARED_STORED)

    def shared_status(self, request: Request, raw: str) -> Response:
        """Answer whether the shared certificate is valid."""
        pem = self._store.load(None, SHARED_KEY)
        if pem is None:
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)
        if _chain(pem)[0].not_valid_after_utc <= datetime.now(timezone.utc):
            text = "Unhealthy! - Shared certificate is outdated"
            return html(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        return html(HTTPStatus.OK, "OK - Shared certificate configured and valid")

    def _check_and_store(self, user: str | None, key: str, pem: object) -> datetime:
        """Store a certificate, with or without a private key; return when it expires."""
        from ..certificate_verification import CertificateRefused, verified_chain

        if not isinstance(pem, str):
            raise _failure()
        chain = _chain(pem)
        try:
            verified_chain(chain, self._authorities())
        except CertificateRefused:
            raise _Refused("invalid certificate verification chain") from None
        if not pem.isascii():
            raise _failure()
        expiry = chain[0].not_valid_after_utc
        if expiry.date() > datetime.now(timezone.utc).date() + LONGEST_VALIDITY:
            raise _NotStored(_TOO_LONG)
        self._store.save(user, key, pem)
        return expiry

    def _no_authorities(self) -> Exception:
        return _NotStored(
            "certificateservice cabundle not configured, please contact the administrator",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )


def _failure() -> HTTPError:
    """Return the error page of an exception that the real service does not expect."""
    refusal = HTTPError(HTTPStatus.INTERNAL_SERVER_ERROR, "")
    refusal.response = page(HTTPStatus.INTERNAL_SERVER_ERROR)
    return refusal


def _fields(request: Request) -> dict[str, Any] | Response:
    """Return the JSON object in the body, or the answer if there is none."""
    if (request.header("Content-Type") or "").partition(";")[0] != "application/json":
        return page(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        fields = json.loads(request.body.read_all(MAX_REQUEST))
    except (ValueError, RecursionError):
        return page(HTTPStatus.BAD_REQUEST)
    return fields if isinstance(fields, dict) else page(HTTPStatus.INTERNAL_SERVER_ERROR)


def _certificates(pem: str) -> Iterator[str]:
    """Yield the PEM blocks of certificates, in linear time."""
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
        raise _Refused("invalid certificate : it cannot be read") from None
    if not chain:
        raise _Refused("no valid certificate provided")
    return chain
