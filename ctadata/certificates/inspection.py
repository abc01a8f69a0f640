"""Inspect a certificate before it is sent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..errors import CertificateError
from .certificate_files import read_file
from .messages import MAX_BYTES, Finding, finding
from .pem import DamagedPem, is_der, is_pem, is_pkcs12, read_blocks
from .proxy import ProxyCertificate

if TYPE_CHECKING:
    from .authorities import Authority

__all__ = ["PEM", "inspect", "prepare_upload"]

PEM = bytes | str | os.PathLike[str]
"""A certificate's content as bytes, or the path of its file."""


def inspect(
    pem: PEM, *, now: datetime | None = None, trusted: Iterable[Authority] = ()
) -> ProxyCertificate:
    """Describe a proxy certificate and list the problems that prevent delegating it.

    Nothing is sent or stored. Proxy certificates follow RFC 3820 or one of its predecessors; VOMS
    attributes are in an attribute certificate (RFC 5755).

    Parameters
    ----------
    pem : bytes or path
        The content of a file, or its path.
    now : datetime, optional
        The time for which it is checked, by default the present; taken as UTC if it has no time
        zone.
    trusted : iterable, optional
        Certificates of trusted authorities: PEM as bytes, files, directories of files such as
        ``/etc/grid-security/certificates``, or `cryptography.x509.Certificate`. Without any, the
        issuer is not checked against them.

    Returns
    -------
    ProxyCertificate
        The description with all findings, whatever the bytes are. It contains neither the content
        of the file nor the private key.

    Raises
    ------
    CertificateError
        If the file cannot be read.
    """
    content = read_file(pem) if isinstance(pem, (str, os.PathLike)) else pem
    return _inspect(content, now, trusted)[0]


def prepare_upload(
    content: bytes, *, force: bool = False, trusted: Iterable[Authority] = ()
) -> tuple[ProxyCertificate, str]:
    """Inspect the content of a proxy certificate file and return what is uploaded of it.

    Returns
    -------
    ProxyCertificate
        Its description.
    str
        What the certificate service receives, a secret: certificate, key and chain in PEM.

    Raises
    ------
    CertificateError
        If it must not be sent; its ``findings`` say why.
    """
    proxy, content_to_send = _inspect(content, None, trusted)
    proxy.check_sendable(force=force)
    return proxy, content_to_send


def _inspect(
    content: bytes, now: datetime | None, trusted: Iterable[Authority]
) -> tuple[ProxyCertificate, str]:
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise CertificateError(
            "Give the path of a certificate file, or its content as bytes, not "
            f"{type(content).__name__}"
        )
    content = bytes(content)
    now = now or datetime.now(timezone.utc)
    if now.tzinfo is None:
        now = now.replace(tzinfo=timezone.utc)
    unusable = _unusable(content)
    if unusable:
        return ProxyCertificate([unusable]), ""
    try:
        blocks = read_blocks(content)
    except DamagedPem:
        return ProxyCertificate([finding("not-pem", "damaged")]), ""
    # Imported late: cryptography is large, and most users of ctadata never need it.
    from .authorities import read_authorities
    from .rules import apply_rules

    return apply_rules(blocks, now, read_authorities(trusted))


def _unusable(content: bytes) -> Finding | None:
    """Return the finding for a file that is not PEM or too large to parse."""
    if len(content) > MAX_BYTES:
        return finding("too-big")
    if not content.strip():
        return finding("not-pem", "empty")
    if is_pkcs12(content):
        return finding("pkcs12")
    if is_der(content):
        return finding("der-not-pem")
    if not is_pem(content):
        return finding("not-pem")
    return None
