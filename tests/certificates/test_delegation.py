"""Delegating certificates: what is sent, what is not, and the answers of the service."""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime, timezone

import pytest
from click.testing import CliRunner

import ctadata
from ctadata import config, errors
from ctadata.cli.main import cli
from ctadata.demo.authority import Authority
from tests.support.certificates import alice, proxy, write_proxy

from ..conftest import TOKEN
from ..support.scripted import sends

STORE = "POST", "/services/certificateservice/certificate"
STORE_SHARED = "POST", "/services/certificateservice/main-certificate"
STORED = b'{"message": "Certificate stored", "validity": "Mon, 23 Nov 2026 06:26:00 GMT"}'


@pytest.fixture
def data_directory():
    """The directory with the record of delegations."""
    return config.data_directory()


@pytest.fixture
def file(work):
    """A proxy certificate file in the working directory."""
    write_proxy(work / "proxy.pem")
    return "proxy.pem"


def write(path, content, mode=0o600):
    path.touch(mode)
    path.write_bytes(content)
    return str(path)


def test_delegating(service_env, file):
    answer = ctadata.upload_certificate(file)
    assert answer["message"] == "Certificate stored"
    assert answer["validity"].endswith(" GMT")
    assert ctadata.upload_personal_certificate(file, "lst", user=None)["validity"]
    assert ctadata.upload_personal_certificate(file, "cta", user="bob")["validity"]
    assert ctadata.upload_shared_certificate(file)["certificateUploaded"] is True


def test_the_content_instead_of_a_file(service_env):
    assert ctadata.upload_certificate(proxy().pem(), "arc")["message"] == "Certificate stored"


@pytest.mark.parametrize("variable", [True, False])
def test_without_a_file_it_is_the_one_of_the_grid_tools(service_env, work, monkeypatch, variable):
    if variable:
        write_proxy(work / "proxy.pem")
        monkeypatch.setenv("X509_USER_PROXY", str(work / "proxy.pem"))
        assert ctadata.upload_certificate()["message"] == "Certificate stored"
    else:
        monkeypatch.delenv("X509_USER_PROXY", raising=False)
        # A user without such a file.
        monkeypatch.setattr(os, "geteuid", lambda: 1234567890)
        with pytest.raises(errors.CertificateError, match=r"'/tmp/x509up_u1234567890'.*voms-proxy"):
            ctadata.upload_certificate()


def test_what_is_sent_is_canonical(scripted, work):
    chain = alice().certificate_pem()
    owner = proxy()
    shuffled = b"\xef\xbb\xbf" + owner.certificate_pem() + b"text\n" + chain + owner.key_pem()
    scripted.answers[STORE] = sends(STORED)
    ctadata.upload_certificate(write(work / "file", shuffled.replace(b"\n", b"\r\n")))
    (body,) = scripted.bodies
    content = json.loads(body)
    assert content == {
        "certificate": owner.pem().decode(), "certificate_key": "cta", "user": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-pem"),
        (b"\x30\x82 DER", "der-not-pem"),
        (b"x" * (2 << 20), "too-big"),
        (alice().pem(), "long-lived-user-certificate"),
        (proxy(days=-1).pem(), "expired"),
        (proxy(days=30).pem(), "longer-than-7-days"),
        (proxy().certificate_pem(), "no-private-key"),
    ],
    ids=[
        "nothing",
        "DER",
        "too big",
        "certificate of a user",
        "expired",
        "30 days",
        "without a key",
    ],
)
def test_what_is_blocked_is_not_sent(scripted, work, content, code):
    file = write(work / "file", content)
    with pytest.raises(errors.CertificateError, match="not sent") as caught:
        ctadata.upload_certificate(file)
    assert scripted.requests == []
    assert code in [found.code for found in caught.value.findings]
    assert caught.value.path == file
    assert "-----BEGIN" not in str(caught.value).replace("'-----BEGIN CERTIFICATE-----'", "")


