"""What people see in a terminal: aligned columns and progress bars; a pipe gets neither."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .entries import Entry
from .transfers.progress import OnProgress

__all__ = ["aligned", "progress_bars"]


def aligned(entries: Iterable[Entry], long: bool) -> Iterator[str]:
    """Yield a line for each entry: its size and its path, in columns.

    Parameters
    ----------
    entries : iterable of Entry
        All of them are read first, since the widest decides.
    long : bool
        Whether the size is exact, in bytes, and the time (UTC) is shown too.
    """
    rows = [(_size(entry.size, long), _time(entry), str(entry)) for entry in entries]
    width = max((len(size) for size, _, _ in rows), default=0)
    for size, time, path in rows:
        yield f"{size:>{width}}  {time}  {path}" if long else f"{size:>{width}}  {path}"


def _size(size: int | None, exact: bool) -> str:
    if size is None:
        return "-"
    if exact:
        return str(size)
    from tqdm import tqdm

    return str(tqdm.format_sizeof(size, "B", 1024))


def _time(entry: Entry) -> str:
    modified = entry.modified
    return modified.strftime("%Y-%m-%d %H:%M:%S") if modified else f"{'-':<19}"


@contextlib.contextmanager
def progress_bars() -> Iterator[OnProgress | None]:
    """Show a bar on stderr for each file under way, where stderr is a terminal.

    Yields
    ------
    OnProgress or None
        What a transfer is to call; None where nobody looks.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def on_progress(path: str, done: int, total: int | None, state: str) -> None:
        bar = bars.get(path)
        if bar is None:
            bar = bars[path] = tqdm(
                total=total,
                desc=path.rpartition("/")[2],
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                dynamic_ncols=True,
            )
        bar.update(done - bar.n)
        if state != "running":
            bars.pop(path).close()

    try:
        yield on_progress
    finally:
        for bar in bars.values():
            bar.close()
