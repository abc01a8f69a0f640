from __future__ import annotations

import os
from pathlib import Path

import pytest

from ctadata.errors import InvalidPath, NotFound
from ctadata_labext.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "file").write_bytes(b"content")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "file").write_bytes(b"secret")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    (root / "out").symlink_to(outside)
    (root / "out-file").symlink_to(outside / "file")
    (root / "in").symlink_to("folder")
    (root / "to-hidden").symlink_to(".hidden")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    return root


ESCAPES = [
    "..", "../outside", "folder/../../outside", "folder/..", "./folder", "/etc", "//etc",
    "folder//file", "out", "out/file", "out/new", ".hidden", ".hidden/new", "folder/.new",
    "to-hidden", "to-hidden/new", "nul\0", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
def test_no_directory_outside_of_the_workspace(root: Path, path: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        Workspace(str(root)).directory(path)
    assert caught.value.path == path


@pytest.mark.parametrize("path", [*ESCAPES, "out-file", "pipe", "in", "x" * 300])
def test_nothing_is_opened_outside_of_the_workspace(root: Path, path: str) -> None:
    with pytest.raises((InvalidPath, NotFound)):
        Workspace(str(root)).open(path)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("", ""),
        ("folder", "folder"),
        ("folder/", "folder"),
        ("in", "folder"),
        ("new/er", "new/er"),
    ],
)
def test_directories(root: Path, path: str, resolved: str) -> None:
    workspace = Workspace(str(root))
    assert workspace.directory(path) == root / resolved
    assert workspace.relative(workspace.directory(path)) == resolved


@pytest.mark.parametrize("path", ["folder/file", "pipe"])
def test_a_file_is_no_directory(root: Path, path: str) -> None:
    with pytest.raises(InvalidPath):
        Workspace(str(root)).existing(f"{path}/inner")


def test_hidden_files_where_the_server_allows_them(root: Path) -> None:
    workspace = Workspace(str(root), allow_hidden=True)
    assert workspace.directory(".hidden") == root / ".hidden"
    assert workspace.child(root, ".new") == root / ".new"
    with pytest.raises(InvalidPath):
        workspace.directory("..")
    with pytest.raises(InvalidPath):
        workspace.directory("out")


def test_the_root_may_be_a_link_or_hidden_itself(root: Path, tmp_path: Path) -> None:
    link = tmp_path / ".link"
    link.symlink_to(root)
    assert Workspace(str(link)).directory("folder") == root / "folder"


def test_open(root: Path) -> None:
    workspace = Workspace(str(root))
    for path in ("folder/file", "in/file"):
        with workspace.open(path) as file:
            assert file.read() == b"content"
    with pytest.raises(NotFound):
        workspace.open("folder/missing")
    with pytest.raises(InvalidPath):
        workspace.open("folder")


def test_a_link_that_takes_the_place_of_a_folder_is_not_followed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(str(root))
    existing = Workspace.existing

    def then_swapped(self: Workspace, path: str) -> Path:
        found = existing(self, path)
        (root / "folder").rename(root / "moved")
        (root / "folder").symlink_to(tmp_path / "outside")
        return found

    monkeypatch.setattr(Workspace, "existing", then_swapped)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(InvalidPath, match="cannot be opened"):
        workspace.open("folder/file")
    assert set(os.listdir("/proc/self/fd")) == before