def test_what_is_only_doubtful_is_sent_with_a_warning(scripted, work, caplog):
    scripted.answers[STORE] = sends(STORED)
    ctadata.upload_certificate(write(work / "file", proxy(days=1 / 48).pem()))
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "It expires in less than an hour"
    ]


def test_force(scripted, work):
    scripted.answers[STORE] = sends(STORED)
    file = write(work / "file", proxy(days=30).pem())
    assert ctadata.upload_certificate(file, force=True)["message"] == "Certificate stored"


@pytest.mark.parametrize(
    "content",
    [alice().pem(), proxy().certificate_pem() + alice().key_pem() + alice().certificate_pem()],
    ids=["alone", "in the place of a proxy's"],
)
def test_a_long_lived_key_is_never_sent(scripted, work, content):
    file = write(work / "file", content)
    for upload in (ctadata.upload_certificate, ctadata.upload_shared_certificate):
        with pytest.raises(errors.CertificateError, match="long-lived"):
            upload(file, force=True)
    assert scripted.requests == []


def test_a_key_that_is_not_offered(scripted, file, monkeypatch):
    with pytest.raises(errors.CertificateError, match=r"'nothing' .* one of cta, lst, arc"):
        ctadata.upload_personal_certificate(file, "nothing")
    monkeypatch.setenv("CTACS_ALLOWED_CERT_KEYS", " dirac, cta,,dirac")
    with pytest.raises(errors.CertificateError, match=r"'lst' .* one of dirac, cta"):
        ctadata.upload_certificate(file, "lst")
    assert scripted.requests == []


@pytest.mark.parametrize(
    ("status", "answer", "match"),
    [
        (
            200,
            b'{"message": "Certificate stored", "validity": ["validity too long", 400]}',
            "did not store it: validity too long",
        ),
        (200, b'{"message": "Certificate stored", "validity": "never"}', "did not store it: never"),
        (200, b'{"message": "Certificate stored"}', "did not store it: it gives no reason"),
        (200, b'{"message": "Certificate stored", "validity": []}', "it gives no reason"),
        (200, b"<html>Welcome</html>", "no usable answer"),
        (200, b"[" * 100_000, "no usable answer"),
        (
            400,
            b"invalid certificate verification chain",
            "refuses it: invalid certificate verification chain",
        ),
        (
            400,
            b'{"message": "<b>no</b> valid\\n certificate"}',
            "refuses it: no valid certificate$",
        ),
        (401, b"access denied", r"refuses it: access denied \(.*for administrators"),
        (403, b"Access denied", r"refuses it: Access denied \(.*for administrators"),
        (422, b"", "refuses it: status 422"),
        (500, b"<html>Internal Server Error</html>", "fails: Internal Server Error; tell"),
        (507, b"disk full", "fails: disk full"),
        (404, b"<html>", "no certificate service at http.*CTACS_URL"),
    ],
)
def test_what_answers_mean(scripted, file, status, answer, match, data_directory):
    scripted.answers[STORE] = sends(answer, status)
    with pytest.raises(errors.CertificateError, match=match) as caught:
        ctadata.upload_certificate(file)
    assert "<" not in str(caught.value)
    assert not data_directory.exists()


def test_a_service_that_repeats_what_it_was_sent(scripted, file):
    key = "".join(proxy().key_pem().decode().splitlines()[1:-1])
    for answer in (proxy().pem().decode(), f"bad key {key}", f"bad token {TOKEN}"):
        scripted.answers[STORE] = sends(answer.encode(), 400)
        with pytest.raises(errors.CertificateError, match="refuses") as caught:
            ctadata.upload_certificate(file)
        assert not any(secret in str(caught.value) for secret in ("BEGIN", key[:56], TOKEN))


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (302, b"", {"Location": "/hub/login?next=x"}, errors.AuthenticationError),
        (401, b"no", {}, errors.AuthenticationError),
        (403, b"Access denied, token scopes are insufficient", {}, errors.MissingScope),
        (403, b"<html>missing _xsrf</html>", {}, errors.ServiceUnreachable),
        (302, b"", {"Location": "https://elsewhere.example/"}, errors.ServiceUnreachable),
    ],
)
def test_troubles_with_the_service(scripted, file, status, body, headers, error):
    scripted.answers[STORE] = sends(body, status, **headers)
    with pytest.raises(error) as caught:
        ctadata.upload_certificate(file)
    assert "CTADS_URL" not in str(caught.value)
    # Sent once, to this service only.
    assert scripted.requests == [STORE]


