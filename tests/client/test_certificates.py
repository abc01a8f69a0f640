from __future__ import annotations

import pytest

import ctadata
from ctadata import errors
from tests.certificates import write_proxy

from .conftest import sends


@pytest.fixture
def proxy(work):
    """Makes the file of a proxy certificate in the working directory."""

    def make(days=1, name="proxy.pem"):
        write_proxy(work / name, days)
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
