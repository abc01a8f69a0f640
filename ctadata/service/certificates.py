"""The certificate service's endpoints: certificates are checked and held in memory.

There is no CA bundle here, so who signed a certificate is not verified; a chain that is expired,
not yet valid or valid for too long is refused as by the real service (docs/protocol.md).
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from .wire import Refusal, Request, Response, json_response, text_response

if TYPE_CHECKING:
    from cryptography import x509

_LIMIT = 1024**2
_LONGEST_VALIDITY = timedelta(days=7)
_DEFAULT_KEYS = "cta,lst,arc"
_SHARED = "shared"
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----\s*", re.DOTALL)
_BAD_CHAIN = "invalid certificate verification chain"
_NO_CERTIFICATE = "no valid certificate provided"


class Certificates:
    """The endpoints, as methods that take a request and the raw path below the endpoint.

    Parameters
    ----------
    user : str
        Whose token it is; the one user of the embedded service is its administrator too.
    """

    def __init__(self, user: str) -> None:
        self._user = user
        self._stored: dict[tuple[str, str], tuple[str, datetime]] = {}

    def health(self, request: Request, raw: str) -> Response:
        """Answer that the service runs."""
        return text_response(HTTPStatus.OK, "OK - the certificate service is running")

    def certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate; what is stored is for the download service alone."""
        if request.method != "POST":
            raise Refusal(HTTPStatus.FORBIDDEN, "access denied")
        fields = _fields(request)
        key, user = fields.get("certificate_key"), fields.get("user")
        allowed = os.environ.get("CTACS_ALLOWED_CERT_KEYS") or _DEFAULT_KEYS
        if not isinstance(key, str) or key not in [k.strip() for k in allowed.split(",")]:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"certificate_key must be one of {allowed}")
        if user is not None and not isinstance(user, str):
            raise Refusal(HTTPStatus.BAD_REQUEST, "user must be a name")
        return self._store(fields, user or self._user, key)

    def older_certificate(self, request: Request, raw: str) -> Response:
        """Store a user's certificate as clients before 0.5 send it: without a key's name."""
        return self._store(_fields(request), self._user, _DEFAULT_KEYS.split(",")[0])

    def main_certificate(self, request: Request, raw: str) -> Response:
        """Store the certificate that users without one share."""
        self._store(_fields(request), _SHARED, _SHARED)
        message = {"message": "Shared certificate stored", "certificateUploaded": True}
        return json_response(HTTPStatus.OK, message)

    def shared_status(self, request: Request, raw: str) -> Response:
        """Answer whether the shared certificate serves: reading a directory needs none."""
        _, expiry = self._stored.get((_SHARED, _SHARED), ("", None))
        if expiry is None:
            return text_response(HTTPStatus.OK, "OK - no shared certificate is needed")
        if expiry < datetime.now(timezone.utc):
            return text_response(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the shared certificate has expired"
            )
        return text_response(HTTPStatus.OK, "OK - the shared certificate is valid")

    def _store(self, fields: dict[str, object], user: str, key: str) -> Response:
        pem = fields.get("certificate")
        if not isinstance(pem, str) or not pem.isascii():
            raise Refusal(HTTPStatus.BAD_REQUEST, _NO_CERTIFICATE)
        chain = _chain(pem)
        _check_key(chain[0], pem)
        expiry = _expiry(chain)
        self._stored[user, key] = (pem, expiry)
        validity = format_datetime(expiry, usegmt=True)
        return json_response(HTTPStatus.OK, {"message": "Certificate stored", "validity": validity})


def _fields(request: Request) -> dict[str, object]:
    """Return the JSON object that was posted."""
    try:
        fields = json.loads(request.body.read_all(_LIMIT))
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the request is not JSON") from None
    if not isinstance(fields, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the request is not a JSON object")
    return fields


def _chain(pem: str) -> list[x509.Certificate]:
    # Imported late: the service has to be ready soon, and few ever send a certificate.
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, _NO_CERTIFICATE) from None


def _check_key(certificate: x509.Certificate, pem: str) -> None:
    """Refuse a private key that is not the certificate's."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    block = _PRIVATE_KEY.search(pem)
    if block is None:
        return
    try:
        key = load_pem_private_key(block[0].encode(), password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        raise Refusal(HTTPStatus.BAD_REQUEST, _NO_CERTIFICATE) from None
    if key.public_key() != certificate.public_key():
        raise Refusal(HTTPStatus.BAD_REQUEST, _BAD_CHAIN)


def _expiry(chain: list[x509.Certificate]) -> datetime:
    """Return when the first certificate of a chain expires."""
    now = datetime.now(timezone.utc)
    expiry = min(certificate.not_valid_after_utc for certificate in chain)
    if expiry <= now or any(certificate.not_valid_before_utc > now for certificate in chain):
        raise Refusal(HTTPStatus.BAD_REQUEST, _BAD_CHAIN)
    if expiry - now > _LONGEST_VALIDITY:
        limit = f"{_LONGEST_VALIDITY.days} days"
        raise Refusal(
            HTTPStatus.BAD_REQUEST, f"certificate validity too long, the longest is {limit}"
        )
    return expiry