def test_the_shared_certificate_that_was_not_stored(scripted, file):
    scripted.answers[STORE_SHARED] = sends(b'{"message": "disk full"}')
    with pytest.raises(errors.CertificateError, match="did not store it: disk full"):
        ctadata.upload_shared_certificate(file)
    scripted.answers[STORE_SHARED] = sends(b"access denied", 401)
    with pytest.raises(errors.CertificateError, match="for administrators"):
        ctadata.upload_shared_certificate(file)


def test_what_was_delegated_is_remembered(service_env, file, data_directory):
    client = ctadata.APIClient()
    assert client.delegations() == []
    before = datetime.now(timezone.utc).replace(microsecond=0)
    client.upload_certificate(file)
    client.upload_personal_certificate(file, "arc")
    client.upload_personal_certificate(file, "lst", user="bob")
    cta, arc = ctadata.APIClient().delegations()
    assert (cta.key, arc.key) == ("cta", "arc")
    assert cta.identity == "/DC=org/DC=ctadata-tests/CN=Alice Ångström"
    found = ctadata.certificates.inspect(file)
    assert cta.not_after == found.not_after
    assert before <= cta.uploaded_at <= datetime.now(timezone.utc)
    for path in (data_directory / "certificates").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert "BEGIN" not in path.read_text()
    assert (data_directory / "certificates").stat().st_mode & 0o777 == 0o700


def test_what_was_delegated_elsewhere_is_not_remembered(service_env, file, scripted):
    ctadata.APIClient(
        downloadservice=service_env.downloadservice_url, token=service_env.token
    ).upload_certificate(file)
    # The environment names another service now.
    assert ctadata.APIClient().delegations() == []


def test_the_earlier_end_is_remembered(scripted, file):
    scripted.answers[STORE] = sends(STORED)
    ctadata.upload_certificate(file)
    (delegation,) = ctadata.APIClient().delegations()
    assert delegation.not_after == min(
        datetime(2026, 11, 23, 6, 26, tzinfo=timezone.utc),
        ctadata.certificates.inspect(file).not_after,
    )


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"key": "cta"}', b"[" * 70_000])
def test_a_damaged_record_is_not_believed(service_env, file, data_directory, caplog, content):
    ctadata.upload_certificate(file)
    (record,) = (data_directory / "certificates").iterdir()
    record.write_bytes(content)
    assert ctadata.APIClient().delegations() == []
    assert "damaged" in caplog.text


def test_where_nothing_can_be_written_it_is_delegated_all_the_same(
    service_env, file, data_directory, caplog
):
    data_directory.parent.mkdir()
    data_directory.write_text("a file")
    assert ctadata.upload_certificate(file)["message"] == "Certificate stored"
    assert "will not be remembered" in caplog.text


def test_the_shared_certificate_can_be_asked_for(service_env, file, scripted):
    client = ctadata.APIClient(
        downloadservice=service_env.downloadservice_url, token=service_env.token
    )
    client.upload_shared_certificate(file)
    usable, words = client.shared_certificate_status()
    assert usable
    assert words
    path = "/services/certificateservice/shared-certificate-status"
    scripted.answers["GET", path] = sends(b"certificate <b>expired</b>", 500)
    assert ctadata.APIClient().shared_certificate_status() == (False, "certificate expired")


