"""Progress bars of transfers, in a terminal and in a notebook.

A thread of its own draws them. A stopped terminal, a pipe that nobody reads or a full disk thus
neither delays a transfer nor makes it fail; the bars are given up instead.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .._printable import logger_of, printable
from .progress import CallbackDispatcher
from .transfer_totals import TransferTotals

if TYPE_CHECKING:
    from .options import TransferOptions

__all__ = ["Bars", "above_bars", "is_terminal", "watching"]

logger = logger_of(__name__)

# Files from this size on, in bytes, get a bar of their own, up to so many at a time.
LARGE = 8 << 20
MAX_FILE_BARS = 4
# Seconds between two updates of a bar.
INTERVAL = 0.2
# Seconds that drawing may take before the bars are given up.
PATIENCE = 1.0
# Bytes that a pipe takes in one piece, if it takes any (POSIX, PIPE_BUF).
PIECE = select.PIPE_BUF
NAME_WIDTH = 36

# The bars that are shown now.
_shown: list[Bars] = []


@contextlib.contextmanager
def watching(options: TransferOptions) -> Iterator[CallbackDispatcher]:
    """Show progress bars for a transfer, if they are wanted.

    Parameters
    ----------
    options : TransferOptions
        The caller's callbacks, and whether to show bars (``progress``). None means in a terminal
        or a notebook, unless `on_progress` or `on_result` is given. A dry run has no bars.

    Yields
    ------
    CallbackDispatcher
        Receives what the transfer reports.
    """
    progress = options.progress
    on_progress, on_result, on_notice = options.on_progress, options.on_result, options.on_notice
    if progress is None:
        seen = is_terminal(sys.stderr) or _in_kernel()
        progress = on_progress is None and on_result is None and seen
    if options.dry_run or not progress:
        yield CallbackDispatcher(on_progress, on_result, on_notice)
        return
    with Bars() as bars:

        def both(path: str, done: int, total: int | None, state: str) -> None:
            bars.on_progress(path, done, total, state)
            if on_progress is not None:
                on_progress(path, done, total, state)

        def both_notice(path: str, text: str | None) -> None:
            bars.on_notice(path, text)
            if on_notice is not None:
                on_notice(path, text)

        yield CallbackDispatcher(both, on_result, both_notice)


@contextlib.contextmanager
def above_bars(stream: Any) -> Iterator[None]:
    """Hide the bars while something is printed to a stream; they reappear below it."""
    if _shown and is_terminal(stream):
        with _shown[-1].hidden():
            yield
    else:
        yield


def is_terminal(stream: Any) -> bool:
    """Whether a stream is an open terminal."""
    try:
        return stream is not None and bool(stream.isatty())
    except (OSError, ValueError):
        return False


class Bars:
    """One bar for all files, and one for each of a few large files in progress.

    A context manager; at its end the bars stop.
    """

    def __init__(self) -> None:
        # What to show.
        self._lock = threading.Lock()
        self._totals = TransferTotals()
        # For each large file: the bytes done, the bytes in all, and whether it is in progress.
        self._large: dict[str, tuple[int, int | None, bool]] = {}
        self._notices: dict[str, str] = {}
        # The first file, its size, and the time of its first report by the clock of tqdm.
        self._first: tuple[str, int | None, float] | None = None
        self._changed = False
        # How to show it.
        self._drawing = threading.Lock()
        self._drawing_since: float | None = None
        self._open = True
        self._ending = threading.Event()
        self._drawer = threading.Thread(target=self._run, name="ctadata-bars", daemon=True)
        # Made before the transfer opens any file.
        self._screen = _Screen(sys.stderr)
        self._make: Callable[..., Any]
        self._max_files = 0
        self._moved = 0
        self._total: Any = None
        self._files: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        try:
            self._drawer.start()
        except RuntimeError as error:
            self._give_up(error)
        else:
            _shown.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        while self._drawer.is_alive() and not self._stuck():
            self._drawer.join(0.05)
        self._open = False
        if self in _shown:
            _shown.remove(self)

    def on_progress(self, path: str, done: int, total: int | None, state: str) -> None:
        """Receive progress (`OnProgress`)."""
        with self._lock:
            if not self._open or self._ending.is_set():
                return
            self._first = self._first or (path, total, time.time())
            self._totals.record(path, done, total, state)
            if path in self._large or (state == "running" and (total or 0) >= LARGE):
                self._large[path] = done, total, state == "running"
            self._changed = True

    def on_notice(self, path: str, text: str | None) -> None:
        """Show why a transfer waits, instead of its name (`OnNotice`)."""
        with self._lock:
            self._notices.pop(path, None)
            if text is not None:
                self._notices[path] = text
            self._first = self._first or (path, None, time.time())
            self._changed = True

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bars for a moment."""
        if self._stuck() or not self._drawing.acquire(timeout=PATIENCE):
            yield
            return
        try:
            if self._total is not None:
                self._screen.clear()
                self._changed = True
            yield
        finally:
            self._drawing.release()

    def _stuck(self) -> bool:
        """Whether drawing takes too long."""
        since = self._drawing_since
        return since is not None and time.monotonic() - since > PATIENCE

    def _run(self) -> None:
        try:
            while self._open and not self._ending.wait(INTERVAL):
                self._draw(last=False)
            if self._open:
                self._draw(last=True)
        except Exception as error:
            # Whatever it is, bars are not worth failing a transfer.
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._open = False
        logger.debug("No progress bars any more: %r", error)

    def _draw(self, *, last: bool) -> None:
        with self._lock:
            if self._first is None or not (self._changed or last):
                return
            self._changed = False
        if self._total is None:
            # This may import a lot; its time does not count as being stuck.
            self._make, self._max_files, self._screen = _kind_of_bar(self._screen)
        self._drawing_since = time.monotonic()
        with self._drawing:
            self._draw_total()
            if self._totals.files_found > 1:
                self._draw_files()
            if last:
                for bar in [*self._files.values(), self._total]:
                    bar.close()
            if self._open:
                self._screen.show()
        self._drawing_since = None

    def _draw_total(self) -> None:
        with self._lock:
            totals = self._totals
            assert self._first is not None
            name, size, began = self._first
            done, moved = totals.bytes_done, totals.bytes_moved
            total = max(totals.bytes_found, done) or None
            notice = next(reversed(self._notices.values()), None)
            described = printable(notice) if notice else _short(name)
            if totals.files_found > 1:
                failed = f", {totals.files_failed} failed" if totals.files_failed else ""
                waits = f", {printable(notice)}" if notice else ""
                described = f"{totals.files_done}/{totals.files_found} files{failed}{waits}"
        if self._total is None:
            self._total = self._make(total=size, desc=described, leave=True)
            if self._total.disable:
                # TQDM_DISABLE is set.
                self._open = False
                return
            self._total.start_t = self._total.last_print_t = began
        bar = self._total
        bar.total = total
        bar.desc = described
        new, self._moved = moved - self._moved, moved
        # Bytes that were there already count as done, but must not raise the rate.
        there = done - bar.n - new
        bar.n += there
        bar.last_print_n += there
        bar.initial += there
        bar.update(new)

    def _draw_files(self) -> None:
        with self._lock:
            large = self._large
            self._large = {path: facts for path, facts in large.items() if facts[2]}
        for path, (done, total, under_way) in large.items():
            bar = self._files.get(path)
            if bar is not None:
                bar.update(done - bar.n)
                if not under_way:
                    self._files.pop(path).close()
            elif under_way and len(self._files) < self._max_files:
                self._files[path] = self._make(
                    total=total, desc=_short(path), initial=done, leave=False
                )


