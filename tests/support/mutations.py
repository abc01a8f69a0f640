"""Certificate files with random damage at all depths, for `ctadata.certificates.inspect`.

``python -m tests.support.mutations 100000`` inspects that many, and prints which exceptions
occurred and which file took the longest; ``--seed`` selects others. The damage is repeatable, the
certificates are new each time: a file that fails is printed completely.
"""

from __future__ import annotations

import argparse
import base64
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asn1crypto import parser
from cryptography.hazmat.primitives.serialization import PrivateFormat

from ctadata._printable import printable
from ctadata.certificates import ProxyCertificate, inspect
from ctadata.certificates.pem import read_blocks
from ctadata.errors import CertificateError

from .proxies import NOW, Grid, as_pem, key_pem, new_key, proxy_of, to_send

_BYTES = bytes([0, 1, 2, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x30, 0x31, 0xA0, 0xFF])
_TAGS = (1, 2, 3, 4, 5, 6, 10, 12, 19, 20, 22, 23, 24, 28, 30)


@dataclass
class Report:
    """The results for a number of files."""

    count: int = 0
    blocked: int = 0
    read: int = 0
    failures: dict[str, bytes] = field(default_factory=dict)
    slowest: tuple[float, bytes] = (0.0, b"")

    def look_at(self, content: bytes) -> None:
        began = time.perf_counter()
        try:
            result = inspect(content, now=NOW)
            check(result, content)
            self.blocked += result.blocked
            self.read += result.subject is not None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of Rust is no Exception
            self.failures.setdefault(f"{type(error).__name__}: {error}"[:200], content)
        self.count += 1
        self.slowest = max(self.slowest, (time.perf_counter() - began, content))


def check(result: ProxyCertificate, content: bytes) -> None:
    """Assert what is true of each result."""
    assert result.blocked == any(found.level == "block" for found in result.findings)
    for text in (result.subject, result.issuer, result.identity, result.vo, *result.fqans):
        assert text is None or text == printable(text, len(text) + 1), "unprintable"
        assert text is None or text.encode().decode() == text, "no Unicode"
    shown = f"{result} {result!r}"
    try:
        sent = to_send(content, force=True)
    except CertificateError as error:
        shown += f"{error} {error!r}"
    else:
        assert sent.startswith("-----BEGIN CERTIFICATE-----\n"), "nothing to send"
        assert sent.isascii(), "not ASCII"
    for line in content.split(b"\n"):
        line = line.strip()
        assert len(line) < 24 or line not in shown.encode() or line in _SENTENCES, "shown"


_SENTENCES = b" -----BEGIN CERTIFICATE----- "


def seeds() -> list[bytes]:
    """Files that contain everything that is parsed."""
    grid = Grid.create()
    old = Grid.create(key_type="rsa")
    proxy = grid.proxy(path_length=3)
    twice = proxy.delegate(policy="limited")
    ca = grid.authority.pem()
    edwards = proxy_of(grid.user, key=new_key("ed25519"))
    return [
        proxy.pem(),
        twice.pem() + ca,
        grid.proxy("legacy").pem(),
        grid.proxy("gt3-draft", path_length=1).pem(),
        old.proxy().pem(),
        old.proxy(key_type="rsa").pem() + old.authority.pem(),
        grid.user.pem() + ca,
        twice.certificate_pem() + twice.key_pem(PrivateFormat.PKCS8) + twice.chain_pem(),
        edwards.certificate_pem() + key_pem(edwards.key) + edwards.chain_pem(),
        ca + grid.authority.credential.key_pem(),
    ]


def run(count: int, seed: int = 1, until: float = float("inf")) -> Report:
    """Inspect this many files, but not longer than `until` (of `time.monotonic`)."""
    report, rng, files = Report(), random.Random(seed), seeds()
    while report.count < count and time.monotonic() < until:
        report.look_at(mutated(rng, files))
    return report


