"""Names in `ctadata.certificates.inspect`: parsed, compared and written."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from tests.support.openssl import openssl_refuses
from tests.support.proxies import (
    DAY,
    IDENTITY,
    NOW,
    codes,
    look,
    proxy_of,
    replaced,
    signed,
    to_send,
)

PLAIN = ["no-voms-attributes"]
CN, DC = NameOID.COMMON_NAME, NameOID.DOMAIN_COMPONENT


def name(*attributes) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value, kind) for oid, value, kind in attributes])


@pytest.fixture
def root(grid):
    """The authority, which is not part of the chains."""
    root = grid.authority.credential
    return type(root)(root.certificate, root.key)


def user_of(grid, root, subject):
    user = signed(root, subject)
    return type(user)(user.certificate, user.key)


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ([(CN, "Zoë Müller", _ASN1Type.UTF8String)], "/CN=Zoë Müller"),
        ([(CN, "Ζωή", _ASN1Type.BMPString)], "/CN=Ζωή"),
        ([(CN, "Łukasz 🔭", _ASN1Type.UniversalString)], "/CN=Łukasz 🔭"),
        ([(CN, "Ada", _ASN1Type.PrintableString)], "/CN=Ada"),
        (
            [(DC, "org", _ASN1Type.UTF8String), (DC, "x", _ASN1Type.IA5String), (CN, "Ada", None)],
            "/DC=org/DC=x/CN=Ada",
        ),
        (
            [(CN, "Ada", None), (NameOID.EMAIL_ADDRESS, "ada@example.org", None)],
            "/CN=Ada/emailAddress=ada@example.org",
        ),
        (
            [
                (NameOID.COUNTRY_NAME, "DE", None),
                (NameOID.STATE_OR_PROVINCE_NAME, "Hessen", None),
                (NameOID.LOCALITY_NAME, "Ort", None),
                (NameOID.ORGANIZATION_NAME, "GridGermany", None),
                (NameOID.ORGANIZATIONAL_UNIT_NAME, "CTA", None),
                (NameOID.USER_ID, "ada", None),
                (NameOID.GIVEN_NAME, "Ada", None),
                (NameOID.SURNAME, "L", None),
                (NameOID.SERIAL_NUMBER, "7", None),
            ],
            "/C=DE/ST=Hessen/L=Ort/O=GridGermany/OU=CTA/UID=ada/GN=Ada/SN=L/serialNumber=7",
        ),
        ([(CN, "1", _ASN1Type.NumericString)], "/CN=#120131"),
        ([(x509.ObjectIdentifier("1.2.3.4"), "x", _ASN1Type.UTF8String)], "/1.2.3.4=x"),
        ([(CN, "host/example.org", None)], "/CN=host/example.org"),
        ([(CN, "a\nb\x1b[31m\x00c", None)], r"/CN=a\nb\x1b[31m\x00c"),
        ([(CN, "a\N{RIGHT-TO-LEFT OVERRIDE}b\u200b", None)], r"/CN=a\u202eb\u200b"),
    ],
)
def test_names(grid, root, attributes, shown):
    user = user_of(grid, root, name(*attributes))
    proxy = user.delegate()
    found = look(proxy.pem(), trusted=[grid.authority.pem()])
    assert [finding.code for finding in found.findings] == PLAIN
    assert found.identity == found.issuer == shown
    assert found.subject.startswith(f"{shown}/CN=")
    assert openssl_refuses(proxy.pem(), [grid.authority.pem()]) == ""


@pytest.mark.parametrize(
    ("written", "openssl_reads_it"), [(b"\x14\x06M\xfcller", True), (b"\x0c\x06M\xfcller", False)]
)
def test_latin_1(grid, root, written, openssl_reads_it):
    """In T.61, as in older authorities, and in bytes that claim to be UTF-8."""
    user = user_of(grid, root, name((CN, "Mxller", _ASN1Type.UTF8String)))
    proxy = proxy_of(user)
    placeholder = b"\x0c\x06Mxller"
    content = (
        replaced(proxy, placeholder, written, user.key).certificate_pem()
        + proxy.key_pem()
        + replaced(user, placeholder, written, root.key).certificate_pem()
    )
    found = look(content, trusted=[grid.authority.pem()])
    assert (found.identity, found.subject) == ("/CN=Müller", "/CN=Müller/CN=4711")
    assert [finding.code for finding in found.findings] == PLAIN
    assert to_send(content) == content.decode()
    if openssl_reads_it:
        assert openssl_refuses(content, [grid.authority.pem()]) == ""


UTF8, BMP = _ASN1Type.UTF8String, _ASN1Type.BMPString


@pytest.mark.parametrize(
    ("subject", "issuer", "same"),
    [
        ([(CN, "Ada  Lovelace", UTF8)], [(CN, " ada LOVELACE", UTF8)], True),
        ([(CN, "Zoë", UTF8)], [(CN, "Zoë", BMP)], True),
        ([(CN, "1", _ASN1Type.PrintableString)], [(CN, "1", _ASN1Type.NumericString)], False),
        ([(CN, "Zoë", UTF8)], [(CN, "ZOË", UTF8)], False),
        ([(CN, "Strasse", UTF8)], [(CN, "Straße", UTF8)], False),
        ([(CN, "a b", UTF8)], [(CN, "a\xa0b", UTF8)], False),
        ([(CN, "ab", UTF8)], [(CN, "a b", UTF8)], False),
        ([(DC, "a", UTF8), (CN, "b", UTF8)], [(CN, "b", UTF8), (DC, "a", UTF8)], False),
        ([(CN, "a", UTF8)], [(NameOID.USER_ID, "a", UTF8)], False),
    ],
)
def test_names_that_are_the_same(grid, root, subject, issuer, same):
    """The issuer's name in a proxy, written by another tool."""
    user = user_of(grid, root, name(*subject))
    written = name(*issuer)
    proxy = proxy_of(
        user, issuer_name=written, subject=x509.Name([*written.rdns, *name((CN, "1", None)).rdns])
    )
    expected = PLAIN if same else ["chain-missing", *PLAIN]
    assert codes(proxy.pem()) == expected
    refused = openssl_refuses(proxy.pem(), [grid.authority.pem()])
    assert bool(refused) == (not same), refused


