"""The certificate service (docs/protocol.md): what it is asked, and what its answers mean."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .._printable import WORDS, printable
from .._secrets import LEFT_OUT, unescaped, without_secrets
from ..config import CERTIFICATESERVICE_VARIABLE
from ..errors import (
    AuthenticationError,
    CertificateError,
    CTADataError,
    MissingScope,
    NotFound,
    ServiceUnreachable,
)
from ..http.client import HTTPClient
from ..http.plain_http import check_certificate
from ..storage.dates import seconds_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["CertificateService", "cleaned"]

_NOT_ADMINISTRATOR = "access denied"
# With a sentence of the service for people, which says more than the status.
_REFUSALS = (400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 507)
# A part of a certificate: it was sent one, and may repeat it.
_UNSPEAKABLE = re.compile(r"[A-Za-z0-9+/=_-]{56,}")
# What has no end goes on to that of the text; looking for it again and again would take long.
_TAG = re.compile(
    r"<(?:style|script).*?(?:</(?:style|script)>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)


class CertificateService:
    """The certificate service (docs/protocol.md, "Certificate service").

    Parameters
    ----------
    http : HTTPClient
        Sends the requests.
    url : str
        The service's address, with trailing slash.
    """

    def __init__(self, http: HTTPClient, url: str) -> None:
        self._http = http
        self._url = url

    def store(self, certificate: str, key: str, user: str | None = None) -> dict[str, Any]:
        """Delegate a user's certificate.

        Parameters
        ----------
        certificate : str
            PEM.
        key : str
            What it is for: ``cta``, ``lst``, ``arc``.
        user : str, optional
            Another user's name, for administrators.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123) until which it is valid, as sent.

        Raises
        ------
        CertificateError
            If the service does not take it.
        """
        answer = self._post(
            "certificate", {"certificate": certificate, "certificate_key": key, "user": user}
        )
        validity = answer.get("validity")
        if seconds_of(validity) is None:
            # It says "stored" also of what it did not store; then this is its complaint.
            reason = validity[0] if isinstance(validity, list) and validity else validity
            raise CertificateError(
                "The certificate service did not store it: "
                f"{self._words(reason) or 'it gives no reason'}"
            )
        return answer

    def store_shared(self, certificate: str) -> dict[str, Any]:
        """Store the certificate that all users share; for administrators.

        Parameters
        ----------
        certificate : str
            PEM.

        Returns
        -------
        dict
            ``message`` and ``certificateUploaded``.

        Raises
        ------
        CertificateError
            If the service does not take it.
        """
        answer = self._post("main-certificate", {"certificate": certificate})
        if answer.get("certificateUploaded") is not True:
            raise CertificateError(
                "The certificate service did not store it: "
                f"{self._words(answer.get('message')) or 'it gives no reason'}"
            )
        return answer

    def shared_status(self) -> tuple[bool, str]:
        """Ask for the certificate that all users share.

        Returns
        -------
        bool
            Whether it can be used.
        str
            What the service says of it.
        """
        response = self._http.send(
            "GET", self._url + "shared-certificate-status", accept=(200, 500)
        )
        return response.status == 200, self._words(response.data) or "it gives no reason"

    def _post(self, endpoint: str, content: dict[str, str | None]) -> dict[str, Any]:
        url = self._url + endpoint
        check_certificate(url, CERTIFICATESERVICE_VARIABLE)
        response = self._http.send(
            "POST",
            url,
            body=json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
            accept=(200, *_REFUSALS),
        )
        if response.status != 200:
            raise self._refusal(response, url)
        try:
            answer = json.loads(response.data)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise CertificateError(
                f"{self._url} gives no usable answer; is {CERTIFICATESERVICE_VARIABLE} right?"
            )
        return answer

    def _refusal(self, response: BaseHTTPResponse, url: str) -> CTADataError:
        """Return the error that an answer means which is not a success."""
        words = self._words(response.data)
        denied = words.lower().startswith(_NOT_ADMINISTRATOR)
        failure = self._http.refused(response, url, "")
        if isinstance(failure, (MissingScope, ServiceUnreachable)):
            return failure
        if isinstance(failure, AuthenticationError) and not denied:
            return failure
        if isinstance(failure, NotFound):
            return CertificateError(
                f"There is no certificate service at {self._url}; is "
                f"{CERTIFICATESERVICE_VARIABLE} right?"
            )
        words = words or f"status {response.status}"
        if response.status >= 500:
            return CertificateError(
                f"The certificate service fails: {words}; tell the platform's support"
            )
        if words.lower() == _NOT_ADMINISTRATOR:
            words += " (other users' certificates and the shared one are for administrators)"
        return CertificateError(f"The certificate service refuses it: {words}")

    def _words(self, answer: object) -> str:
        """Return what an answer says: plain text, a page, or JSON with a message."""
        if isinstance(answer, bytes):
            answer = answer[:65536].decode("utf-8", "replace")
            try:
                content = json.loads(answer)
            except (ValueError, RecursionError):
                content = None
            if isinstance(content, dict):
                answer = content.get("message")
        return self._http.clean_text(cleaned(answer))


def cleaned(words: object) -> str:
    """Return what the service says, for people: no markup, and as `printable` has it.

    Parameters
    ----------
    words : object
        What it says; anything but a string is nothing.

    Returns
    -------
    str
        On one line, not long. What looks like a part of a certificate, a key or a token is left
        out: a service may repeat what it was sent.
    """
    if not isinstance(words, str):
        return ""
    # Before tags are left out, which may be anywhere, and since they may be.
    text = unescaped(_TAG.sub(" ", _UNSPEAKABLE.sub(LEFT_OUT, without_secrets(words))))
    return printable(" ".join(_UNSPEAKABLE.sub(LEFT_OUT, text).split()), WORDS)
