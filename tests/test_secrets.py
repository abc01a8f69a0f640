"""Tokens that cannot be sent, and addresses with secrets: named, never shown, never sent."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback

import pytest

import ctadata
from ctadata import APIClient, config, errors
from ctadata.embedded_service import Service
from ctadata.http import connections

from .support.certificates import proxy

SECRET = "very-secret"
NOT_TOKENS = {
    "line break": f"{SECRET}\nx",
    "carriage return": f"x\r{SECRET}",
    "header": f"x\r\nX-Other: {SECRET}",
    "space": f"Bearer {SECRET}",
    "tab": f"{SECRET}\tx",
    "control character": f"{SECRET}\x7f",
    "latin-1": f"{SECRET}é",
    "not latin-1": f"{SECRET}λ",
    "byte order mark": f"\ufeff{SECRET}",
    "zero width space": f"{SECRET}\u200b",
    "not UTF-8": f"{SECRET}\udcff",
}
CALLS = {
    "list_dir": lambda: ctadata.list_dir("lst"),
    "fetch_and_save_file": lambda: ctadata.fetch_and_save_file("lst/file"),
    "fetch_and_save_file_or_dir": lambda: ctadata.fetch_and_save_file_or_dir("lst", True),
    "fetch_many": lambda: ctadata.fetch_many(["lst/a", "lst/b"]),
    "upload_file": lambda: ctadata.upload_file("file", "file"),
    "upload_dir": lambda: ctadata.upload_dir(".", "dir"),
    "upload_many": lambda: ctadata.upload_many(["file"], "dir"),
    "upload_certificate": lambda: ctadata.upload_certificate(proxy().pem()),
    "upload_personal_certificate": lambda: ctadata.upload_personal_certificate(
        proxy().pem(), "lst", "bob"
    ),
    "upload_shared_certificate": lambda: ctadata.upload_shared_certificate(proxy().pem()),
    "webdav4_client, ls": lambda: ctadata.webdav4_client().ls("lst"),
    "webdav4_client, upload_file": lambda: ctadata.webdav4_client().upload_file("file", "file"),
    "stat": lambda: APIClient().stat("lst/file"),
    "iter_bytes": lambda: list(APIClient().iter_bytes("lst/file")),
    "home_directory": lambda: APIClient().home_directory,
    "shared_certificate_status": lambda: APIClient().shared_certificate_status(),
}
NOT_ADDRESSES = [
    f"https://ada:{SECRET}@hub.example/",
    f"https://{SECRET}@hub.example/",
    f"ada:{SECRET}@hub.example/",
    f"https:///ada:{SECRET}@hub.example/",
    f"https://hub.example/?token={SECRET}",
    f"https://hub.example/#{SECRET}",
    f"https://hub.example:{SECRET}/",
    f"https://hub.example:99999/{SECRET}",
    f"https://hub.example:0/{SECRET}",
    f"https://hub.example:-1/{SECRET}",
    f"https://[::1/{SECRET}",
    f"https://[{SECRET}]/",
    f"https://hub..example/{SECRET}",
    f"https://{'h' * 70}.example/{SECRET}",
    f"https://hub.example/\n{SECRET}",
    f"https://hub.example/ {SECRET}",
    f"https://hüb.example/{SECRET}",
    f"https://hub%2eexample/{SECRET}",
    f"ftp://hub.example/{SECRET}",
    f"file:///{SECRET}",
    f"unix://{SECRET}",
]


def everything_said(error: BaseException | None) -> str:
    """All that an error shows, to a person or a debugger, with what it was caused by."""
    said = []
    while error is not None:
        said += [str(error), repr(error), repr(error.args), repr(vars(error))]
        said += traceback.format_exception(error)
        error = error.__cause__ or error.__context__
    return "\n".join(said)


@pytest.fixture
def a_file(work):
    (work / "file").write_bytes(b"content")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("token", NOT_TOKENS.values(), ids=NOT_TOKENS)
def test_a_token_that_cannot_be_sent(call, token, scripted, a_file, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(APIClient, "token", token)
    with pytest.raises(errors.InvalidToken, match="JUPYTERHUB_API_TOKEN") as caught:
        call()
    assert scripted.requests == []
    assert SECRET not in everything_said(caught.value)
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize("token", [b"very-secret", 5, ["very-secret"]])
def test_a_token_that_is_no_string(token, scripted):
    with pytest.raises(errors.InvalidToken, match="not a string") as caught:
        ctadata.list_dir("lst", token=token)
    assert SECRET not in everything_said(caught.value)
    assert scripted.requests == []


def test_white_space_around_a_token_is_not_a_part_of_it():
    assert config.token(" \t token\r\n") == "token"


@pytest.mark.parametrize("command", [["list"], ["get", "x"], ["put", "file", "x"],
                                     ["certificate", "status"], ["serve", "."]])  # fmt: skip
@pytest.mark.parametrize("token", [f"{SECRET}\nx", f"{SECRET}é", f"Bearer {SECRET}"])
def test_commands_do_not_show_such_a_token(command, token, scripted, a_file):
    if command == ["serve", "."]:
        command = [*command, "--token", token]
    done = subprocess.run(
        [sys.executable, "-m", "ctadata", "-vv", *command],
        env={**os.environ, "JUPYTERHUB_API_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert scripted.requests == []
    assert "token" in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    # What was delegated is known without the service.
    assert done.returncode == (0 if command[0] == "certificate" else 1)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "ä"])
def test_the_embedded_service_takes_no_token_that_no_client_can_send(token, tmp_path):
    with pytest.raises(errors.CTADataError, match="token"):
        Service(tmp_path, token=token)


@pytest.mark.parametrize("url", NOT_ADDRESSES)
@pytest.mark.parametrize("variable", ["CTADS_URL", "CTACS_URL"])
def test_an_address_that_is_none_is_named_without_its_secrets(url, variable, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    monkeypatch.setenv(variable, url)
    call = CALLS["list_dir" if variable == "CTADS_URL" else "upload_certificate"]
    with pytest.raises(errors.CTADataError, match=variable) as caught:
        call()
    assert SECRET not in everything_said(caught.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("given", [5, b"https://hub.example/", ["x"]])
def test_an_address_that_is_no_string(given):
    with pytest.raises(errors.CTADataError, match="CTADS_URL is not a string"):
        APIClient(downloadservice=given).list_dir()


@pytest.mark.parametrize(
    "proxy_address",
    [
        f"http://ada:{SECRET}@127.0.0.1:99999",
        f"http://ada:{SECRET}@127.0.0.1:port",
        f"socks5://ada:{SECRET}@127.0.0.1:1080",
        f"http://ada:{SECRET}@[127.0.0.1",
        f"ada:{SECRET}@127.0.0.1:99999",
        f"ada:{SECRET} x@127.0.0.1",
        # Nobody is there.
        f"http://ada:{SECRET}@127.0.0.1:1",
    ],
)
@pytest.mark.parametrize("call", ["list_dir", "webdav4"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    proxy_address, call, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, proxy_address)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CTADATA_ALLOW_HTTP", "1")
    client = APIClient(downloadservice="http://hub.example/", retries=0)
    with pytest.raises(errors.CTADataError, match=r"HTTP_PROXY|cannot be reached") as caught:
        client.list_dir("lst") if call == "list_dir" else client.webdav4_client().ls("lst")
    assert SECRET not in everything_said(caught.value)
    assert SECRET not in caplog.text


def test_a_proxy_gets_its_password(scripted, monkeypatch):
    connections._proxied.cache_clear()
    seen = []

    def answer(handler):
        seen.append((handler.path, handler.headers["Proxy-Authorization"]))
        handler.send_response(407)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    scripted.default = answer
    monkeypatch.setenv("http_proxy", scripted.origin.replace("//", f"//ada:{SECRET}%21@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("CTADATA_ALLOW_HTTP", "1")
    client = APIClient(downloadservice="http://hub.example/", retries=0)
    with pytest.raises(errors.ServiceUnreachable, match="HTTP_PROXY") as caught:
        client.list_dir("lst")
    assert seen == [("http://hub.example/list/lst", "Basic YWRhOnZlcnktc2VjcmV0IQ==")]
    assert SECRET not in everything_said(caught.value)
