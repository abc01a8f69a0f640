"""One X.509 certificate: its names, its kind (end entity, proxy, CA), and who signed it.

`cryptography` parses the certificate and its public key, and verifies signatures. Names and
extensions are read with `asn1crypto`, because `cryptography` refuses a whole certificate for one
odd extension or name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from asn1crypto import core
from asn1crypto import x509 as asn1crypto_x509
from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from .asn1 import DraftProxyCertInfo, ProxyCertInfo
from .keys import ignore_deprecations, public_bytes
from .names import DistinguishedName, read_name

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

__all__ = ["PARSE_ERRORS", "Certificate", "Kind", "UnreadableCertificate", "read_certificate"]

Kind = Literal["rfc3820", "legacy", "gt3-draft", "end-entity", "ca"]

# What the parsers raise for malformed input.
PARSE_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    InternalError,
    x509.InvalidVersion,
)

_BASIC_CONSTRAINTS = "2.5.29.19"
_RFC3820 = "1.3.6.1.5.5.7.1.14"
_GT3_DRAFT = "1.3.6.1.4.1.3536.1.222"
_LIMITED = "1.3.6.1.4.1.3536.1.1.1.9"
_LEGACY_NAMES = {"proxy", "limited proxy"}
# Those that OpenSSL knows; a certificate with any other critical extension must be rejected
# (RFC 5280, section 4.2).
_KNOWN_EXTENSIONS = {
    _RFC3820,
    _GT3_DRAFT,
    *(f"2.5.29.{number}" for number in (15, 17, 19, 30, 31, 32, 33, 36, 37, 54)),
    "2.16.840.1.113730.1.1",
}
_OTHER_NAMES = {"2.5.29.17", "2.5.29.18"}


class UnreadableCertificate(Exception):
    """These bytes are not a certificate."""


@dataclass(frozen=True)
class Certificate:
    """One parsed certificate.

    Attributes
    ----------
    der : bytes
        The certificate in DER.
    subject, issuer : DistinguishedName
        The names of its holder and its signer.
    kind : str
        ``rfc3820``, ``legacy``, ``gt3-draft``, ``end-entity`` or ``ca``.
    limited : bool
        Whether it is a limited proxy.
    path_length : int or None
        How many proxies may follow a proxy, or authorities a CA; None: any number.
    may_sign : bool
        Whether its key usage lets it sign proxies (RFC 3820, section 3.1) or, for a CA,
        certificates (RFC 5280, section 4.2.1.3).
    extensions_valid : bool
        Whether it has no duplicate extension, no unknown critical one and, in a proxy, no
        alternative names (RFC 3820, sections 3.2 and 3.5).
    not_before, not_after : datetime
        Its validity, in UTC.
    public_key : bytes
        The SubjectPublicKeyInfo.
    key_id_and_serial, issuer_key_id_and_serial : tuple of (bytes or None, int or None)
        Its own key identifier and serial number, and those that it states for its issuer.
    extensions : dict
        The values of the extensions by object identifier.
    """

    der: bytes = field(repr=False)
    subject: DistinguishedName
    issuer: DistinguishedName
    kind: Kind
    limited: bool
    path_length: int | None
    may_sign: bool
    extensions_valid: bool
    not_before: datetime
    not_after: datetime
    public_key: bytes = field(repr=False)
    key_id_and_serial: tuple[bytes | None, int | None] = field(repr=False)
    issuer_key_id_and_serial: tuple[bytes | None, int | None] = field(repr=False)
    extensions: dict[str, bytes] = field(repr=False)
    _x509: x509.Certificate = field(repr=False)
    _key: PublicKeyTypes = field(repr=False)

    @property
    def is_proxy(self) -> bool:
        """Whether it is a proxy certificate of any kind."""
        return self.kind in {"rfc3820", "legacy", "gt3-draft"}

    @property
    def is_self_issued(self) -> bool:
        """Whether its subject and its issuer are the same."""
        return self.issuer.comparison_key == self.subject.comparison_key

    def names_as_issuer(self, other: Certificate) -> bool:
        """Whether its issuer is the subject of the other certificate."""
        return self.issuer.comparison_key == other.subject.comparison_key

    def is_signed_by(self, other: Certificate) -> bool:
        """Whether the other certificate's key made its signature and is the key that it names."""
        for named, actual in zip(
            self.issuer_key_id_and_serial, other.key_id_and_serial, strict=True
        ):
            if named is not None and actual is not None and named != actual:
                return False
        try:
            with ignore_deprecations():
                return self._is_verified_by(other._key)
        except (InvalidSignature, AssertionError, *PARSE_ERRORS):
            # Includes an algorithm that does not fit the key.
            return False

    def _is_verified_by(self, key: PublicKeyTypes) -> bool:
        signed = self._x509.tbs_certificate_bytes
        signature = self._x509.signature
        parameters: Any = self._x509.signature_algorithm_parameters
        if isinstance(key, rsa.RSAPublicKey):
            algorithm = self._x509.signature_hash_algorithm
            assert algorithm is not None
            key.verify(signature, signed, parameters, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, parameters)
        elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, signed)
        else:
            return False
        return True

    def to_pem(self) -> bytes:
        """Return it as PEM."""
        return self._x509.public_bytes(Encoding.PEM)


