"""A bounded pool of daemon threads, which never keeps the process from ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from ctadata.errors import LocalFileError

from .errors import Abandoned

__all__ = ["DaemonExecutor"]

P = ParamSpec("P")
T = TypeVar("T")


class DaemonExecutor(Executor):
    """Run calls in at most `max_workers` daemon threads, first come, first served.

    The interpreter joins the threads of `concurrent.futures.ThreadPoolExecutor` when it
    ends: one call that hangs on the network would keep a stopped server alive.

    Parameters
    ----------
    max_workers : int
        The number of threads. One is started when a call comes and none is idle.
    name : str
        The prefix of the threads' names.
    """

    def __init__(self, max_workers: int, name: str) -> None:
        self._max_workers = max_workers
        self._name = name
        self._lock = threading.Lock()
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        # Queued calls, and idle threads.
        self._queued = self._idle = 0
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; see `concurrent.futures.Executor.submit`. After `close`: `Abandoned`."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Abandoned
            if self._queued >= self._idle and len(self._threads) < self._max_workers:
                self._add_thread()
            self._queued += 1
            self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Refuse further calls; see `concurrent.futures.Executor.shutdown`."""
        self.close(cancel=cancel_futures)
        if wait:
            self.join(None)

    def close(self, *, cancel: bool = True) -> None:
        """Refuse further calls, and cancel the queued ones unless `cancel` is false."""
        with self._lock:
            self._closed = True
            if cancel:
                self._drop_waiting()
            for _ in self._threads:
                self._calls.put(None)

    def join(self, timeout: float | None) -> bool:
        """Wait until all threads have ended, or `timeout` seconds; return whether they have."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _add_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # The existing threads do the work.
            if not self._threads:
                raise LocalFileError(
                    "The Jupyter server cannot start more threads; close notebooks or other "
                    "programs, and try again"
                ) from error
        else:
            self._threads.append(thread)

    def _drop_waiting(self) -> None:
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            if call is not None:
                call[0].cancel()

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            self._idle += 1
        call = self._calls.get()
        with self._lock:
            self._idle -= 1
            self._queued -= 1
        return call

    def _work(self) -> None:
        while (call := self._next()) is not None:
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    result = function()
                except BaseException as error:
                    # As in the standard library: the caller gets every exception.
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            # An idle thread must not keep references to the call.
            del call, future, function
