"""Findings of `ctadata.certificates.inspect` about kinds, times and keys."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from ctadata.certificates import inspection
from ctadata.certificates.messages import LEVELS, NEVER_FORCED
from ctadata.errors import CertificateError
from tests.support.proxies import (
    DAY,
    HOUR,
    IDENTITY,
    NOW,
    as_pem,
    codes,
    common_name,
    key_pem,
    look,
    new_key,
    proxy_of,
    signed,
    to_send,
)

PLAIN = ["no-voms-attributes"]
COMMAND = "voms-proxy-init --rfc --voms cta"


@pytest.mark.parametrize(
    ("kind", "policy", "limited", "expected"),
    [
        ("rfc3820", "inherit-all", False, []),
        ("rfc3820", "limited", True, []),
        ("rfc3820", "independent", False, []),
        ("legacy", "inherit-all", False, ["legacy-proxy"]),
        ("legacy", "limited", True, ["legacy-proxy"]),
        ("gt3-draft", "inherit-all", False, ["legacy-proxy"]),
        ("gt3-draft", "limited", True, ["legacy-proxy"]),
    ],
)
def test_kinds_of_proxies(grid, kind, policy, limited, expected):
    proxy = grid.proxy(kind, policy=policy)
    found = look(proxy.pem(), trusted=[grid.authority.pem()])
    assert [finding.code for finding in found.findings] == expected
    assert (found.kind, found.limited, found.key_present) == (kind, limited, True)
    assert found.identity == found.issuer == IDENTITY
    assert found.subject.startswith(f"{IDENTITY}/CN=")
    assert found.fingerprint == hashlib.sha256(der(proxy)).hexdigest()
    assert found.blocked == bool(expected)


def der(credential) -> bytes:
    return credential.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("length", [0, 1, 5])
@pytest.mark.parametrize("kind", ["rfc3820", "gt3-draft"])
def test_a_path_length_alone_is_no_fault(grid, kind, length):
    expected = [] if kind == "rfc3820" else ["legacy-proxy"]
    assert codes(grid.proxy(kind, path_length=length).pem()) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["rfc3820", "rfc3820"], []),
        (["rfc3820", "rfc3820", "rfc3820"], []),
        (["legacy", "legacy"], ["legacy-proxy"]),
        (["legacy", "rfc3820"], ["legacy-proxy"]),
        (["rfc3820", "gt3-draft"], ["legacy-proxy"]),
    ],
)
def test_proxies_of_proxies(grid, kinds, expected):
    proxy = grid.proxy(kinds[0])
    for kind in kinds[1:]:
        proxy = proxy.delegate(kind)
    found = look(proxy.pem(), trusted=[grid.authority.pem()])
    assert [finding.code for finding in found.findings] == expected
    assert (found.kind, found.identity, found.vo) == (kinds[-1], IDENTITY, "cta")
    assert found.subject.count("/CN=") == 1 + len(kinds)


def test_a_proxy_of_a_limited_one_is_limited(grid):
    assert look(grid.proxy(policy="limited").delegate().pem()).limited


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (-HOUR, 12 * HOUR, PLAIN),
        (-2 * HOUR, -HOUR, ["expired", *PLAIN]),
        (-HOUR, -timedelta(seconds=1), ["expired", *PLAIN]),
        (-HOUR, timedelta(), ["expires-within-hour", *PLAIN]),
        (-HOUR, HOUR / 2, ["expires-within-hour", *PLAIN]),
        (-HOUR, HOUR - timedelta(seconds=1), ["expires-within-hour", *PLAIN]),
        (-HOUR, HOUR, PLAIN),
        (timedelta(), HOUR, PLAIN),
        (timedelta(seconds=1), DAY, [*PLAIN, "not-yet-valid"]),
        (DAY, 2 * DAY, [*PLAIN, "not-yet-valid"]),
        (-HOUR, 7 * DAY, PLAIN),
        (-HOUR, 7 * DAY + timedelta(seconds=1), ["longer-than-7-days", *PLAIN]),
        (-HOUR, 7 * DAY + 20 * HOUR, ["longer-than-7-days", *PLAIN]),
        (-HOUR, 30 * DAY, ["longer-than-7-days", *PLAIN]),
        (8 * DAY, 9 * DAY, ["longer-than-7-days", *PLAIN, "not-yet-valid"]),
        (-30 * DAY, DAY, PLAIN),
    ],
)
def test_times_of_a_proxy(grid, start, end, expected):
    proxy = grid.user.delegate(not_before=NOW + start, not_after=NOW + end)
    found = look(proxy.pem())
    assert sorted(finding.code for finding in found.findings) == expected
    users = grid.user.certificate.not_valid_before_utc
    assert found.not_before == max(NOW + start, users)
    assert found.not_after == NOW + end


def test_the_moment_may_have_any_zone_or_none(grid):
    proxy = grid.user.delegate(not_after=NOW + HOUR / 2).pem()
    expected = ["expires-within-hour", *PLAIN]
    assert codes(proxy, now=NOW.replace(tzinfo=None)) == expected
    assert codes(proxy, now=NOW.astimezone()) == expected
    assert codes(proxy, now=NOW + DAY) == ["expired", *PLAIN]
    assert codes(proxy, now=None) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (-HOUR, 3 * DAY, [*PLAIN, "not-a-proxy"]),
        (timedelta(), 7 * DAY, [*PLAIN, "not-a-proxy"]),
        (timedelta(), 7 * DAY + timedelta(seconds=1), ["long-lived-user-certificate", *PLAIN]),
        (-DAY, 364 * DAY, ["long-lived-user-certificate", *PLAIN]),
        (-362 * DAY, 3 * DAY, ["long-lived-user-certificate", *PLAIN]),
        (-366 * DAY, -DAY, ["expired", "long-lived-user-certificate", *PLAIN]),
        (-3 * DAY, -HOUR, ["expired", *PLAIN, "not-a-proxy"]),
    ],
)
def test_end_entities(grid, start, end, expected):
    found = look(grid.end_entity(start, end).pem())
    assert sorted(finding.code for finding in found.findings) == expected
    assert found.kind == "end-entity"
    assert found.identity == found.subject == IDENTITY


def test_a_proxy_ends_with_the_certificate_that_has_signed_it(grid):
    user = grid.end_entity(-DAY, HOUR / 2)
    found = look(user.delegate(not_after=NOW + 12 * HOUR).pem())
    assert [finding.code for finding in found.findings] == ["expires-within-hour", *PLAIN]
    assert found.not_after == NOW + HOUR / 2


@pytest.mark.parametrize("with_key", [False, True])
def test_authorities(grid, with_key):
    root = grid.authority.credential
    content = root.certificate_pem() + (root.key_pem() if with_key else b"")
    other = "long-lived-user-certificate" if with_key else "no-private-key"
    assert codes(content) == ["ca-certificate", other]
    assert look(content).kind == "ca"


KEYS = ["rsa", "p256", "p384", "p521", "ed25519"]


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_all_kinds(grid, kind):
    proxy = proxy_of(grid.user, key=new_key(kind))
    content = proxy.certificate_pem() + key_pem(proxy.key) + proxy.chain_pem()
    assert codes(content) == PLAIN
    assert to_send(content) == content.decode()


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_the_format_of_the_key_stays(grid, key_type, form):
    proxy = grid.proxy(key_type=key_type)
    content = proxy.certificate_pem() + proxy.key_pem(form) + proxy.chain_pem()
    assert to_send(content) == content.decode()


@pytest.mark.parametrize("label", ["RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"])
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_a_key_under_the_label_of_another_format(grid, kind, label):
    proxy = proxy_of(grid.user, key=new_key(kind))
    key = key_pem(proxy.key).replace(b"PRIVATE KEY", label.encode())
    content = proxy.certificate_pem() + key + proxy.chain_pem()
    assert codes(content) == PLAIN
    assert codes(to_send(content).encode()) == PLAIN


@pytest.fixture(scope="module")
def strange_key():
    return new_key("p256")


def test_a_key_of_something_else(grid, strange_key):
    proxy = grid.proxy()
    content = proxy.certificate_pem() + key_pem(strange_key) + proxy.chain_pem()
    assert codes(content) == ["key-mismatch"]


@pytest.mark.parametrize("years_left", [1, 0.008])
def test_the_long_lived_key_beside_a_proxy(grid, years_left):
    """A proxy file with the wrong key."""
    user = grid.end_entity(-365 * DAY, 365 * DAY * years_left)
    proxy = user.delegate()
    content = proxy.certificate_pem() + user.key_pem() + proxy.chain_pem()
    assert codes(content) == ["key-mismatch", "long-lived-user-certificate", *PLAIN]


def test_the_long_lived_key_as_a_second_one(grid):
    content = grid.proxy().pem() + grid.user.key_pem()
    assert codes(content) == ["long-lived-user-certificate", "several-keys"]


def test_the_long_lived_key_with_its_certificate_elsewhere_in_the_file(grid):
    other = grid.authority.issue([("CN", "Bob")])
    content = grid.proxy().pem() + other.certificate_pem() + other.key_pem()
    assert codes(content) == ["long-lived-user-certificate", "several-keys"]
    assert other.key_pem().split()[5].decode() not in inspection._inspect(content, NOW, ())[1]


def test_no_key(grid):
    proxy = grid.proxy()
    found = look(proxy.certificate_pem() + proxy.chain_pem())
    assert [finding.code for finding in found.findings] == ["no-private-key"]
    assert not found.key_present


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("whose", ["user", "proxy"])
def test_encrypted_keys(grid, form, ends, whose):
    credential = grid.user if whose == "user" else grid.proxy()
    key = credential.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret"))
    assert b"ENCRYPTED" in key
    content = credential.certificate_pem() + key + credential.chain_pem()
    expected = {"user": ["encrypted-key", "long-lived-user-certificate", *PLAIN]}
    assert codes(content.replace(b"\n", ends)) == expected.get(whose, ["encrypted-key"])


def test_a_key_of_ssh(grid):
    proxy = grid.proxy()
    content = proxy.certificate_pem() + proxy.key_pem(PrivateFormat.OpenSSH) + proxy.chain_pem()
    assert codes(content) == ["bad-key"]


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_damaged_keys(grid, form):
    proxy = grid.proxy(key_type="rsa")
    lines = proxy.key_pem(form).splitlines(keepends=True)
    for key in (
        lines[0] + lines[-1],
        b"".join(lines[:4] + lines[5:]),
        b"".join([*lines[:4], b"A" * 64 + b"\n", *lines[5:]]),
        b"".join([*lines[:4], b"!" * 64 + b"\n", *lines[5:]]),
    ):
        assert codes(proxy.certificate_pem() + key + proxy.chain_pem()) == ["bad-key"]


def test_a_public_key_is_no_key(grid):
    proxy = grid.proxy()
    public = as_pem(b"0" * 80, "PUBLIC KEY")
    assert codes(proxy.certificate_pem() + public + proxy.chain_pem()) == ["no-private-key"]


def test_several_keys(grid, strange_key):
    proxy = grid.proxy()
    for content in (
        proxy.pem() + key_pem(strange_key),
        key_pem(strange_key) + proxy.pem(),
        proxy.pem() + proxy.key_pem(),
    ):
        assert codes(content) == ["several-keys"]
        # Only what belongs to the proxy is sent.
        assert to_send(content, force=True) == proxy.pem().decode()


def test_a_key_and_no_certificate(grid):
    found = look(grid.proxy().key_pem())
    assert [finding.code for finding in found.findings] == ["no-certificate"]
    assert (found.key_present, found.subject, found.not_after) == (True, None, None)


def test_the_worst_comes_first(grid):
    user = grid.end_entity(-HOUR, HOUR / 2)
    found = look(user.certificate_pem(), trusted=[signed(None, common_name("x")).certificate])
    levels = [finding.level for finding in found.findings]
    assert set(levels) == set(LEVELS)
    assert levels == sorted(levels, key=LEVELS.index)
    assert codes(user.certificate_pem()) == [
        "expires-within-hour",
        "no-private-key",
        *PLAIN,
        "not-a-proxy",
    ]


def test_sentences_say_what_to_do(grid, pkcs12):
    user = grid.user
    encrypted = user.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    for content, code in (
        (user.pem(), "long-lived-user-certificate"),
        (pkcs12, "pkcs12"),
        (user.certificate_pem() + encrypted, "encrypted-key"),
    ):
        sentence = next(f.sentence for f in look(content).findings if f.code == code)
        assert COMMAND in sentence


def test_what_is_sent_is_the_certificate_its_key_and_its_chain(grid):
    proxy = grid.proxy().delegate()
    shuffled = proxy.key_pem() + proxy.chain_pem() + b"text\r\n" + proxy.certificate_pem()
    found = look(shuffled)
    assert [finding.code for finding in found.findings] == ["wrong-order"]
    sent = to_send(shuffled, force=True)
    assert sent == proxy.pem().decode()
    again = look(sent.encode())
    assert again.findings == []
    assert to_send(sent.encode()) == sent
    assert (again.fingerprint, again.identity) == (found.fingerprint, found.identity)


def test_what_blocks_can_be_forced(grid):
    proxy = grid.proxy("legacy", not_after=NOW + 30 * DAY)
    found = look(proxy.pem())
    with pytest.raises(CertificateError, match=r"(?s)older kind.* 7 days") as caught:
        found.check_sendable()
    assert caught.value.findings == found.findings
    assert to_send(proxy.pem(), force=True) == proxy.pem().decode()


def test_what_warns_or_informs_is_sent(grid):
    user = grid.end_entity(-HOUR, HOUR / 2)
    assert to_send(user.pem()) == user.pem().decode()


def test_what_is_never_sent(grid, strange_key, pkcs12):
    proxy, user = grid.proxy(), grid.user
    encrypted = proxy.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    files = {
        "too-big": b"-" * 65537,
        "not-pem": b"nothing",
        "der-not-pem": der(proxy),
        "pkcs12": pkcs12,
        "no-certificate": proxy.key_pem(),
        "encrypted-key": proxy.certificate_pem() + encrypted,
        "bad-key": proxy.certificate_pem() + proxy.key_pem(PrivateFormat.OpenSSH),
        "key-mismatch": proxy.certificate_pem() + key_pem(strange_key) + proxy.chain_pem(),
        "ca-certificate": grid.authority.credential.pem(),
        "long-lived-user-certificate": user.pem(),
    }
    assert set(files) == NEVER_FORCED
    for code, content in files.items():
        found = look(content)
        assert code in [finding.code for finding in found.findings]
        with pytest.raises(CertificateError, match=r"^The certificate was not sent\."):
            to_send(content, force=True)


def test_nothing_of_a_certificate_is_shown(grid, strange_key):
    proxy = grid.proxy()
    contents = [
        proxy.pem(),
        proxy.certificate_pem() + key_pem(strange_key) + proxy.chain_pem(),
        grid.user.pem(),
        proxy.pem()[:-300],
        proxy.pem().replace(b"M", b"Z"),
    ]
    for content in contents:
        found = look(content)
        # What notebooks, debuggers and other processes see of the report.
        shown = f"{found} {found!r} {found.findings} {vars(found)} {dataclasses.asdict(found)}"
        shown += pickle.dumps(found).decode("latin-1")
        with pytest.raises(CertificateError) as caught:
            to_send(b"")
        shown += f"{caught.value} {caught.value!r} {vars(caught.value)}"
        if found.blocked:
            with pytest.raises(CertificateError) as caught:
                to_send(content)
            shown += f"{caught.value} {caught.value!r} {vars(caught.value)}"
        assert not [line for line in content.decode().splitlines() if line[:20] in shown[20:]]
        assert "PRIVATE KEY" not in shown
