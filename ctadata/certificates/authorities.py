"""The certificate authorities that are known: files and directories of their certificates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from .._printable import logger_of
from ..errors import CertificateError
from .pem import Damaged, read_blocks

if TYPE_CHECKING:
    from cryptography import x509

    from .certificate import Certificate

    Authority: TypeAlias = bytes | str | os.PathLike[str] | x509.Certificate

__all__ = ["known_authorities", "load_authorities", "read_authorities", "usual_authorities"]

logger = logger_of(__name__)

BUNDLE_VARIABLE = "X509_CERT_DIR"
USUAL_BUNDLE = Path("/etc/grid-security/certificates")
# As OpenSSL and the grid's distributions name them; the rest of such a directory are revocation
# lists, policies and addresses.
_CERTIFICATE_FILE = re.compile(r".*\.(pem|crt|[0-9])")


def usual_authorities() -> Path | None:
    """Return where the grid's tools find the authorities that they know; None if nowhere.

    Returns
    -------
    Path or None
        ``X509_CERT_DIR`` of the environment, else ``/etc/grid-security/certificates``, where there
        is such a directory.
    """
    bundle = Path(os.environ.get(BUNDLE_VARIABLE) or USUAL_BUNDLE)
    return bundle if os.path.exists(bundle) else None


def known_authorities() -> list[x509.Certificate]:
    """Return the authorities that the grid's tools know on this machine, as far as readable."""
    bundle = usual_authorities()
    if bundle is None:
        return []
    try:
        return load_authorities(bundle)
    except (OSError, ValueError) as error:
        logger.warning("%s holds no certificates of authorities (%s)", bundle, type(error).__name__)
        return []


def load_authorities(bundle: Path) -> list[x509.Certificate]:
    """Read a bundle.

    Parameters
    ----------
    bundle : Path
        A file, or a directory of files. What is no certificate in them is left out: one of hundreds
        that is odd does not make the others unknown.

    Returns
    -------
    list of x509.Certificate
        Each once.

    Raises
    ------
    OSError
        When it cannot be read.
    ValueError
        When there is no certificate in it, or it is not the name of a file.
    """
    if not bundle.is_dir():
        return _of_pem(bundle.read_bytes())
    found: dict[x509.Certificate, None] = {}
    for path in sorted(bundle.iterdir()):
        with suppress(OSError, ValueError):
            if _CERTIFICATE_FILE.fullmatch(path.name) and path.is_file():
                found.update(dict.fromkeys(_of_pem(path.read_bytes())))
    if not found:
        raise ValueError("no certificates")
    return list(found)


def read_authorities(trusted: Iterable[Authority]) -> list[Certificate]:
    """Read the certificates of authorities; see `ctadata.certificates.inspect`.

    Raises
    ------
    CertificateError
        If what was named cannot be read, or holds no certificate.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from .certificate import Unreadable, read_certificate

    if isinstance(trusted, (bytes, str, os.PathLike)):
        trusted = (trusted,)
    found = []
    for one in trusted:
        for authority in _load(one):
            # What cryptography can read but not we is unknown to us.
            with suppress(Unreadable):
                found.append(read_certificate(authority.public_bytes(Encoding.DER)))
    return found


def _load(one: Authority) -> list[x509.Certificate]:
    if not isinstance(one, (bytes, str, os.PathLike)):
        return [one]
    display_path = None if isinstance(one, bytes) else os.fspath(one)
    named = repr(display_path[:200]) if display_path else "what was given for the authorities"
    try:
        return _of_pem(one) if isinstance(one, bytes) else load_authorities(Path(one))
    except OSError as error:
        raise CertificateError(
            f"{named} cannot be read: {error.strerror}", path=display_path
        ) from None
    except ValueError:
        raise CertificateError(
            f"There is no certificate in PEM form in {named}", path=display_path
        ) from None


def _of_pem(content: bytes) -> list[x509.Certificate]:
    # Imported late: cryptography is large, and few ever need it.
    from cryptography import x509

    from .certificate import UNREADABLE
    from .keys import hostile_bytes

    found = []
    with suppress(Damaged), hostile_bytes():
        for block in read_blocks(content):
            if block.is_certificate:
                with suppress(Damaged, *UNREADABLE):
                    found.append(x509.load_der_x509_certificate(block.der))
    if not found:
        raise ValueError("no certificates")
    return found
