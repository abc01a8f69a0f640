"""What users may write passes mypy's strict checks in their own code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = """
from pathlib import Path

import ctadata
from ctadata import APIClient, errors

APIClient.token = "token"
APIClient.timeout = 5
APIClient.downloadservice = None
APIClient.downloadservice = "https://hub.example/services/downloadservice/"
client = APIClient(token="token", data_dir=Path("data"))
client.token = None
client.token = "token"
client.downloadservice = None
client.retries = 5
client.chunk_size = 1 << 20
client.data_dir = "data"
names: list[str] = [entry.name for entry in client.list_dir("lst")]
size: int = ctadata.fetch_and_save_file("lst/a", Path("a"))
listed: list[str] = [
    str(entry) for entry in ctadata.list_dir("lst", downloadservice="https://hub", token="token")
]
saved: list[Path] = ctadata.fetch_many(
    names, "to", overwrite="skip", jobs=4, on_progress=lambda path, done, total, state: None,
    timeout=5, retries=1,
)
answer = ctadata.upload_dir("d", "x", hidden=True, dry_run=True, data_dir=Path("data"))
ctadata.webdav4_client(token="token").ls("lst")
other: APIClient = client.with_options(timeout=5)
ctadata.upload_certificate(certificate_file_path="x")
ctadata.upload_personal_certificate(certificate_file_path=Path("x"), certificate_key="lst")
client.upload_shared_certificate(certificate_file_path="x")
try:
    client.stat("lst/a")
except errors.LocalFileError as error:
    path: str | None = error.path
"""
BAD = """
import ctadata
from ctadata import APIClient

APIClient().token = 5  # assignment
APIClient(tokn="token")  # call-arg
ctadata.list_dir("lst", tokn="token")  # call-arg
ctadata.fetch_many(["lst"], recursve=True)  # call-arg
ctadata.fetch_many(["lst"], jobs="many")  # arg-type
ctadata.upload_file("a")  # call-arg
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> str:
    """What mypy says of both; it takes its time to read the package."""
    directory = tmp_path_factory.mktemp("snippets")
    (directory / "good.py").write_text(GOOD)
    (directory / "bad.py").write_text(BAD)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "."],
        cwd=directory,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=110,
    )
    return done.stdout + done.stderr


def test_what_users_write_is_well_typed(found):
    assert "good.py" not in found
    assert "checked 2 source files" in found


def test_what_is_wrong_is_found(found):
    wrong = dict(re.findall(r"bad.py:(\d+): error: .*\[([a-z-]+)\]", found))
    lines = enumerate(BAD.splitlines(), start=1)
    assert wrong == {str(n): line.partition("  # ")[2] for n, line in lines if "  # " in line}
