from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ..described import Api, quoted
from ..tiny_service import TinyService


async def test_a_folder(api: Api, jp_root_dir: Path) -> None:
    folder = jp_root_dir / "a folder"
    (folder / "below").mkdir(parents=True)
    (folder / "Ü.h5").write_bytes(b"content")
    os.utime(folder / "Ü.h5", (1e9, 1e9 + 0.5))
    (folder / ".hidden").write_bytes(b"")
    (folder / "link").symlink_to("Ü.h5")
    os.mkfifo(folder / "pipe")
    with open(os.fsencode(folder) + b"/no-text-\xff", "wb"):
        pass
    found = await api.json("workspace/" + quoted("a folder"))
    assert found["path"] == "a folder"
    assert found["files"] == {"names": ["Ü.h5"], "sizes": [7], "modified": [1e9 + 0.5]}
    room = os.statvfs(folder)
    assert 0 < found["free"] <= room.f_blocks * room.f_frsize


async def test_the_root(api: Api, jp_root_dir: Path) -> None:
    (jp_root_dir / "file").write_bytes(b"x")
    found = await api.json("workspace/")
    assert (found["path"], found["files"]["names"]) == ("", ["file"])


async def test_many_files(api: Api, jp_root_dir: Path) -> None:
    for number in range(300):
        (jp_root_dir / f"file{number}").write_bytes(b"")
    response = await api("workspace/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["X-Consumed-Content-Encoding"] == "gzip"
    assert len((await api.json("workspace/"))["files"]["names"]) == 300


async def test_a_folder_that_does_not_exist_yet(api: Api, jp_root_dir: Path) -> None:
    found = await api.json("workspace/new/one")
    assert found["files"] == {"names": [], "sizes": [], "modified": []}
    assert found["free"] > 0
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize("path", ["..", "%2e%2e/x", ".hidden", "a//b", "%2Fetc", "out", "file"])
async def test_nothing_outside_of_the_workspace(
    api: Api, jp_root_dir: Path, tmp_path: Path, path: str
) -> None:
    (jp_root_dir / "file").write_bytes(b"")
    (jp_root_dir / "out").symlink_to("/")
    assert await api.error(f"workspace/{path}") == (400, "invalid-path")


async def test_the_home_directory(api: Api, storage: Path, extension: Any) -> None:
    assert await api.json("home-directory") == {"path": "lst/users/alice"}
    assert (storage / "lst/users/alice").is_dir()
    assert (await api.json("status"))["home_directory"] == "lst/users/alice"


async def test_no_home_directory(api: Api, tiny: TinyService) -> None:
    tiny.files = {"lst/users/bob/file": b"", "lst/users/carol/file": b""}
    answers = {"MKCOL": 403, "POST": 409}
    tiny.writing = lambda answer: answer.reply(answers[answer.command], b"no", "text/plain")
    assert await api.error("home-directory") == (424, "access-denied")
