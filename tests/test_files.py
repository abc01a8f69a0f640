"""Local files are opened, read and written without following links or waiting for pipes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ctadata._files import (
    IsASymbolicLink,
    NotARegularFile,
    atomic_write,
    open_beneath,
    open_regular,
    read_json,
    read_regular,
)


def test_a_link_is_no_component(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/below").mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IsASymbolicLink), open_beneath(tmp_path / "root", ["link", "below"]):
        pass
    with pytest.raises(IsASymbolicLink), open_beneath(tmp_path / "root", ["link", "x"], make=0o777):
        pass
    assert os.listdir(tmp_path / "elsewhere") == ["below"]
    # The root itself is trusted, unless it is said not to be.
    with open_beneath(tmp_path / "root/link", ["below"]) as directory:
        assert os.listdir(directory) == []
    with (
        pytest.raises(NotADirectoryError),
        open_beneath(tmp_path / "root/link", follow_root=False),
    ):
        pass


def test_missing_components_are_made_where_that_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_beneath(tmp_path, ["a", "b"]):
        pass
    with open_beneath(tmp_path, ["a", "b"], make=0o700) as directory:
        assert os.fstat(directory).st_mode & 0o777 == 0o700
    assert (tmp_path / "a/b").is_dir()


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "file", 4)[0] == b"cont"
    assert read_regular(tmp_path / "link", 9, follow=True)[0] == b"content"
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(tmp_path / "link", 9)
    for name, number in (("directory", errno.EISDIR), ("pipe", errno.EINVAL)):
        with pytest.raises(NotARegularFile) as caught:
            open_regular(tmp_path / name)
        assert caught.value.errno == number


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_damaged_json_is_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert read_json(tmp_path / "file", 1 << 20)[0] == {}


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        atomic_write(path, b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to("target")
    with open_beneath(tmp_path) as directory:
        atomic_write("link", b"new", directory=directory, sync=True)
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_bytes() == b"new"
    assert (tmp_path / "target").read_bytes() == b"untouched"
