"""What the client delegates: the certificate part of `ctadata.api.APIClient`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import config
from ._printable import logger_of
from ._services import LocalPath, Services
from .certificates.authorities import known_authorities
from .certificates.certificate_files import default_proxy_file, read_private_file
from .certificates.delegations import Delegation, Delegations
from .certificates.inspection import prepare_upload
from .certificates.proxy import ProxyCertificate
from .errors import CertificateError

__all__ = ["ClientCertificates"]

logger = logger_of(__name__)


class ClientCertificates(Services):
    """Delegating certificates; see `ctadata.api.APIClient`."""

    def upload_certificate(
        self,
        file: LocalPath | bytes | None = None,
        certificate_key: str = "cta",
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
    ) -> dict[str, Any]:
        """Delegate a proxy certificate of one's own to the certificate service.

        Parameters
        ----------
        file : str, path or bytes, optional
            A file in PEM form with the certificate, its private key and its chain, or the content
            of one; by default that named by ``X509_USER_PROXY``, or ``/tmp/x509up_u<uid>``.
        certificate_key : str, optional
            What it is for: one of ``CTACS_ALLOWED_CERT_KEYS``, by default ``cta``, ``lst``,
            ``arc``.
        force : bool, optional
            Send it in spite of blocking findings, unless it may give away a long-lived key.
        certificate_file_path : str or path, optional
            What earlier releases call `file`.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123, UTC) of its end, as the service sends
            them.

        Raises
        ------
        CertificateError
            If the file is not regular, not the user's own or readable by others, if
            `ctadata.certificates.inspect` finds what speaks against it (``findings``), or if the
            service does not store it.
        """
        file = _one_file(file, certificate_file_path)
        return self.upload_personal_certificate(file, certificate_key, force=force)

    def upload_personal_certificate(
        self,
        file: LocalPath | bytes | None = None,
        certificate_key: str = "cta",
        user: str | None = None,
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
    ) -> dict[str, Any]:
        """Delegate a user's proxy certificate to the certificate service.

        Parameters
        ----------
        file, certificate_key, force, certificate_file_path
            As for `upload_certificate`.
        user : str, optional
            Another user's name, for administrators.

        Returns
        -------
        dict
            As from `upload_certificate`.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        file = _one_file(file, certificate_file_path)
        if user is not None and not isinstance(user, str):
            raise CertificateError(f"user={user!r} is no user's name; give a string, or None")
        if user is None:
            return self.delegate_certificate(file, certificate_key, force=force)[0]
        proxy, content = _ready(file, certificate_key, force)
        with _explained(proxy):
            return self._certificates.store(content, certificate_key, user)

    def delegate_certificate(
        self, file: LocalPath | bytes | None, certificate_key: str, *, force: bool = False
    ) -> tuple[dict[str, Any], Delegation]:
        """Delegate a proxy certificate of one's own, and write down that it was.

        Parameters
        ----------
        file, certificate_key, force
            As for `upload_certificate`.

        Returns
        -------
        dict
            As from `upload_certificate`.
        Delegation
            What was written down: whose certificate, for what, until when.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        proxy, content = _ready(file, certificate_key, force)
        delegations = self._delegations
        with _explained(proxy):
            answer = self._certificates.store(content, certificate_key)
        delegation = Delegation.from_proxy(proxy, certificate_key, answer["validity"])
        delegations.remember(delegation)
        return answer, delegation

    def upload_shared_certificate(
        self,
        file: LocalPath | bytes | None = None,
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
    ) -> dict[str, Any]:
        """Store the certificate that all users share; for administrators.

        Parameters
        ----------
        file, force, certificate_file_path
            As for `upload_certificate`.

        Returns
        -------
        dict
            ``message`` and ``certificateUploaded``.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        file = _one_file(file, certificate_file_path)
        if file is None:
            # Nobody's own proxy is given to all by mistake.
            raise CertificateError("Name the file of the certificate that all users are to share")
        proxy, content = _ready(file, None, force)
        with _explained(proxy):
            return self._certificates.store_shared(content)

    def delegations(self) -> list[Delegation]:
        """Return what was delegated from this account, of each key the last, as far as known.

        The certificate service cannot be asked: certificates that were uploaded from elsewhere are
        not among them.
        """
        known = map(self._delegations.known, config.certificate_keys())
        return [delegation for delegation in known if delegation is not None]

    def shared_certificate_status(self) -> tuple[bool, str]:
        """Ask the certificate service for the certificate that all users share.

        Returns
        -------
        bool
            Whether it can be used.
        str
            What the service says of it.
        """
        return self._certificates.shared_status()

    @property
    def _delegations(self) -> Delegations:
        directory = config.data_directory(self.data_dir) / "certificates"
        return Delegations(directory, self.certificateservice_url)


def _one_file(file: LocalPath | bytes | None, older: LocalPath | None) -> LocalPath | bytes | None:
    """Return the file that is given by one keyword or the other."""
    if file is not None and older is not None:
        raise CertificateError("Give either file or certificate_file_path, which mean the same")
    return older if file is None else file


@contextlib.contextmanager
def _explained(proxy: ProxyCertificate) -> Iterator[None]:
    """Let the service's refusal come with what was found here, which may be its reason."""
    try:
        yield
    except CertificateError as error:
        error.findings = [found for found in proxy.findings if found.level != "info"]
        raise


def _ready(
    file: LocalPath | bytes | None, key: str | None, force: bool
) -> tuple[ProxyCertificate, str]:
    """Return a certificate that nothing speaks against, and what is sent of it."""
    keys = config.certificate_keys()
    if key is not None and key not in keys:
        raise CertificateError(
            f"{key!r} is not a key of the certificate service; it is one of {', '.join(keys)}"
        )
    name = None
    if not isinstance(file, (bytes, bytearray, memoryview)):
        file = default_proxy_file() if file is None else file
        name, file = str(file), read_private_file(file)
    try:
        proxy, content = prepare_upload(file, force=force, trusted=known_authorities())
    except CertificateError as error:
        error.path = name
        raise
    for found in proxy.findings:
        if found.level != "info":
            logger.warning("%s", found.sentence)
    return proxy, content
