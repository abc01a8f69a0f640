"""Certificates through the Jupyter server: looked at, delegated, remembered, never shown."""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import ctadata
from ctadata.api import APIClient
from ctadata.demo.authority import Authority
from ctadata.embedded_service import Service
from tests.support.certificates import alice, authority, proxy, write_proxy

from ..described import Api
from ..tiny_service import TinyService

# Of another network.
HOST = "data.of-certificates.example.org"
IDENTITY = "/DC=org/DC=ctadata-tests/CN=Alice Ångström"


@pytest.fixture(autouse=True)
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place where the grid's tools would leave a proxy certificate; there is none yet."""
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "x509up"))
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path / "authorities"))
    return tmp_path / "x509up"


async def inspect(api: Api, content: bytes) -> Any:
    return await api.json("certificates/inspect", "POST", body=content)


def codes(inspection: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in inspection["findings"]]


async def test_inspection(api: Api, storage: Path, tmp_path: Path) -> None:
    inspection = await inspect(api, proxy().pem())
    assert inspection["identity"] == IDENTITY
    assert inspection["issuer"] == IDENTITY
    assert inspection["authority"] == "/DC=org/DC=ctadata-tests/CN=Test CA"
    assert inspection["subject"].startswith(f"{IDENTITY}/CN=")
    assert inspection["kind"] == "rfc3820"
    assert inspection["key_present"]
    assert not inspection["blocked"]
    assert codes(inspection) == ["no-voms-attributes"]
    left = datetime.fromisoformat(inspection["not_after"].replace("Z", "+00:00")) - datetime.now(
        timezone.utc
    )
    assert timedelta(hours=11.9) < left < timedelta(hours=12)
    (tmp_path / "authorities").mkdir()
    (tmp_path / "authorities" / "ca.pem").write_bytes(Authority.create().pem())
    assert "unknown-ca" in codes(await inspect(api, proxy().pem()))
    (tmp_path / "authorities" / "ca.pem").write_bytes(authority().pem())
    assert codes(await inspect(api, proxy().pem())) == ["no-voms-attributes"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-pem"),
        (b"\x00\xff", "not-pem"),
        (b"x" * (64 * 1024 + 1), "too-big"),
        (alice().pem(), "long-lived-user-certificate"),
        (proxy(-1).pem(), "expired"),
    ],
)
async def test_what_is_blocked_is_not_sent(
    api: Api, tiny: TinyService, content: bytes, code: str
) -> None:
    inspection = await inspect(api, content)
    assert inspection["blocked"]
    assert code in codes(inspection)
    response = await api("certificates/cta", "PUT", body=content)
    answer = json.loads(response.body)
    assert (response.code, answer["code"]) == (424, "certificate-error")
    assert answer["findings"] == inspection["findings"]
    assert tiny.requests == []


async def test_delegating(api: Api, storage: Path, service: Service) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    answer = await api.json("certificates/lst", "PUT", body=proxy().pem())
    assert answer["message"] == "Certificate stored"
    delegation = answer["delegation"]
    assert (delegation["key"], delegation["identity"]) == ("lst", IDENTITY)
    ends = datetime.fromisoformat(delegation["not_after"].replace("Z", "+00:00"))
    assert ends == parsedate_to_datetime(answer["validity"])
    certificates = await api.json("certificates")
    assert certificates["service"] == service.certificateservice_url
    assert certificates["keys"] == ["cta", "lst", "arc"]
    assert certificates["delegations"] == [delegation]
    now = datetime.fromisoformat(certificates["now"].replace("Z", "+00:00"))
    assert before <= now <= datetime.now(timezone.utc)


async def test_what_was_delegated_survives_a_restart(
    api: Api, extension: Any, storage: Path, jp_data_dir: Path
) -> None:
    assert (await api.json("certificates"))["delegations"] == []
    await api.json("certificates/cta", "PUT", body=proxy().pem())
    # What another server with this directory knows.
    (delegation,) = APIClient(data_dir=extension.data_dir).delegations()
    assert delegation.key == "cta"
    (record,) = (jp_data_dir / "ctadata" / "certificates").iterdir()
    assert record.stat().st_mode & 0o777 == 0o600


async def test_what_a_notebook_delegates_is_known(api: Api, storage: Path) -> None:
    ctadata.upload_certificate(proxy().pem(), "arc")
    (delegation,) = (await api.json("certificates"))["delegations"]
    assert delegation["key"] == "arc"


