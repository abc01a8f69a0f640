"""A throw-away VOMS server, which certifies groups and roles in a virtual organisation.

Like ``voms-proxy-init``, it issues an attribute certificate (RFC 5755) for an extension of the
proxy, in the profile of OGF GFD.182.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asn1crypto import cms, core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ..certificates.asn1 import AttributeCertificates
from .authority import Authority, Credential, Key, KeyType, Name, validity

SERVER: Name = [("DC", "org"), ("DC", "ctadata-demo"), ("CN", "voms.example.org")]
FQANS = ("/cta/Role=NULL/Capability=NULL",)

_FQANS = "1.3.6.1.4.1.8005.100.100.4"
_CERTIFICATES = "1.3.6.1.4.1.8005.100.100.10"
_NO_REVOCATION = "2.5.29.56"


@dataclass(frozen=True)
class VOMSServer:
    """Certifies groups and roles in a virtual organisation.

    Attributes
    ----------
    credential : Credential
        The credential that signs.
    vo : str
        The organisation.
    address : str
        The host and port of the server that are stated in the attributes.
    """

    credential: Credential
    vo: str = "cta"
    address: str = "voms.example.org:15000"

    @classmethod
    def create(cls, authority: Authority, key_type: KeyType = "ec") -> VOMSServer:
        """Create a server with a certificate of this authority."""
        return cls(authority.issue(SERVER, key_type=key_type))

    def attributes(
        self,
        holder: Credential,
        fqans: Sequence[str] = FQANS,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> bytes:
        """Return a VOMS attribute certificate (RFC 5755; OGF GFD.182), for `Credential.delegate`.

        Parameters
        ----------
        holder : Credential
            The end entity that has the attributes.
        fqans : sequence of str
            Groups and roles, such as ``/cta/Role=NULL/Capability=NULL``, the primary one first.
        not_before, not_after : datetime, optional
            With time zone; by default five minutes ago and in 12 hours.

        Returns
        -------
        bytes
            The value of the extension in DER: a sequence of sequences of attribute certificates.
        """
        start, end = validity(not_before, not_after, timedelta(hours=12))
        certificate, server = _asn1(holder.certificate), _asn1(self.credential.certificate)
        scheme = "rsa" if isinstance(self.credential.key, rsa.RSAPrivateKey) else "ecdsa"
        algorithm = {"algorithm": f"sha256_{scheme}"}
        information = cms.AttributeCertificateInfoV2(
            {
                "version": "v2",
                "holder": {
                    "base_certificate_id": {
                        "issuer": _directory_name(certificate.issuer),
                        "serial": certificate.serial_number,
                    }
                },
                "issuer": cms.AttCertIssuer(
                    "v2_form", cms.V2Form({"issuer_name": _directory_name(server.subject)})
                ),
                "signature": algorithm,
                "serial_number": secrets.randbits(62) + 1,
                "att_cert_validity_period": {"not_before_time": start, "not_after_time": end},
                "attributes": [self._granted(fqans)],
                "extensions": [
                    _extension(_CERTIFICATES, _Certificates([_Certificates1([server])])),
                    _extension(_NO_REVOCATION, core.Null()),
                    _extension(
                        "authority_key_identifier",
                        asn1.AuthorityKeyIdentifier({"key_identifier": server.key_identifier}),
                    ),
                ],
            }
        )
        signature = _sign(self.credential.key, information.dump())
        signed = cms.AttributeCertificateV2(
            {"ac_info": information, "signature_algorithm": algorithm, "signature": signature}
        )
        encoded: bytes = AttributeCertificates([[signed]]).dump()
        return encoded

    def _granted(self, fqans: Sequence[str]) -> cms.AttCertAttribute:
        authority = asn1.GeneralName("uniform_resource_identifier", f"{self.vo}://{self.address}")
        values = [cms.IetfAttrValue("octets", fqan.encode()) for fqan in fqans]
        syntax = cms.IetfAttrSyntax({"policy_authority": [authority], "values": values})
        granted = _FQANAttribute({"type": _FQANS, "values": [syntax]})
        return cms.AttCertAttribute.load(granted.dump())


class _FQANAttribute(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("type", core.ObjectIdentifier),
        ("values", cms.SetOfIetfAttrSyntax),
    ]


class _Certificates1(core.SequenceOf):  # type: ignore[misc]
    _child_spec = asn1.Certificate


class _Certificates(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Certificates1


def _sign(key: Key, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(content, ec.ECDSA(hashes.SHA256()))


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


def _directory_name(name: asn1.Name) -> asn1.GeneralNames:
    return asn1.GeneralNames([asn1.GeneralName("directory_name", name)])


def _extension(identifier: str, value: core.Asn1Value) -> asn1.Extension:
    return asn1.Extension(
        {"extn_id": identifier, "extn_value": core.ParsableOctetString(value.dump())}
    )