def test_nothing_of_it_is_logged(service_env, work, caplog):
    caplog.set_level(logging.DEBUG)
    owner = proxy()
    ctadata.upload_certificate(write(work / "file", owner.pem()))
    with pytest.raises(errors.CertificateError):
        ctadata.upload_certificate(write(work / "own", alice().pem()))
    lines = owner.key_pem().decode().splitlines() + alice().key_pem().decode().splitlines()
    assert not any(line in caplog.text for line in lines)


# Files


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read(scripted, work, mode):
    file = write(work / "file", proxy().pem())
    os.chmod(file, mode)
    with pytest.raises(errors.CertificateError, match=rf"mode is 0{mode:o}.*chmod 600") as caught:
        ctadata.upload_certificate(file)
    assert caught.value.path == file
    assert scripted.requests == []
    # Inspecting it does no harm.
    assert ctadata.certificates.inspect(file).key_present


def test_a_file_of_another_user(scripted, work, monkeypatch):
    file = write(work / "file", proxy().pem())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(errors.CertificateError, match="belongs to another user"):
        ctadata.upload_certificate(file)


def test_what_is_no_regular_file(scripted, work):
    file = write(work / "file", proxy().pem())
    os.symlink(file, "link")
    with pytest.raises(errors.CertificateError, match="'link' is a symbolic link"):
        ctadata.upload_certificate("link")
    assert ctadata.certificates.inspect("link").key_present
    os.mkfifo("pipe", 0o600)
    for name in ("pipe", "/dev/zero", str(work)):
        for call in (ctadata.upload_certificate, ctadata.certificates.inspect):
            with pytest.raises(errors.CertificateError, match="not a regular file"):
                call(name)
    assert scripted.requests == []


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("missing", "no file 'missing'"),
        ("a\0b", "not the path of a local file"),
        ("x" * 300, "too long"),
    ],
)
def test_names_of_no_file(work, name, match):
    for call in (ctadata.upload_certificate, ctadata.certificates.inspect):
        with pytest.raises(ctadata.api.CertificateError, match=match):
            call(name)


def test_a_content_in_place_of_a_name_is_not_repeated(work):
    for call in (ctadata.upload_certificate, ctadata.certificates.inspect):
        with pytest.raises(errors.CertificateError, match="path of a certificate's file") as caught:
            call(proxy().pem().decode())
        assert "BEGIN" not in str(caught.value)
        assert caught.value.path is None


def test_the_keyword_of_earlier_releases(service_env, file):
    for answer in (
        ctadata.upload_certificate(certificate_file_path=file),
        ctadata.upload_personal_certificate(certificate_file_path=file, certificate_key="lst"),
        ctadata.upload_shared_certificate(certificate_file_path=file),
    ):
        assert "stored" in answer["message"]
    with pytest.raises(ctadata.api.CertificateError, match="not both"):
        ctadata.upload_certificate(file, certificate_file_path=file)
    with pytest.raises(ctadata.api.CertificateError, match="Give the file"):
        ctadata.upload_shared_certificate()


def test_a_refusal_comes_with_what_was_found_here(scripted, file, work, monkeypatch):
    """An authority that is unknown here and there; the service only says that it refuses."""
    other = work / "authorities"
    other.mkdir()
    (other / "other.pem").write_bytes(Authority.create([("CN", "Another CA")]).pem())
    monkeypatch.setenv("X509_CERT_DIR", str(other))
    refusal = sends(b"invalid certificate verification chain", 400, "text/plain")
    for endpoint in ("certificate", "main-certificate"):
        scripted.answers["POST", f"/services/certificateservice/{endpoint}"] = refusal
    for call in (
        lambda: ctadata.upload_certificate(file),
        lambda: ctadata.upload_personal_certificate(file, "lst", "bob"),
        lambda: ctadata.upload_shared_certificate(file),
    ):
        with pytest.raises(ctadata.api.CertificateError, match="refuses it") as caught:
            call()
        assert "unknown-ca" in [found.code for found in caught.value.findings]
    done = CliRunner().invoke(cli, ["certificate", "upload", str(file)])
    assert done.exit_code == 1
    assert "refuses it" in done.stderr
