"""The certificate authorities that are trusted: a bundle, which is a PEM file or a directory."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

_USUAL = Path("/etc/grid-security/certificates")
# As OpenSSL and the grid's distributions name them; the rest of such a directory are revocation
# lists, policies and addresses.
_CERTIFICATE_FILE = re.compile(r".*\.(pem|crt|[0-9])")


def default_bundle() -> Path | None:
    """Return the grid's usual directory: ``$X509_CERT_DIR``, or where there is one the system's."""
    named = os.environ.get("X509_CERT_DIR")
    if named:
        return Path(named)
    return _USUAL if _USUAL.is_dir() else None


def load_authorities(bundle: Path) -> list[x509.Certificate]:
    """Read a bundle.

    Parameters
    ----------
    bundle : Path
        A file, all of whose certificates must be readable, or a directory, of which files that
        hold no certificate are left out.

    Returns
    -------
    list of x509.Certificate
        Each once.

    Raises
    ------
    OSError
        When it cannot be read.
    ValueError
        When there is no certificate in it.
    """
    # Imported late: the service has to be ready soon, and few ever send a certificate.
    from cryptography import x509

    if not bundle.is_dir():
        return x509.load_pem_x509_certificates(bundle.read_bytes())
    found: dict[x509.Certificate, None] = {}
    for path in sorted(bundle.iterdir()):
        if _CERTIFICATE_FILE.fullmatch(path.name) and path.is_file():
            try:
                found.update(dict.fromkeys(x509.load_pem_x509_certificates(path.read_bytes())))
            except (OSError, ValueError):
                continue
    if not found:
        raise ValueError("no certificates")
    return list(found)
