"""`ctadata.certificates.inspect` returns a result for any bytes."""

from __future__ import annotations

import base64
import time

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from ctadata.certificates import inspect
from ctadata.certificates.messages import MAX_BYTES
from tests.support import heavy, mutations
from tests.support.proxies import NOW, Grid, as_pem, proxy_of

# Hypothesis would fail slow examples, but the machine may be busy.
many = settings(max_examples=200, deadline=None)

GRID = Grid.create()
PROXY = GRID.proxy()
FILES = [PROXY.pem(), PROXY.delegate().pem() + GRID.authority.pem(), GRID.user.pem()]


def look_at(content: bytes) -> None:
    mutations.check(inspect(content, now=NOW), content)


@many
@given(st.binary())
def test_bytes(content):
    look_at(content)


@many
@given(st.binary(max_size=400), st.sampled_from([b"\x30\x82", b"\xff\xfe", b"\xfe\xff", b"0\x80"]))
def test_bytes_after_what_may_be_the_beginning_of_a_file(content, start):
    look_at(start + content)


@many
@given(st.text())
def test_text(content):
    look_at(content.encode("utf-8", "surrogatepass"))


LABELS = ["CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PKCS12", "X"]
MARKS = [f"-----{end} {label}-----" for end in ("BEGIN", "END") for label in LABELS]
LINES = st.lists(
    st.one_of(st.sampled_from(MARKS), st.text(alphabet="AB/+=: \t\r-", max_size=64), st.text()),
    max_size=12,
)


@many
@given(LINES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), st.sampled_from(["utf-8", "utf-16"]))
def test_lines(lines, end, encoding):
    look_at(end.join(lines).encode(encoding, "surrogatepass"))


@many
@given(st.binary(), st.sampled_from(LABELS))
def test_blocks_of_bytes(content, label):
    look_at(as_pem(content, label) + PROXY.pem())


@many
@given(st.sampled_from(FILES), st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255))))
def test_changed_bytes(content, changes):
    changed = bytearray(content)
    for place, byte in changes:
        changed[place % len(changed)] = byte
    look_at(bytes(changed))


@many
@given(st.sampled_from(FILES), st.sampled_from(FILES), st.integers(0, 9000), st.integers(0, 9000))
def test_cut_and_joined(one, other, end, start):
    look_at(one[:end] + other[start:])


@many
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_lines_in_another_order(content, random):
    lines = content.splitlines(keepends=True)
    some = random.sample(range(len(lines)), 2)
    lines[some[0]], lines[some[1]] = lines[some[1]], lines[some[0]]
    look_at(b"".join(lines))


@many
@given(st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_of_a_certificate(changes):
    der = bytearray(PROXY.certificate.public_bytes(Encoding.DER))
    for place, byte in changes:
        der[place % len(der)] = byte
    look_at(as_pem(bytes(der)) + PROXY.key_pem() + PROXY.chain_pem())


@many
@given(st.binary(max_size=64))
def test_any_information_in_a_proxy(information):
    look_at(proxy_of(GRID.user, information=information).pem())


ATTRIBUTES = GRID.voms.attributes(GRID.user)


@many
@given(st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_voms_attributes(changes):
    attributes = bytearray(ATTRIBUTES)
    for place, byte in changes:
        attributes[place % len(attributes)] = byte
    look_at(GRID.user.delegate(attributes=bytes(attributes)).pem())


def test_files_damaged_in_all_depths():
    """Thousands, or fewer on a busy machine; ``python -m tests.support.mutations`` for more."""
    report = mutations.run(3000, until=time.monotonic() + 15)
    assert {
        failure: base64.b64encode(content).decode() for failure, content in report.failures.items()
    } == {}
    assert report.read > report.count / 4, "too few are certificates still"
    assert report.blocked < report.count, "none is harmless"


def test_files_that_cost_as_much_as_possible():
    for name, content in heavy.files():
        assert len(content) <= MAX_BYTES, name
        look_at(content)
