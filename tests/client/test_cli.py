from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ctadata.cli import cli

from .conftest import TOKEN, sends

H5 = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"


@pytest.fixture
def run(service_env):
    def invoke(*arguments):
        return CliRunner().invoke(cli, arguments)

    return invoke


def test_list_in_a_pipe_has_a_path_in_each_line(run):
    done = run("list", "lst/some-data-dir")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == [
        "lst/some-data-dir/deep/",
        "lst/some-data-dir/empty",
        "lst/some-data-dir/small.txt",
    ]


def test_list_long_is_aligned(run):
    lines = run("list", "-l", "cta/DL1/20241114/v0.1").stdout.splitlines()
    assert sorted(line.split()[0] for line in lines) == ["1048576", "9"]
    assert len({line.index("cta/") for line in lines}) == 1


def test_list_recursive_and_json(run):
    lines = run("list", "-R", "--json", "lst/some-data-dir").stdout.splitlines()
    entries = {entry["path"]: entry for entry in map(json.loads, lines)}
    assert entries["lst/some-data-dir/deep/er/nested.txt"]["size"] == 6
    assert entries["lst/some-data-dir/deep/"]["type"] == "directory"
    assert entries["lst/some-data-dir/small.txt"]["modified"].endswith("Z")


def test_get_a_file(run, work):
    assert run("get", H5).exit_code == 0
    assert (work / Path(H5).name).stat().st_size == 1 << 20


@pytest.mark.parametrize("dest", ["new/", "existing"])
def test_get_into_a_directory(run, work, dest):
    (work / "existing").mkdir()
    assert run("get", H5, "-o", dest).exit_code == 0
    assert (work / dest / Path(H5).name).exists()


def test_get_under_another_name(run, work):
    assert run("get", H5, "-o", "mine.h5").exit_code == 0
    assert os.listdir(work) == ["mine.h5"]


def test_get_directories(run, work):
    assert run("get", "-r", "lst/some-data-dir").exit_code == 0
    assert (work / "lst/some-data-dir/deep/er/nested.txt").read_text() == "nested"
    assert run("get", "-r", "lst/some-data-dir/deep", "-o", "to").exit_code == 0
    assert (work / "to/deep/er/nested.txt").exists()


def test_what_failed_is_named_and_the_rest_goes_on(run, work):
    done = run("get", "lst/nothing", "lst/some-data-dir", "lst/some-data-dir/small.txt")
    assert done.exit_code == 1
    nothing, directory = done.stderr.splitlines()
    assert nothing.startswith("lst/nothing: There is nothing")
    assert "get -r" in directory
    assert (work / "small.txt").exists()


def test_put_prints_where_the_file_is_now(run, work):
    (work / "latest").write_text("x")
    done = run("put", "latest", "filelists/")
    assert (done.exit_code, done.stdout) == (0, "lst/users/alice/filelists/latest\n")


def test_put_a_directory(run, work):
    (work / "results/sub").mkdir(parents=True)
    (work / "results/sub/a").write_text("a")
    refused = run("put", "results", "results")
    assert (refused.exit_code, "-r" in refused.stderr) == (2, True)
    done = run("put", "-r", "results", "results")
    assert done.stdout == "lst/users/alice/results/sub/a\n"


def test_certificate_commands(run, work):
    (work / "file").write_text("nothing")
    for command in (
        ["upload-certificate", "file"],
        ["upload-personal-certificate", "file", "cta", "-u", "bob"],
        ["upload-shared-certificate", "file"],
    ):
        done = run(*command)
        assert done.exit_code == 1
        assert "no certificate in PEM" in done.stderr


def test_an_error_is_one_line_without_a_traceback(scripted):
    scripted.on("GET", "list/lst", sends(b"", 401))
    done = CliRunner().invoke(cli, ["-vv", "list", "lst"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("Error: 127.0.0.1")
    assert "Traceback" not in done.output
    assert TOKEN not in done.output


def test_a_service_that_is_down_is_said_in_one_line(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("CTADS_URL", f"127.0.0.1:{closed.getsockname()[1]}")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    command = [sys.executable, "-m", "ctadata", "list", "lst"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: Cannot connect to 127.0.0.1")


@pytest.mark.parametrize(
    "arguments", [["get"], ["nothing"], ["list", "--nothing"], ["put", "missing", "x"]]
)
def test_wrong_usage_ends_with_2(arguments):
    assert CliRunner().invoke(cli, arguments).exit_code == 2


@pytest.mark.parametrize("command", [cli, *cli.commands.values()], ids=lambda c: c.name)
def test_every_command_and_option_has_help_with_an_example(command: click.Command):
    done = CliRunner().invoke(cli, ["--help"] if command is cli else [command.name, "--help"])
    assert "Example:\n    ctadata " in done.output
    assert all(p.help for p in command.params if isinstance(p, click.Option))


@pytest.mark.parametrize("name", ["ctadata", "cta-data"])
def test_both_names_are_installed(name):
    command = Path(sys.executable).with_name(name)
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert done.stdout.strip().endswith("version 1.0.0")


def test_a_reader_that_has_seen_enough(service_env):
    script = f"{sys.executable} -m ctadata list -R | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stderr == ""


def test_a_terminal_gets_columns_and_progress_bars(service_env, work):
    terminal, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", 30, 120, 0, 0))
    with os.fdopen(terminal, "rb", buffering=0) as seen:
        command = [sys.executable, "-m", "ctadata"]
        for arguments in (["list", "cta/DL1/20241114/v0.1"], ["get", H5]):
            done = subprocess.run([*command, *arguments], stdout=end, stderr=end, timeout=30)
            assert done.returncode == 0
        os.close(end)
        shown = b""
        # Linux ends a terminal that nobody writes to any more with an error.
        with contextlib.suppress(OSError):
            while block := seen.read(65536):
                shown += block
    assert b"1.00MB  cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5" in shown
    assert b"dl1_LST-1.Run11111.0100.h5: 100%" in shown
