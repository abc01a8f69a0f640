"""A certificate or the token in place of a path: refused by what it is, and never repeated."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner

import ctadata
from ctadata import APIClient, config, errors
from ctadata.cli.main import cli
from ctadata.embedded_service import Service
from tests.support.certificates import proxy

TOKEN = "token-0123456789-0123456789"
PEM = proxy().pem().decode()
LINE = max(PEM.splitlines(), key=len)
PASTED = {
    "pem": PEM,
    "one line": PEM.replace("\n", ""),
    "cut": PEM[:300],
    "no first line": PEM.partition("\n")[2],
    "token": TOKEN,
}
CALLS = {
    "list_dir": lambda text: ctadata.list_dir(text),
    "fetch": lambda text: ctadata.fetch_and_save_file(text),
    "save_to_fn": lambda text: ctadata.fetch_and_save_file("lst/f", text),
    "fetch_many": lambda text: ctadata.fetch_many([text], "d"),
    "dest": lambda text: ctadata.fetch_many(["lst/f"], text),
    "upload_file": lambda text: ctadata.upload_file(text, "x"),
    "upload_file, to": lambda text: ctadata.upload_file("f", text),
    "upload_dir": lambda text: ctadata.upload_dir(text, "x"),
    "stat": lambda text: APIClient().stat(text),
    "ls": lambda text: ctadata.webdav4_client().ls(text),
    "download_file": lambda text: ctadata.webdav4_client().download_file("lst/f", text),
    "Service": lambda text: Service(text),
}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTADS_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    (tmp_path / "f").write_bytes(b"x")
    return tmp_path


def repeats(text: str) -> bool:
    return any(part in text for part in (LINE[:32], LINE[-32:], TOKEN[:20]))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("pasted", PASTED)
def test_functions(work: Path, call: str, pasted: str) -> None:
    with pytest.raises(errors.CTADataError, match="was given instead of a path") as caught:
        CALLS[call](PASTED[pasted])
    error = caught.value
    said = "".join(traceback.format_exception(error))
    assert not repeats(f"{said}{error!r}{error.path}")
    assert [path.name for path in work.iterdir()] == ["f"]


@pytest.mark.parametrize("pasted", PASTED)
@pytest.mark.parametrize(
    "arguments",
    [
        ["X"],
        ["--X"],
        ["list", "X"],
        ["list", "--X"],
        ["list", "--json", "X"],
        ["get", "X"],
        ["get", "--json", "X"],
        ["get", "lst/f", "-o", "X"],
        ["get", "lst/f", "-j", "X"],
        ["put", "X", "x"],
        ["put", "--json", "f", "X"],
        ["certificate", "X"],
        ["certificate", "upload", "X"],
        ["certificate", "upload", "f", "--key", "X"],
        ["certificate", "inspect", "X"],
        ["upload-certificate", "X"],
        ["serve", "X"],
        ["demo", "--data", "X"],
    ],
    ids=" ".join,
)
def test_commands(work: Path, arguments: list[str], pasted: str) -> None:
    given = [argument.replace("X", PASTED[pasted]) for argument in arguments]
    done = CliRunner().invoke(cli, given)
    assert done.exit_code in {1, 2}
    assert isinstance(done.exception, SystemExit)
    assert not repeats(done.output)
    assert not repeats(json.dumps(done.output.replace("\\n", "")))
    assert [path.name for path in work.iterdir()] == ["f"]


@pytest.mark.parametrize(
    "call",
    [
        lambda name: ctadata.fetch_many(["lst/f"], name),
        lambda name: ctadata.upload_file(f"{name}/f", "x"),
        lambda name: ctadata.certificates.inspect(f"{name}/proxy"),
    ],
    ids=["dest", "upload_file", "inspect"],
)
def test_a_local_path_that_has_the_token_in_it(service_env, work: Path, call) -> None:
    """Where the disk refuses it, its own error is not shown, either."""
    work.joinpath("d").mkdir()
    token = config.token()
    work.joinpath("d", f"a{token}").touch()
    with pytest.raises(errors.CTADataError) as caught:
        call(f"d/a{token}")
    assert token not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "call",
    [
        lambda name: ctadata.list_dir(f"lst/{name}"),
        lambda name: ctadata.fetch_many([f"lst/{name}/f"], "d"),
        lambda name: ctadata.upload_file("f", f"d/{name}"),
        lambda name: ctadata.upload_dir("up", "d"),
        lambda name: ctadata.webdav4_client().ls(f"lst/{name}"),
    ],
    ids=["list_dir", "fetch_many", "upload_file", "upload_dir", "ls"],
)
def test_the_token_within_a_remote_path_is_never_sent(service_env, work: Path, call) -> None:
    token = config.token()
    work.joinpath("up").mkdir()
    work.joinpath("up", f"a{token}").touch()
    with pytest.raises(errors.CTADataError, match="The hub token is a part of a path") as caught:
        call(f"a{token}")
    assert token not in "".join(traceback.format_exception(caught.value))
