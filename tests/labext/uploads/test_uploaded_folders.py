"""Folders of the workspace that are uploaded: no hidden file, and through no link."""

from __future__ import annotations

import os
from pathlib import Path
from unicodedata import normalize

import pytest

from ctadata_labext.workspace import Workspace
from tests.support.proxies import Grid

from ..described import Api


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


async def test_a_folder_above_that_becomes_a_link_into_the_workspace(
    api: Api, storage: Path, folder: Path, jp_root_dir: Path
) -> None:
    """Before the second try; what was chosen is meant, not what it leads to now."""
    (jp_root_dir / "other/folder").mkdir(parents=True)
    (jp_root_dir / "other/folder/file").write_bytes(b"not chosen")
    (jp_root_dir / "other/one").write_bytes(b"not chosen")
    (jp_root_dir / "up/one").write_bytes(b"plain")
    names = [normalize(form, "\xe9") for form in ("NFC", "NFD")]
    for name in names:
        (folder / name).write_bytes(b"plain")
    failed = [await api.transfer("upload", "up/folder")]
    # The error names the files as the panel knows them.
    for name in names:
        assert f"'up/folder/{name}'" in failed[0]["error"]["message"]
    assert str(jp_root_dir) not in failed[0]["error"]["message"]
    (storage / "lst/users/alice/one").mkdir(parents=True)
    failed.append(await api.transfer("upload", "up/one"))
    (jp_root_dir / "up").rename(jp_root_dir / "away")
    (jp_root_dir / "up").symlink_to("other")
    for transfer in failed:
        again = await api.json(f"transfers/{transfer['id']}/retry", "POST")
        ended = await api.ended(again)
        assert (ended["state"], ended["error"]["code"]) == ("failed", "invalid-path")
        assert "has become a link" in ended["error"]["message"]
    assert stored(storage) == {}


async def test_what_is_left_out_is_told_also_where_others_fail(
    api: Api, storage: Path, folder: Path
) -> None:
    (storage / "lst/users/alice/folder/file").mkdir(parents=True)
    transfer = await api.transfer("upload", "up/folder")
    assert (transfer["state"], len(transfer["failures"])) == ("failed", 1)
    assert transfer["notice"] == "2 hidden files, 3 links and 1 pipe left out"


async def test_keys_are_no_data(api: Api, storage: Path, folder: Path) -> None:
    key = Grid.create().proxy().pem()
    (folder / "sub/x509up_u1000").write_bytes(key)
    transfer = await api.transfer("upload", "up/folder")
    assert transfer["state"] == "finished"
    assert transfer["notice"] == "2 hidden files, 3 links, 1 pipe and 1 private key left out"
    assert set(stored(storage)) == {"folder/file", "folder/sub/file"}
    transfer = await api.transfer("upload", "up/folder/sub/x509up_u1000")
    assert (transfer["state"], transfer["error"]["code"]) == ("failed", "transfer-failed")
    told = "'up/folder/sub/x509up_u1000' holds a private key, and others can read what is uploaded"
    assert transfer["error"]["message"].startswith(told)
    assert set(stored(storage)) == {"folder/file", "folder/sub/file"}
