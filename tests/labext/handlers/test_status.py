from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

import pytest
from tornado.testing import bind_unused_port

from ctadata.embedded_service import Service

from ..described import Api, description
from ..tiny_service import Answer, Gate, TinyService


async def test_all_is_well(api: Api, storage: Path, service: Service) -> None:
    status = await api.json("status")
    assert status["service"] == {
        "url": service.downloadservice_url, "reachable": True, "message": None,
    }  # fmt: skip
    assert status["token"] == {"present": True, "message": None}
    assert status["user"] == "alice"
    assert str(status["versions"]["api"]) == description()["info"]["version"]
    assert status["versions"]["ctadata"] == version("ctadata")
    assert status["versions"]["python"] == platform.python_version()


async def test_the_home_directory_is_known_once_the_service_has_told_it(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    assert (await api.json("status"))["home_directory"] is None
    (jp_root_dir / "file").write_bytes(b"content")
    assert (await api.transfer("upload", "file"))["state"] == "finished"
    assert (await api.json("status"))["home_directory"] == "lst/users/alice"


async def test_no_token(api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Read anew at each request: a hub may take it away or renew it.
    assert (await api.json("status"))["token"] == {"present": True, "message": None}
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    status = await api.json("status")
    assert status["token"] == {"present": False, "message": None}
    assert status["service"]["reachable"]


async def test_a_token_that_cannot_be_sent(
    api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "very-secret\nx")
    token = (await api.json("status"))["token"]
    assert token["present"]
    assert "JUPYTERHUB_API_TOKEN" in token["message"]
    for path, method in [
        ("resources/lst", "GET"),
        ("files/lst/file", "GET"),
        ("search/lst?pattern=x", "GET"),
        ("home-directory", "GET"),
    ]:
        response = await api(path, method)
        assert (response.code, json.loads(response.body)["code"]) == (424, "token-invalid")
        assert b"very-secret" not in response.body
    assert "very-secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_the_service_is_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    socket, port = bind_unused_port()
    socket.close()
    monkeypatch.setenv("CTADS_URL", f"http://127.0.0.1:{port}/services/downloadservice/")
    service = (await api.json("status"))["service"]
    assert not service["reachable"]
    assert f"127.0.0.1:{port}" in service["message"]
    assert service["url"] == f"http://127.0.0.1:{port}/services/downloadservice/"


async def test_no_address(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTADS_URL", "ftp://example.org/?token=secret-in-the-address")
    response = await api("status")
    assert response.code == 200
    assert b"secret-in-the-address" not in response.body
    assert (await api.json("status"))["service"]["url"] is None


async def test_the_service_answers_with_an_error(api: Api, tiny: TinyService) -> None:
    def broken(answer: Answer, name: str) -> None:
        answer.reply(500, b"<html>" + b"x" * 5000, "text/html")

    tiny.misbehave["health"] = broken
    service = (await api.json("status"))["service"]
    assert not service["reachable"]
    assert len(service["message"]) <= 600
    assert "<html>" not in service["message"]


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
            "CTADataExtension": {"status_timeout": 0.2},
        }
    ],
)
async def test_the_service_does_not_answer(api: Api, tiny: TinyService) -> None:
    gate = Gate()
    tiny.misbehave["health"] = lambda answer, name: gate.open.wait(30) and None
    service = (await api.json("status"))["service"]
    assert not service["reachable"]
    assert service["message"]
    gate.open.set()
