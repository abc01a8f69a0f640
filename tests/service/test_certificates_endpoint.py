"""The certificate service's endpoints, with certificates made here."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from .conftest import CERTIFICATES, Http

NOW = datetime.now(timezone.utc).replace(microsecond=0)
HOUR = timedelta(hours=1)


def make(
    start: datetime = NOW - HOUR, end: datetime = NOW + 12 * HOUR, *, with_key: bool = True
) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    if with_key:
        pem += key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem.decode()


def post(http: Http, path: str = f"{CERTIFICATES}/certificate", **fields: Any) -> Any:
    return http.request("POST", path, body=json.dumps(fields).encode())


@pytest.mark.parametrize("user", [None, "bob"])
def test_a_good_certificate(http: Http, user: str | None) -> None:
    long_lived = make(end=NOW + timedelta(days=300), with_key=False)
    answer = post(http, certificate=make() + long_lived, certificate_key="cta", user=user)
    assert answer.status == 200
    assert answer.json()["message"] == "Certificate stored"
    assert parsedate_to_datetime(answer.json()["validity"]) == NOW + 12 * HOUR
    assert answer.json()["validity"].endswith(" GMT")


def test_the_older_addresses(http: Http) -> None:
    answer = post(http, "upload-cert", certificate=make())
    assert answer.json()["message"] == "Certificate stored"
    answer = post(http, "upload-main-cert", certificate=make(), cabundle="")
    assert answer.json()["certificateUploaded"] is True


def test_the_shared_certificate(http: Http) -> None:
    status = f"{CERTIFICATES}/shared-certificate-status"
    assert http.get(status).status == 200
    answer = post(http, f"{CERTIFICATES}/main-certificate", certificate=make())
    assert answer.status == 200
    expected = {"message": "Shared certificate stored", "certificateUploaded": True}
    assert answer.json() == expected
    assert http.get(status).status == 200


CHAIN = b"invalid certificate verification chain"
NOT_PEM = b"no valid certificate provided"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"certificate": "rubbish", "certificate_key": "cta"}, NOT_PEM),
        ({"certificate": "Zertifikat für", "certificate_key": "cta"}, NOT_PEM),
        ({"certificate_key": "cta"}, NOT_PEM),
        ({"certificate": 5, "certificate_key": "cta"}, NOT_PEM),
        ({"certificate": make()}, b"certificate_key must be one of cta,lst,arc"),
        ({"certificate": make(), "certificate_key": "x"}, b"certificate_key must be one of"),
        ({"certificate": make(), "certificate_key": "cta", "user": 5}, b"user must be"),
        ({"certificate": make(end=NOW - HOUR / 2), "certificate_key": "cta"}, CHAIN),
        ({"certificate": make(start=NOW + HOUR / 2), "certificate_key": "cta"}, CHAIN),
        (
            {"certificate": make(end=NOW + timedelta(days=8)), "certificate_key": "cta"},
            b"certificate validity too long",
        ),
    ],
)
def test_refusals(http: Http, fields: dict[str, object], text: bytes) -> None:
    answer = post(http, **fields)
    assert answer.status == 400
    assert answer.data.startswith(text)


def test_a_private_key_of_another_certificate(http: Http) -> None:
    begin = "-----BEGIN EC PRIVATE KEY-----"
    pem = make(with_key=False) + begin + make().partition(begin)[2]
    answer = post(http, certificate=pem, certificate_key="cta")
    assert (answer.status, answer.data) == (400, CHAIN)


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b"", 400), (b" " * 2_000_000, 413)]
)
def test_what_is_no_json_object(http: Http, body: bytes, status: int) -> None:
    assert http.request("POST", f"{CERTIFICATES}/certificate", body=body).status == status


def test_the_keys_can_be_set(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTACS_ALLOWED_CERT_KEYS", "alpha, beta")
    assert post(http, certificate=make(), certificate_key="beta").status == 200
    assert post(http, certificate=make(), certificate_key="cta").status == 400


def test_what_is_stored_is_not_given_away(http: Http) -> None:
    post(http, certificate=make(), certificate_key="cta")
    answer = http.get(f"{CERTIFICATES}/certificate?user=alice&certificate_key=cta")
    assert (answer.status, answer.data) == (403, b"access denied")


def test_certificates_are_not_logged(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post(http, certificate=make(), certificate_key="cta")
    post(http, certificate=make(end=NOW - HOUR / 2), certificate_key="cta")
    assert "BEGIN" not in caplog.text