def mutated(rng: random.Random, files: Sequence[bytes]) -> bytes:
    """A damaged file."""
    content = rng.choice(files)
    if rng.random() < 0.15:
        return damaged(rng, content, rng.choice(files))
    blocks = [(block.label, block.der) for block in read_blocks(content)]
    others = [block.der for block in read_blocks(rng.choice(files))]
    for _ in range(rng.choice((1, 1, 1, 2))):
        number = rng.randrange(len(blocks))
        label, der = blocks[number]
        if rng.random() < 0.75:
            der = regrown(rng, der, rng.choice(others))
        else:
            der = damaged(rng, der, rng.choice(others))
        if rng.random() < 0.03:
            label = rng.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "CERTIFICATE", "EC PRIVATE KEY"])
        blocks[number] = label, der
    if rng.random() < 0.05:
        rng.shuffle(blocks)
    return b"".join(as_pem(der, label) for label, der in blocks)


def damaged(rng: random.Random, content: bytes, other: bytes) -> bytes:
    """Bytes, some of them changed, removed, doubled or replaced by those of another file."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        way = rng.randrange(6)
        if way < 2:
            changed = bytes([rng.choice(_BYTES) if rng.random() < 0.5 else rng.randrange(256)])
            content = content[:at] + changed + content[at + 1 :]
        elif way == 2:
            content = content[:at] + content[min(end, at + 80) :]
        elif way == 3:
            content = content[:at] + content[at : at + 80] + content[at:]
        elif way == 4:
            start = rng.randrange(len(other))
            content = content[:at] + other[start : start + 80] + content[at:]
        else:
            content = content[:end]
    return content


def regrown(rng: random.Random, der: bytes, other: bytes) -> bytes:
    """DER with a part replaced; the lengths of the enclosing parts are corrected."""
    depth = rng.randrange(2, 14)

    def other_part() -> bytes:
        parts = list(_parts(other))
        return rng.choice(parts) if parts else other

    def change(part: bytes) -> bytes:
        try:
            _, _, tag, header, content, _ = parser.parse(part)
        except ValueError:  # a former change has left no value here
            return damaged(rng, part, other)
        way = rng.randrange(9)
        if way == 0:
            return b""
        if way == 1:
            return part + part
        if way == 2:
            return other_part()
        if way == 3:
            return bytes([rng.choice(_TAGS)]) + part[1:]
        if way == 4:
            return _built(header[0], damaged(rng, content, other))
        if way == 5:
            return _built(header[0], rng.randbytes(rng.choice((0, 1, 2, 8, 9, 40, 300))))
        if way == 6:
            return _built(header[0], content * rng.choice((2, 3, 20)))
        if way == 7:
            return part + other_part()
        return _built(rng.choice((0x30, 0x31, 0xA0, 0xA1, tag & 0xFF, 0x80)), content)

    return _changed(rng, der, depth, change)


def _changed(rng: random.Random, der: bytes, depth: int, change: Callable[[bytes], bytes]) -> bytes:
    inside = _children(der)
    if not inside or depth == 0:
        return change(der)
    before, children = inside
    number = rng.randrange(len(children))
    children[number] = _changed(rng, children[number], depth - 1, change)
    return _built(der[0], before + b"".join(children))


def _children(der: bytes) -> tuple[bytes, list[bytes]] | None:
    """The parts of a value, also if it is wrapped in a string."""
    try:
        _, method, tag, _, content, _ = parser.parse(der, strict=True)
        if method == 0 and tag not in {3, 4}:
            return None
        before = content[:1] if tag == 3 and method == 0 else b""
        children, at = [], len(before)
        while at < len(content):
            length = parser.peek(content[at:])
            children.append(content[at : at + length])
            at += length
            parser.parse(children[-1], strict=True)
    except ValueError:
        return None
    return (before, children) if children else None


def _parts(der: bytes) -> Sequence[bytes]:
    found = _children(der)
    children = found[1] if found else []
    return [*children, *(part for child in children for part in _parts(child))]


def _built(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def _again(content: bytes) -> float:
    began = time.perf_counter()
    Report().look_at(content)
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("count", type=int, nargs="?", default=100_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    began = time.monotonic()
    report = run(chosen.count, chosen.seed)
    print(
        f"{report.count} files in {time.monotonic() - began:.0f} s: {report.read} with a "
        f"certificate that could be read, {report.blocked} blocked; the slowest took "
        f"{report.slowest[0]:.3f} s, and {_again(report.slowest[1]):.3f} s when tried again"
    )
    for failure, content in report.failures.items():
        print(failure, base64.b64encode(content).decode(), sep="\n")
    return bool(report.failures)


if __name__ == "__main__":
    sys.exit(main())
