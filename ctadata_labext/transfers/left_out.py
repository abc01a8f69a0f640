"""What a transfer of a folder has left out, counted and told in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ctadata.transfers.local.upload_tree import left_out_text
from ctadata.transfers.progress import OnNotice, Result

__all__ = ["LeftOutCount"]


class LeftOutCount:
    """Counts what one transfer leaves out, and tells it at the end of a ``with`` block.

    Parameters
    ----------
    on_notice : callable
        Is told of it, as something about the whole transfer.
    before : mapping of str to int, optional
        How much of each kind was left out before the transfer.
    """

    def __init__(self, on_notice: OnNotice, before: Mapping[str, int] | None = None) -> None:
        self._on_notice = on_notice
        self._counts = Counter(before)

    def take(self, result: Result) -> None:
        """Take what became of a file (`ctadata.transfers.progress.OnResult`)."""
        if result.kind is not None:
            self._counts[result.kind] += 1

    def __enter__(self) -> LeftOutCount:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Say how much was left out, also where other files failed."""
        if self._counts:
            self._on_notice("", f"{left_out_text(self._counts)} left out")
