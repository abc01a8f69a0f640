"""Verify that a proxy certificate may be delegated, and find out when it expires.

Like the real certificate service (docs/protocol.md, "Certificate service"), this uses OpenSSL with
proxy certificates allowed (RFC 3820, RFC 5280). It is stricter than that where harm could result:
there must be one matching private key, and not a user's long-lived one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto

from ..certificates.messages import LONGEST_VALIDITY

_BAD_CHAIN = "invalid certificate verification chain"
_NO_CERTIFICATE = "no valid certificate provided"
_TOO_LONG = f"certificate validity too long, the longest is {LONGEST_VALIDITY.days} days"

_PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
_DRAFT_PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.4.1.3536.1.222")
_LEGACY_NAMES = (
    [(x509.NameOID.COMMON_NAME, "proxy")],
    [(x509.NameOID.COMMON_NAME, "limited proxy")],
)
# Does not match across another mark, so that the time is linear in the length.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----(?:(?!-----).)*-----END \1-----", re.DOTALL
)
# Characters. Longer keys take minutes to check; RSA with 8192 bits has 6400.
_MAX_KEY = 8192

_Codes = SSL.X509VerificationCodes
_NEW_ONE = "create a new one with voms-proxy-init or arcproxy"
_UNTRUSTED = (
    "this service does not trust the authority that issued it; ask its operator which authorities"
    " it trusts"
)
_INCOMPLETE = (
    "the certificate that issued the first one is missing; use the complete file that"
    " voms-proxy-init or arcproxy created"
)
_REMEDIES = {
    _Codes.ERR_UNABLE_TO_GET_ISSUER_CERT: _UNTRUSTED,
    _Codes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: _UNTRUSTED,
    _Codes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: _UNTRUSTED,
    _Codes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: _UNTRUSTED,
    _Codes.ERR_SELF_SIGNED_CERT_IN_CHAIN: _UNTRUSTED,
    _Codes.ERR_CERT_SIGNATURE_FAILURE: f"a signature in it is not valid; {_NEW_ONE}",
    _Codes.ERR_CERT_NOT_YET_VALID: (
        f"a certificate in it is not valid yet; check your clock, or {_NEW_ONE}"
    ),
}


class CertificateRefused(Exception):
    """The certificate is refused; the message is for the user."""


class CertificateExpired(CertificateRefused):
    """The certificate was valid before."""


def verify(pem: str, authorities: Sequence[x509.Certificate]) -> datetime:
    """Verify a proxy certificate, followed by its private key and its chain up to an authority.

    Returns
    -------
    datetime
        When the first certificate of the chain expires, in UTC.

    Raises
    ------
    CertificateRefused
        With the reason, which contains no part of `pem`.
    """
    with _refuse_unreadable():
        chain = x509.load_pem_x509_certificates(pem.encode("ascii"))
        _check_key(chain[0], pem)
        _check_kinds(chain)
        verified = verified_chain(chain, authorities)
    expiry = min(certificate.not_valid_after_utc for certificate in verified)
    if expiry - datetime.now(timezone.utc) > LONGEST_VALIDITY:
        raise CertificateRefused(
            f"{_TOO_LONG}; create a shorter one, such as voms-proxy-init -hours 168"
        )
    return expiry


@contextmanager
def _refuse_unreadable() -> Iterator[None]:
    """Replace the exceptions of cryptography, whose messages may quote the input."""
    try:
        yield
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        crypto.Error,
    ):
        raise CertificateRefused(
            f"{_NO_CERTIFICATE}: there is none in readable PEM form; use the file that"
            " voms-proxy-init or arcproxy created"
        ) from None


def _check_key(certificate: x509.Certificate, pem: str) -> None:
    """Require exactly one private key, without a passphrase, that matches the certificate."""
    keys = [match[0] for match in _PRIVATE_KEY.finditer(pem)]
    if len(keys) != 1:
        count = "several private keys are" if keys else "the private key is not"
        raise CertificateRefused(
            f"{_NO_CERTIFICATE}: {count} in the file; use the unchanged file that voms-proxy-init"
            " or arcproxy created"
        )
    try:
        if len(keys[0]) > _MAX_KEY:
            raise ValueError("too long")
        key = load_pem_private_key(keys[0].encode("ascii"), password=None)
    except TypeError:  # a passphrase is required
        raise CertificateRefused(
            f"{_NO_CERTIFICATE}: the private key is encrypted, as a proxy's never is; {_NEW_ONE}"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateRefused(
            f"{_NO_CERTIFICATE}: the private key cannot be read; {_NEW_ONE}"
        ) from None
    if key.public_key() != certificate.public_key():
        raise CertificateRefused(
            f"{_BAD_CHAIN}: the private key does not match the first certificate; {_NEW_ONE}"
        )


def _check_kinds(chain: Sequence[x509.Certificate]) -> None:
    """Refuse certificates that must not be delegated or that no service accepts any more."""
    if any(_is_outdated_proxy(certificate) for certificate in chain):
        raise CertificateRefused(
            f"{_BAD_CHAIN}: it is a proxy certificate of an old kind; create one according to"
            " RFC 3820 with voms-proxy-init -rfc or arcproxy"
        )
    first = chain[0]
    if _is_authority(first):
        raise CertificateRefused(
            f"{_NO_CERTIFICATE}: this is the certificate of an authority; use a proxy certificate"
            " created with voms-proxy-init or arcproxy"
        )
    lifetime = first.not_valid_after_utc - first.not_valid_before_utc
    if not _is_proxy(first) and lifetime > LONGEST_VALIDITY:
        raise CertificateRefused(
            f"{_TOO_LONG}: this is your own certificate with its private key, which should never"
            " leave your machine; use a proxy certificate created with voms-proxy-init or arcproxy"
        )


def _is_proxy(certificate: x509.Certificate) -> bool:
    return any(extension.oid == _PROXY_CERT_INFO for extension in certificate.extensions)


def _is_outdated_proxy(certificate: x509.Certificate) -> bool:
    """Whether it is a proxy from before RFC 3820, of Globus 2 or 3."""
    identifiers = {extension.oid for extension in certificate.extensions}
    if identifiers & {_PROXY_CERT_INFO, _DRAFT_PROXY_CERT_INFO}:
        return _DRAFT_PROXY_CERT_INFO in identifiers
    added = list(certificate.subject)[len(list(certificate.issuer)) :]
    return [(part.oid, part.value) for part in added] in _LEGACY_NAMES


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return certificate.subject == certificate.issuer  # the oldest authorities
    return constraints.value.ca


def verified_chain(
    chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Return the chain that OpenSSL builds, from the first certificate to a trusted one.

    Other certificates in the file must not shorten its validity.

    Raises
    ------
    CertificateRefused
        If there is no such chain.
    """
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.ALLOW_PROXY_CERTS)
    for authority in authorities:
        store.add_cert(crypto.X509.from_cryptography(authority))
    first, *others = [crypto.X509.from_cryptography(certificate) for certificate in chain]
    try:
        verified = crypto.X509StoreContext(store, first, others).get_verified_chain()
    except crypto.X509StoreContextError as error:
        raise _refusal(error) from None
    return [certificate.to_cryptography() for certificate in verified]


def _refusal(error: crypto.X509StoreContextError) -> CertificateRefused:
    """Describe the error of OpenSSL in a sentence."""
    code, _, text = error.errors
    certificate = error.certificate.to_cryptography()
    if code == _Codes.ERR_CERT_HAS_EXPIRED:
        expiry = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        return CertificateExpired(
            f"{_BAD_CHAIN}: a certificate in it expired at {expiry}; {_NEW_ONE}"
        )
    remedy = _REMEDIES.get(code, f"{text}; {_NEW_ONE}")
    if remedy == _UNTRUSTED and _is_proxy(certificate):
        remedy = _INCOMPLETE
    return CertificateRefused(f"{_BAD_CHAIN}: {remedy}")