def read_certificate(der: bytes) -> Certificate:
    """Parse a certificate in DER (ITU-T X.690).

    Raises
    ------
    UnreadableCertificate
        If the bytes are not a certificate.
    """
    try:
        # Old authorities have serial numbers that are not positive; cryptography warns of them.
        with ignore_deprecations():
            return _read(der)
    except PARSE_ERRORS:
        # Not chained: the exception may carry the content.
        raise UnreadableCertificate from None


def _read(der: bytes) -> Certificate:
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    structure = asn1crypto_x509.Certificate.load(der, strict=True)
    fields = structure["tbs_certificate"]
    if fields["signature"].dump() != structure["signature_algorithm"].dump():
        raise ValueError  # RFC 5280, section 4.1.1.2
    subject, issuer = read_name(fields["subject"].dump()), read_name(fields["issuer"].dump())
    listed = list(fields["extensions"])
    extensions = {e["extn_id"].dotted: e["extn_value"].contents for e in listed}
    critical = {e["extn_id"].dotted for e in listed if e["critical"].native}
    usage = _key_usage(extensions)
    proxy = _proxy_kind(extensions, subject, issuer)
    kind: Kind = proxy or "end-entity"
    if _is_ca(
        certificate, extensions, usage, self_issued=subject.comparison_key == issuer.comparison_key
    ):
        kind = "ca"
    limited, path_length = _policy(extensions, subject, kind)
    signing = "key_cert_sign" if kind == "ca" else "digital_signature"
    return Certificate(
        der=der,
        subject=subject,
        issuer=issuer,
        kind=kind,
        limited=limited,
        path_length=path_length,
        may_sign=usage is None or signing in usage,
        extensions_valid=len(extensions) == len(listed)
        and critical <= _KNOWN_EXTENSIONS
        and not (proxy and extensions.keys() & _OTHER_NAMES),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=public_bytes(key),
        key_id_and_serial=(_key_identifier(extensions), fields["serial_number"].native),
        issuer_key_id_and_serial=_issuer_key_id_and_serial(extensions),
        extensions=extensions,
        _x509=certificate,
        _key=key,
    )


def _key_usage(extensions: dict[str, bytes]) -> set[str] | None:
    value = extensions.get("2.5.29.15")
    return None if value is None else set(asn1crypto_x509.KeyUsage.load(value).native)


def _key_identifier(extensions: dict[str, bytes]) -> bytes | None:
    value = extensions.get("2.5.29.14")
    found: bytes | None = value and core.OctetString.load(value, strict=True).native
    return found


def _issuer_key_id_and_serial(extensions: dict[str, bytes]) -> tuple[bytes | None, int | None]:
    value = extensions.get("2.5.29.35")
    if value is None:
        return None, None
    named = asn1crypto_x509.AuthorityKeyIdentifier.load(value, strict=True)
    return named["key_identifier"].native, named["authority_cert_serial_number"].native


def _is_ca(
    certificate: x509.Certificate,
    extensions: dict[str, bytes],
    usage: set[str] | None,
    *,
    self_issued: bool,
) -> bool:
    constraints = extensions.get(_BASIC_CONSTRAINTS)
    if constraints is not None:
        return bool(asn1crypto_x509.BasicConstraints.load(constraints)["ca"].native)
    # Authorities that are older than the extension.
    if certificate.version is x509.Version.v1:
        return self_issued
    return usage is not None and "key_cert_sign" in usage


def _proxy_kind(
    extensions: dict[str, bytes], subject: DistinguishedName, issuer: DistinguishedName
) -> Literal["rfc3820", "legacy", "gt3-draft"] | None:
    if _RFC3820 in extensions:
        return "rfc3820"
    if _GT3_DRAFT in extensions:
        return "gt3-draft"
    if (
        subject.common_name in _LEGACY_NAMES
        and subject.parent.comparison_key == issuer.comparison_key
    ):
        return "legacy"
    return None


def _policy(
    extensions: dict[str, bytes], subject: DistinguishedName, kind: Kind
) -> tuple[bool, int | None]:
    """Return whether a proxy is limited, and how many proxies or authorities may follow it."""
    if kind == "legacy":
        return subject.common_name == "limited proxy", None
    if kind == "ca" and _BASIC_CONSTRAINTS in extensions:
        constraints = asn1crypto_x509.BasicConstraints.load(extensions[_BASIC_CONSTRAINTS])
        return False, constraints["path_len_constraint"].native
    if kind == "rfc3820":
        information = ProxyCertInfo.load(extensions[_RFC3820])
    elif kind == "gt3-draft":
        information = DraftProxyCertInfo.load(extensions[_GT3_DRAFT])
    else:
        return False, None
    length = information["path_length"].native
    return information["policy"]["language"].dotted == _LIMITED, length
