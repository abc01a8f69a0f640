from __future__ import annotations

import pytest

from ctadata_labext.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file() -> None:
    progress = Progress("lst/a.h5", clock=Clock())
    assert (progress.files_total, progress.bytes_total, progress.rate()) == (None, None, None)
    progress.record("lst/a.h5", 40, 100, "running")
    assert (progress.bytes_done, progress.bytes_total) == (40, 100)
    assert (progress.files_done, progress.files_total) == (0, 1)
    progress.record("lst/a.h5", 100, 100, "finished")
    progress.end(complete=True)
    assert (progress.bytes_done, progress.bytes_total) == (100, 100)
    assert (progress.files_done, progress.files_total) == (1, 1)


def test_a_directory() -> None:
    progress = Progress("lst/d", clock=Clock())
    progress.record("lst/d/a", 10, 10, "running")
    progress.record("lst/d/b", 5, 20, "running")
    progress.record("lst/d/a", 10, 10, "finished")
    progress.record("lst/d/c", 7, 7, "skipped")
    progress.record("lst/d/b", 6, 20, "failed")
    assert (progress.bytes_done, progress.bytes_total) == (23, None)
    assert (progress.files_done, progress.files_total) == (2, None)
    progress.end(complete=False)
    assert progress.files_total is None


def test_the_rate_follows_smoothly_and_decays() -> None:
    clock = Clock()
    progress = Progress("a", clock=clock)
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
    progress.record("a", 1000, 2000, "running")
    clock.now = 1.0
    assert progress.rate() == 1000.0
    progress.record("a", 0, 2000, "running")
    clock.now = 2.0
    assert 0 < (progress.rate() or 0) < 1000.0
