"""The endpoints of the certificate service: they verify, store and hand out certificates.

See docs/protocol.md, "Certificate service". Every error says what to do. No part of a certificate
gets into a log or an answer, except the one to the download service.
"""

from __future__ import annotations

import errno
import hmac
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from ..certificates.authorities import load_authorities
from ..certificates.messages import MAX_BYTES
from ..config import certificate_keys
from .certificate_store import CertificateStore, UnusableName
from .wsgi import HTTPError, Request, Response, json_response, text_response

if TYPE_CHECKING:
    from cryptography import x509

MAX_REQUEST = 512 * 1024
SHARED_KEY = "shared"
SHARED_STORED = {"message": "Shared certificate stored", "certificateUploaded": True}
_NO_CERTIFICATE = "no valid certificate provided"


class CertificateEndpoints:
    """The endpoints, as methods that take a request and the raw path below the endpoint.

    Parameters
    ----------
    user : str
        The owner of the token.
    store : CertificateStore
        The stored certificates.
    ca_bundle : Path or None
        The trusted authorities, read again for each request.
    service_token : str
        The token of the download service.
    admin : bool
        Whether the user is an administrator.
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
        self._service_token = service_token.encode()
        self._admin = admin

    def health(self, request: Request, raw: str) -> Response:
        """Answer that the service is running."""
        return text_response(HTTPStatus.OK, "OK - the certificate service is running")

    def certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate, or hand it out to the download service."""
        if request.method != "POST":
            return self._hand_out(request)
        fields = _fields(request)
        key, user = fields.get("certificate_key"), fields.get("user")
        if user is not None and not isinstance(user, str):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "user must be a name")
        if user is not None and user != self._user:
            self._require_admin("certificates of other users")
        return self._store_verified(fields, self._user if user is None else user, _allowed(key))

    def older_certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate as clients before 0.5 send it: without a key."""
        return self._store_verified(_fields(request), self._user, "cta")

    def main_certificate(self, request: Request, raw: str) -> Response:
        """Store the certificate that users without one share."""
        self._require_admin("the shared certificate")
        self._store_verified(_fields(request), None, SHARED_KEY)
        return json_response(HTTPStatus.OK, SHARED_STORED)

    def shared_status(self, request: Request, raw: str) -> Response:
        """Answer whether the shared certificate is usable; reading a directory needs none."""
        pem = self._store.load(None, SHARED_KEY)
        if pem is None:
            return text_response(HTTPStatus.OK, "OK - no shared certificate is needed")
        try:
            expiry, _ = self._verify(pem)
        except HTTPError as refusal:
            text = f"the shared certificate cannot be used: {refusal}"
            return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        text = f"OK - the shared certificate is valid until {format_datetime(expiry, usegmt=True)}"
        return text_response(HTTPStatus.OK, text)

    def _require_admin(self, what: str) -> None:
        if not self._admin:
            raise HTTPError(
                HTTPStatus.UNAUTHORIZED,
                f"access denied: only administrators may upload {what}; upload your own",
            )

    def _store_verified(self, fields: dict[str, object], user: str | None, key: str) -> Response:
        pem = fields.get("certificate")
        if not isinstance(pem, str) or not pem.isascii():
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"{_NO_CERTIFICATE}: send the content of a proxy certificate file",
            )
        if len(pem) > MAX_BYTES:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"{_NO_CERTIFICATE}: it is larger than {MAX_BYTES // 1024} KiB;"
                " use the file that voms-proxy-init or arcproxy created",
            )
        expiry, _ = self._verify(pem)
        try:
            self._store.save(user, key, pem)
        except UnusableName:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "user must be a name") from None
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO)
            raise HTTPError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"the certificate could not be stored ({reason}); the previous one is kept",
            ) from None
        validity = format_datetime(expiry, usegmt=True)
        return json_response(HTTPStatus.OK, {"message": "Certificate stored", "validity": validity})

    def _hand_out(self, request: Request) -> Response:
        """Answer the download service, which sends its own token instead of a user's."""
        given = (_argument(request, "service-token") or "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._service_token):
            raise HTTPError(
                HTTPStatus.FORBIDDEN, "access denied: certificates are for the download service"
            )
        user, key = _argument(request, "user"), _allowed(_argument(request, "certificate_key"))
        try:
            pem = self._store.load(user or "", key)
        except UnusableName:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "user must be a name") from None
        if pem is None:
            raise HTTPError(
                HTTPStatus.NOT_FOUND,
                "this user has no certificate for this purpose: delegate one first, for example"
                " with ctadata certificate upload",
            )
        _, authorities = self._verify(pem, HTTPStatus.GONE)
        answer = json_response(
            HTTPStatus.OK, {"certificate": pem, "cabundle": "".join(map(_pem, authorities))}
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _verify(
        self, pem: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> tuple[datetime, Sequence[x509.Certificate]]:
        """Return when a certificate expires, and the trusted authorities."""
        # Imported late: the service must start fast, and few requests have a certificate.
        from .certificate_verification import CertificateRefused, verify

        authorities = self._authorities()
        try:
            return verify(pem, authorities), authorities
        except CertificateRefused as error:
            raise HTTPError(status, str(error)) from None

    def _authorities(self) -> Sequence[x509.Certificate]:
        if self._ca_bundle is not None:
            with suppress(OSError, ValueError):  # reported below
                return load_authorities(self._ca_bundle)
        raise self._no_authorities()

    def _no_authorities(self) -> Exception:
        return HTTPError(
            HTTPStatus.BAD_REQUEST,
            "invalid certificate verification chain: this service has no certificate authorities;"
            " its operator can set them with --ca-bundle, a PEM file or a directory such as"
            " /etc/grid-security/certificates",
        )


def _fields(request: Request) -> dict[str, object]:
    """Return the JSON object in the body."""
    try:
        fields = json.loads(request.body.read_all(MAX_REQUEST))
    except (ValueError, RecursionError):
        raise HTTPError(HTTPStatus.BAD_REQUEST, "the request is not JSON") from None
    if not isinstance(fields, dict):
        raise HTTPError(HTTPStatus.BAD_REQUEST, "the request is not a JSON object")
    return fields


def _allowed(key: object) -> str:
    """Return the name of a key, if it is one of the allowed keys."""
    allowed = certificate_keys()
    if not isinstance(key, str) or key not in allowed:
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, f"certificate_key must be one of {','.join(allowed)}"
        )
    return key


def _argument(request: Request, name: str) -> str | None:
    """Return the UTF-8 value of a query argument."""
    value = request.argument(name)
    try:
        return value.encode("latin-1").decode() if value else None
    except UnicodeDecodeError:
        raise HTTPError(HTTPStatus.BAD_REQUEST, f"{name} must be UTF-8") from None


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()
