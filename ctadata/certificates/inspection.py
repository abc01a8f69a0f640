"""See through what somebody is about to delegate, before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..errors import CertificateError
from .certificate_files import read_file
from .messages import MAX_BYTES, Finding, finding
from .pem import Damaged, is_der, is_pem, is_pkcs12, read_blocks
from .proxy import ProxyCertificate

if TYPE_CHECKING:
    from .authorities import Authority

__all__ = ["PEM", "inspect", "ready_to_send"]

PEM = bytes | str | os.PathLike[str]
"""A certificate's content as bytes, or the path of its file."""


def inspect(
    pem: PEM, *, now: datetime | None = None, trusted: Iterable[Authority] = ()
) -> ProxyCertificate:
    """Look at a proxy certificate, and say what speaks against delegating it.

    Nothing is sent, and nothing is kept. Proxy certificates are those of RFC 3820 and of its
    predecessors, VOMS attributes are in an attribute certificate (RFC 5755).

    Parameters
    ----------
    pem : bytes or path
        The content of a file, or the file.
    now : datetime, optional
        The moment for which it is judged, by default the present; in UTC where it has no time
        zone.
    trusted : iterable, optional
        The certificates of the authorities that are known: PEM as bytes, files, directories of
        files such as ``/etc/grid-security/certificates``, or `cryptography.x509.Certificate`.
        Without any, none is called unknown.

    Returns
    -------
    ProxyCertificate
        What it is, with all findings; of any bytes at all. Neither the file's content nor its
        private key is in it.

    Raises
    ------
    CertificateError
        If a file cannot be read.
    """
    content = read_file(pem) if isinstance(pem, (str, os.PathLike)) else pem
    return _look(content, now, trusted)[0]


def ready_to_send(
    content: bytes, *, force: bool = False, trusted: Iterable[Authority] = ()
) -> tuple[ProxyCertificate, str]:
    """Look at a proxy certificate that is to be delegated.

    Parameters
    ----------
    content : bytes
        The content of a file.
    force : bool, optional
        As `ProxyCertificate.check_sendable` takes it.
    trusted : iterable, optional
        As `inspect` takes it.

    Returns
    -------
    ProxyCertificate
        What it is.
    str
        What the certificate service gets, which is a secret: ASCII PEM, certificate, key, chain.

    Raises
    ------
    CertificateError
        If it must not be sent; its ``findings`` say why.
    """
    proxy, content_to_send = _look(content, None, trusted)
    proxy.check_sendable(force=force)
    return proxy, content_to_send


def _look(
    content: bytes, now: datetime | None, trusted: Iterable[Authority]
) -> tuple[ProxyCertificate, str]:
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise CertificateError(
            f"Give the path of a certificate's file, or its content as bytes, and not "
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
    except Damaged:
        return ProxyCertificate([finding("not-pem", "damaged")]), ""
    # Imported late: cryptography is large, and most who import ctadata never need it.
    from .authorities import read_authorities
    from .rules import examine

    return examine(blocks, now, read_authorities(trusted))


def _unusable(content: bytes) -> Finding | None:
    """Return what is wrong with a file that is no PEM, or too large to be looked into."""
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