def pair(*attributes) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName(
        [x509.NameAttribute(oid, value) for oid, value in attributes]
    )


def test_a_pair_is_not_two(grid, root):
    user = user_of(grid, root, x509.Name([pair((CN, "a"), (NameOID.USER_ID, "b"))]))
    for written, expected in (
        (user.certificate.subject, PLAIN),
        (x509.Name([pair((CN, "a")), pair((NameOID.USER_ID, "b"))]), ["chain-missing", *PLAIN]),
    ):
        proxy = proxy_of(
            user, issuer_name=written, subject=x509.Name([*written.rdns, pair((CN, "1"))])
        )
        assert codes(proxy.pem()) == expected
        assert look(proxy.pem()).identity == "/CN=a/UID=b"
        assert bool(openssl_refuses(proxy.pem(), [grid.authority.pem()])) == (expected != PLAIN)


def test_an_empty_name(grid, root):
    user = user_of(grid, root, x509.Name([]))
    found = look(user.pem())
    assert (found.subject, found.identity) == ("", "")
    assert [finding.code for finding in found.findings] == ["not-a-proxy", *PLAIN]


@pytest.mark.parametrize("policy", ["inherit-all", "limited"])
@pytest.mark.parametrize("kind", ["rfc3820", "gt3-draft", "legacy"])
def test_the_identity_where_the_end_entity_is_missing(grid, kind, policy):
    proxy = grid.proxy(kind, policy=policy)
    for alone in (proxy, proxy.delegate(kind, policy=policy)):
        content = alone.certificate_pem() + alone.key_pem()
        assert look(content).identity == IDENTITY


@pytest.mark.parametrize("last", ["proxy", "limited proxy"])
def test_a_user_who_is_called_proxy_is_none(grid, last):
    """A legacy proxy has the name of its issuer followed by this."""
    user = grid.authority.issue([("CN", last)], not_after=NOW + DAY)
    found = look(user.pem())
    assert (found.kind, found.identity) == ("end-entity", f"/CN={last}")
    assert [finding.code for finding in found.findings] == ["not-a-proxy", *PLAIN]
