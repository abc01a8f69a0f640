"""A throw-away grid certificate authority for the demo and for tests.

It issues certificates, and proxy certificates of all generations, like the authorities and users of
a grid, but does not protect its keys. `ctadata.demo.voms_server` adds the attributes of a VO.

::

    authority = Authority.create()
    ada = authority.issue([("DC", "org"), ("DC", "ctadata-demo"), ("CN", "Ada")])
    attributes = VOMSServer.create(authority).attributes(ada)
    Path("x509up").write_bytes(ada.delegate(attributes=attributes).pem())
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ..certificates.asn1 import DraftProxyCertInfo, ProxyCertInfo

Name = Sequence[tuple[str, str]]
"""Types and values in the order of the certificate: ``[("DC", "org"), ("CN", "Ada")]``."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KeyType = Literal["ec", "rsa"]
"""P-256, which is fast to generate, or RSA with 2048 bits, which grids use."""

ProxyKind = Literal["rfc3820", "gt3-draft", "legacy"]
Policy = Literal["inherit-all", "limited", "independent"]

AUTHORITY: Name = [("DC", "org"), ("DC", "ctadata-demo"), ("CN", "Throw-away demo CA")]

_PROXY_CERT_INFO = {"rfc3820": "1.3.6.1.5.5.7.1.14", "gt3-draft": "1.3.6.1.4.1.3536.1.222"}
_POLICIES = {
    "inherit-all": "1.3.6.1.5.5.7.21.1",
    "independent": "1.3.6.1.5.5.7.21.2",
    "limited": "1.3.6.1.4.1.3536.1.1.1.9",
}
_VOMS_ATTRIBUTES = x509.ObjectIdentifier("1.3.6.1.4.1.8005.100.100.5")
_NAME_TYPES = {
    "C": NameOID.COUNTRY_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "UID": NameOID.USER_ID,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
_SKEW = timedelta(minutes=5)  # clocks differ, so validity begins in the past


@dataclass(frozen=True)
class Credential:
    """A certificate with its private key.

    Attributes
    ----------
    certificate : x509.Certificate
        The certificate.
    key : Key
        Its private key.
    chain : tuple of x509.Certificate
        Its issuer, the issuer of that, and so on, without the root authority.
    """

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    def delegate(
        self,
        kind: ProxyKind = "rfc3820",
        *,
        policy: Policy = "inherit-all",
        path_length: int | None = None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        attributes: bytes | None = None,
        key_type: KeyType = "ec",
    ) -> Credential:
        """Issue a proxy certificate: a new key that may act as this credential.

        Parameters
        ----------
        kind : {"rfc3820", "gt3-draft", "legacy"}
            RFC 3820, its draft in Globus 3, or the ``CN=proxy`` of Globus 2.
        policy : {"inherit-all", "limited", "independent"}
            The rights of the holder; a legacy proxy is limited or not.
        path_length : int, optional
            How many further proxies may follow; not in a legacy proxy.
        not_before, not_after : datetime, optional
            With time zone; by default five minutes ago and in 12 hours.
        attributes : bytes, optional
            The result of `ctadata.demo.voms_server.VOMSServer.attributes`.
        key_type : {"ec", "rsa"}
            The type of the new key.
        """
        key, serial = _new_key(key_type), secrets.randbits(62) + 1
        common_name = str(serial)
        if kind == "legacy":
            common_name = "limited proxy" if policy == "limited" else "proxy"
        subject = x509.Name(
            [*self.certificate.subject.rdns, *_name([("CN", common_name)]).rdns],
        )
        builder = _builder(self, subject, key, not_before, not_after, timedelta(hours=12), serial)
        builder = builder.add_extension(_key_usage(ca=False), critical=True)
        if kind != "legacy":
            information = x509.UnrecognizedExtension(
                x509.ObjectIdentifier(_PROXY_CERT_INFO[kind]),
                _proxy_cert_info(kind, _POLICIES[policy], path_length),
            )
            builder = builder.add_extension(information, critical=True)
        if attributes is not None:
            extension = x509.UnrecognizedExtension(_VOMS_ATTRIBUTES, attributes)
            builder = builder.add_extension(extension, critical=False)
        return Credential(builder.sign(self.key, hashes.SHA256()), key, self._issued_chain())

    def pem(self) -> bytes:
        """Return the content of a proxy file: certificate, key in the traditional format, chain."""
        return self.certificate_pem() + self.key_pem() + self.chain_pem()

    def certificate_pem(self) -> bytes:
        """Return the certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, form: PrivateFormat = PrivateFormat.TraditionalOpenSSL) -> bytes:
        """Return the unencrypted private key: ``RSA``, ``EC`` or, in PKCS#8, ``PRIVATE KEY``."""
        return self.key.private_bytes(Encoding.PEM, form, NoEncryption())

    def chain_pem(self) -> bytes:
        """Return the chain."""
        return b"".join(issuer.public_bytes(Encoding.PEM) for issuer in self.chain)

    def _issued_chain(self) -> tuple[x509.Certificate, ...]:
        """Return the chain of the certificates that this credential issues, without the root."""
        root = self.certificate.subject == self.certificate.issuer
        return () if root else (self.certificate, *self.chain)


@dataclass(frozen=True)
class Authority:
    """A certificate authority, root or subordinate.

    Attributes
    ----------
    credential : Credential
        Its own certificate and key.
    """

    credential: Credential

    @classmethod
    def create(
        cls,
        name: Name = AUTHORITY,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key_type: KeyType = "ec",
    ) -> Authority:
        """Create a root authority, by default valid from five minutes ago for ten years."""
        key = _new_key(key_type)
        builder = _builder(None, _name(name), key, not_before, not_after, timedelta(days=3650))
        return cls(Credential(_as_authority(builder).sign(key, hashes.SHA256()), key))

    def subordinate(
        self,
        name: Name,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key_type: KeyType = "ec",
    ) -> Authority:
        """Issue the certificate of another authority, by default for ten years."""
        key, issuer = _new_key(key_type), self.credential
        builder = _builder(issuer, _name(name), key, not_before, not_after, timedelta(days=3650))
        return Authority(self._signed(_as_authority(builder), key))

    def issue(
        self,
        name: Name,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key_type: KeyType = "ec",
    ) -> Credential:
        """Issue the certificate of an end entity (user, robot, host), by default for a year."""
        key, issuer = _new_key(key_type), self.credential
        builder = _builder(issuer, _name(name), key, not_before, not_after, timedelta(days=365))
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        return self._signed(builder.add_extension(_key_usage(ca=False), critical=True), key)

    def pem(self) -> bytes:
        """Return the certificate, for a bundle of trusted authorities."""
        return self.credential.certificate_pem()

    def _signed(self, builder: x509.CertificateBuilder, key: Key) -> Credential:
        certificate = builder.sign(self.credential.key, hashes.SHA256())
        return Credential(certificate, key, self.credential._issued_chain())


def _builder(
    issuer: Credential | None,
    subject: x509.Name,
    key: Key,
    not_before: datetime | None,
    not_after: datetime | None,
    lifetime: timedelta,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    """Begin a certificate; without an issuer it is self-signed."""
    start, end = validity(not_before, not_after, lifetime)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    issuing = issuer.key if issuer else key
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key())
    return builder.add_extension(identifier, critical=False)


def _as_authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    return builder.add_extension(_key_usage(ca=True), critical=True)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def validity(
    not_before: datetime | None, not_after: datetime | None, lifetime: timedelta
) -> tuple[datetime, datetime]:
    """Return a validity period, by default from five minutes ago until `lifetime` from now."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return not_before or now - _SKEW, not_after or now + lifetime


def _new_key(key_type: KeyType) -> Key:
    if key_type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(name: Name) -> x509.Name:
    return x509.Name([x509.NameAttribute(_NAME_TYPES[kind], value) for kind, value in name])


def _proxy_cert_info(kind: ProxyKind, policy: str, path_length: int | None) -> bytes:
    structure = ProxyCertInfo if kind == "rfc3820" else DraftProxyCertInfo
    fields: dict[str, object] = {"policy": {"language": policy}}
    if path_length is not None:
        fields["path_length"] = path_length
    encoded: bytes = structure(fields).dump()
    return encoded
