from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest
from click.testing import CliRunner

from ctadata.cli.main import cli

from ..conftest import TOKEN
from ..support.scripted import sends
from ..support.terminal import run_in_terminal
from ..transfers.half_file import HalfFile

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
    *failed, summary = done.stderr.splitlines()
    nothing, directory = sorted(failed)
    assert summary.endswith("0 skipped, 2 failed")
    assert nothing.startswith("lst/nothing: There is nothing")
    assert "get -r" in directory
    assert (work / "small.txt").exists()


NAMES = ["deep/er/nested.txt", "empty", "small.txt"]
TREE = "lst/some-data-dir"


def test_what_failed_is_there_as_json_too(run, work):
    done = run("get", "--json", "lst/nothing", f"{TREE}/small.txt")
    assert done.exit_code == 1
    lines = {line["path"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines[f"{TREE}/small.txt"] == {
        "path": f"{TREE}/small.txt", "local": "small.txt", "size": 5, "state": "finished",
        "error": None,
    }  # fmt: skip
    failed = lines["lst/nothing"]
    assert (failed["state"], failed["size"]) == ("failed", None)
    assert failed["error"]["code"] == "not-found"
    assert failed["error"]["message"] in done.stderr


def test_a_second_run_has_nothing_to_do(run, work):
    assert re.fullmatch(
        r"3 files, 11 B in \d+\.\d s \(.*B/s\); 0 skipped, 0 failed\n",
        run("get", "-r", TREE, "-o", "to").stderr,
    )
    # Not the access times, which change when the files are read.
    facts = attrgetter("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    before = {path: facts(path.stat()) for path in work.rglob("*")}
    again = run("get", "-r", TREE, "-o", "to", "--json")
    assert "0 files, 0 B in" in again.stderr
    assert "; 3 skipped, 0 failed" in again.stderr
    states = [json.loads(line)["state"] for line in again.stdout.splitlines()]
    assert states == ["skipped"] * 3
    assert {path: facts(path.stat()) for path in work.rglob("*")} == before


@pytest.mark.parametrize(
    ("how", "status", "content"),
    [("update", 0, "small"), ("replace", 0, "small"), ("skip", 0, "mine"), ("fail", 1, "mine")],
)
def test_overwrite(run, work, how, status, content):
    (work / "small.txt").write_text("mine")
    done = run("get", f"{TREE}/small.txt", "--overwrite", how)
    assert (done.exit_code, (work / "small.txt").read_text()) == (status, content)


def test_globs_choose_what_is_downloaded(run, work):
    def got(*options):
        done = run("get", "-r", TREE, "--json", "--dry-run", *options)
        assert done.exit_code == 0
        return sorted(json.loads(line)["path"].removeprefix(f"{TREE}/")
                      for line in done.stdout.splitlines())  # fmt: skip

    assert got() == NAMES
    assert got("--include", "*.txt") == ["deep/er/nested.txt", "small.txt"]
    assert got("--include", "*.txt", "--exclude", "er/") == ["small.txt"]
    assert got("--exclude", "*.txt", "--exclude", "deep/*") == ["empty"]
    assert run("get", "-r", TREE, "--include", "").exit_code == 1


@pytest.mark.parametrize("output", [[], ["-o", "to/"], ["-o", "new"]])
def test_a_dry_run_counts(run, work, output):
    if output != ["-o", "new"]:
        done = run("get", "-r", TREE, "--dry-run", *output)
        assert done.stdout == "3 files, 11 B to download; 0 skipped, 0 failed\n"
        assert done.stderr == ""
    done = run("get", H5, "--dry-run", "--json", *output)
    (planned,) = map(json.loads, done.stdout.splitlines())
    name = {"to/": f"to/{Path(H5).name}", "new": "new"}.get(output[-1] if output else "")
    assert (planned["state"], planned["size"]) == ("planned", 1 << 20)
    assert planned["local"] == (name or Path(H5).name)
    assert done.stderr == "1 file, 1.0 MB to download; 0 skipped, 0 failed\n"
    assert list(work.iterdir()) == []


def test_quiet_and_verbose(run, work):
    done = run("get", "-q", "-r", TREE, "lst/nothing")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("lst/nothing: ")
    command = [sys.executable, "-m", "ctadata", "-v", "get", "-q", f"{TREE}/small.txt", "-o", "x"]
    verbose = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert f"INFO: finished: {TREE}/small.txt (x, 5 bytes)" in verbose.stderr


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


@pytest.fixture
def results(work):
    (work / "results/.git").mkdir(parents=True)
    for name in ("a.txt", "results/b.txt", "results/.git/config"):
        (work / name).write_text(name)


def stored(service, tmp_path):
    own = tmp_path / "storage/lst/users/alice"
    return sorted(path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file())


def test_put_several_into_a_directory(run, results, service, tmp_path):
    done = run("put", "-r", "a.txt", "results", "to", "--hidden", "--exclude", ".git/")
    assert sorted(done.stdout.splitlines()) == [
        "lst/users/alice/to/a.txt", "lst/users/alice/to/results/b.txt",
    ]  # fmt: skip
    assert stored(service, tmp_path) == ["to/a.txt", "to/results/b.txt"]
    assert "2 files, 18 B in" in done.stderr


def test_put_once_more(run, results, service, tmp_path):
    assert run("put", "-r", "results", "to", "--hidden").exit_code == 0
    before = stored(service, tmp_path)
    done = run("put", "-r", "results", "to", "--hidden", "--skip-existing", "--json")
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["skipped"] * 2
    assert "0 files, 0 B in" in done.stderr
    assert stored(service, tmp_path) == before


@pytest.mark.parametrize("local", [["a.txt"], ["-r", "results"], ["-r", "a.txt", "results"]])
def test_put_nothing_yet(run, results, service, tmp_path, local):
    done = run("put", "--dry-run", *local, "to/")
    assert done.exit_code == 0
    assert re.fullmatch(r"\d files?, \d+ B to upload; 0 skipped, 0 failed\n", done.stdout)
    planned = run("put", "--dry-run", "--json", "--hidden", *local, "to/").stdout.splitlines()
    assert {json.loads(line)["state"] for line in planned} == {"planned"}
    assert stored(service, tmp_path) == []


def test_an_error_is_one_line_without_a_traceback(scripted):
    scripted.on("GET", "list/lst", sends(b"", 401))
    done = CliRunner().invoke(cli, ["-vv", "list", "lst"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("Error: 127.0.0.1")
    assert "Traceback" not in done.output
    assert TOKEN not in done.output


def test_what_fails_for_all_is_said_of_none(scripted):
    scripted.default = sends(b"", 401)
    done = CliRunner().invoke(cli, ["get", "--json", "-r", "lst/a", "lst/b"])
    assert (done.exit_code, done.stdout) == (1, "")
    error, _ = done.stderr.splitlines()
    assert error.startswith("Error: 127.0.0.1")


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
    "arguments",
    [["get"], ["nothing"], ["list", "--nothing"], ["put", "missing", "x"], ["put", "/"],
     ["get", "x", "-j", "0"], ["get", "x", "-j", "65"], ["get", "x", "--overwrite", "ask"]],
)  # fmt: skip
def test_wrong_usage_ends_with_2(arguments):
    assert CliRunner().invoke(cli, arguments).exit_code == 2


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


def test_a_transfer_goes_on_when_nobody_reads_any_more(service_env, work):
    script = f"{sys.executable} -m ctadata get -r --json {TREE} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "3 files, 11 B" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (work / TREE / "small.txt").exists()


def test_a_terminal_gets_columns_and_progress_bars(service_env, work):
    command = [sys.executable, "-m", "ctadata"]
    status, shown = run_in_terminal([*command, "list", "cta/DL1/20241114/v0.1"])
    assert status == 0
    assert "1.0 MB  cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5" in shown
    status, shown = run_in_terminal([*command, "get", H5])
    assert status == 0
    assert "dl1_LST-1.Run11111.0100.h5: 100%" in shown
    assert "1 file, 1.0 MB in" in shown
    status, shown = run_in_terminal([*command, "get", "-r", "lst/nothing", TREE])
    assert status == 1
    assert "3/3 files: 100%" in shown
    assert "lst/nothing: There is nothing" in shown
    status, shown = run_in_terminal([*command, "get", "-q", "--overwrite", "replace", H5])
    assert (status, shown) == (0, "")


def test_ctrl_c_says_how_to_go_on(scripted, work):
    command = [sys.executable, "-m", "ctadata", "get", "-r", "lst/d", "-o", "to"]
    half = HalfFile(scripted)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert half.reached.acquire(timeout=30)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said.splitlines()[-1] == (
        "Interrupted. Downloaded data are kept; to resume, run the same command again."
    )
    assert "Traceback" not in said
    assert not (work / "to/d/large").exists()
    half.gone.set()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # The downloaded part was not downloaded again.
    assert half.fetches == 1
    assert os.listdir(work / "to/d") == ["large"]
    assert (work / "to/d/large").read_bytes() == half.body


def test_a_name_as_it_was_printed(service_env):
    """An escaped name cannot be used as a path; the error says where to find the exact name."""
    done = CliRunner().invoke(cli, ["get", r"lst/a\u202eb"])
    assert done.exit_code == 1
    assert "'ctadata list --json'" in done.stderr
    done = CliRunner().invoke(cli, ["get", r"lst\a"])
    assert done.exit_code == 1
    assert "--json" not in done.stderr