class _Screen:
    """The stream that tqdm writes to: it holds the text until tqdm has released its lock.

    A stream that blocks or raises therefore never holds that lock, which all bars of the process
    share.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._text = ""
        self.encoding = getattr(stream, "encoding", None) or "ascii"
        self._number = _descriptor(stream)
        self._file = _identity(self._number)

    def write(self, text: str) -> None:
        """Hold text until `show`."""
        self._text += text

    def flush(self) -> None:
        """Do nothing: `show` writes."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return is_terminal(self._stream)

    def fileno(self) -> int:
        """Return the descriptor, whose width tqdm asks for."""
        return int(self._stream.fileno())

    def clear(self) -> None:
        """Clear the bars of a terminal; the cursor is in the first one."""
        self._text = "\r\x1b[J"
        self.show()

    def show(self) -> None:
        """Write the held text; drop the rest if a pipe or a terminal takes no more."""
        text, self._text = self._text, ""
        if not text or self._stream is None:
            return
        number = self._number
        if number is None:
            self._stream.write(text)
            self._stream.flush()
            return
        # Not through the stream's buffer, whose lock would be held until the write returns.
        if self._file is None or _identity(number) != self._file:
            raise OSError("the descriptor was closed, and may belong to another file now")
        data = text.encode(self._stream.encoding, "replace")
        ready = select.poll()
        ready.register(number, select.POLLOUT)
        for start in range(0, len(data), PIECE):
            if not ready.poll(0):
                return
            os.write(number, data[start : start + PIECE])


def _descriptor(stream: Any) -> int | None:
    """Return the descriptor of a plain text stream; None for any other."""
    if isinstance(stream, io.TextIOWrapper):
        with contextlib.suppress(OSError, ValueError):
            return stream.fileno()
    return None


def _identity(number: int | None) -> tuple[int, int] | None:
    """Return the identity of a descriptor's file; None if it is closed."""
    if number is not None:
        with contextlib.suppress(OSError):
            found = os.fstat(number)
            return found.st_dev, found.st_ino
    return None


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _kind_of_bar(stderr: _Screen) -> tuple[Callable[..., Any], int, _Screen]:
    """Return how to make a bar here, how many files may have one, and the screen for it."""
    in_kernel = _in_kernel()
    if in_kernel and find_spec("ipywidgets") is None:
        # A text bar: tqdm.auto would first print how to get widgets. A kernel shows stderr like an
        # error, and cannot go up to the line of another bar.
        from tqdm.std import tqdm

        screen, files = _Screen(sys.stdout), 0
    else:
        from tqdm.auto import tqdm

        # Widgets draw themselves.
        screen = _Screen(None) if in_kernel else stderr
        files = MAX_FILE_BARS if in_kernel or screen.isatty() else 0

    class Bar(tqdm):  # type: ignore[misc]
        # tqdm's monitor thread is for bars that skip updates; these do not.
        monitor_interval = 0

        def display(self, *args: Any, **kwargs: Any) -> Any:
            if container := getattr(self, "container", None):
                # A widget does not notice that the total has grown.
                container.children[1].max = self.total or 1
            return super().display(*args, **kwargs)

    make = partial(
        Bar,
        file=screen,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        miniters=0,
        mininterval=0,
        dynamic_ncols=True,
    )
    return make, files, screen


def _short(path: str) -> str:
    """Return the file's name, or the end of a long one, which has the run number."""
    name = printable(path.rpartition("/")[2])
    return name if len(name) <= NAME_WIDTH else f"…{name[1 - NAME_WIDTH :]}"
