"""Plain http to another network: one warning for a token, a refusal for a certificate."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from webdav4.client import ResourceNotFound

import ctadata
from ctadata import APIClient, config, errors
from ctadata.http import plain_http
from tests.conftest import TOKEN
from tests.support.certificates import proxy
from tests.support.scripted import Scripted, sends

HOST = "data.example.org"
SERVICE = f"http://{HOST}/services/downloadservice/"
OTHER = "http://other.example.org/services/downloadservice/"
VALIDITY = "Mon, 23 Nov 2099 06:26:00 GMT"

OWN = [
    "localhost", "LocalHost", "localhost.", "127.0.0.1", "127.1.2.3", "[::1]",
    "[::ffff:127.0.0.1]", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.1.1", "[fe80::1]", "[fd12::1]", "[::ffff:10.0.0.1]", "downloadservice", "hub_1",
    "Data-Service", "data.ns.svc", "data.ns.svc.cluster.local", "DATA.NS.SVC.CLUSTER.LOCAL",
    "data.ns.svc.cluster.local.", "data.svc.",
]  # fmt: skip
OTHERS = [
    "hub.example.org", "localhost.evil.com", "10.evil.com", "svc.evil.com", "foo.svc.evil.com",
    "cluster.local.evil.com", "evilcluster.local", "127.0.0.1.evil.com", "foo.localhost",
    "8.8.8.8", "172.32.0.1", "172.15.0.1", "100.64.0.1", "192.169.0.1", "11.0.0.1", "0.0.0.0",
    "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.1", "0177.0.0.1", "010.0.0.1",
    "127.0.0.1.", "ai.", "[::ffff:8.8.8.8]", "[2001:db8::1]", "[::]", "[64:ff9b::a00:1]",
    "xn--lcalhost-54a.example", "data.local", "data.svc.cluster", "hub.example.org.",
]  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_was_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_http, "_warned", set())
    for name in ("http_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("CTADATA_ALLOW_HTTP", raising=False)


@pytest.fixture
def exposed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service at an Internet address; a proxy on this machine answers for it."""
    with Scripted() as script:
        monkeypatch.setenv("http_proxy", script.origin)
        monkeypatch.setenv("CTADS_URL", SERVICE)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        for service in (SERVICE, OTHER):
            listing = [{"href": "lst/", "type": "directory"}]
            script.answers["GET", f"{service}list/lst"] = sends(json.dumps(listing).encode())
        stored = {"message": "Certificate stored", "validity": VALIDITY}
        url = SERVICE.replace("download", "certificate") + "certificate"
        script.answers["POST", url] = sends(json.dumps(stored).encode())
        yield script


@pytest.mark.parametrize("host", OWN)
def test_hosts_of_the_own_network(host: str) -> None:
    for port in ("", ":8080"):
        plain_http.check_token(f"http://{host}{port}/x", "CTADS_URL")
        plain_http.check_certificate(f"http://{host}{port}/x", "CTACS_URL")


@pytest.mark.parametrize("host", OTHERS)
def test_hosts_of_other_networks(host: str) -> None:
    for scheme in ("http", "HTTP"):
        with pytest.raises(errors.CertificateError, match="unencrypted, with its key"):
            plain_http.check_certificate(f"{scheme}://{host}/x", "CTACS_URL")
    with pytest.warns(UserWarning, match="unencrypted"):
        plain_http.check_token(f"http://{host}:8080/x", "CTADS_URL")
    plain_http.check_token(f"https://{host}/x", "CTADS_URL")
    plain_http.check_certificate(f"https://{host}/x", "CTACS_URL")


def test_a_proxy_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.org:3128")
    with pytest.raises(errors.CertificateError, match=r"'proxy\.example\.org'"):
        plain_http.check_certificate("http://data.ns.svc/x", "CTACS_URL")
    monkeypatch.setenv("no_proxy", ".svc")
    plain_http.check_certificate("http://data.ns.svc/x", "CTACS_URL")
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    plain_http.check_certificate("https://hub.example.org/x", "CTACS_URL")


def test_an_address_without_a_scheme_is_one_with_https_unless_it_is_this_machine() -> None:
    for host in ("127.evil.com", "127.0.0.1.evil.com", "localhost.evil.com", "hub", "10.0.0.1"):
        assert config.downloadservice_url(host) == f"https://{host}/"
    for host in ("localhost", "127.0.0.1:5000", "[::1]:5000"):
        assert config.downloadservice_url(host) == f"http://{host}/"


def test_one_warning_for_each_host(exposed: Scripted) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            assert ctadata.list_dir("lst") == []
        assert APIClient().list_dir("lst") == []
        assert ctadata.list_dir("lst", downloadservice=OTHER) == []
    messages = [str(each.message) for each in caught]
    assert [HOST in message for message in messages] == [True, False]
    assert "CTADS_URL" in messages[0]
    assert "https://" in messages[0]
    assert "CTADATA_ALLOW_HTTP=1" in messages[0]
    assert TOKEN not in messages[0]
    assert set(exposed.tokens) == {f"Bearer {TOKEN}"}


def test_webdav4_warns_too(exposed: Scripted) -> None:
    with pytest.warns(UserWarning, match=HOST), pytest.raises(ResourceNotFound):
        ctadata.webdav4_client().ls("lst")


def test_warnings_that_are_errors(exposed: Scripted) -> None:
    # As this run has it.
    for _ in range(2):
        with pytest.raises(errors.AuthenticationError, match="unencrypted"):
            ctadata.list_dir("lst")
    assert exposed.tokens == []


def test_one_warning_of_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: set[str] = set()
    asked = threading.Barrier(2)

    class Waits(set[str]):
        def __contains__(self, host: object) -> bool:
            # What is not locked lets two threads ask before one of them remembers.
            with contextlib.suppress(threading.BrokenBarrierError):
                asked.wait(0.2)
            return host in warned

        def add(self, host: str) -> None:
            warned.add(host)

    monkeypatch.setattr(plain_http, "_warned", Waits())
    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(plain_http.first_warning, [SERVICE] * 2, ["CTADS_URL"] * 2))
    assert texts.count(None) == 1


def test_it_can_be_allowed(exposed: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTADATA_ALLOW_HTTP", "1")
    assert ctadata.list_dir("lst") == []
    assert ctadata.upload_certificate(proxy().pem())["validity"] == VALIDITY


@pytest.mark.parametrize("value", ["0", "", "no", "2"])
@pytest.mark.parametrize(
    "upload",
    [
        lambda: ctadata.upload_certificate(proxy().pem()),
        lambda: ctadata.upload_personal_certificate(proxy().pem(), "lst", "bob", force=True),
        lambda: ctadata.upload_shared_certificate(proxy().pem()),
    ],
    ids=["own", "personal", "shared"],
)
def test_a_certificate_is_refused(
    exposed: Scripted, monkeypatch: pytest.MonkeyPatch, upload: object, value: str
) -> None:
    monkeypatch.setenv("CTADATA_ALLOW_HTTP", value)
    with pytest.raises(errors.CertificateError, match=r"not sent.*CTADATA_ALLOW_HTTP=1"):
        upload()  # type: ignore[operator]
    assert exposed.requests == []


def test_the_command_warns_on_stderr(exposed: Scripted) -> None:
    command = [sys.executable, "-m", "ctadata", "list", "--json", "lst"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Warning: The hub token goes to 'data.example.org' unencrypted")
