"""Findings of `ctadata.certificates.inspect` about chains, compared with OpenSSL's."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ctadata.demo.authority import Authority, Credential
from tests.support.openssl import openssl_refuses
from tests.support.proxies import (
    ADA,
    DAY,
    HOUR,
    INHERIT_ALL,
    NOW,
    Grid,
    as_pem,
    common_name,
    look,
    new_key,
    parts,
    proxy_of,
    replaced,
    resigned,
    signed,
)

PLAIN = ["no-voms-attributes"]
CN = x509.NameOID.COMMON_NAME
LIMITED = bytes.fromhex("300f300d060b2b060104019b5001010109")
DEPTH_0, DEPTH_1, DEPTH_2 = (
    bytes.fromhex(f"300f0201{n:02x}300a06082b06010505071501") for n in range(3)
)


class Case(NamedTuple):
    """A chain, the codes of its findings, and why OpenSSL rejects it."""

    make: Callable[[Grid], Credential | bytes]
    codes: list[str]
    openssl: str = ""


def extended(extension: x509.ExtensionType, critical: bool = False) -> Callable[..., Credential]:
    return lambda grid: proxy_of(grid.user, extensions=[(extension, critical)])


def usage(**bits: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names.split()})


def subordinate(grid: Grid, *, key_usage: x509.KeyUsage | None = None, length: int | None = None):
    """A user of an authority below the root."""
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(True, length), True)
    ]
    if key_usage is not None:
        extensions.append((key_usage, True))
    root = grid.authority.credential
    authority = signed(
        Credential(root.certificate, root.key), common_name("Sub"), extensions=extensions
    )
    authority = Credential(authority.certificate, authority.key)
    return authority, signed(authority, common_name("Ada"))


def below_subordinate(grid: Grid, **options) -> Credential:
    _, user = subordinate(grid, **options)
    return user.delegate()


def below_two(grid: Grid) -> Credential:
    first, _ = subordinate(grid, length=0)
    second = signed(
        first, common_name("Sub 2"), extensions=[(x509.BasicConstraints(True, None), True)]
    )
    return signed(second, common_name("Ada")).delegate()


def renamed(grid: Grid, *attributes: tuple[x509.ObjectIdentifier, str]) -> Credential:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    return proxy_of(grid.user, subject=name)


def changed_signature(grid: Grid) -> bytes:
    proxy = grid.user.delegate()
    der = bytearray(proxy.certificate.public_bytes(Encoding.DER))
    der[-3] ^= 1
    return as_pem(bytes(der)) + proxy.key_pem() + proxy.chain_pem()


def changed_content(grid: Grid) -> bytes:
    proxy = grid.user.delegate()
    der = bytearray(proxy.certificate.public_bytes(Encoding.DER))
    der[der.index(b"ctadata-demo")] ^= 0x20
    return as_pem(bytes(der)) + proxy.key_pem() + proxy.chain_pem()


def users_name_on_another_key(grid: Grid) -> Credential:
    """A chain with a certificate of the same name, from another authority of the same name."""
    other = Authority.create().issue(ADA)
    proxy = grid.user.delegate()
    return Credential(proxy.certificate, proxy.key, (*other.chain, other.certificate))


def end_entity_of_end_entity(grid: Grid) -> Credential:
    return signed(grid.user, common_name("Eve"))


def forbidding(**bits: bool) -> Callable[[Grid], Credential]:
    def make(grid: Grid) -> Credential:
        root = grid.authority.credential
        user = signed(
            Credential(root.certificate, root.key),
            common_name("Ada"),
            extensions=[(usage(**bits), True)],
        )
        return Credential(user.certificate, user.key).delegate()

    return make


def of_user(**options) -> Callable[[Grid], Credential]:
    return lambda grid: proxy_of(grid.user, **options)


def of_proxy(first: bytes, *others: bytes) -> Callable[[Grid], Credential]:
    def make(grid: Grid) -> Credential:
        proxy = proxy_of(grid.user, information=first)
        for information in others:
            proxy = proxy_of(proxy, information=information)
        return proxy

    return make


def proxy_by_another_key(grid: Grid) -> Credential:
    return proxy_of(grid.user, signing_key=new_key("p256"))


def authoritys_name(grid: Grid) -> Credential:
    """A proxy of the authority itself."""
    root = grid.authority.credential
    return proxy_of(Credential(root.certificate, root.key))


def user_with(extensions) -> Callable[[Grid], Credential]:
    def make(grid: Grid) -> Credential:
        root = Credential(grid.authority.credential.certificate, grid.authority.credential.key)
        user = signed(root, common_name("Ada"), extensions=extensions)
        return Credential(user.certificate, user.key).delegate()

    return make


BAD = ["bad-signature", *PLAIN]


def twice_the_same_extension(grid: Grid) -> Credential:
    value = bytes.fromhex("03020780")
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), value)
    key_usage = usage(digital_signature=True)
    proxy = proxy_of(grid.user, extensions=[(key_usage, True), (other, True)])
    return replaced(proxy, bytes.fromhex("551d63"), bytes.fromhex("551d0f"), grid.user.key)


def version_1(grid: Grid) -> Credential:
    """A user whose certificate has no extensions."""
    root = Credential(grid.authority.credential.certificate, grid.authority.credential.key)
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"")
    user = signed(root, common_name("Ada"), extensions=[(extension, False)])
    content = user.certificate.tbs_certificate_bytes
    version, *fields, _ = parts(content)
    assert version == bytes.fromhex("a003020102")
    user = resigned(core.Sequence(contents=b"".join(fields)).dump(), root.key, user)
    return Credential(user.certificate, user.key).delegate()


def with_the_issuers_serial(grid: Grid) -> Credential:
    root = grid.authority.credential.certificate
    name = [x509.DirectoryName(root.subject)]
    serial = grid.user.certificate.serial_number
    return proxy_of(
        grid.user, extensions=[(x509.AuthorityKeyIdentifier(None, name, serial), False)]
    )


def other_algorithm_inside(grid: Grid) -> bytes:
    proxy = grid.user.delegate()
    sha256, sha384 = bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040303")
    changed = replaced(proxy, sha256, sha384, grid.user.key)
    return changed.pem()


FAILURE = "certificate signature failure"
DEPTH = "proxy path length constraint exceeded"
NAME = "proxy subject name violation"
NO_ISSUER = "unable to get local issuer certificate"
CHAINS = {
    "a proxy": Case(lambda grid: grid.user.delegate(), PLAIN),
    "two": Case(lambda grid: grid.user.delegate().delegate(), PLAIN),
    "limited": Case(of_user(information=LIMITED), PLAIN),
    "with the root": Case(lambda grid: grid.user.delegate().pem() + grid.authority.pem(), PLAIN),
    "below a subordinate authority": Case(
        lambda grid: grid.authority.subordinate([("CN", "Sub")]).issue(ADA).delegate(), PLAIN
    ),
    "changed signature": Case(changed_signature, BAD, FAILURE),
    "changed content": Case(changed_content, BAD, FAILURE),
    "signed by a strange key": Case(proxy_by_another_key, BAD, FAILURE),
    "another user of the same name": Case(
        users_name_on_another_key, ["bad-signature", *PLAIN, "unknown-ca"], NO_ISSUER
    ),
    "an end entity of an end entity": Case(
        end_entity_of_end_entity, ["bad-signature", *PLAIN, "not-a-proxy"], "invalid CA certificate"
    ),
    "a proxy of an authority": Case(
        authoritys_name, BAD, "invalid non-CA certificate (has CA markings)"
    ),
    "depth 0, used": Case(of_proxy(DEPTH_0, INHERIT_ALL), BAD, DEPTH),
    "depth 1": Case(of_proxy(DEPTH_1, INHERIT_ALL), PLAIN),
    "depth 1, twice used": Case(of_proxy(DEPTH_1, INHERIT_ALL, INHERIT_ALL), BAD, DEPTH),
    "depth 1, then 0": Case(of_proxy(DEPTH_1, DEPTH_0), PLAIN),
    "depth 0 in the middle": Case(of_proxy(INHERIT_ALL, DEPTH_0, INHERIT_ALL), BAD, DEPTH),
    "depth 2, thrice": Case(of_proxy(DEPTH_2, INHERIT_ALL, INHERIT_ALL, INHERIT_ALL), BAD, DEPTH),
    "depth 2, then 1, twice": Case(of_proxy(DEPTH_2, DEPTH_1, INHERIT_ALL), PLAIN),
    "a greater depth than was given": Case(of_proxy(DEPTH_1, DEPTH_2), BAD, DEPTH),
    "the same depth again": Case(of_proxy(DEPTH_1, DEPTH_1), BAD, DEPTH),
    "another name": Case(lambda grid: renamed(grid, (CN, "Eve"), (CN, "1")), BAD, NAME),
    "a name without anything added": Case(
        lambda grid: proxy_of(grid.user, subject=grid.user.certificate.subject),
        ["bad-signature", "chain-missing", *PLAIN],
        "self-signed certificate",
    ),
    "a name with two added": Case(
        lambda grid: proxy_of(
            grid.user,
            subject=x509.Name(
                [
                    *grid.user.certificate.subject.rdns,
                    *common_name("1").rdns,
                    *common_name("2").rdns,
                ]
            ),
        ),
        BAD,
        NAME,
    ),
    "a name with an organisation added": Case(
        of_user(name=[x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "1")]),
        BAD,
        NAME,
    ),
    "a name with a pair added": Case(
        of_user(name=[x509.NameAttribute(CN, "1"), x509.NameAttribute(x509.NameOID.USER_ID, "2")]),
        BAD,
        NAME,
    ),
    "a key that may not sign": Case(
        forbidding(key_encipherment=True), BAD, "key usage does not include digital signature"
    ),
    "a key that may sign": Case(forbidding(digital_signature=True), PLAIN),
    "an authority of the file that may not sign": Case(
        lambda grid: below_subordinate(grid, key_usage=usage(digital_signature=True)),
        BAD,
        "invalid CA certificate",
    ),
    "an authority of the file that may": Case(
        lambda grid: below_subordinate(grid, key_usage=usage(key_cert_sign=True)), PLAIN
    ),
    "an authority below one that allows none": Case(
        below_two, BAD, "path length constraint exceeded"
    ),
    "certificate has expired": Case(
        of_user(not_after=NOW - HOUR), ["expired", *PLAIN], "certificate has expired"
    ),
    "in the future": Case(
        of_user(not_before=NOW + HOUR),
        [*PLAIN, "not-yet-valid"],
        "certificate is not yet valid",
    ),
    "an expired user": Case(
        lambda grid: grid.end_entity(-2 * DAY, -DAY).delegate(),
        ["expired", *PLAIN],
        "certificate has expired",
    ),
    "a name for hosts in a proxy": Case(
        extended(x509.SubjectAlternativeName([x509.DNSName("example.org")])), BAD, NO_ISSUER
    ),
    "another name of the issuer in a proxy": Case(
        extended(x509.IssuerAlternativeName([x509.DNSName("example.org")])), BAD, NO_ISSUER
    ),
    "a proxy that is an authority": Case(
        extended(x509.BasicConstraints(True, None), True),
        ["bad-signature", "ca-certificate"],
        NO_ISSUER,
    ),
    "a proxy that is none": Case(extended(x509.BasicConstraints(False, None), True), PLAIN),
    "an unknown extension that is critical": Case(
        extended(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True),
        BAD,
        "unhandled critical extension",
    ),
    "an unknown extension": Case(
        extended(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")), PLAIN
    ),
    "another algorithm inside": Case(other_algorithm_inside, ["no-certificate"], FAILURE),
    "another key named as the issuer's": Case(
        extended(x509.AuthorityKeyIdentifier(b"1" * 20, None, None)), BAD, NO_ISSUER
    ),
    "another serial number named as the issuer's": Case(
        extended(x509.AuthorityKeyIdentifier(None, [x509.DNSName("x")], 1)), BAD, NO_ISSUER
    ),
    "the issuer's own serial number": Case(with_the_issuers_serial, PLAIN),
    "the same extension twice": Case(twice_the_same_extension, BAD, NO_ISSUER),
    "a user's certificate of version 1": Case(version_1, PLAIN),
    "a name for hosts in a user's certificate": Case(
        user_with([(x509.SubjectAlternativeName([x509.DNSName("example.org")]), False)]), PLAIN
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(grid, name):
    case = CHAINS[name]
    made = case.make(grid)
    content = made if isinstance(made, bytes) else made.pem()
    refused = openssl_refuses(content, [grid.authority.pem()])
    found = look(content, trusted=[grid.authority.pem()])
    assert sorted(finding.code for finding in found.findings) == case.codes
    assert found.blocked == bool(case.openssl)
    assert refused == case.openssl
