"""`ctadata.certificates.inspect` with files of all forms."""

from __future__ import annotations

import codecs
import warnings

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.utils import CryptographyDeprecationWarning

from ctadata.certificates import inspect
from ctadata.errors import CertificateError
from tests.support.proxies import (
    IDENTITY,
    NOW,
    as_pem,
    codes,
    common_name,
    key_pem,
    look,
    new_key,
    parts,
    resigned,
    to_send,
)

KIB_64 = 64 << 10


@pytest.fixture(scope="module")
def pem(grid):
    return grid.proxy().pem()


CHANGES = {
    "as it is": lambda pem: pem,
    "UTF-8 with a byte order mark": lambda pem: codecs.BOM_UTF8 + pem,
    "UTF-16, little end": lambda pem: codecs.BOM_UTF16_LE + pem.decode().encode("utf-16-le"),
    "UTF-16, big end": lambda pem: codecs.BOM_UTF16_BE + pem.decode().encode("utf-16-be"),
    "UTF-16 of Windows": lambda pem: pem.replace(b"\n", b"\r\n").decode().encode("utf-16"),
    "CRLF": lambda pem: pem.replace(b"\n", b"\r\n"),
    "CR": lambda pem: pem.replace(b"\n", b"\r"),
    "CRCRLF": lambda pem: pem.replace(b"\n", b"\r\r\n"),
    "indented": lambda pem: pem.replace(b"\n", b"\n   \t"),
    "blanks at the ends of lines": lambda pem: pem.replace(b"\n", b"  \n"),
    "empty lines": lambda pem: pem.replace(b"\n", b"\n\n"),
    "no end of line at the end": lambda pem: pem.rstrip(),
    "text between": lambda pem: (
        b"subject=/CN=M\xfcller: x\n"
        + pem.replace(b"-----BEGIN", b"issuer: a\xc3\xa9 -- b\n-----BEGIN")
        + b"\nbye\0"
    ),
    "lines of 76": lambda pem: rewrapped(pem, 76),
    "one line": lambda pem: rewrapped(pem, 1 << 20),
    "an older label": lambda pem: pem.replace(b" CERTIFICATE", b" X509 CERTIFICATE"),
    "parameters of a curve": lambda pem: as_pem(b"\6\1\0", "EC PARAMETERS") + pem,
}


def rewrapped(pem: bytes, width: int) -> bytes:
    result, body = [], b""
    for line in pem.splitlines():
        if not line.startswith(b"-----"):
            body += line
            continue
        result += [body[at : at + width] for at in range(0, len(body), width)] + [line]
        body = b""
    return b"\n".join(result)


@pytest.mark.parametrize("change", CHANGES)
def test_forms_that_are_read(grid, pem, change):
    found = look(CHANGES[change](pem), trusted=[grid.authority.pem()])
    assert (found.findings, found.identity) == ([], IDENTITY)
    assert to_send(CHANGES[change](pem)) == pem.decode()


def test_attributes_of_a_key_are_no_hindrance(grid):
    """Text as written by ``openssl pkcs12``, and RFC 1421 headers without encryption."""
    proxy = grid.proxy()
    attributes = b"Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n"
    begin, rest = proxy.key_pem().split(b"\n", 1)
    key = begin + b"\nComment: mine\n\n" + rest
    content = attributes + proxy.certificate_pem() + attributes + key + proxy.chain_pem()
    assert codes(content) == []
    assert to_send(content) == proxy.pem().decode()


def der_certificate(grid):
    return grid.user.certificate.public_bytes(Encoding.DER)


def der_key(form=PrivateFormat.PKCS8, kind="p256"):
    return new_key(kind).private_bytes(Encoding.DER, form, NoEncryption())


