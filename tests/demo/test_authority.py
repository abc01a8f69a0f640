"""The throw-away authority issues certificates in the form that grids use."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ctadata.demo.authority import Authority, Credential, KeyType
from ctadata.demo.voms_server import VOMSServer
from tests.support.certificates import alice, authority, proxy

PROXY_CERT_INFO = "1.3.6.1.5.5.7.1.14"


def extension(credential: Credential, identifier: str) -> x509.Extension[Any]:
    oid = x509.ObjectIdentifier(identifier)
    return credential.certificate.extensions.get_extension_for_oid(oid)


@pytest.mark.parametrize(
    ("options", "identifier", "value"),
    [
        ({}, PROXY_CERT_INFO, "300c300a06082b06010505071501"),
        ({"path_length": 3}, PROXY_CERT_INFO, "300f020103300a06082b06010505071501"),
        ({"policy": "independent"}, PROXY_CERT_INFO, "300c300a06082b06010505071502"),
        ({"policy": "limited"}, PROXY_CERT_INFO, "300f300d060b2b060104019b5001010109"),
        # The output of voms-proxy-fake -proxyver 3 -path-length 3.
        (
            {"kind": "gt3-draft", "path_length": 3},
            "1.3.6.1.4.1.3536.1.222",
            "3011300a06082b06010505071501a103020103",
        ),
    ],
)
def test_what_a_proxy_says_of_itself(options: dict[str, Any], identifier: str, value: str) -> None:
    found = extension(proxy(**options), identifier)
    assert found.critical
    assert found.value.value.hex() == value


@pytest.mark.parametrize(
    ("options", "added"),
    [
        ({"kind": "legacy"}, "proxy"),
        ({"kind": "legacy", "policy": "limited"}, "limited proxy"),
        ({"kind": "gt3-draft"}, None),
        ({}, None),
    ],
)
def test_the_name_of_a_proxy(options: dict[str, Any], added: str | None) -> None:
    certificate = proxy(**options).certificate
    *name, last = certificate.subject
    assert certificate.issuer == alice().certificate.subject == x509.Name(name)
    assert last.value == (added or str(certificate.serial_number))


@pytest.mark.parametrize(("key_type", "label"), [("ec", "EC"), ("rsa", "RSA")])
def test_the_file_of_a_proxy(key_type: KeyType, label: str) -> None:
    below = authority().subordinate([("CN", "A CA below")])
    user = below.issue([("CN", "Zoë")])
    content = user.delegate().delegate(key_type=key_type).pem().decode()
    marks = [line for line in content.splitlines() if line.startswith("-----BEGIN")]
    certificate = "-----BEGIN CERTIFICATE-----"
    # Two proxies, the user and the subordinate authority, but not the root.
    assert marks == [certificate, f"-----BEGIN {label} PRIVATE KEY-----", *[certificate] * 3]
    assert authority().pem().decode() not in content


@pytest.mark.parametrize("key_type", ["ec", "rsa"])
def test_the_attributes_of_a_vo(key_type: KeyType) -> None:
    fqans = ["/cta/Role=NULL/Capability=NULL", "/cta/lst"]
    server = VOMSServer.create(authority(), key_type)
    found = extension(
        proxy(attributes=server.attributes(alice(), fqans)), "1.3.6.1.4.1.8005.100.100.5"
    )
    assert not found.critical
    (several,) = core.SequenceOf.load(found.value.value, spec=core.SequenceOf)
    attributes = cms.AttributeCertificateV2.load(several[0].dump())
    information = attributes["ac_info"]
    signature = attributes["signature"].native
    key, signed = server.credential.certificate.public_key(), information.dump()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    else:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    assert information["version"].native == "v2"
    holder = information["holder"]["base_certificate_id"]
    assert holder["serial"].native == alice().certificate.serial_number
    names = [authority().credential.certificate.subject.public_bytes()]
    assert [name.chosen.untag().dump() for name in holder["issuer"]] == names
    period = information["att_cert_validity_period"].native
    assert period["not_before_time"] < datetime.now(timezone.utc) < period["not_after_time"]
    (attribute,) = information["attributes"]
    assert attribute["type"].native == "1.3.6.1.4.1.8005.100.100.4"
    syntax = cms.IetfAttrSyntax.load(attribute["values"].contents)
    assert syntax["policy_authority"][0].native == "cta://voms.example.org:15000"
    assert [value.native.decode() for value in syntax["values"]] == fqans
    certificates = information["extensions"][0]["extn_value"].contents
    (given,) = core.SequenceOf.load(certificates, spec=core.SequenceOf)
    issuer = asn1.Certificate.load(given[0].dump())
    assert issuer.serial_number == server.credential.certificate.serial_number


def test_an_authority_has_a_key_of_its_own() -> None:
    assert Authority.create().pem() != Authority.create().pem()
