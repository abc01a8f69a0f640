from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import CancelledError

import pytest

from ctadata_labext.threads import DaemonExecutor


def test_calls_return_and_raise() -> None:
    with DaemonExecutor(2, "test") as pool:
        assert pool.submit(divmod, 7, 2).result(5) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 7, 0).result(5)
    with pytest.raises(RuntimeError):
        pool.submit(print)


def test_no_more_calls_at_once_than_threads() -> None:
    both, third = threading.Barrier(3), threading.Event()
    pool = DaemonExecutor(2, "test")
    waiting = [pool.submit(both.wait, 10) for _ in range(2)]
    last = pool.submit(third.set)
    both.wait(10)
    last.result(10)
    assert third.is_set()
    assert [future.result(10) in range(3) for future in waiting] == [True, True]
    pool.close()
    assert pool.join(10)


def test_idle_threads_are_used_before_others_are_started() -> None:
    pool = DaemonExecutor(200, "test")
    used = {pool.submit(threading.get_ident).result(10) for _ in range(200)}
    # It may take a moment until a thread that has answered is idle.
    assert len(used) < 100
    everyone = threading.Barrier(200)
    waiting = [pool.submit(everyone.wait, 20) for _ in range(200)]
    assert {future.result(20) for future in waiting} == set(range(200))
    pool.close()
    assert pool.join(10)


def test_close_drops_what_waits_and_join_is_bounded() -> None:
    started, release = threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        release.wait(30)

    pool = DaemonExecutor(1, "test")
    running = pool.submit(hold)
    assert started.wait(10)
    waiting = pool.submit(print)
    pool.close()
    with pytest.raises(CancelledError):
        waiting.result(10)
    assert not pool.join(0.01)
    release.set()
    running.result(10)
    assert pool.join(10)


def test_a_call_that_hangs_does_not_keep_the_process_alive() -> None:
    program = (
        "import threading\n"
        "from ctadata_labext.threads import DaemonExecutor\n"
        "started = threading.Event()\n"
        "def hang():\n"
        "    started.set()\n"
        "    threading.Event().wait()\n"
        "DaemonExecutor(1, 'test').submit(hang)\n"
        "started.wait()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=30).returncode == 0
