"""The examples of the README run unchanged on the sample data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ctadata.demo.sample_data import make_sample_data
from ctadata.embedded_service import Service

from .support.certificates import write_proxy

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str, section: str) -> list[str]:
    text = README.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def astronomer(tmp_path: Path, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch):
    """A working directory with the files that the README names, and a service."""
    storage, work = tmp_path / "storage", tmp_path / "work"
    storage.mkdir()
    make_sample_data(storage)
    (work / "results/sub").mkdir(parents=True)
    for name in ("latest", "latest-file-list", "example.txt", "results/a", "results/sub/b"):
        (work / name).write_text(name)
    write_proxy(work / "yourcertificate.crt")
    monkeypatch.chdir(work)
    with Service(storage, user="alice", ca_bundle=ca_bundle) as service:
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", service.token)
        monkeypatch.setenv("CTADS_URL", service.downloadservice_url)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield storage


def test_the_notebook(astronomer: Path, capsys: pytest.CaptureFixture[str]):
    names: dict[str, object] = {}
    for block in blocks("python", "In a notebook"):
        exec(compile(block, "README.md", "exec"), names)
    assert re.search(r"found keys .*dl1", capsys.readouterr().out)
    assert Path("lst/DL1/20241114/v0.1/tailcut84").is_dir()
    assert Path("latest-file-list").read_text() == "latest"
    assert len(list(Path("data").glob("*.Run11112.*.h5"))) == 10
    assert len(list(Path("data/DL3").rglob("*"))) == 4
    own = astronomer / "lst/users/alice"
    assert (own / "results/sub/b").read_text() == "results/sub/b"
    assert (own / "remote/example.txt").read_text() == "example.txt"


def test_the_shell(astronomer: Path):
    (script,) = blocks("sh", "In the shell")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall("0 failed$", done.stderr, re.MULTILINE)) == 4
    assert len(done.stderr.splitlines()) == 4
    assert Path("data/tailcut84/muons").is_dir()
    assert not Path("cta").exists()
    assert "2 files, " in done.stdout
    assert "lst/users/alice/filelists/latest-file-list" in done.stdout
    assert "lst/users/alice/2024-11/results/sub/b" in done.stdout
