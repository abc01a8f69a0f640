"""Load the certificates of trusted authorities from files and directories."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from .._printable import logger_of
from ..errors import CertificateError
from .pem import DamagedPem, read_blocks

if TYPE_CHECKING:
    from cryptography import x509

    from .certificate import Certificate

    Authority: TypeAlias = bytes | str | os.PathLike[str] | x509.Certificate

__all__ = ["default_authorities_path", "known_authorities", "load_authorities", "read_authorities"]

logger = logger_of(__name__)

BUNDLE_VARIABLE = "X509_CERT_DIR"
DEFAULT_BUNDLE = Path("/etc/grid-security/certificates")
# The names that OpenSSL and the grid's distributions use; the other files of such a directory
# are revocation lists, policies and addresses.
_CERTIFICATE_FILE = re.compile(r".*\.(pem|crt|[0-9])")


def default_authorities_path() -> Path | None:
    """Return the path where the grid's tools look for trusted authorities.

    Returns
    -------
    Path or None
        ``$X509_CERT_DIR``, else ``/etc/grid-security/certificates``; None if it does not exist.
    """
    bundle = Path(os.environ.get(BUNDLE_VARIABLE) or DEFAULT_BUNDLE)
    return bundle if os.path.exists(bundle) else None


def known_authorities() -> list[x509.Certificate]:
    """Return the authorities that the grid's tools trust on this machine.

    What cannot be read is logged and left out.
    """
    bundle = default_authorities_path()
    if bundle is None:
        return []
    try:
        return load_authorities(bundle)
    except (OSError, ValueError) as error:
        logger.warning("%s contains no CA certificates (%s)", bundle, type(error).__name__)
        return []


def load_authorities(bundle: Path) -> list[x509.Certificate]:
    """Read the certificates of a file or directory.

    Parameters
    ----------
    bundle : Path
        A file, or a directory of files. Anything else in them is skipped: one unreadable file
        among hundreds must not hide the others.

    Returns
    -------
    list of x509.Certificate
        The certificates, without duplicates.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it contains no certificate, or is not a valid file name.
    """
    if not bundle.is_dir():
        return _parse_pem(bundle.read_bytes())
    found: dict[x509.Certificate, None] = {}
    for path in sorted(bundle.iterdir()):
        with suppress(OSError, ValueError):
            if _CERTIFICATE_FILE.fullmatch(path.name) and path.is_file():
                found.update(dict.fromkeys(_parse_pem(path.read_bytes())))
    if not found:
        raise ValueError("no certificates")
    return list(found)


def read_authorities(trusted: Iterable[Authority]) -> list[Certificate]:
    """Read the certificates of trusted authorities.

    Parameters
    ----------
    trusted : iterable
        As for `ctadata.certificates.inspect`.

    Raises
    ------
    CertificateError
        If one of them cannot be read or contains no certificate.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from .certificate import UnreadableCertificate, read_certificate

    if isinstance(trusted, (bytes, str, os.PathLike)):
        trusted = (trusted,)
    found = []
    for one in trusted:
        for authority in _load(one):
            # cryptography accepts some certificates that our stricter parser does not.
            with suppress(UnreadableCertificate):
                found.append(read_certificate(authority.public_bytes(Encoding.DER)))
    return found


def _load(one: Authority) -> list[x509.Certificate]:
    if not isinstance(one, (bytes, str, os.PathLike)):
        return [one]
    path = None if isinstance(one, bytes) else os.fspath(one)
    named = repr(path[:200]) if path else "The list of trusted authorities"
    try:
        return _parse_pem(one) if isinstance(one, bytes) else load_authorities(Path(one))
    except OSError as error:
        raise CertificateError(f"{named} cannot be read: {error.strerror}", path=path) from None
    except ValueError:
        raise CertificateError(f"{named} contains no PEM certificate", path=path) from None


def _parse_pem(content: bytes) -> list[x509.Certificate]:
    # Imported late: cryptography is large, and few users ever need it.
    from cryptography import x509

    from .certificate import PARSE_ERRORS
    from .keys import ignore_deprecations

    found = []
    with suppress(DamagedPem), ignore_deprecations():
        for block in read_blocks(content):
            if block.is_certificate:
                with suppress(DamagedPem, *PARSE_ERRORS):
                    found.append(x509.load_der_x509_certificate(block.der))
    if not found:
        raise ValueError("no certificates")
    return found
