"""``--timeout`` and ``--retries`` of the commands, and what they may be."""

from __future__ import annotations

import math
import time

import pytest
from click.testing import CliRunner

from ctadata import APIClient, errors
from ctadata.cli.main import cli

from ..support.scripted import reply, sends

COMMANDS = [
    ["list", "lst/d"],
    ["list", "-R", "lst/d"],
    ["get", "lst/d/x"],
    ["get", "-r", "lst/d"],
    ["put", "x", "x"],
]
OTHERS = ["certificate upload", "certificate status", "upload-certificate",
          "upload-personal-certificate", "upload-shared-certificate"]  # fmt: skip


@pytest.fixture
def busy(scripted, work):
    """A service that is not available at the moment."""
    (work / "x").write_bytes(b"x")
    scripted.default = sends(b"busy", 503)
    return scripted


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("retries", [0, 2])
def test_retries(busy, command, retries):
    done = CliRunner().invoke(cli, [*command, "--retries", str(retries)])
    assert done.exit_code == 1
    assert "503" in done.stderr
    # Of the first thing that is asked.
    (first, *_) = busy.requests
    assert busy.requests.count(first) == 1 + retries


@pytest.mark.parametrize("command", COMMANDS)
def test_timeout(scripted, work, command):
    (work / "x").write_bytes(b"x")

    def silent(handler):
        handler.connection.recv(1)
        handler.close_connection = True

    scripted.default = silent
    started = time.monotonic()
    done = CliRunner().invoke(cli, [*command, "--timeout", "0.5", "--retries", "0"])
    assert done.exit_code == 1
    assert time.monotonic() - started < 10
    assert "has stopped answering" in done.stderr


def test_verbose_tells_of_each_try(scripted, work, caplog):
    tries = []

    def busy_at_first(handler):
        tries.append(handler.path)
        reply(handler, 503 if len(tries) < 3 else 404, b"")

    scripted.on("GET", "list/lst/x", busy_at_first)
    with caplog.at_level("INFO", "ctadata"):
        CliRunner().invoke(cli, ["-v", "list", "lst/x"])
    assert "lst/x: trying again (2 of 4): 503" in caplog.text
    assert "lst/x: trying again (3 of 4)" in caplog.text


@pytest.mark.parametrize("command", [" ".join(command[:1]) for command in COMMANDS] + OTHERS)
def test_help(command):
    shown = CliRunner().invoke(cli, [*command.split(), "--help"]).stdout
    assert "--timeout SECONDS" in shown
    assert "--retries N" in shown


@pytest.mark.parametrize(
    "option",
    [("--timeout", value) for value in ("0", "-1", "nan", "inf", "1e30", "x")]
    + [("--retries", value) for value in ("-1", "1.5", "x")],
)
def test_what_is_no_number(service_env, option):
    done = CliRunner().invoke(cli, ["list", *option])
    assert done.exit_code in {1, 2}
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [{"timeout": value} for value in (0, -1, math.nan, math.inf, 1e30)] + [{"retries": -1}],
)
def test_what_is_no_patience(options):
    with pytest.raises(errors.CTADataError, match=next(iter(options))):
        APIClient(**options)
