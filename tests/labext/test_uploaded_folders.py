"""Folders of the workspace that are uploaded: no hidden file, and through no link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from described import Api

from ctadata_labext.workspace import Workspace


@pytest.fixture
def folder(jp_root_dir: Path, tmp_path: Path) -> Path:
    """A folder of the workspace, with links out of it and into it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    folder = jp_root_dir / "up/folder"
    (folder / "sub").mkdir(parents=True)
    for name in ("file", ".env", "sub/file", "sub/.env"):
        (folder / name).write_bytes(b"plain")
    (folder / "to-file").symlink_to(outside / "file")
    (folder / "sub/to-folder").symlink_to(outside)
    (folder / "inside").symlink_to("sub/file")
    os.mkfifo(folder / "pipe")
    return folder


def stored(storage: Path) -> dict[str, bytes]:
    own = storage / "lst/users/alice"
    files = (path for path in own.rglob("*") if path.is_file())
    return {path.relative_to(own).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
            "ContentsManager": {"allow_hidden": allow_hidden},
        }
        for allow_hidden in (False, True)
    ],
)
async def test_only_what_is_no_secret(api: Api, storage: Path, folder: Path) -> None:
    """Showing hidden files to their owner is not publishing them."""
    transfer = await api.transfer("upload", "up/folder")
    assert (transfer["state"], transfer["failures"]) == ("finished", [])
    assert transfer["files_done"] == transfer["files_total"] == 2
    assert transfer["bytes_done"] == transfer["bytes_total"] == 10
    assert stored(storage) == {"folder/file": b"plain", "folder/sub/file": b"plain"}
    assert transfer["notice"] == "2 hidden files, 3 links and 1 pipe left out"


@pytest.mark.parametrize("which", ["up", "up/folder"])
async def test_a_folder_that_becomes_a_link(
    api: Api,
    storage: Path,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    which: str,
) -> None:
    """After the transfer has looked at it, and before it is read."""
    (tmp_path / "outside/folder").mkdir()
    (tmp_path / "outside/folder/file").write_bytes(b"secret")
    existing = Workspace.existing
    looks = []

    def look_and_swap(workspace: Workspace, path: str) -> Path:
        found = existing(workspace, path)
        looks.append(path)
        if len(looks) == 2:
            swapped = workspace.root / which
            swapped.rename(tmp_path / "away")
            swapped.symlink_to(tmp_path / "outside")
        return found

    monkeypatch.setattr(Workspace, "existing", look_and_swap)
    transfer = await api.transfer("upload", "up/folder")
    assert transfer["state"] == "failed"
    assert "symbolic link" in transfer["error"]["message"]
    assert stored(storage) == {}