def request(grid):
    builder = x509.CertificateSigningRequestBuilder().subject_name(common_name("Ada"))
    return builder.sign(grid.user.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def collection(grid, encoding=Encoding.PEM):
    return pkcs7.serialize_certificates([grid.user.certificate], encoding)


def unencrypted_pkcs12(grid):
    user = grid.user
    return pkcs12.serialize_key_and_certificates(
        None, user.key, user.certificate, None, NoEncryption()
    )


def encrypted_pkcs12(grid):
    user = grid.user
    return pkcs12.serialize_key_and_certificates(
        b"x", user.key, user.certificate, None, BestAvailableEncryption(b"secret")
    )


NONE = ["no-certificate", "no-private-key"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda grid: b"", ["not-pem"]),
        (lambda grid: b" \r\n\t\n", ["not-pem"]),
        (lambda grid: codecs.BOM_UTF8, ["not-pem"]),
        (lambda grid: codecs.BOM_UTF16_LE, ["not-pem"]),
        (lambda grid: b"\0" * 1000, ["not-pem"]),
        (lambda grid: b"some text\n", ["not-pem"]),
        (lambda grid: "naïve Ωtext".encode(), ["not-pem"]),
        (lambda grid: bytes(range(256)), ["not-pem"]),
        (lambda grid: b"PK\3\4" + b"x" * 100, ["not-pem"]),
        (lambda grid: b"-----BEGIN-----", ["not-pem"]),
        (lambda grid: b"ssh-rsa AAAAB3NzaC1yc2E= ada@example.org", ["not-pem"]),
        (lambda grid: b"0" * 100, ["not-pem"]),
        (der_certificate, ["der-not-pem"]),
        (lambda grid: der_key(), ["der-not-pem"]),
        (lambda grid: der_key(PrivateFormat.TraditionalOpenSSL), ["der-not-pem"]),
        (lambda grid: der_key(kind="rsa"), ["der-not-pem"]),
        (lambda grid: der_key(kind="ed25519"), ["der-not-pem"]),
        (lambda grid: collection(grid, Encoding.DER), ["der-not-pem"]),
        (encrypted_pkcs12, ["pkcs12"]),
        (unencrypted_pkcs12, ["pkcs12"]),
        (lambda grid: as_pem(encrypted_pkcs12(grid), "PKCS12"), ["no-private-key", "pkcs12"]),
        (lambda grid: b"\x30\x80\x02\x01\x03\x30\x80" + bytes(100), ["pkcs12"]),
        (lambda grid: collection(grid), NONE),
        (request, NONE),
        (lambda grid: as_pem(der_certificate(grid), "TRUSTED CERTIFICATE"), NONE),
        (lambda grid: as_pem(b"x", "PUBLIC KEY"), NONE),
        (lambda grid: as_pem(b"", "CERTIFICATE"), NONE),
        (lambda grid: as_pem(b"garbage", "CERTIFICATE"), NONE),
        (lambda grid: as_pem(der_key(), "CERTIFICATE"), NONE),
        (lambda grid: as_pem(der_certificate(grid)[:-1], "CERTIFICATE"), NONE),
        (lambda grid: as_pem(der_certificate(grid) + b"\0", "CERTIFICATE"), NONE),
        (lambda grid: as_pem(der_certificate(grid), "PRIVATE KEY"), ["bad-key", "no-certificate"]),
    ],
)
def test_what_is_no_proxy(grid, make, expected):
    content = make(grid)
    found = look(content)
    assert sorted(finding.code for finding in found.findings) == expected
    assert (found.subject, found.identity, found.kind, found.not_after) == (None,) * 4
    with pytest.raises(CertificateError):
        to_send(content, force=True)


BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: pem[: pem.index(END)],
        lambda pem: pem[:-10],
        lambda pem: pem[pem.index(b"\n") :],
        lambda pem: pem.replace(END, b"", 1),
        lambda pem: pem.replace(BEGIN, b"", 1),
        lambda pem: pem.replace(END, b"-----END PRIVATE KEY-----", 1),
        lambda pem: BEGIN + pem,
        lambda pem: pem + END,
        lambda pem: pem + BEGIN,
    ],
)
def test_blocks_without_an_end_or_a_beginning(pem, damage):
    assert codes(damage(pem)) == ["not-pem"]


@pytest.mark.parametrize("garbage", [b"!", b"A", b"\xff", b"-", "é".encode(), b"%%%%", b"=", b"=A"])
def test_garbage_in_base64(pem, garbage):
    """The leaf is missing; the first certificate of the chain is not mistaken for it."""
    content = pem.replace(b"\n", b"\n" + garbage, 1)
    assert codes(content) == ["no-certificate"]
    with pytest.raises(CertificateError):
        to_send(content, force=True)


def test_a_damaged_certificate_of_the_chain(grid):
    proxy = grid.proxy()
    content = proxy.certificate_pem() + proxy.key_pem() + as_pem(b"garbage")
    assert codes(content) == ["no-certificate"]


@pytest.mark.parametrize("filling", [b"\n", b"x", b" "])
def test_64_kib(pem, filling):
    assert codes(pem + filling * (KIB_64 - len(pem))) == []
    assert codes(pem + filling * (KIB_64 - len(pem) + 1)) == ["too-big"]


@pytest.mark.parametrize("content", [b"-" * (1 << 20), b"\0" * (KIB_64 + 1), b"\n" * (1 << 20)])
def test_what_is_too_large(content):
    assert codes(content) == ["too-big"]


def test_files(pem, tmp_path):
    path = tmp_path / "Übermaß proxy.pem"
    path.write_bytes(pem)
    assert codes(path) == codes(str(path)) == []
    assert to_send(path.read_bytes()) == pem.decode()
    path.write_bytes(pem + b" " * (1 << 20))
    assert codes(path) == ["too-big"]
    for missing in (tmp_path / "missing", "no\0name", "x" * 5000, ""):
        with pytest.raises(CertificateError):
            inspect(missing)


def test_a_directory(tmp_path):
    with pytest.raises(CertificateError, match="not a regular file"):
        inspect(tmp_path)


def test_content_in_place_of_a_path_is_not_repeated(pem):
    with pytest.raises(CertificateError) as caught:
        inspect(pem.decode(), now=NOW)
    shown = f"{caught.value!r} {vars(caught.value)}"
    assert not [line for line in pem.decode().splitlines() if line in shown]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_kinds_of_bytes(pem, kind):
    assert codes(kind(pem)) == []


def test_a_serial_number_of_0(grid):
    """Old authorities have it; the deprecation warning of the library is suppressed."""
    proxy = grid.proxy()
    fields = parts(proxy.certificate.tbs_certificate_bytes)
    fields[1] = b"\2\1\0"
    content = core.Sequence(contents=b"".join(fields)).dump()
    with warnings.catch_warnings():
        # A warning of newer releases.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        changed = resigned(content, grid.user.key, proxy)
    assert codes(changed.certificate_pem() + key_pem(proxy.key) + proxy.chain_pem()) == []
    bundle = changed.certificate_pem() + grid.authority.pem()
    assert codes(proxy.pem(), trusted=[bundle]) == []
