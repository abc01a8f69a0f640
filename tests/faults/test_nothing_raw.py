"""Whatever the machine refuses: only ctadata errors are raised, without tracebacks.

Faults 19, 22, 33 and 35.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ctadata.embedded_service import Service

from ..support.certificates import write_proxy
from . import everything
from .test_local import small_disk

ROOT = Path(__file__).parents[2]
LARGE = 9 << 20
# For root, whom no permissions hold back, without that right.
WITHOUT_RIGHTS = (
    ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
    if os.geteuid() == 0
    else []
)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    root = tmp_path_factory.mktemp("storage")
    data = root / "lst/some-data-dir"
    (data / "deep").mkdir(parents=True)
    for name in ("small.txt", "é λ.txt", "deep/nested.txt", "x" * 250):
        (data / name).write_bytes(b"small")
    (root / "lst/odd").mkdir()
    (root / "lst/odd/two words.txt").write_bytes(b"odd")
    (root / "lst/large").write_bytes(bytes(LARGE))
    with Service(root, token="token", user="alice") as running:
        yield running


@pytest.fixture
def machine(storage, work, monkeypatch):
    """A working directory as users have it; the environment names the service."""
    monkeypatch.setenv("CTADS_URL", storage.downloadservice_url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("CTACS_URL", raising=False)
    (work / "down").mkdir()
    up = work / "up"
    (up / "closed").mkdir(parents=True)
    for name in ("good", "closed/file", "unreadable", "ü λ"):
        (up / name).write_bytes(b"content")
    (up / os.fsdecode(b"\xff")).write_bytes(b"")
    (up / "back\\slash").write_bytes(b"")
    os.mkfifo(up / "pipe")
    (up / "dangling").symlink_to("nowhere")
    (up / "loop").symlink_to("loop")
    write_proxy(work / "proxy.pem")
    return work


def run(condition="", prefix=(), cwd=None, **env):
    """Return the result of every function, and check that each error is a ctadata error."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.faults.everything", condition],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert "Traceback" not in done.stderr, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes.keys() == everything.CALLS.keys()
    assert not [result for result in outcomes.values() if result.startswith("RAW")]
    return outcomes


def test_a_machine_that_refuses_nothing(machine):
    outcomes = run()
    assert outcomes["fetch_and_save_file"] == outcomes["upload_file"] == "ok"
    # One odd name does not keep the others.
    assert "good" not in outcomes["upload_dir"]
    assert sorted(os.listdir("down/some-data-dir")) == sorted(
        ["small.txt", "é λ.txt", "deep", "x" * 250]
    )


def test_directories_without_permissions(machine):
    (machine / "up/closed").chmod(0o600)
    (machine / "up/unreadable").chmod(0)
    (machine / "down").chmod(0o500)
    (machine / "proxy.pem").chmod(0)
    try:
        outcomes = run(prefix=WITHOUT_RIGHTS)
    finally:
        (machine / "up/closed").chmod(0o700)
        (machine / "down").chmod(0o700)
    for name in ("fetch_and_save_file", "fetch_and_save_file, large", "fetch_many"):
        assert "Permission denied" in outcomes[name]
        assert "down" in outcomes[name]
        assert "journal" not in outcomes[name]
    assert "closed" in outcomes["upload_dir"]
    assert "unreadable" in outcomes["upload_dir"]
    assert "'up/good'" not in outcomes["upload_dir"]
    assert "Permission denied" in outcomes["upload_certificate"]


@pytest.mark.parametrize(("options", "says"), [("ro", "Read-only"), ("size=64k", "full|room")])
def test_disks_that_take_nothing(machine, options, says):
    (machine / "down").rmdir()
    mounted = machine / "down-disk"
    mounted.mkdir()
    with small_disk(mounted, options) as disk:
        (machine / "down").symlink_to(disk)
        outcomes = run()
    for name in ("fetch_and_save_file, large", "fetch_many"):
        assert any(word in outcomes[name] for word in says.split("|")), outcomes[name]
        assert "journal" not in outcomes[name]


@pytest.mark.parametrize("condition", ["no descriptors", "no threads"])
def test_what_the_system_has_no_more_of(machine, condition):
    outcomes = run(condition)
    says = {"no descriptors": "Too many open files", "no threads": "starts no more threads"}
    assert says[condition] in outcomes["fetch_and_save_file"]
    assert "CTADS_URL" not in outcomes["fetch_and_save_file"]


@pytest.mark.parametrize("condition", ["one thread", "two threads"])
def test_fewer_threads_do_as_well(machine, condition):
    outcomes = run(condition)
    assert outcomes["fetch_many"] == outcomes["fetch_and_save_file, large"] == "ok"
    assert (machine / "down/large").stat().st_size == LARGE


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"HOME": "/nowhere"},
        {"TMPDIR": "/nowhere"},
        {"CTADATA_DATA_DIR": "/dev/null/x", "X509_USER_PROXY": "/dev/null/x"},
    ],
    ids=lambda env: " ".join(env),
)
def test_odd_environments(machine, env):
    assert run(**env)["fetch_and_save_file"] == "ok"


COMMANDS = [
    "list", "list -R --json lst", "list nowhere",
    "get -r lst/some-data-dir -o down", "get --dry-run --json -r lst -o down",
    "put -r up x", "put up/good up/pipe x",
    "certificate inspect proxy.pem", "certificate status", "certificate upload proxy.pem",
    "--help", "no-such-command",
]  # fmt: skip
STREAMS = [
    "", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1", ">&-", "2>&-", "<&- >&- 2>&-",
    "| head -c 1",
]  # fmt: skip
LOCALES = [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
           {"PYTHONIOENCODING": "latin-1"}]  # fmt: skip


def shell(command: str, streams: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    line = f"{sys.executable} -m ctadata {command} {streams}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=110,
    )
    assert done.returncode in {0, 1, 2, 130}, (line, done.returncode, done.stderr)
    for said in ("Traceback", "Exception ignored", "Logging error"):
        assert said not in done.stderr, (line, done.stderr)
    return done


@pytest.mark.parametrize("streams", STREAMS)
def test_commands_and_their_streams(machine, streams):
    for command in COMMANDS:
        shell(command, streams)
    # The status tells of the transfer, whatever became of the output.
    assert (machine / "down/some-data-dir/small.txt").exists()
    for command in ("put up/good y", "put --json up/good z", "get --json lst/large -o down/"):
        assert shell(command, streams).returncode == 0, (command, streams)


@pytest.mark.parametrize("env", LOCALES, ids=lambda env: " ".join(env))
def test_commands_in_other_locales(machine, env):
    for command in COMMANDS:
        shell(command, **env)
    assert "\\u03bb" in shell("list lst/some-data-dir", **env).stdout
    assert shell("put up/good y", **env).returncode == 0


def test_a_listing_that_cannot_be_printed_has_failed(machine):
    for streams in (">/dev/full", ">&-"):
        done = shell("list lst", streams)
        assert done.returncode == 1
        assert "cannot be written" in done.stderr
