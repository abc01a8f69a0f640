from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from ctadata.errors import LocalFileError, NoSpace, NotFound
from ctadata_labext.errors import TooLarge, TooManyUploads, UploadBusy, UploadConflict
from ctadata_labext.uploads.spool import CHECK_INTERVAL, Spool
from ctadata_labext.uploads.spool_files import Upload, UploadInfo
from ctadata_labext.uploads.tus_headers import http_date

HOUR = 3600.0


class Clock:
    """The time, and how far a test has put it forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data/ctadata/uploads"


@pytest.fixture
def spool(directory: Path, clock: Clock) -> Spool:
    return make(directory, clock)


def make(directory: Path, clock: Clock, max_uploads: int = 0, max_size: int = 0) -> Spool:
    return Spool(
        directory, expiry=24 * HOUR, max_uploads=max_uploads, max_size=max_size, clock=clock
    )


def facts(path: str = "run42/a.fits", size: int = 10) -> UploadInfo:
    return UploadInfo(path, "results", path.partition("/")[0], "fingerprint", size, "words", "")


def append(spool: Spool, upload: Upload, data: bytes) -> Upload:
    piece = spool.append(upload.id, spool.get(upload.id).offset)
    piece.write(data)
    piece.close()
    return spool.get(upload.id)


def received(spool: Spool, path: str = "run42/a.fits", content: bytes = b"content") -> Upload:
    return append(spool, spool.create(facts(path, len(content))), content)


def test_pieces_become_a_file(spool: Spool) -> None:
    upload = spool.create(facts())
    assert (upload.path, upload.destination, upload.item) == ("run42/a.fits", "results", "run42")
    assert (upload.size, upload.offset, upload.metadata) == (10, 0, "words")
    assert append(spool, upload, b"0123").offset == 4
    assert append(spool, upload, b"").offset == 4
    assert append(spool, upload, b"456789").offset == 10
    assert spool.data(upload.id).read_bytes() == b"0123456789"
    assert [each.id for each in spool.waiting()] == [upload.id]


def test_nobody_else_can_read_it(spool: Spool, directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o755)
    old = os.umask(0)
    try:
        received(spool)
    finally:
        os.umask(old)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert (modes, len(list(directory.iterdir()))) == ({0o600}, 2)


def test_a_directory_of_somebody_else_is_refused(
    spool: Spool, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir(parents=True)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(LocalFileError, match="uploads_directory"):
        spool.create(facts())
    assert list(directory.iterdir()) == []


def test_it_is_there_after_a_restart(spool: Spool, directory: Path, clock: Clock) -> None:
    upload = append(spool, spool.create(facts()), b"0123")
    again = make(directory, clock)
    again.remove_expired()
    assert again.waiting() == [upload]
    assert append(again, upload, b"456789").offset == 10


@pytest.mark.parametrize("offset", [0, 3, 5, 10])
def test_a_wrong_offset(spool: Spool, offset: int) -> None:
    upload = append(spool, spool.create(facts()), b"0123")
    with pytest.raises(UploadConflict, match="4 bytes"):
        spool.append(upload.id, offset)
    assert append(spool, upload, b"4").offset == 5


def test_one_at_a_time_also_of_two_servers(spool: Spool, directory: Path, clock: Clock) -> None:
    upload = spool.create(facts())
    piece = spool.append(upload.id, 0)
    for other in (spool, make(directory, clock)):
        with pytest.raises(UploadBusy):
            other.append(upload.id, 0)
        with pytest.raises(UploadBusy):
            other.remove(upload.id)
    piece.write(b"01")
    piece.close()
    piece.close()
    assert append(make(directory, clock), upload, b"23").offset == 4


def test_one_at_a_time_where_there_are_no_locks(
    spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    upload = spool.create(facts())
    piece = spool.append(upload.id, 0)
    with pytest.raises(UploadBusy):
        spool.append(upload.id, 0)
    clock.ahead = 25 * HOUR
    spool.remove_expired()
    piece.write(b"01")
    piece.close()
    assert spool.get(upload.id).offset == 2


def test_no_more_than_was_announced(spool: Spool) -> None:
    upload = append(spool, spool.create(facts()), b"0123")
    piece = spool.append(upload.id, 4)
    with pytest.raises(TooLarge):
        piece.write(b"4567890")
    piece.close()
    assert spool.get(upload.id).offset == 4


@pytest.mark.parametrize("upload_id", ["0" * 32, "abc", ""])
def test_there_is_none(spool: Spool, upload_id: str) -> None:
    for call in (spool.get, spool.remove, spool.claimed):
        with pytest.raises(NotFound):
            call(upload_id)
    assert spool.waiting() == []
    spool.remove_expired()


def test_removed(spool: Spool, directory: Path) -> None:
    upload = received(spool)
    spool.remove(upload.id)
    assert list(directory.iterdir()) == []
    with pytest.raises(NotFound):
        spool.append(upload.id, 0)


def test_expired_ones_are_removed(spool: Spool, directory: Path, clock: Clock) -> None:
    old = append(spool, spool.create(facts("old")), b"0123")
    assert old.expires == pytest.approx(time.time() + 24 * HOUR, abs=60)
    (directory / "notes.txt").write_bytes(b"not ours")
    (directory / f"{'a' * 32}.new").write_bytes(b"the writer died")
    clock.ahead = 23 * HOUR
    spool.remove_expired()
    assert spool.get(old.id) == old
    # Times of files are the kernel's; this one is touched as if it had come now.
    new = spool.create(facts("new"))
    os.utime(spool.data(new.id), (clock(), clock()))
    clock.ahead = 25 * HOUR
    spool.create(facts("newest"))
    assert [upload.path for upload in spool.waiting()] == ["new", "newest"]
    assert {path.name.partition(".")[0] for path in directory.iterdir()} == {
        "notes", *(upload.id for upload in spool.waiting())
    }  # fmt: skip


@pytest.mark.parametrize("moment", [4_070_908_800, 2**33, -(2**31)])
def test_what_a_wrong_clock_has_dated_expires_too(
    spool: Spool, directory: Path, clock: Clock, moment: int
) -> None:
    upload = spool.create(facts())
    for path in directory.iterdir():
        os.utime(path, (moment, moment))
    found = spool.get(upload.id)
    assert 0 <= found.expires <= time.time() + 24 * HOUR
    assert http_date(found.expires)
    clock.ahead = CHECK_INTERVAL
    spool.remove_expired()
    assert list(directory.iterdir()) == []


def test_what_is_being_received_does_not_expire(
    spool: Spool, directory: Path, clock: Clock
) -> None:
    upload = spool.create(facts())
    piece = spool.append(upload.id, 0)
    clock.ahead = 25 * HOUR
    spool.remove_expired()
    make(directory, clock).remove_expired()
    piece.write(b"0123456789")
    piece.close()
    assert spool.get(upload.id).offset == 10


def test_what_a_transfer_has_does_not_expire_while_it_says_so(
    spool: Spool, directory: Path, clock: Clock
) -> None:
    kept, lost = received(spool, "kept"), received(spool, "lost")
    spool.claim([kept.id, lost.id])
    clock.ahead = 20 * HOUR
    spool.renew([kept.id])
    clock.ahead = 30 * HOUR
    make(directory, clock).remove_expired()
    assert spool.claimed(kept.id)[0].path == "kept"
    with pytest.raises(NotFound, match="expired"):
        spool.claimed(lost.id)


def test_the_disk_is_full(spool: Spool, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctadata_labext.uploads.spool_files.free_space", lambda directory: 1000)
    first = spool.create(facts("first", 600))
    with pytest.raises(NoSpace, match="400 are free"):
        spool.create(facts("second", 401))
    second = spool.create(facts("second", 400))
    with pytest.raises(NoSpace, match="0 are free"):
        spool.create(facts("third", 1))
    # What has come of the first is no longer to come; of this disk it takes nothing.
    append(spool, first, bytes(500))
    spool.create(facts("third", 500))
    spool.remove(second.id)
    spool.create(facts("fourth", 400))
    assert len(list(directory.glob("*.json"))) == 3


def test_what_another_server_still_needs_is_counted(
    spool: Spool, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctadata_labext.uploads.spool_files.free_space", lambda directory: 1000)
    other = make(directory, clock)
    other.create(facts("theirs", 100))
    spool.create(facts("mine", 200))
    clock.ahead = CHECK_INTERVAL
    with pytest.raises(NoSpace, match="700 are free"):
        other.create(facts("large", 900))


def test_a_disk_that_fills_up_keeps_what_fitted(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = spool.create(facts())
    pwrite = os.pwrite

    def nearly_full(file: int, data: Any, offset: int) -> int:
        if offset == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(file, data[:3], offset)

    monkeypatch.setattr(os, "pwrite", nearly_full)
    piece = spool.append(upload.id, 0)
    with pytest.raises(NoSpace, match=r"a\.fits"):
        piece.write(b"012345")
    piece.close()
    monkeypatch.undo()
    assert append(spool, upload, b"3456789").offset == 10
    assert spool.data(upload.id).read_bytes() == b"0123456789"


def test_caps(directory: Path, clock: Clock) -> None:
    spool = make(directory, clock, max_uploads=2, max_size=100)
    with pytest.raises(TooLarge, match="max_upload_size"):
        spool.create(facts(size=101))
    spool.create(facts(size=100))
    second = spool.create(facts())
    with pytest.raises(TooManyUploads):
        spool.create(facts())
    spool.remove(second.id)
    spool.create(facts())


def test_claimed_by_one_transfer_only(spool: Spool, directory: Path, clock: Clock) -> None:
    a, b, half = received(spool, "a"), received(spool, "b"), spool.create(facts("half"))
    for wrong in ([a.id, half.id], [a.id, a.id], [a.id, "0" * 32]):
        with pytest.raises((UploadConflict, NotFound)):
            spool.claim(wrong)
        assert len(spool.waiting()) == 3
    assert [upload.path for upload in spool.claim([b.id, a.id])] == ["b", "a"]
    assert [upload.path for upload in spool.waiting()] == ["half"]
    for other in (spool, make(directory, clock)):
        with pytest.raises(UploadConflict, match="already"):
            other.claim([a.id])
    spool.take_back([a.id, b.id])
    assert len(spool.waiting()) == 3


def test_what_is_stored_is_removed_but_remembered(spool: Spool, directory: Path) -> None:
    a, b = received(spool, "a"), received(spool, "b")
    spool.claim([a.id, b.id])
    spool.stored(a.id)
    assert not spool.data(a.id).exists()
    assert [spool.claimed(each.id)[1] for each in (a, b)] == [True, False]
    spool.forget([a.id, b.id])
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"size": 10}', b"\xff\xfe"])
def test_what_is_not_whole_is_as_good_as_gone(
    spool: Spool, directory: Path, clock: Clock, damage: bytes
) -> None:
    upload = received(spool)
    (known,) = directory.glob("*.json")
    known.write_bytes(damage)
    with pytest.raises(NotFound):
        spool.get(upload.id)
    assert spool.waiting() == []
    clock.ahead = 25 * HOUR
    spool.remove_expired()
    assert list(directory.iterdir()) == []
