from __future__ import annotations

import base64
import hashlib
import os
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata.errors import IntegrityError
from ctadata.transfers.checksum import Checksum, Digest, parse_digest


def digest_of(algorithm: str, content: bytes) -> Digest:
    if algorithm == "adler32":
        return Digest(algorithm, f"{zlib.adler32(content):08x}")
    return Digest(algorithm, hashlib.new(algorithm.replace("-", ""), content).hexdigest())


def stored(content: bytes) -> int:
    descriptor = os.memfd_create("content")
    os.write(descriptor, content)
    return descriptor


@pytest.mark.parametrize("algorithm", ["adler32", "md5", "sha-256"])
@given(content=st.binary(max_size=400), seed=st.integers(), part=st.integers(1, 100))
def test_parts_in_any_order_with_some_missing(algorithm, content, seed, part):
    rng = random.Random(seed)
    checksum = Checksum(digest_of(algorithm, content))
    offsets = list(range(0, len(content), part))
    rng.shuffle(offsets)
    for offset in offsets[: rng.randint(0, len(offsets))]:
        checksum.feed(offset, [content[offset : offset + part]])
    descriptor = stored(content)
    try:
        checksum.check(descriptor, len(content), "x")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("algorithm", ["adler32", "md5", "sha-256"])
def test_another_content_is_an_error(algorithm):
    checksum = Checksum(digest_of(algorithm, b"content"))
    checksum.feed(0, [b"c0ntent"])
    descriptor = stored(b"c0ntent")
    try:
        with pytest.raises(IntegrityError, match=rf"{algorithm} of 'lst/x'"):
            checksum.check(descriptor, 7, "lst/x")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("header", "digest"),
    [
        ("adler32=03da0195", Digest("adler32", "03da0195")),
        # Some leave out leading zeros, write capitals, or use Base64.
        ("ADLER32=3DA0195", Digest("adler32", "03da0195")),
        ("adler32=A9oBlQ==", Digest("adler32", "03da0195")),
        ("md5=rL0Y20zC+Fzt72VPzMSk2A==", Digest("md5", "acbd18db4cc2f85cedef654fccc4a4d8")),
        (
            "sha-256=" + base64.b64encode(hashlib.sha256(b"").digest()).decode(),
            Digest("sha-256", hashlib.sha256(b"").hexdigest()),
        ),
        # The cheapest of several; what was not asked for is nothing.
        ("md5=rL0Y20zC+Fzt72VPzMSk2A==, adler32=03da0195", Digest("adler32", "03da0195")),
        ("crc32c=AAAAAA==, unixsum=30637", None),
        ("adler32=not-hexadecimal", None),
        ("md5=A9oBlQ==", None),
        ("", None),
        ("=,=,,", None),
    ],
)
def test_what_the_storage_offers(header, digest):
    assert parse_digest(header) == digest


@given(st.text())
def test_any_header_is_read(header):
    digest = parse_digest(header)
    assert digest is None or digest.algorithm in {"adler32", "md5", "sha-256"}
