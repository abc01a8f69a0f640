"""What users may write passes mypy's strict checks in their own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOOD = """
from pathlib import Path

import ctadata
from ctadata import APIClient, errors

APIClient.token = "token"
APIClient.downloadservice = "https://hub.example/services/downloadservice/"
client = APIClient(token="token", data_dir=Path("data"))
client.token = None
client.chunk_size = 1 << 20
client.data_dir = "data"
names: list[str] = [entry.name for entry in client.list_dir("lst")]
size: int = ctadata.fetch_and_save_file("lst/a", Path("a"))
ctadata.upload_certificate(certificate_file_path="x")
ctadata.upload_personal_certificate(certificate_file_path=Path("x"), certificate_key="lst")
client.upload_shared_certificate(certificate_file_path="x")
try:
    client.stat("lst/a")
except errors.LocalFileError as error:
    path: str | None = error.path
"""
BAD = """
from ctadata import APIClient

APIClient().token = 5
"""


def mypy(source: str, directory: Path) -> subprocess.CompletedProcess[str]:
    (directory / "snippet.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "snippet.py"],
        cwd=directory,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_what_users_write_is_well_typed(tmp_path):
    done = mypy(GOOD, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_wrong_is_found(tmp_path):
    assert (
        'Incompatible types in assignment (expression has type "int"' in mypy(BAD, tmp_path).stdout
    )
