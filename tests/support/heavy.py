"""Files of up to 64 KiB that take as long as possible to inspect, by name.

``python -m tests.support.heavy`` says how long each takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from asn1crypto import core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ctadata.certificates import inspect
from ctadata.certificates.messages import MAX_BYTES
from ctadata.demo.authority import Authority, Credential

from .proxies import (
    EXPLICIT_CURVE,
    NOW,
    Grid,
    as_pem,
    common_name,
    new_key,
    parts,
    proxy_of,
    signed,
)


def files() -> Iterator[tuple[str, bytes]]:
    """The files by a description."""
    grid = Grid.create()
    proxy = grid.proxy()
    yield "many begin lines", _filled(lambda n: b"-----BEGIN CERTIFICATE-----\n")
    yield (
        "many empty blocks",
        _filled(lambda n: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
    )
    yield (
        "many empty keys",
        _filled(lambda n: b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
    )
    yield "dashes", b"-" * MAX_BYTES
    yield "half marks", _filled(lambda n: b"-----BEGIN " + b"A " * 40)
    yield "colons and blank lines", as_pem(b"").replace(b"\n", b"\n:" + b"\n\r" * 32000, 1)
    yield "spaces", as_pem(b"").replace(b"\n", b"\n" + b" " * 65000, 1)
    yield "many keys", _filled(lambda n: proxy.key_pem())
    yield "one certificate many times", _filled(lambda n: proxy.certificate_pem())
    yield "many of one name", _filled(lambda n: _pem("A", "A"))
    yield "many leaves of one end entity", _filled(lambda n: _pem(str(n), "A"))
    yield "one long chain", _filled(lambda n: _pem(str(n), str(n + 1)))
    yield "one long chain, backwards", _filled(lambda n: _pem(str(1000 - n), str(999 - n)))
    yield (
        "many leaves of a long chain",
        _filled(lambda n: _pem(str(n), str(n + 1)) if n < 70 else _pem(f"x{n}", "0")),
    )
    yield "two names in a circle", _filled(lambda n: _pem(*("AB" if n % 2 else "BA")))
    for kind in ("p384", "p521", "ed448"):
        yield f"two names in a circle, {kind}", circle(new_key(kind))
    for bits in (1024, 2048, 3072):
        yield f"two names in a circle, RSA {bits}, large exponent", circle(None, bits)
    yield "a circle with leaves, large exponent", circle(None, 3072, leaves=True)
    for bits in (4096, 8192, 16384, 65536, 100_000):
        yield f"RSA {bits}", with_public(rsa_public(bits, 65537))
        yield f"RSA {bits}, large exponent", with_public(rsa_public(bits, (1 << bits - 1) - 1))
    yield "RSA key of 16384 bits", rsa_private(16384)
    yield "RSA key of 65536 bits", rsa_private(65536)
    yield "RSA key of 14336 bits, good", large_key() * 5
    yield "Diffie-Hellman keys", _filled(lambda n: diffie_hellman())
    yield "explicit curve", with_public(explicit_curve())
    yield (
        "a large integer in ProxyCertInfo",
        proxy_of(
            grid.user,
            information=core.Sequence.load(
                _sequence(
                    core.Integer(1 << 300_000).dump() + bytes.fromhex("300a06082b06010505071501")
                )
            ).dump(),
        ).pem(),
    )
    yield "nested ProxyCertInfo", proxy_of(grid.user, information=_nested(12_000)).pem()
    yield "nested name", _nested_name()
    yield "nested VOMS attributes", grid.user.delegate(attributes=_nested(12_000)).pem()
    yield (
        "many VOMS attributes",
        grid.user.delegate(attributes=grid.voms.attributes(grid.user, ["/cta/x"] * 5000)).pem(),
    )
    one = grid.voms.attributes(grid.user)
    inner = core.Sequence.load(core.Sequence.load(one).contents).contents
    yield (
        "many attribute certificates",
        grid.user.delegate(attributes=_sequence(_sequence(inner * 40))).pem(),
    )
    long = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)] * 220)
    yield "a name of 220 parts", signed(None, long).pem()
    yield "many extensions", _many_extensions(grid.user)


_KEY = ec.generate_private_key(ec.SECP256R1())


def _pem(subject: str, issuer: str) -> bytes:
    return signed(
        None, common_name(subject), issuer_name=common_name(issuer), key=_KEY
    ).certificate_pem()


def _filled(make: Callable[[int], bytes]) -> bytes:
    content, n = b"", 0
    while len(content) + len(part := make(n)) <= MAX_BYTES:
        content += part
        n += 1
    return content


def circle(key: object, bits: int = 0, *, leaves: bool = False) -> bytes:
    """Certificates of A by B and of B by A, with signatures by neither."""

    def make(n: int) -> bytes:
        subject, issuer = "AB" if n % 2 else "BA"
        if leaves and n > 20:
            subject = str(n)
        if bits:
            der = signed(None, common_name(subject), issuer_name=common_name(issuer), key=_RSA)
            return _with_key(der, rsa_public(bits, (1 << bits - 1) - 1 - 2 * n))
        return signed(
            None, common_name(subject), issuer_name=common_name(issuer), key=key, signing_key=_KEY
        ).certificate_pem()

    return _filled(make)


_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _with_key(credential: Credential, public: bytes) -> bytes:
    certificate = asn1.Certificate.load(credential.certificate.public_bytes(Encoding.DER))
    certificate["tbs_certificate"]["subject_public_key_info"] = asn1.PublicKeyInfo.load(public)
    # A signature of the right length that is below the modulus.
    key = asn1.PublicKeyInfo.load(public)
    if key["algorithm"]["algorithm"].native == "rsa":
        size = (key["public_key"].parsed["modulus"].native.bit_length() + 7) // 8
        certificate["signature_value"] = core.OctetBitString(b"\x01" * size)
    der: bytes = certificate.dump(force=True)
    return as_pem(der)


def with_public(public: bytes) -> bytes:
    """A certificate with this key that appears to be self-signed."""
    return _with_key(signed(None, common_name("A"), key=_RSA), public)


def rsa_public(bits: int, exponent: int) -> bytes:
    modulus = (1 << bits) - 159
    key = core.Integer(modulus).dump() + core.Integer(exponent).dump()
    public: bytes = asn1.PublicKeyInfo.load(
        _sequence(
            bytes.fromhex("300d06092a864886f70d0101010500")
            + core.OctetBitString(_sequence(key)).dump()
        )
    ).dump()
    return public


def rsa_private(bits: int) -> bytes:
    """An invalid key, whose numbers are unrelated."""
    half = (1 << bits // 2) - 1
    numbers = [0, (1 << bits) - 159, 65537, (1 << bits) - 1001, half, half - 2, 3, 5, 7]
    return as_pem(_sequence(b"".join(core.Integer(n).dump() for n in numbers)), "RSA PRIVATE KEY")


def large_key() -> bytes:
    """A valid key with primes of RFC 3526."""
    p, q, e = prime(8192, 4743158), prime(6144, 929484), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = [0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    return as_pem(_sequence(b"".join(core.Integer(n).dump() for n in numbers)), "RSA PRIVATE KEY")


def diffie_hellman() -> bytes:
    group = prime(8192, 4743158)
    parameters = _sequence(core.Integer(group).dump() + core.Integer(2).dump())
    algorithm = _sequence(core.ObjectIdentifier("1.2.840.113549.1.3.1").dump() + parameters)
    secret = core.OctetString(core.Integer(group // 2).dump()).dump()
    return as_pem(_sequence(core.Integer(0).dump() + algorithm + secret), "PRIVATE KEY")


@cache
def prime(bits: int, number: int) -> int:
    """A prime of RFC 3526; each has digits of pi in the middle."""
    one = 1 << bits

    def arcus_tangent(x: int) -> int:
        power, total, n = one // x, 0, 1
        while power:
            total += power // n if n % 4 == 1 else -(power // n)
            power //= x * x
            n += 2
        return total

    pi = 16 * arcus_tangent(5) - 4 * arcus_tangent(239)
    return one - (1 << bits - 64) - 1 + ((pi >> 130) + number << 64)


def explicit_curve() -> bytes:
    """P-256 by its parameters instead of its name (RFC 3279, section 2.3.5), with a large prime."""
    prime = core.Integer((1 << 40_000) - 1).dump()
    field = _sequence(core.ObjectIdentifier(EXPLICIT_CURVE).dump() + prime)
    curve = _sequence(core.OctetString(b"\1").dump() + core.OctetString(b"\2").dump())
    numbers = core.Integer(1).dump() + field + curve + core.OctetString(b"\4" * 65).dump()
    parameters = _sequence(numbers + core.Integer((1 << 256) - 1).dump())
    algorithm = _sequence(core.ObjectIdentifier("1.2.840.10045.2.1").dump() + parameters)
    point = _KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _sequence(algorithm + core.OctetBitString(point).dump())


def _sequence(content: bytes) -> bytes:
    built: bytes = core.Sequence(contents=content).dump()
    return built


def _nested(depth: int) -> bytes:
    content = b""
    while depth and len(content) < 40_000:
        content = _sequence(content)
        depth -= 1
    return content


def _nested_name() -> bytes:
    whole = signed(None, common_name("A" * 8)).certificate.public_bytes(Encoding.DER)
    certificate = parts(whole)
    fields = parts(certificate[0])
    fields[5] = _nested(12_000)
    return as_pem(_sequence(b"".join([_sequence(b"".join(fields)), *certificate[1:]])))


def _many_extensions(user: Credential) -> bytes:
    extensions = [
        (x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{n}"), b"\5\0"), False)
        for n in range(1500)
    ]
    return proxy_of(user, extensions=extensions).pem()


def main() -> None:
    took: Sequence[tuple[float, str, int]] = []
    authority = Authority.create().pem()
    for name, content in files():
        began = time.perf_counter()
        found = inspect(content, now=NOW, trusted=[authority])
        took = [*took, (time.perf_counter() - began, name, len(content))]
        del found
    for seconds, name, size in sorted(took):
        print(f"{seconds:8.3f} s  {size:6d} bytes  {name}")


if __name__ == "__main__":
    main()
