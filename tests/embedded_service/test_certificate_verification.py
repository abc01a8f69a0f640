"""Which certificates are refused, and with which sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from ctadata.demo.authority import Authority, Credential
from ctadata.embedded_service.certificate_verification import (
    CertificateExpired,
    CertificateRefused,
    verify,
)
from tests.support.certificates import ALICE, alice, authority, period, proxy

TRUSTED = [authority().credential.certificate]
OTHER = Authority.create([("DC", "org"), ("CN", "Another CA")])
BELOW = authority().subordinate([("DC", "org"), ("CN", "A CA below")])
HOUR = timedelta(hours=1)
CHAIN = "invalid certificate verification chain: "
NOT_PEM = "no valid certificate provided: "
TOO_LONG = "certificate validity too long, the longest is 7 days"


def text(*parts: bytes) -> str:
    return b"".join(parts).decode()


def own(
    days: float, start: timedelta = timedelta(0), issuer: Authority | None = None
) -> Credential:
    """A certificate of alice that starts in `start` and lasts `days`."""
    begin = datetime.now(timezone.utc).replace(microsecond=0) + start
    end = begin + timedelta(days=days)
    return (issuer or authority()).issue(ALICE, not_before=begin, not_after=end)


def encrypted() -> bytes:
    encryption = BestAvailableEncryption(b"passphrase")
    return alice().key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    "make",
    [
        proxy,
        lambda: proxy(policy="limited", path_length=0),
        lambda: proxy(6.99),
        lambda: proxy().delegate().delegate(),
        lambda: proxy(key_type="rsa"),
        lambda: BELOW.issue(ALICE).delegate(),
        # Not a proxy, but as short-lived as one, so it may be shared.
        lambda: own(5, -HOUR),
    ],
)
def test_what_is_good(make: Callable[[], Credential]) -> None:
    credential = make()
    expiry = credential.certificate.not_valid_after_utc
    assert verify(text(credential.pem()), TRUSTED) == expiry


def test_a_key_as_pkcs_8_and_text_between() -> None:
    good = proxy()
    parts = [b"VOMS proxy\n", good.certificate_pem(), good.key_pem(PrivateFormat.PKCS8)]
    assert verify(text(*parts, b"\n# the chain:\n", good.chain_pem()), TRUSTED)


def test_the_first_to_expire_counts() -> None:
    user = own(1, -HOUR)
    assert (
        verify(text(user.delegate(**period(3)).pem()), TRUSTED)
        == user.certificate.not_valid_after_utc
    )


def test_what_does_not_belong_to_the_chain_does_not_count() -> None:
    short = own(0.5, -HOUR).certificate_pem()
    with pytest.raises(CertificateRefused, match=TOO_LONG):
        verify(text(proxy(8).pem(), short), TRUSTED)
    expired = own(0.5, -24 * HOUR).certificate_pem()
    assert verify(text(proxy(2).pem(), expired), TRUSTED)


REFUSED = {
    "empty": (lambda: "", f"{NOT_PEM}there is none in readable PEM form"),
    "rubbish": (lambda: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", NOT_PEM),
    "not ASCII": (lambda: "Zertifikat für", NOT_PEM),
    "no certificate": (
        lambda: text(proxy().key_pem()),
        f"{NOT_PEM}there is none in readable PEM form",
    ),
    "no key": (
        lambda: text(proxy().certificate_pem(), alice().certificate_pem()),
        f"{NOT_PEM}the private key is not in the file; use the unchanged file that voms-proxy-init",
    ),
    "several keys": (
        lambda: text(proxy().pem(), alice().key_pem()),
        f"{NOT_PEM}several private keys are in the file",
    ),
    "an encrypted key": (
        lambda: text(alice().certificate_pem(), encrypted()),
        f"{NOT_PEM}the private key is encrypted",
    ),
    "a damaged key": (
        lambda: text(
            proxy().certificate_pem(),
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ),
        f"{NOT_PEM}the private key cannot be read",
    ),
    "a huge key": (
        lambda: text(
            proxy().certificate_pem(),
            b"-----BEGIN PRIVATE KEY-----\n",
            b"A" * 10_000,
            b"\n-----END PRIVATE KEY-----\n",
        ),
        f"{NOT_PEM}the private key cannot be read",
    ),
    "another's key": (
        lambda: text(proxy().certificate_pem(), proxy().key_pem(), alice().certificate_pem()),
        f"{CHAIN}the private key does not match the first certificate",
    ),
    "the wrong order": (
        lambda: text(alice().certificate_pem(), proxy().certificate_pem(), proxy().key_pem()),
        f"{CHAIN}the private key does not match the first certificate",
    ),
    "a user's own": (
        lambda: text(alice().pem()),
        f"{TOO_LONG}: this is your own certificate with its private key",
    ),
    "a user's own that soon ends": (
        lambda: text(own(365, -timedelta(days=360)).pem()),
        f"{TOO_LONG}: this is your own certificate with its private key",
    ),
    "an authority": (
        lambda: text(authority().credential.pem()),
        f"{NOT_PEM}this is the certificate of an authority",
    ),
    "an authority below": (
        lambda: text(BELOW.credential.pem()),
        f"{NOT_PEM}this is the certificate of an authority",
    ),
    "Globus 2": (lambda: text(proxy(kind="legacy").pem()), f"{CHAIN}it is a proxy .* old kind"),
    "Globus 2, limited": (
        lambda: text(proxy(kind="legacy", policy="limited").pem()),
        f"{CHAIN}it is a proxy certificate of an old kind; .* voms-proxy-init -rfc",
    ),
    "Globus 3": (lambda: text(proxy(kind="gt3-draft").pem()), f"{CHAIN}it is a proxy .* old kind"),
    "after Globus 2": (
        lambda: text(proxy(kind="legacy").delegate().pem()),
        f"{CHAIN}it is a proxy certificate of an old kind",
    ),
    "not yet valid": (
        lambda: text(own(1, HOUR).pem()),
        f"{CHAIN}a certificate in it is not valid yet; check your clock",
    ),
    "7 days and 20 hours": (
        lambda: text(proxy(7 + 20 / 24).pem()),
        f"{TOO_LONG}; create a shorter",
    ),
    "another authority": (
        lambda: text(own(300, -HOUR, OTHER).delegate().pem()),
        f"{CHAIN}this service does not trust the authority that issued it",
    ),
    "another authority in the file": (
        lambda: text(own(300, -HOUR, OTHER).delegate().pem(), OTHER.pem()),
        f"{CHAIN}this service does not trust the authority that issued it",
    ),
    "more proxies than allowed": (
        lambda: text(proxy(path_length=0).delegate().pem()),
        f"{CHAIN}proxy path length constraint exceeded; create a new one",
    ),
    "issued by a user": (
        lambda: text(own(1, -HOUR, Authority(alice())).pem()),
        f"{CHAIN}.*; create a new one",
    ),
}


@pytest.mark.parametrize(("make", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(make: Callable[[], str], sentence: str) -> None:
    pem = make()
    with pytest.raises(CertificateRefused, match=f"^{sentence}") as caught:
        verify(pem, TRUSTED)
    assert not isinstance(caught.value, CertificateExpired)
    assert "-----" not in str(caught.value)


def test_the_users_certificate_is_missing() -> None:
    first = proxy()
    pem = text(first.certificate_pem(), first.key_pem())
    with pytest.raises(
        CertificateRefused, match=f"{CHAIN}the certificate that issued the first one is"
    ):
        verify(pem, TRUSTED)


def test_a_wrong_signature() -> None:
    namesake = own(300, -HOUR)
    first = proxy()
    # The identifier of the issuer's key would reveal it earlier.
    builder = x509.CertificateBuilder(
        issuer_name=namesake.certificate.subject,
        subject_name=first.certificate.subject,
        public_key=first.key.public_key(),
        serial_number=1,
        not_valid_before=first.certificate.not_valid_before_utc,
        not_valid_after=first.certificate.not_valid_after_utc,
    )
    for extension in first.certificate.extensions:
        if extension.oid != x509.AuthorityKeyIdentifier.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    forged = builder.sign(alice().key, first.certificate.signature_hash_algorithm)
    pem = text(forged.public_bytes(Encoding.PEM), first.key_pem(), namesake.certificate_pem())
    with pytest.raises(CertificateRefused, match=f"{CHAIN}a signature in it is not valid"):
        verify(pem, TRUSTED)


@pytest.mark.parametrize("make", [lambda: proxy(-0.5), lambda: own(1, -49 * HOUR).delegate()])
def test_an_expired_one(make: Callable[[], Credential]) -> None:
    with pytest.raises(
        CertificateExpired, match=f"{CHAIN}a certificate in it expired at .* UTC; create a new"
    ):
        verify(text(make().pem()), TRUSTED)


def test_nobody_is_trusted() -> None:
    with pytest.raises(CertificateRefused, match="does not trust the authority"):
        verify(text(proxy().pem()), [])


def test_an_authority_that_has_expired() -> None:
    old = Authority.create(**period(-1))
    pem = text(old.issue(ALICE, **period(9)).delegate().pem())
    with pytest.raises(CertificateExpired):
        verify(pem, [old.credential.certificate])
