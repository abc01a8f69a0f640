"""The certificate service's endpoints: certificates are verified, kept, and handed on.

As docs/protocol.md has them ("Certificate service"). Every refusal says what to do; nothing of a
certificate gets into an answer, but for the one to the download service, or into a log.
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
from .wsgi import Refusal, Request, Response, json_response, text_response

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST_REQUEST = 512 * 1024
_SHARED = "shared"
_NO_CERTIFICATE = "no valid certificate provided"


class Certificates:
    """The endpoints, as methods that take a request and the raw path below the endpoint.

    Parameters
    ----------
    user : str
        Whose token it is.
    store : CertificateStore
        Where certificates are kept.
    ca_bundle : Path or None
        The authorities that are trusted, read anew for each request.
    service_token : str
        What the download service shows.
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
        """Answer that the service runs."""
        return text_response(HTTPStatus.OK, "OK - the certificate service is running")

    def certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate, or hand it to the download service."""
        if request.method != "POST":
            return self._hand_out(request)
        fields = _fields(request)
        key, user = fields.get("certificate_key"), fields.get("user")
        if user is not None and not isinstance(user, str):
            raise Refusal(HTTPStatus.BAD_REQUEST, "user must be a name")
        if user is not None and user != self._user:
            self._refuse_others("certificates of other users")
        return self._stored(fields, self._user if user is None else user, _allowed(key))

    def older_certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate as clients before 0.5 send it: without a key's name."""
        return self._stored(_fields(request), self._user, "cta")

    def main_certificate(self, request: Request, raw: str) -> Response:
        """Store the certificate that users without one share."""
        self._refuse_others("the shared certificate")
        self._stored(_fields(request), None, _SHARED)
        message = {"message": "Shared certificate stored", "certificateUploaded": True}
        return json_response(HTTPStatus.OK, message)

    def shared_status(self, request: Request, raw: str) -> Response:
        """Answer whether the shared certificate serves: reading a directory needs none."""
        pem = self._store.load(None, _SHARED)
        if pem is None:
            return text_response(HTTPStatus.OK, "OK - no shared certificate is needed")
        try:
            expiry, _ = self._verify(pem)
        except Refusal as refusal:
            text = f"the shared certificate is of no use now: {refusal}"
            return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        text = f"OK - the shared certificate is valid until {format_datetime(expiry, usegmt=True)}"
        return text_response(HTTPStatus.OK, text)

    def _refuse_others(self, what: str) -> None:
        if not self._admin:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                f"access denied: only administrators may upload {what}; upload your own",
            )

    def _stored(self, fields: dict[str, object], user: str | None, key: str) -> Response:
        pem = fields.get("certificate")
        if not isinstance(pem, str) or not pem.isascii():
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                f"{_NO_CERTIFICATE}: send the text of a proxy certificate's file",
            )
        if len(pem) > MAX_BYTES:
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                f"{_NO_CERTIFICATE}: it is larger than {MAX_BYTES // 1024} KiB;"
                " give the file that voms-proxy-init or arcproxy has written",
            )
        expiry, _ = self._verify(pem)
        try:
            self._store.save(user, key, pem)
        except UnusableName:
            raise Refusal(HTTPStatus.BAD_REQUEST, "user must be a name") from None
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO)
            raise Refusal(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"the certificate could not be stored ({reason}); the one before it is kept",
            ) from None
        validity = format_datetime(expiry, usegmt=True)
        return json_response(HTTPStatus.OK, {"message": "Certificate stored", "validity": validity})

    def _hand_out(self, request: Request) -> Response:
        """Answer the download service, which shows a token of its own instead of a user's."""
        given = (_argument(request, "service-token") or "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._service_token):
            raise Refusal(
                HTTPStatus.FORBIDDEN, "access denied: certificates are for the download service"
            )
        user, key = _argument(request, "user"), _allowed(_argument(request, "certificate_key"))
        try:
            pem = self._store.load(user or "", key)
        except UnusableName:
            raise Refusal(HTTPStatus.BAD_REQUEST, "user must be a name") from None
        if pem is None:
            raise Refusal(
                HTTPStatus.NOT_FOUND,
                "this user has no certificate for this purpose: delegate one first, as"
                " ctadata certificate upload does",
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
        """Return when a certificate expires, and which authorities are trusted."""
        # Imported late: the service has to be ready soon, and few ever send a certificate.
        from .certificate_verification import Unacceptable, verify

        authorities = self._authorities()
        try:
            return verify(pem, authorities), authorities
        except Unacceptable as error:
            raise Refusal(status, str(error)) from None

    def _authorities(self) -> Sequence[x509.Certificate]:
        if self._ca_bundle is not None:
            with suppress(OSError, ValueError):  # said below
                return load_authorities(self._ca_bundle)
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            "invalid certificate verification chain: this service knows no certificate"
            " authorities; whoever runs it names them with --ca-bundle, a PEM file or a directory"
            " such as /etc/grid-security/certificates",
        )


def _fields(request: Request) -> dict[str, object]:
    """Return the JSON object that was posted."""
    try:
        fields = json.loads(request.body.read_all(_LONGEST_REQUEST))
    except (ValueError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the request is not JSON") from None
    if not isinstance(fields, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the request is not a JSON object")
    return fields


def _allowed(key: object) -> str:
    """Return the name of a key, one of those that there are."""
    allowed = certificate_keys()
    if not isinstance(key, str) or key not in allowed:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"certificate_key must be one of {','.join(allowed)}")
    return key


def _argument(request: Request, name: str) -> str | None:
    """Return the query's value of this name, which is UTF-8."""
    value = request.argument(name)
    try:
        return value.encode("latin-1").decode() if value else None
    except UnicodeDecodeError:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be UTF-8") from None


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()
