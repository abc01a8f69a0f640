"""HTTP statuses, network failures, and where the token is sent."""

from __future__ import annotations

import logging
import socket
import ssl

import pytest
import trustme

from ctadata import APIClient, errors
from ctadata.http import connections

from ..conftest import TOKEN
from ..support.scripted import Scripted, reply, sends

LISTING = b'[{"href": "lst/", "type": "directory"}]'


def test_the_token_goes_into_the_header_only(scripted, caplog):
    caplog.set_level(logging.DEBUG)
    scripted.on("GET", "list/lst", sends(LISTING))
    APIClient().list_dir("lst")
    assert scripted.tokens == [f"Bearer {TOKEN}"]
    assert TOKEN not in caplog.text


def test_the_token_is_read_at_each_request(scripted, monkeypatch):
    scripted.on("GET", "list/lst", sends(LISTING))
    client = APIClient()
    client.list_dir("lst")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "renewed")
    client.list_dir("lst")
    assert scripted.tokens == [f"Bearer {TOKEN}", "Bearer renewed"]


def test_no_token_is_said_before_anything_is_sent(scripted, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    with pytest.raises(errors.NoToken, match="JUPYTERHUB_API_TOKEN"):
        APIClient().list_dir("lst")
    assert scripted.requests == []


def test_health_needs_no_token(scripted, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    scripted.on("GET", "health", sends(b"OK - up\n", content_type="text/plain"))
    assert APIClient().health() == "OK - up"
    assert scripted.tokens == [None]


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (
            401,
            b'{"message": "Invalid or missing Bearer token"}',
            "AuthenticationError",
            "new token",
        ),
        (403, b"Access denied, token scopes are insufficient.", "MissingScope", "role 'server'"),
        (403, b"<html>'_xsrf' argument missing</html>", "ServiceUnreachable", "CTADS_URL"),
        (403, b"Access denied", "AccessDenied", "Not allowed at 'lst'"),
        (
            400,
            b"Error while retrieving certificate: none",
            "CertificateNeeded",
            "certificate upload",
        ),
        (404, b"Error: 404 <?xml ?>", "NotFound", "'lst'"),
        (500, b"<html>Internal</html>", "StorageException", "500"),
        (507, b"", "StorageException", "no space"),
    ],
)
def test_statuses(scripted, status, body, kind, says):
    scripted.on("GET", "list/lst", sends(body, status, "text/html"))
    with pytest.raises(getattr(errors, kind), match=says) as caught:
        APIClient().list_dir("lst")
    assert "<" not in str(caught.value)
    assert len(scripted.requests) == 1


def test_a_missing_scope_is_named(scripted, monkeypatch):
    monkeypatch.setenv("CTADS_URL", f"{scripted.origin}/services/downloadservice/")
    insufficient = sends(b"Access denied, token scopes are insufficient.", 403, "text/html")
    scripted.answers["GET", "/services/downloadservice/list/lst"] = insufficient
    with pytest.raises(errors.MissingScope, match="access:services!service=downloadservice;"):
        APIClient().list_dir("lst")


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/hub/api/oauth2/authorize?client_id=x", "AuthenticationError"),
        ("/hub/login?next=x", "AuthenticationError"),
        ("/hub/services/downloadservice/list/lst", "ServiceUnreachable"),
        ("https://other.example/", "ServiceUnreachable"),
    ],
)
def test_redirects_are_errors_and_never_followed(scripted, location, kind):
    scripted.on("GET", "list/lst", sends(b"", 302, Location=location))
    with pytest.raises(getattr(errors, kind)):
        APIClient().list_dir("lst")
    assert len(scripted.requests) == 1


def test_a_login_page_instead_of_data(scripted):
    scripted.on("GET", "list/lst", sends(b"<html>", content_type="text/html"))
    with pytest.raises(errors.ServiceUnreachable, match="page"):
        APIClient().list_dir("lst")


def test_an_answer_that_repeats_the_token_is_not_repeated(scripted):
    scripted.on("GET", "list/lst", sends(f"bad token {TOKEN}".encode(), 422, "text/plain"))
    with pytest.raises(errors.StorageException) as caught:
        APIClient().list_dir("lst")
    assert TOKEN not in str(caught.value)


def test_a_service_that_is_down_for_a_moment_is_asked_again(scripted):
    answers = iter([503, 502])

    def answer(handler):
        status = next(answers, 200)
        reply(handler, status, LISTING, "application/json", Retry_After="0")

    scripted.on("GET", "list/lst", answer)
    assert APIClient().list_dir("lst") == []
    assert len(scripted.requests) == 3


def test_a_service_that_stays_down(scripted):
    scripted.on("GET", "list/lst", sends(b"<html>", 503, "text/html", Retry_After="0"))
    with pytest.raises(errors.ServiceUnreachable, match="503"):
        APIClient().list_dir("lst")
    assert len(scripted.requests) == 4


def test_an_upload_is_not_sent_twice(scripted):
    scripted.on("POST", "upload/x", sends(b"", 503, Retry_After="0"))
    client = APIClient()
    with pytest.raises(errors.ServiceUnreachable):
        client._service.upload("x", b"body", 4, home="lst/users/me")
    assert len(scripted.requests) == 1


def test_nobody_listens(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("CTADS_URL", f"127.0.0.1:{port}")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    with pytest.raises(errors.ServiceUnreachable, match=rf"Cannot connect to 127.0.0.1:{port}"):
        APIClient(retries=0).list_dir("lst")


def test_a_silent_service_is_given_up(scripted, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CTADS_URL", f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(errors.ServiceTimeout, match="stopped answering"):
            APIClient(timeout=0.1, retries=0).list_dir("lst")


def test_a_proxy_of_the_environment_is_used(scripted, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, scripted.origin)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CTADATA_ALLOW_HTTP", "1")
    monkeypatch.setenv("CTADS_URL", "http://hub.invalid/ds/")
    scripted.answers["GET", "http://hub.invalid/ds/list/lst"] = sends(LISTING)
    assert APIClient().list_dir("lst") == []
    monkeypatch.setenv("no_proxy", "hub.invalid")
    with pytest.raises(errors.ServiceUnreachable, match="unknown host name"):
        APIClient(retries=0).list_dir("lst")
    assert len(scripted.requests) == 1


def test_a_service_of_unknown_certificate_authority(monkeypatch, tmp_path):
    """The bundle that many platforms name is trusted, too."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Scripted(context) as secure:
        secure.on("GET", "list/lst", sends(LISTING))
        monkeypatch.setenv("CTADS_URL", secure.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(errors.ServiceUnreachable, match="SSL_CERT_FILE"):
            APIClient(retries=0).list_dir("lst")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        connections._pool.cache_clear()
        assert APIClient().list_dir("lst") == []
