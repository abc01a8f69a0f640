"""The stored certificates."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ctadata.embedded_service.certificate_store import CertificateStore, UnusableName
from ctadata.errors import CTADataError

NAMES = [
    *("Ada", "ada", "a.b", "a_b", "a_2eb", "_61", "..", ".", "/", "a/b", "../shared", "~"),
    *("shared", "shared.pem", "users", "con", "-", "a\0b", "a\nb", "ü", "u\u0308", "名前", "=x"),
    *("x" * 255, "x" * 256, "X" * 256, "ü" * 300),
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "certificates"


@pytest.fixture
def store(directory: Path) -> Iterator[CertificateStore]:
    opened = CertificateStore(directory)
    opened.open()
    yield opened
    opened.close()


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if not path.is_dir()]


def test_no_two_users_share_a_file(store: CertificateStore, directory: Path) -> None:
    for name in NAMES:
        store.save(name, "cta", f"of {name}")
    store.save(None, "shared", "shared")
    assert [store.load(name, "cta") for name in NAMES] == [f"of {name}" for name in NAMES]
    assert store.load(None, "shared") == "shared"
    found = files(directory)
    # Not even on a case-insensitive file system.
    assert len({str(path).lower() for path in found}) == len(found) == len(NAMES) + 1
    assert list(directory.parent.iterdir()) == [directory]


def test_each_key_has_its_own(store: CertificateStore) -> None:
    keys = ["cta", "CTA", "c.t.a", "../cta"]
    for key in keys:
        store.save("alice", key, key)
    assert [store.load("alice", key) for key in keys] == keys
    assert store.load("alice", "lst") is None
    assert store.load("bob", "cta") is None
    assert store.load(None, "shared") is None


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_what_is_no_name(store: CertificateStore, name: str) -> None:
    with pytest.raises(UnusableName):
        store.save(name, "cta", "")
    with pytest.raises(UnusableName):
        store.load(name, "cta")


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_nobody_else_may_look(store: CertificateStore, directory: Path, umask: int) -> None:
    previous = os.umask(umask)
    try:
        store.save("alice", "cta", "")
        store.save(None, "shared", "")
    finally:
        os.umask(previous)
    for path in (directory, *directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_restart(store: CertificateStore, directory: Path) -> None:
    store.save("alice", "cta", "kept")
    store.close()
    again = CertificateStore(directory)
    again.open()
    assert again.load("alice", "cta") == "kept"


def test_a_temporary_one_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = CertificateStore(None)
    store.open()
    assert store.load("alice", "cta") is None
    assert list(tmp_path.iterdir()) == []
    store.save("alice", "cta", "")
    (made,) = tmp_path.iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_one(
    store: CertificateStore, directory: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    store.save("alice", "cta", "old")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="no space"):
            store.save("alice", "cta", "new")
    assert store.load("alice", "cta") == "old"
    assert len(files(directory)) == 1


def test_it_has_its_name_only_when_it_is_whole(
    store: CertificateStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        found = files(directory)
        seen.append((len(found), store.load("alice", "cta"), found[0].stat().st_size))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    store.save("alice", "cta", "whole")
    assert seen == [(1, None, 5), (1, "whole", 5)]


def test_what_a_killed_process_has_left_is_removed(
    store: CertificateStore, directory: Path
) -> None:
    store.save("alice", "cta", "old")
    (kept,) = files(directory)
    left = kept.with_name(f"{kept.name}.0123.part")
    left.write_text("a private key")
    other = kept.with_name("lst.pem.0123.part")
    other.write_text("of another key")
    store.save("alice", "cta", "new")
    assert sorted(files(directory)) == [kept, other]


def test_links_are_not_followed(store: CertificateStore, directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "cta.pem").write_text("untouched")
    (directory / "users").mkdir()
    (directory / "users/linked").symlink_to(elsewhere)
    assert store.load("linked", "cta") is None
    with pytest.raises(OSError, match="Not a directory"):
        store.save("linked", "cta", "new")
    (directory / "users/alice").mkdir()
    (directory / "users/alice/cta.pem").symlink_to(elsewhere / "cta.pem")
    assert store.load("alice", "cta") is None
    store.save("alice", "cta", "new")
    assert store.load("alice", "cta") == "new"
    assert (elsewhere / "cta.pem").read_text() == "untouched"


def test_what_is_no_file(store: CertificateStore, directory: Path) -> None:
    (directory / "users/alice").mkdir(parents=True)
    os.mkfifo(directory / "users/alice/cta.pem")
    assert store.load("alice", "cta") is None
    (directory / "users/alice/lst.pem").mkdir()
    assert store.load("alice", "lst") is None


@pytest.mark.parametrize("mode", [0o750, 0o705])
def test_a_directory_that_others_may_look_into(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(CTADataError, match=r"cannot hold certificates, since others .*chmod 700"):
        CertificateStore(tmp_path).open()


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CTADataError, match="cannot hold certificates: File exists"):
        CertificateStore(tmp_path / "file").open()


def test_uploads_at_the_same_time(store: CertificateStore, directory: Path) -> None:
    contents = [str(number) * 10_000 for number in range(10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.save, itertools.repeat("alice"), itertools.repeat("cta"), contents))
    assert store.load("alice", "cta") in contents
    assert len(files(directory)) == 1
