"""Verification of a chain by OpenSSL, as by most services of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from OpenSSL import crypto

from .proxies import NOW


def openssl_refuses(content: bytes, authorities: Sequence[bytes]) -> str:
    """Return why OpenSSL rejects the chain of a proxy file; empty if it accepts it."""
    flags = crypto.X509StoreFlags
    store = crypto.X509Store()
    store.set_flags(flags.ALLOW_PROXY_CERTS)
    store.set_time(NOW.replace(tzinfo=None))
    for authority in authorities:
        store.add_cert(crypto.X509.from_cryptography(x509.load_pem_x509_certificate(authority)))
    leaf, *others = map(crypto.X509.from_cryptography, x509.load_pem_x509_certificates(content))
    try:
        crypto.X509StoreContext(store, leaf, others).verify_certificate()
    except crypto.X509StoreContextError as error:
        # OpenSSL 4 gives more details than earlier versions.
        return str(error).removesuffix(" or the system clock is incorrect")
    return ""
