"""Certificates: read from a file, delegated to the certificate service, never kept or shown."""

from __future__ import annotations

import json
import os
from typing import Any

from ._http import Http
from .errors import CertificateError, StorageException

__all__ = ["CertificateService", "read_certificate"]

# A proxy certificate with its whole chain has some 20 kB.
MAX_CERTIFICATE_BYTES = 1 << 20


def read_certificate(file: str | os.PathLike[str]) -> str:
    """Read a certificate file.

    Parameters
    ----------
    file : str or path
        A file with a certificate in PEM form (RFC 7468).

    Returns
    -------
    str
        Its content.

    Raises
    ------
    CertificateError
        If it cannot be read or holds no certificate.
    """
    name = os.fspath(file)
    try:
        with open(file, "rb") as source:
            content = source.read(MAX_CERTIFICATE_BYTES + 1)
    except OSError as error:
        raise CertificateError(f"{name!r} cannot be read: {error.strerror}", path=name) from error
    if len(content) > MAX_CERTIFICATE_BYTES or b"-----BEGIN CERTIFICATE-----" not in content:
        raise CertificateError(
            f"{name!r} holds no certificate in PEM form; make a proxy certificate with "
            "voms-proxy-init or arcproxy and give its file",
            path=name,
        )
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        # Not chained: the exception would carry the content.
        raise CertificateError(f"{name!r} has characters that no PEM file has", path=name) from None


class CertificateService:
    """The certificate service (docs/protocol.md, "Certificate service").

    Parameters
    ----------
    http : Http
        Sends the requests.
    url : str
        The service's address, with trailing slash.
    """

    def __init__(self, http: Http, url: str) -> None:
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
            ``message`` and ``validity``, the time (RFC 1123) until which it is valid.

        Raises
        ------
        CertificateError
            If the service does not take it.
        """
        answer = self._post(
            "certificate", {"certificate": certificate, "certificate_key": key, "user": user}
        )
        validity = answer.get("validity")
        if not isinstance(validity, str):
            # It says "stored" also of what it did not store; then this is its complaint.
            reason = validity[0] if isinstance(validity, list) and validity else "no reason given"
            raise CertificateError(f"The service did not store the certificate: {reason}")
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
        return self._post("main-certificate", {"certificate": certificate})

    def _post(self, endpoint: str, content: dict[str, str | None]) -> dict[str, Any]:
        try:
            response = self._http.send(
                "POST",
                self._url + endpoint,
                body=json.dumps(content).encode(),
                headers={"Content-Type": "application/json"},
                accept=(200, 400),
            )
        except StorageException as error:
            raise CertificateError(f"The certificate service refuses it: {error}") from error
        if response.status == 400:
            reason = response.data[:300].decode("utf-8", "replace").strip()
            raise CertificateError(f"The certificate service refuses it: {reason}")
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise CertificateError("The certificate service gives no usable answer")
        return answer
