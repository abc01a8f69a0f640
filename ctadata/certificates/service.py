"""The client of the certificate service (docs/protocol.md)."""

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

__all__ = ["CertificateService", "clean_message"]

_NO_REASON = "it gives no reason"
_NOT_ADMINISTRATOR = "access denied"
# Statuses whose body has a sentence of the service, which says more than the status.
_REFUSALS = (400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 507)
# Probably part of a certificate: the service may repeat what it was sent.
_LOOKS_LIKE_PEM = re.compile(r"[A-Za-z0-9+/=_-]{56,}")
# An element without an end runs to the end of the text; backtracking for it would be slow.
_TAG = re.compile(
    r"<(?:style|script).*?(?:</(?:style|script)>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)


class CertificateService:
    """The certificate service (docs/protocol.md, "Certificate service").

    Its `url` ends in a slash.
    """

    def __init__(self, http: HTTPClient, url: str) -> None:
        self._http = http
        self._url = url

    def store(self, certificate: str, key: str, user: str | None = None) -> dict[str, Any]:
        """Delegate a certificate in PEM for a purpose, `key`: ``cta``, ``lst``, ``arc``.

        Administrators may name another `user`.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123) when it expires, as received.

        Raises
        ------
        CertificateError
            If the service does not accept it.
        """
        answer = self._post(
            "certificate", {"certificate": certificate, "certificate_key": key, "user": user}
        )
        validity = answer.get("validity")
        if seconds_of(validity) is None:
            # The service says "stored" even if it failed; `validity` then has the reason.
            reason = validity[0] if isinstance(validity, list) and validity else validity
            raise self._not_stored(reason)
        return answer

    def store_shared(self, certificate: str) -> dict[str, Any]:
        """Store a certificate in PEM that all users share; for administrators.

        Returns
        -------
        dict
            ``message`` and ``certificateUploaded``.

        Raises
        ------
        CertificateError
            If the service does not accept it.
        """
        answer = self._post("main-certificate", {"certificate": certificate})
        if answer.get("certificateUploaded") is not True:
            raise self._not_stored(answer.get("message"))
        return answer

    def shared_status(self) -> tuple[bool, str]:
        """Ask for the state of the certificate that all users share.

        Returns
        -------
        bool
            Whether it can be used.
        str
            The service's words.
        """
        response = self._http.send(
            "GET", self._url + "shared-certificate-status", accept=(200, 500)
        )
        return response.status == 200, self._words(response.data) or _NO_REASON

    def _not_stored(self, reason: object) -> CertificateError:
        return CertificateError(
            f"The certificate service did not store it: {self._words(reason) or _NO_REASON}"
        )

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
        """Return the error for an unsuccessful answer."""
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
        """Return the words of an answer: plain text, an HTML page, or JSON with a message."""
        if isinstance(answer, bytes):
            answer = answer[:65536].decode("utf-8", "replace")
            try:
                content = json.loads(answer)
            except (ValueError, RecursionError):
                content = None
            if isinstance(content, dict):
                answer = content.get("message")
        return self._http.clean_text(clean_message(answer))


def clean_message(words: object) -> str:
    """Return the service's words as a short, printable line without markup.

    It is empty if they are not a string. What looks like part of a certificate, a key or a token
    is left out, because the service may repeat what it was sent.
    """
    if not isinstance(words, str):
        return ""
    # Both before and after removing tags, which may stand inside a secret.
    text = unescaped(_TAG.sub(" ", _LOOKS_LIKE_PEM.sub(LEFT_OUT, without_secrets(words))))
    return printable(" ".join(_LOOKS_LIKE_PEM.sub(LEFT_OUT, text).split()), WORDS)
