from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import ctadata
from ctadata import errors

from .conftest import sends


@pytest.fixture
def proxy(work):
    """A certificate that ends in a day, with its key, as a grid proxy's file has them."""

    def make(days=1, name="proxy.pem"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alice")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (work / name).write_bytes(
            certificate.public_bytes(pem)
            + key.private_bytes(
                pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return name

    return make


def test_delegating(service_env, proxy):
    answer = ctadata.upload_certificate(proxy())
    assert answer["message"] == "Certificate stored"
    assert answer["validity"].endswith(" GMT")
    assert ctadata.upload_personal_certificate(proxy(), "lst", user=None)["validity"]
    assert ctadata.upload_shared_certificate(proxy())["certificateUploaded"] is True


@pytest.mark.parametrize("days", [-1, 30])
def test_what_the_service_refuses(service_env, proxy, days):
    with pytest.raises(errors.CertificateError, match="refuses") as caught:
        ctadata.upload_certificate(proxy(days=days))
    assert "-----" not in str(caught.value)


def test_a_key_that_is_not_offered(service_env, proxy):
    with pytest.raises(errors.CertificateError):
        ctadata.upload_personal_certificate(proxy(), "nothing")


def test_an_answer_that_says_stored_but_was_not(scripted, proxy):
    """Of a certificate that is valid for too long the service says so in a strange way."""
    answer = (
        b'{"message": "Certificate stored", "validity": ["certificate validity too long", 400]}'
    )
    scripted.answers["POST", "/services/certificateservice/certificate"] = sends(answer)
    with pytest.raises(errors.CertificateError, match=r"did not store .*too long"):
        ctadata.upload_certificate(proxy())


@pytest.mark.parametrize("content", [b"", b"\x30\x82 DER", b"x" * (2 << 20)])
def test_files_that_are_no_certificate_are_not_sent(scripted, work, content):
    (work / "file").write_bytes(content)
    with pytest.raises(errors.CertificateError, match="no certificate in PEM"):
        ctadata.upload_certificate("file")
    assert scripted.requests == []


def test_a_missing_file(work):
    with pytest.raises(ctadata.api.CertificateError, match="'missing' cannot be read"):
        ctadata.upload_certificate("missing")
