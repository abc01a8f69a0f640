"""Certificates and proxies that no authority or tool would issue, for tests.

What they do make, `ctadata.demo.authority` and `ctadata.demo.voms_server` make here as well.
"""

from __future__ import annotations

import base64
import secrets
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from asn1crypto import algos, core, parser
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ctadata.certificates import ProxyCertificate, inspect, inspection
from ctadata.demo.authority import Authority, Credential
from ctadata.demo.voms_server import VOMSServer

# The time of the inspections: later than any test of a run, so that new certificates are valid.
NOW = (datetime.now(timezone.utc) + timedelta(minutes=25)).replace(microsecond=0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ADA = [("DC", "org"), ("DC", "ctadata-demo"), ("CN", "Ada Lovelace")]
IDENTITY = "/DC=org/DC=ctadata-demo/CN=Ada Lovelace"
EXPLICIT_CURVE = "1.2.840.10045.1.1"

PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
INHERIT_ALL = bytes.fromhex("300c300a06082b06010505071501")


@dataclass(frozen=True)
class Grid:
    """An authority, one of its users, and a VOMS server."""

    authority: Authority
    user: Credential
    voms: VOMSServer

    @classmethod
    def create(cls, **options: Any) -> Grid:
        authority = Authority.create(**options)
        user = authority.issue(ADA, **options)
        return cls(authority, user, VOMSServer.create(authority, **options))

    def proxy(self, kind: Any = "rfc3820", **options: Any) -> Credential:
        """A proxy of the user, with VOMS attributes."""
        options.setdefault("attributes", self.voms.attributes(self.user))
        return self.user.delegate(kind, **options)

    def end_entity(self, start: timedelta, end: timedelta) -> Credential:
        """A certificate of the user with a validity relative to `NOW`."""
        return self.authority.issue(ADA, not_before=NOW + start, not_after=NOW + end)


def codes(content: Any, **options: Any) -> list[str]:
    """The codes of all findings, sorted."""
    options.setdefault("now", NOW)
    return sorted(found.code for found in inspect(content, **options).findings)


def look(content: Any, **options: Any) -> ProxyCertificate:
    options.setdefault("now", NOW)
    return inspect(content, **options)


def to_send(content: Any, *, force: bool = False, **options: Any) -> str:
    """What the certificate service would receive."""
    options = {"now": NOW, "trusted": ()} | options
    proxy, pem = inspection._inspect(content, **options)
    proxy.check_sendable(force=force)
    return pem


def signed(
    issuer: Credential | None,
    subject: x509.Name,
    *,
    key: Any = None,
    signing_key: Any = None,
    issuer_name: x509.Name | None = None,
    not_before: datetime = NOW - HOUR,
    not_after: datetime = NOW + 12 * HOUR,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    serial: int | None = None,
) -> Credential:
    """A certificate that need not follow any rule; without an issuer it is self-signed."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    if issuer_name is None:
        issuer_name = issuer.certificate.subject if issuer else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(serial or secrets.randbits(60) + 1)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    by = signing_key or (issuer.key if issuer else key)
    algorithm = None if isinstance(by, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    chain = (issuer.certificate, *issuer.chain) if issuer else ()
    return Credential(builder.sign(by, algorithm), key, chain)


def proxy_of(
    issuer: Credential,
    *,
    name: Sequence[x509.NameAttribute] | None = None,
    subject: x509.Name | None = None,
    information: bytes = INHERIT_ALL,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    **options: Any,
) -> Credential:
    """An RFC 3820 proxy certificate that need not follow any rule."""
    if subject is None:
        added = name or [x509.NameAttribute(x509.NameOID.COMMON_NAME, "4711")]
        subject = x509.Name(
            [*issuer.certificate.subject.rdns, x509.RelativeDistinguishedName(added)]
        )
    proxy_cert_info = x509.UnrecognizedExtension(PROXY_CERT_INFO, information)
    return signed(issuer, subject, extensions=[(proxy_cert_info, True), *extensions], **options)


def replaced(credential: Credential, old: bytes, new: bytes, signing_key: Any) -> Credential:
    """The same certificate with bytes replaced by as many others, signed again."""
    assert len(old) == len(new)
    certificate = asn1.Certificate.load(credential.certificate.public_bytes(Encoding.DER))
    content = certificate["tbs_certificate"].dump()
    assert old in content
    return resigned(content.replace(old, new), signing_key, credential)


def resigned(content: bytes, signing_key: Any, credential: Credential) -> Credential:
    """A credential with another TBSCertificate."""
    signature = signing_key.sign(content, ec.ECDSA(hashes.SHA256()))
    whole = asn1.Certificate(
        {
            "tbs_certificate": asn1.TbsCertificate.load(content),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature_value": core.OctetBitString(signature),
        }
    )
    certificate = x509.load_der_x509_certificate(whole.dump())
    return Credential(certificate, credential.key, credential.chain)


def parts(der: bytes) -> list[bytes]:
    """The elements of a sequence."""
    content, found = core.Sequence.load(der).contents, []
    while content:
        length = parser.peek(content)
        found.append(content[:length])
        content = content[length:]
    return found


def as_pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def key_pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    content: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return content


def new_key(kind: str) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def common_name(value: str, **options: Any) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, value, **options)])
