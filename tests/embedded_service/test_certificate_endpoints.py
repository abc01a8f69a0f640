"""The certificate service's endpoints."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from ctadata.embedded_service import Service
from ctadata.errors import CTADataError
from tests.support.certificates import authority, proxy

from .conftest import CERTIFICATES, DOWNLOADS, Http

CERTIFICATE = f"{CERTIFICATES}/certificate"
MAIN = f"{CERTIFICATES}/main-certificate"
STATUS = f"{CERTIFICATES}/shared-certificate-status"
NOT_PEM = "no valid certificate provided: "
CHAIN = "invalid certificate verification chain: "


def pem(*args: Any, **kwargs: Any) -> str:
    return proxy(*args, **kwargs).pem().decode()


def post(http: Http, path: str = CERTIFICATE, **fields: Any) -> urllib3.BaseHTTPResponse:
    return http.request("POST", path, body=json.dumps(fields).encode())


def ask(service: Service, **query: str) -> urllib3.BaseHTTPResponse:
    """Request like the download service, without a token of the hub."""
    query = {"service-token": service.service_token, "certificate_key": "cta"} | query
    with urllib3.PoolManager(retries=False) as pool:
        address = f"{service.certificateservice_url}certificate?{urlencode(query)}"
        return pool.request("GET", address, redirect=False)


@contextmanager
def talking_to(directory: Path, **options: Any) -> Iterator[tuple[Service, Http]]:
    """A service whose user is not an administrator unless `options` say so, and its client."""
    with Service(directory, user="alice", **options) as service:
        client = Http(service)
        try:
            yield service, client
        finally:
            client.close()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    directory = tmp_path / "served"
    directory.mkdir()
    return directory


def test_a_good_certificate(http: Http) -> None:
    good = proxy()
    answer = post(http, certificate=good.pem().decode(), certificate_key="cta", user=None)
    assert answer.status == 200
    assert answer.json()["message"] == "Certificate stored"
    expiry = good.certificate.not_valid_after_utc
    assert parsedate_to_datetime(answer.json()["validity"]) == expiry
    assert answer.json()["validity"].endswith(" GMT")


def test_the_older_addresses(http: Http, service: Service) -> None:
    sent = pem()
    assert post(http, "upload-cert", certificate=sent).json()["message"] == "Certificate stored"
    assert ask(service, user="alice").json()["certificate"] == sent
    answer = post(http, "upload-main-cert", certificate=pem(), cabundle="")
    assert answer.json()["certificateUploaded"] is True


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"certificate": "rubbish"}, f"{NOT_PEM}there is none in readable PEM form"),
        ({"certificate": "Zertifikat für"}, f"{NOT_PEM}send the content"),
        ({}, f"{NOT_PEM}send the content"),
        ({"certificate": 5}, f"{NOT_PEM}send the content"),
        ({"certificate": None}, f"{NOT_PEM}send the content"),
        ({"certificate": pem() + "\n" * 65536}, f"{NOT_PEM}it is larger than 64 KiB; use"),
        ({"certificate": pem(), "certificate_key": None}, "certificate_key must be one of cta,"),
        ({"certificate": pem(), "certificate_key": "x"}, "certificate_key must be one of cta,"),
        ({"certificate": pem(), "user": 5}, "user must be a name"),
        ({"certificate": pem(), "user": ""}, "user must be a name"),
        ({"certificate": pem(), "user": "\ud800"}, "user must be a name"),
        ({"certificate": pem(-1)}, f"{CHAIN}a certificate in it expired at "),
        ({"certificate": pem(8)}, "certificate validity too long, the longest is 7 days; create a"),
    ],
)
def test_refusals(http: Http, service: Service, fields: dict[str, object], sentence: str) -> None:
    answer = post(http, **({"certificate_key": "cta"} | fields))
    assert answer.status == 400
    assert answer.data.decode().startswith(sentence)
    assert b"-----" not in answer.data
    assert ask(service, user="alice").status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"", 400), (b"[" * 100_000, 400), (b" " * 2_000_000, 413)],
)
def test_what_is_no_json_object(http: Http, body: bytes, status: int) -> None:
    assert http.request("POST", CERTIFICATE, body=body).status == status


def test_the_keys_can_be_set(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTACS_ALLOWED_CERT_KEYS", "alpha, beta,")
    assert post(http, certificate=pem(), certificate_key="beta").status == 200
    assert post(http, certificate=pem(), certificate_key="cta").status == 400
    assert post(http, certificate=pem(), certificate_key="").status == 400


# Permissions


@pytest.mark.parametrize("user", [None, "alice"])
def test_ones_own_without_being_an_administrator(
    served: Path, ca_bundle: Path, user: str | None
) -> None:
    with talking_to(served, ca_bundle=ca_bundle) as (_, http):
        answer = post(http, certificate=pem(), certificate_key="cta", user=user)
        assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (CERTIFICATE, {"certificate_key": "cta", "user": "bob"}),
        (CERTIFICATE, {"certificate_key": "cta", "user": "Alice"}),
        (CERTIFICATE, {"certificate_key": "cta", "user": ""}),
        (MAIN, {}),
        (f"{DOWNLOADS}/upload-main-cert", {}),
    ],
)
def test_what_only_administrators_may_do(
    served: Path, tmp_path: Path, ca_bundle: Path, path: str, fields: dict[str, str]
) -> None:
    kept = tmp_path / "kept"
    with talking_to(served, ca_bundle=ca_bundle, certificates=kept) as (_, http):
        answer = post(http, path, certificate=pem(), **fields)
        assert answer.status == 401
        assert answer.data.startswith(b"access denied: only administrators may upload ")
        assert list(kept.iterdir()) == []


def test_an_administrator_uploads_for_others(http: Http, service: Service) -> None:
    sent = pem()
    assert post(http, certificate=sent, certificate_key="cta", user="shared").status == 200
    assert ask(service, user="shared").json()["certificate"] == sent
    assert ask(service, user="alice").status == 404
    assert http.get(STATUS).data == b"OK - no shared certificate is needed"


def test_the_shared_certificate(http: Http) -> None:
    assert http.get(STATUS).status == 200
    answer = post(http, MAIN, certificate=pem())
    assert answer.status == 200
    expected = {"message": "Shared certificate stored", "certificateUploaded": True}
    assert answer.json() == expected
    answer = http.get(STATUS)
    assert answer.status == 200
    assert answer.data.startswith(b"OK - the shared certificate is valid until ")


def test_a_shared_certificate_that_has_expired(http: Http, service: Service) -> None:
    service._store.save(None, "shared", pem(-1))
    answer = http.get(STATUS)
    assert answer.status == 500
    assert answer.data.startswith(b"the shared certificate cannot be used: invalid ")


# Certificates for the download service


def test_the_download_service_gets_a_certificate(http: Http, service: Service) -> None:
    sent = pem()
    post(http, certificate=sent, certificate_key="cta")
    answer = ask(service, user="alice")
    assert answer.status == 200
    assert answer.json() == {"certificate": sent, "cabundle": authority().pem().decode()}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ({"service-token": "wrong"}, 403, "access denied: "),
        ({"service-token": ""}, 403, "access denied: "),
        ({"service-token": "für"}, 403, "access denied: "),
        ({"user": "bob"}, 404, "this user has no certificate for this purpose: delegate one"),
        ({"user": "Alice"}, 404, "this user has no certificate"),
        ({"certificate_key": "lst"}, 404, "this user has no certificate"),
        ({"certificate_key": "x"}, 400, "certificate_key must be one of cta,lst,arc"),
        ({"certificate_key": ""}, 400, "certificate_key must be one of cta,lst,arc"),
        ({"user": ""}, 400, "user must be a name"),
    ],
)
def test_what_it_does_not_get(
    http: Http, service: Service, query: dict[str, str], status: int, sentence: str
) -> None:
    post(http, certificate=pem(), certificate_key="cta")
    answer = ask(service, **({"user": "alice"} | query))
    assert answer.status == status
    assert answer.data.decode().startswith(sentence)


def test_the_hubs_token_is_not_enough(http: Http) -> None:
    post(http, certificate=pem(), certificate_key="cta")
    answer = http.get(f"{CERTIFICATE}?user=alice&certificate_key=cta")
    assert answer.status == 403


def test_the_services_token_is_not_enough_to_upload(service: Service) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request(
            "POST",
            f"{service.certificateservice_url}certificate?service-token={service.service_token}",
            body=b"{}",
            redirect=False,
        )
    assert answer.status == 302


def test_a_name_in_other_letters(http: Http, service: Service) -> None:
    sent = pem()
    post(http, certificate=sent, certificate_key="cta", user="Zoë Ω")
    assert ask(service, user="Zoë Ω").json()["certificate"] == sent
    query = f"service-token={service.service_token}&certificate_key=cta&user=%FF"
    assert http.get(f"{CERTIFICATE}?{query}").data == b"user must be UTF-8"


def test_one_that_has_expired(service: Service) -> None:
    service._store.save("alice", "cta", pem(-1))
    answer = ask(service, user="alice")
    assert answer.status == 410
    assert answer.data.decode().startswith(f"{CHAIN}a certificate in it expired at ")


def test_a_token_of_ones_own(served: Path, ca_bundle: Path) -> None:
    with talking_to(served, ca_bundle=ca_bundle, service_token="tökén") as (service, http):
        post(http, certificate=pem(), certificate_key="cta")
        assert ask(service, user="alice").status == 200
        assert ask(service, user="alice", **{"service-token": "token"}).status == 403
    with pytest.raises(CTADataError, match="must not be empty"):
        Service(served, service_token="")


# The directory of certificates


def test_a_restart(served: Path, tmp_path: Path, ca_bundle: Path) -> None:
    options = {"ca_bundle": ca_bundle, "certificates": tmp_path / "kept", "admin": True}
    sent = pem()
    with talking_to(served, **options) as (_, http):
        post(http, certificate=sent, certificate_key="cta")
        post(http, MAIN, certificate=pem())
    with talking_to(served, **options) as (service, http):
        assert ask(service, user="alice").json()["certificate"] == sent
        assert b"valid until" in http.get(STATUS).data


def test_without_a_directory_nothing_stays(
    served: Path, tmp_path: Path, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with talking_to(served, ca_bundle=ca_bundle) as (_, http):
        post(http, certificate=pem(), certificate_key="cta")
        assert len(list(temporary.rglob("*.pem"))) == 1
        port = int(http.address[1])
        with pytest.raises(CTADataError, match="Cannot listen"):
            Service(served, port=port).start()
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_a_disk_that_is_full(http: Http, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    old = pem()
    post(http, certificate=old, certificate_key="cta")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        answer = post(http, certificate=pem(), certificate_key="cta")
    assert answer.status == 507
    assert answer.data.startswith(b"the certificate could not be stored (No space left on device)")
    assert ask(service, user="alice").json()["certificate"] == old


@pytest.mark.parametrize("below", ["", "certificates"])
def test_certificates_are_not_part_of_what_is_served(served: Path, below: str) -> None:
    with pytest.raises(CTADataError, match="is inside the served directory"):
        Service(served, certificates=served / below)


def test_a_directory_that_others_may_look_into(served: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(0o755)
    with pytest.raises(CTADataError, match="others may read it"):
        Service(served, certificates=kept).start()


# The authorities


def as_file(path: Path) -> Path:
    path.write_bytes(b"# ours\n" + authority().pem())
    return path


def as_directory(path: Path) -> Path:
    path.mkdir()
    (path / "01234567.0").write_bytes(authority().pem())
    (path / "Test-CA.pem").symlink_to(path / "01234567.0")
    (path / "01234567.r0").write_text("a revocation list")
    (path / "01234567.signing_policy").write_text("a policy")
    (path / "broken.pem").write_text("nothing")
    (path / "dangling.pem").symlink_to(path / "nowhere")
    (path / "folder.pem").mkdir()
    return path


@pytest.mark.parametrize("make", [as_file, as_directory])
@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_bundle(
    served: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Path],
    how: str,
) -> None:
    bundle = make(tmp_path / "bundle")
    options = {"ca_bundle": str(bundle)} if how == "argument" else {}
    if how == "environment":
        monkeypatch.setenv("X509_CERT_DIR", str(bundle))
    with talking_to(served, **options) as (service, http):
        assert post(http, certificate=pem(), certificate_key="cta").status == 200
        assert ask(service, user="alice").json()["cabundle"] == authority().pem().decode()


@pytest.mark.parametrize("usual", ["nothing", "there"])
def test_the_systems_bundle(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str
) -> None:
    monkeypatch.delenv("X509_CERT_DIR", raising=False)
    as_directory(tmp_path / "there")
    monkeypatch.setattr("ctadata.certificates.authorities.DEFAULT_BUNDLE", tmp_path / usual)
    with talking_to(served) as (_, http):
        answer = post(http, certificate=pem(), certificate_key="cta")
    if usual == "there":
        assert answer.status == 200
        return
    assert answer.status == 400
    assert answer.data.decode().startswith(
        f"{CHAIN}this service has no certificate authorities; its operator can set them with"
        " --ca-bundle"
    )


def test_a_bundle_that_is_gone(served: Path, tmp_path: Path) -> None:
    bundle = as_file(tmp_path / "bundle.pem")
    with talking_to(served, ca_bundle=bundle) as (service, http):
        assert post(http, certificate=pem(), certificate_key="cta").status == 200
        bundle.unlink()
        assert b"--ca-bundle" in post(http, certificate=pem(), certificate_key="cta").data
        assert ask(service, user="alice").status == 400


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file"),
        ("empty", "contains no certificate"),
        ("file", "contains no certificate"),
    ],
)
def test_what_is_no_bundle(served: Path, tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("nothing")
    with pytest.raises(CTADataError, match=f"bundle of certificate authorities: .*{reason}"):
        Service(served, ca_bundle=tmp_path / name)


# Logs


def test_certificates_are_not_logged(
    http: Http, service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    good = proxy()
    secret = good.key_pem().decode().splitlines()[1]
    post(http, certificate=good.pem().decode(), certificate_key="cta")
    post(http, certificate=pem(-1), certificate_key="cta")
    post(http, certificate="-----BEGIN CERTIFICATE-----" + secret, certificate_key="cta")
    post(http, certificate=good.pem().decode().replace(secret[:4], "!!!!"), certificate_key="cta")
    ask(service, user="alice")
    monkeypatch.setattr(service._store, "load", lambda *args: 1 / 0)
    assert ask(service, user="alice").data == b"Internal error"
    assert "failed" in caplog.text
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("ctadata"))
    assert "-----BEGIN" not in caplog.text
    assert secret not in caplog.text
    assert service.service_token not in ours