async def test_a_key_that_is_not_offered(
    api: Api, tiny: TinyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTACS_ALLOWED_CERT_KEYS", "dirac")
    assert (await api.json("certificates"))["keys"] == ["dirac"]
    for path in ("cta", "../dirac", "d" * 5000):
        response = await api(f"certificates/{quote(path, safe='')}", "PUT", body=proxy().pem())
        assert response.code == 404
        assert "it is one of dirac" in json.loads(response.body)["message"]
    found = await api("certificates/cta/found", "PUT", json_body={"fingerprint": "0"})
    assert found.code == 404
    assert tiny.requests == []


async def test_what_the_service_refuses(api: Api, storage: Path) -> None:
    stranger = Authority.create().issue([("CN", "Eve")]).delegate()
    response = await api("certificates/cta", "PUT", body=stranger.pem())
    answer = json.loads(response.body)
    assert (response.code, answer["code"]) == (424, "certificate-error")
    assert "refuses it: invalid certificate verification chain" in answer["message"]
    assert (await api.json("certificates"))["delegations"] == []


async def test_no_token(api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    error = await api.error("certificates/cta", "PUT", body=proxy().pem())
    assert error == (424, "no-token")


async def test_the_proxy_that_was_found(api: Api, storage: Path, found: Path) -> None:
    nothing = await api.json("certificates/found")
    assert (nothing["path"], nothing["owner"], nothing["inspection"]) == (str(found), None, None)
    assert "voms-proxy-init" in nothing["message"]
    write_proxy(found)
    shown = await api.json("certificates/found")
    assert shown["owner"] is not None
    assert shown["message"] is None
    assert shown["inspection"]["identity"] == IDENTITY
    order = {"fingerprint": shown["inspection"]["fingerprint"]}
    answer = await api.json("certificates/cta/found", "PUT", json_body=order)
    assert answer["delegation"]["identity"] == IDENTITY


async def test_a_found_proxy_that_was_replaced(api: Api, tiny: TinyService, found: Path) -> None:
    write_proxy(found)
    shown = await api.json("certificates/found")
    found.write_bytes(proxy().pem())
    order = {"fingerprint": shown["inspection"]["fingerprint"]}
    error = await api.error("certificates/cta/found", "PUT", json_body=order)
    assert error == (409, "certificate-changed")
    os.unlink(found)
    error = await api.error("certificates/cta/found", "PUT", json_body=order)
    assert error == (424, "certificate-error")
    for body in ({}, {"fingerprint": None}, {"fingerprint": 5}):
        error = await api.error("certificates/cta/found", "PUT", json_body=body)
        assert error == (400, "bad-request")
    assert tiny.requests == []


async def test_a_found_proxy_that_others_can_read(api: Api, storage: Path, found: Path) -> None:
    write_proxy(found)
    found.chmod(0o644)
    shown = await api.json("certificates/found")
    assert "chmod 600" in shown["message"]
    assert shown["inspection"] is None


async def test_nothing_of_it_is_logged_or_answered(
    api: Api, storage: Path, found: Path, caplog: pytest.LogCaptureFixture, jp_data_dir: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = proxy()
    found.touch(0o600)
    found.write_bytes(owner.pem())
    answers = [
        await api("certificates/inspect", "POST", body=owner.pem()),
        await api("certificates/cta", "PUT", body=owner.pem()),
        await api("certificates/nothing", "PUT", body=owner.pem()),
        await api("certificates/cta", "PUT", body=alice().pem()),
        await api("certificates/found"),
        await api("certificates"),
    ]
    seen = caplog.text + "".join(answer.body.decode() for answer in answers)
    for path in jp_data_dir.rglob("*"):
        if path.is_file():
            seen += path.read_bytes().decode("utf-8", "replace")
    lines = (owner.pem() + alice().pem()).decode().splitlines()
    assert "CN=Alice" in seen
    assert [line for line in lines if line in seen and "-----" not in line] == []
    assert "-----BEGIN EC PRIVATE KEY" not in seen


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
            "CTADataExtension": {"downloadservice_url": f"http://{HOST}/downloadservice/"},
        }
    ],
)
async def test_none_goes_by_plain_http(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    response = await api("certificates/cta", "PUT", body=proxy().pem())
    answer = json.loads(response.body)
    assert (response.code, answer["code"]) == (424, "certificate-error")
    assert f"{HOST!r} unencrypted" in answer["message"]
    assert "CTADATA_ALLOW_HTTP=1" in answer["message"]


async def test_a_token_by_plain_http_is_logged_once(
    extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctadata.http.plain_http._warned", set())
    monkeypatch.setenv("CTADS_URL", f"http://{HOST}/downloadservice/")
    logged: list[str] = []
    monkeypatch.setattr(extension.log, "warning", lambda text, *args: logged.append(text % args))
    # As at the start of the server.
    for _ in range(2):
        extension._warn_of_plain_http(extension.services.client)
    (line,) = logged
    assert line.startswith(f"ctadata: The hub token goes to {HOST!r} unencrypted")
