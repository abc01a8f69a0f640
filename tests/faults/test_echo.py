"""A service that puts the token, escape sequences and the like into everything it sends."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
import sys
import traceback
from typing import Any

import pytest
from webdav4.client import ClientError

import ctadata
from ctadata import APIClient, errors

from ..support.certificates import write_proxy
from ..support.scripted import Scripted

TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
UNSEEN = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202egpj\u2066\u200b\u2028\x85\ufeff\U000e0041"
OWN = {"href": "lst/users/alice/", "type": "directory"}
ITEM = {"href": "lst/a", "type": "file", "size": "5", "mtime": "Sun, 22 Nov 2026 06:28:06 GMT"}


def answer(status: str, body: str | bytes = "", **fields: str) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*head, "", ""]).encode() + body


def answer_json(content: object, **fields: str) -> bytes:
    return answer("200 OK", json.dumps(content), Content_Type="application/json", **fields)


# How it answers, of what it says: the token and what is not seen, without line breaks.
ANSWERS: dict[str, Any] = {
    **{f"reason {status}": lambda said, status=status: answer(f"{status} {said}")
       for status in (400, 403, 405, 418, 503)},
    **{f"body {status}": lambda said, status=status: answer(f"{status} No", f"certificate {said}")
       for status in (400, 403, 409, 500)},
    "a body that is cut within the token": lambda said: answer(
        "418 No", " " * 4070 + f"{said.partition('Bearer ')[2]}"
    ),
    "location": lambda said: answer("302 Found", Location=f"https://u:{said}@x.example/{said}"),
    "content type": lambda said: answer("200 OK", "[]", Content_Type=said),
    "no HTTP": lambda said: f"{said}\r\n\r\n".encode(),
    "no status": lambda said: f"HTTP/1.1 {said}\r\n\r\n".encode(),
    "no header": lambda said: answer("200 OK", "[]", Content_Type="application/json").replace(
        b"Connection: close", f"Connection: close\r\n{said}".encode()
    ),
    "lengths": lambda said: answer("200 OK", "", Content_Length=said),
    "chunks": lambda said: (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n" + f"{said}\r\n{said}\r\n".encode()
    ),
    "no JSON": lambda said: answer("200 OK", said, Content_Type="application/json"),
    "text": lambda said: answer_json(said),
    "names": lambda said: answer_json(
        [{**ITEM, "href": "lst/a/"}, {**ITEM, "href": f"lst/a/{said}"}, {**ITEM, "href": said}]
    ),
    "fields": lambda said: answer_json([{**ITEM, "size": said, "mtime": said, "url": said}]),
    "another path": lambda said: answer_json(
        {"path": f"lst/users/alice/{said}", "status": said, "total_written": said}
    ),
    "a certificate": lambda said: answer_json(
        {"message": said, "validity": [said, 400], "certificateUploaded": said}
    ),
    "Retry-After": lambda said: answer("503 No", Retry_After=said, Date=said),
    "digest": lambda said: answer_json([ITEM], Digest=said, ETag=said, Last_Modified=said),
}  # fmt: skip


class Echo(Scripted):
    """Answers requests below `below` with `content`, made from their token; others normally."""

    method, below = "", ""
    content: Any = None

    def answer(self, handler: Any, path: str) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        handler.close_connection = True
        method, below = handler.command, path.partition("service/")[2]
        if method == self.method and below.startswith(self.below):
            said = f"Authorization: {handler.headers['Authorization']} {UNSEEN}"
            handler.wfile.write(self.content(said))
        elif below.startswith("list/lst/users"):
            named = [{**ITEM, "href": "lst/users/alice/x", "size": "1"}]
            users = [{**OWN, "href": "lst/users/"}, OWN]
            items = users if below.endswith("users") else [OWN, *named]
            handler.wfile.write(answer_json(named if below.endswith("/x") else items))
        elif below.startswith("list/"):
            handler.wfile.write(answer_json([ITEM]))
        elif below.startswith("upload/"):
            told = {"path": "lst/users/alice/x", "status": "uploaded", "total_written": len(body)}
            handler.wfile.write(answer_json(told))
        else:
            handler.wfile.write(answer("405 No"))


def client() -> APIClient:
    return APIClient(retries=0, timeout=10)


def webdav() -> Any:
    return ctadata.webdav4_client(retries=0, timeout=10)


CALLS: dict[str, tuple[str, str, Any]] = {
    "list_dir": ("GET", "list/", lambda: client().list_dir("lst/a")),
    "fetch_and_save_file": ("GET", "fetch/", lambda: client().fetch_and_save_file(
        "lst/a", "file", overwrite="replace"
    )),
    "fetch_and_save_file_or_dir": ("GET", "list/", lambda: client().fetch_and_save_file_or_dir(
        "lst/a", True
    )),
    "iter_bytes": ("GET", "webdav/", lambda: list(client().iter_bytes("lst/a", 1, 3))),
    "upload_file": ("POST", "upload/", lambda: client().upload_file("x", "x")),
    "upload_file, a stream": (
        "POST", "upload/", lambda: client().upload_file(io.BytesIO(b"x"), "x")
    ),
    "home_directory": ("MKCOL", "webdav/", lambda: client().upload_dir("d", "new")),
    "health": ("GET", "health", lambda: client().health()),
    "upload_certificate": ("POST", "certificate", lambda: client().upload_certificate("p.pem")),
    "upload_shared_certificate": (
        "POST", "main-certificate", lambda: client().upload_shared_certificate("p.pem")
    ),
    "shared_certificate_status": (
        "GET", "shared-certificate-status", lambda: client().shared_certificate_status()
    ),
    "webdav4_client, ls": ("PROPFIND", "webdav", lambda: webdav().ls("lst/a")),
    "webdav4_client, open": ("GET", "webdav", lambda: webdav().open("lst/a").__enter__().read()),
    "webdav4_client, mkdir": ("MKCOL", "webdav", lambda: webdav().mkdir("lst/users/alice/x")),
}  # fmt: skip


@pytest.fixture
def echo(monkeypatch, work):
    with Echo() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.setenv("JUPYTERHUB_USER", "alice")
        monkeypatch.delenv("CTACS_URL", raising=False)
        (work / "x").write_bytes(b"x")
        (work / "d").mkdir()
        (work / "d" / "x").write_bytes(b"x")
        write_proxy(work / "p.pem")
        yield script


def check(text: str) -> None:
    """Nothing printed, logged or shown contains the token or invisible characters."""
    assert TOKEN not in text, text
    assert not set(text) & set(UNSEEN.replace("0;owned", "").replace("[31m", "")) - set(
        "2Jgpj]"
    ), ascii(text)  # fmt: skip


def shown(error: BaseException) -> str:
    failures = [said for failure in getattr(error, "failures", []) for said in [shown(failure)]]
    return "\n".join([str(error), repr(error), *traceback.format_exception(error), *failures])


@pytest.mark.parametrize("name", CALLS)
def test_nothing_of_it_is_shown_or_logged(echo, name, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    echo.method, echo.below, call = CALLS[name]
    for what, echo.content in ANSWERS.items():
        said = ""
        try:
            said = repr(call())
        except (errors.CTADataError, ClientError, ValueError) as error:
            # Those of webdav4 are its own.
            said = shown(error)
        try:
            check(said)
            check(caplog.text)
            check("".join(capfd.readouterr()))
        except AssertionError as error:
            raise AssertionError(f"{name}: {what}") from error
        caplog.clear()


# Each in a pipe, and then in a terminal.
COMMANDS = {
    "list": ("GET", "list/", ["list", "-l", "lst/a"], ["names", "reason 403"]),
    "list -R": ("GET", "list/", ["list", "-R", "lst/a"], ["names", "no HTTP"]),
    "get": ("GET", "list/", ["get", "-r", "lst/a", "-o", "to"], ["no header", "names"]),
    "put": ("POST", "upload/", ["put", "x", "x"], ["body 400", "another path"]),
    "certificate upload": (
        "POST", "certificate", ["certificate", "upload", "p.pem"], ["a certificate", "body 400"]
    ),
    "certificate status": (
        "GET", "shared-certificate-status", ["certificate", "status"], ["body 500", "body 500"]
    ),
}  # fmt: skip


def run(command: list[str], terminal: bool) -> str:
    """Return the whole output of a command."""
    arguments = [sys.executable, "-m", "ctadata", "-vv", *command, "--retries", "0"]
    if not terminal:
        done = subprocess.run(arguments, capture_output=True, timeout=120)
        return (done.stdout + done.stderr).decode()
    ours, theirs = pty.openpty()
    with subprocess.Popen(arguments, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        with open(ours, "rb", buffering=0) as screen:
            try:
                while block := screen.read(4096):
                    said += block
            except OSError:
                # Of a terminal that has no other end any more.
                pass
        process.wait(120)
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_print_nothing_of_it(echo, command):
    echo.method, echo.below, arguments, contents = COMMANDS[command]
    for what, terminal in zip(contents, [False, True], strict=True):
        echo.content = ANSWERS[what]
        said = run(arguments, terminal)
        assert said.strip()
        # The bars' own sequences: to the beginning of the line, up, and clear.
        for own in ("\r", "\x1b[J", "\x1b[A"):
            said = said.replace(own, "")
        check(said)


def test_names_are_exact_as_data_and_written_out_for_people(echo):
    name = "lst/a/photo\u202egpj.exe"
    echo.method, echo.below = "GET", "list/"
    echo.content = lambda said: answer_json(
        [{"href": "lst/a/", "type": "directory"}, {**ITEM, "href": name}]
    )
    assert client().list_dir("lst/a")[-1] == name
    [line] = [line for line in run(["list", "--json", "lst/a"], False).splitlines() if "{" in line]
    assert json.loads(line)["path"] == name
    for command in (["list", "lst/a"], ["list", "-l", "lst/a"]):
        assert "lst/a/photo\\u202egpj.exe\n" in run(command, False)
