"""Progress bars of transfers, in a terminal and in a notebook."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ._output import is_terminal
from .transfers.tally import Tally

if TYPE_CHECKING:
    from .transfers.progress import OnProgress, OnResult

__all__ = ["Bars", "watching"]

# Files of this many bytes get a bar of their own, as many as this at a time.
LARGE = 8 << 20
MAX_FILE_BARS = 4
# Seconds between two looks of a bar.
INTERVAL = 0.2
NAME_WIDTH = 36


@contextlib.contextmanager
def watching(
    progress: bool | None, on_progress: OnProgress | None, on_result: OnResult | None
) -> Iterator[OnProgress | None]:
    """Show bars for a transfer, where they are wanted.

    Parameters
    ----------
    progress : bool or None
        Whether they are. None: where somebody sees them, in a terminal or a notebook, unless
        one of the callbacks is given.
    on_progress, on_result : optional
        The caller's callbacks.

    Yields
    ------
    OnProgress or None
        What the transfer is to call.
    """
    if progress is None:
        progress = on_progress is None and on_result is None and (_in_terminal() or _in_kernel())
    if not progress:
        yield on_progress
        return
    with Bars() as bars:

        def both(path: str, done: int, total: int | None, state: str) -> None:
            bars.on_progress(path, done, total, state)
            if on_progress is not None:
                on_progress(path, done, total, state)

        yield both


class Bars:
    """One bar for all files, and one for each of a few large ones that are under way.

    It is a context manager; at its end the bars stand still.
    """

    def __init__(self) -> None:
        self._tally = Tally()
        self._total: Any = None
        self._files: dict[str, Any] = {}
        self._open = True
        self._make: Callable[..., Any]
        self._max_files = 0

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *error: object) -> None:
        self._open = False
        for bar in list(self._files.values()):
            bar.close()
        if self._total is not None:
            self._total.close()

    def on_progress(self, path: str, done: int, total: int | None, state: str) -> None:
        """Take a report (`OnProgress`)."""
        if not self._open:
            return
        if self._total is None:
            self._make, self._max_files = _kind_of_bar()
            self._total = self._make(total=total, desc=_short(path), leave=True)
            if self._total.disable:
                # Somebody has set TQDM_DISABLE.
                self._open = False
                return
        tally = self._tally
        moved = tally.bytes_moved
        tally.record(path, done, total, state)
        bar = self._total
        bar.total = max(tally.bytes_found, tally.bytes_done) or None
        if tally.files_found > 1:
            failed = f", {tally.files_failed} failed" if tally.files_failed else ""
            bar.desc = f"{tally.files_done}/{tally.files_found} files{failed}"
            self._show_file(path, done, total, state)
        new = tally.bytes_moved - moved
        # What was there already is done, but must not raise the rate.
        there = tally.bytes_done - bar.n - new
        bar.n += there
        bar.last_print_n += there
        bar.initial += there
        bar.update(new)

    def _show_file(self, path: str, done: int, total: int | None, state: str) -> None:
        bar = self._files.get(path)
        if bar is not None:
            bar.update(done - bar.n)
            if state != "running":
                self._files.pop(path).close()
        elif state == "running" and (total or 0) >= LARGE and len(self._files) < self._max_files:
            self._files[path] = self._make(
                total=total, desc=_short(path), initial=done, leave=False
            )


def _in_terminal() -> bool:
    return is_terminal(sys.stderr)


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _kind_of_bar() -> tuple[Callable[..., Any], int]:
    """Return what makes a bar here, and how many files may have one."""
    in_kernel = _in_kernel()
    if in_kernel and find_spec("ipywidgets") is None:
        # A bar of text; tqdm.auto would say first how to get another. What a kernel shows of
        # stderr looks like an error, and it cannot go up to the line of another bar.
        from tqdm.std import tqdm

        where, files = sys.stdout, 0
    else:
        from tqdm.auto import tqdm

        where, files = sys.stderr, MAX_FILE_BARS if in_kernel or _in_terminal() else 0

    class Bar(tqdm):  # type: ignore[misc]
        # Its thread would look after bars that skip looks, which these do not.
        monitor_interval = 0

        def display(self, *args: Any, **kwargs: Any) -> Any:
            if container := getattr(self, "container", None):
                # A widget does not learn by itself that the total has grown.
                container.children[1].max = self.total or 1
            return super().display(*args, **kwargs)

    return partial(
        Bar,
        file=where,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        miniters=0,
        mininterval=INTERVAL,
        dynamic_ncols=True,
    ), files


def _short(path: str) -> str:
    """Return the file's name; of a long one the end, where the numbers of runs are."""
    name = path.rpartition("/")[2]
    return name if len(name) <= NAME_WIDTH else f"…{name[1 - NAME_WIDTH :]}"
