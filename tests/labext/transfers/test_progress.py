from __future__ import annotations

import pytest

from ctadata_labext.transfers.progress import Amounts, Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file() -> None:
    progress = Progress("lst/a.h5", clock=Clock())
    assert (progress.amounts.files_total, progress.amounts.bytes_total, progress.rate()) == (
        None,
        None,
        None,
    )
    assert progress.counting
    progress.record("lst/a.h5", 0, 100, "waiting")
    progress.record("lst/a.h5", 40, 100, "running")
    assert (progress.amounts.bytes_done, progress.amounts.bytes_total) == (40, 100)
    assert (progress.amounts.files_done, progress.amounts.files_total) == (0, 1)
    assert not progress.counting
    progress.record("lst/a.h5", 100, 100, "finished")
    progress.end(complete=True)
    assert (progress.amounts.bytes_done, progress.amounts.bytes_total) == (100, 100)
    assert (progress.amounts.files_done, progress.amounts.files_total) == (1, 1)


def test_a_directory_whose_files_are_found_while_it_runs() -> None:
    progress = Progress("lst/d", clock=Clock())
    progress.record("lst/d/a", 0, 10, "waiting")
    progress.record("lst/d/b", 0, 20, "waiting")
    assert (progress.amounts.bytes_total, progress.amounts.files_total) == (30, 2)
    progress.record("lst/d/a", 10, 10, "running")
    progress.record("lst/d/b", 5, 20, "running")
    progress.record("lst/d/c", 0, 7, "waiting")
    progress.record("lst/d/a", 10, 10, "finished")
    progress.record("lst/d/c", 7, 7, "skipped")
    progress.record("lst/d/b", 6, 20, "failed")
    assert (progress.amounts.bytes_done, progress.amounts.bytes_total) == (23, 37)
    assert (progress.amounts.files_done, progress.amounts.files_total) == (2, 3)
    assert progress.counting
    progress.end(complete=False)
    assert (progress.amounts.files_total, progress.counting) == (3, False)


def test_a_directory_without_files() -> None:
    progress = Progress("lst/d", clock=Clock())
    progress.end(complete=True)
    assert (progress.amounts.bytes_total, progress.amounts.files_total) == (0, 0)


def test_what_an_earlier_try_has_left_holds_until_this_one_has_some() -> None:
    before = Amounts(40, 100, 0, 1)
    progress = Progress("lst/a.h5", before=before, clock=Clock())
    assert progress.amounts == before
    progress.record("lst/a.h5", 0, 100, "waiting")
    assert progress.amounts == before
    progress.record("lst/a.h5", 30, 100, "running")
    assert progress.amounts == before._replace(bytes_done=30)
    failed = Progress("lst/a.h5", before=before, clock=Clock())
    failed.end(complete=False)
    assert failed.amounts == before


def test_an_upload_is_one_file_from_the_start() -> None:
    progress = Progress("local", files=1, clock=Clock())
    assert (progress.amounts.files_total, progress.amounts.bytes_total, progress.counting) == (
        1,
        None,
        False,
    )
    progress.record("users/alice/local", 3, 10, "running")
    assert (progress.amounts.files_total, progress.amounts.bytes_total) == (1, 10)


def test_what_was_there_before_does_not_raise_the_rate() -> None:
    clock = Clock()
    progress = Progress("lst/d", clock=clock)
    progress.record("lst/d/a", 10**9, 10**9, "skipped")
    progress.record("lst/d/b", 10**9, 2 * 10**9, "running")
    clock.now = 1.0
    progress.record("lst/d/b", 10**9 + 500, 2 * 10**9, "running")
    assert progress.amounts.bytes_done == 2 * 10**9 + 500
    assert progress.rate() == 500.0


def test_the_rate_follows_smoothly_and_decays() -> None:
    clock = Clock()
    progress = Progress("a", clock=clock)
    progress.record("a", 0, None, "running")
    clock.now = 1.0
    progress.record("a", 1000, None, "running")
    assert progress.rate() == 1000.0
    clock.now = 1.2
    progress.record("a", 9000, None, "running")
    assert progress.rate() == 1000.0
    clock.now = 2.0
    assert 1000.0 < (faster := progress.rate() or 0) < 8000.0
    for clock.now in range(3, 60):
        progress.rate()
    assert progress.rate() == pytest.approx(0, abs=0.01 * faster)


def test_a_file_that_is_started_anew_gives_no_negative_rate() -> None:
    clock = Clock()
    progress = Progress("a", clock=clock)
    progress.record("a", 0, None, "running")
    progress.record("a", 1000, 2000, "running")
    clock.now = 1.0
    assert progress.rate() == 1000.0
    progress.record("a", 0, 2000, "running")
    clock.now = 2.0
    assert 0 < (progress.rate() or 0) < 1000.0
