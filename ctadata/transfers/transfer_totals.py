"""Totals of a transfer of many files, from the progress of each of them."""

from __future__ import annotations

__all__ = ["TransferTotals"]


class TransferTotals:
    """Adds up the progress of the files of one transfer.

    Only files under way are remembered: those that wait and those that have ended take no memory.

    Attributes
    ----------
    files_found, bytes_found : int
        What is to be transferred, as far as it is known.
    files_done, files_failed : int
        Of these files, those that are complete, transferred or not, and those that failed.
    bytes_done : int
        Bytes that are at the target.
    bytes_moved : int
        Of these bytes, those that were transferred.
    """

    def __init__(self) -> None:
        self.files_found = 0
        self.files_done = 0
        self.files_failed = 0
        self.bytes_found = 0
        self.bytes_done = 0
        self.bytes_moved = 0
        # Files of unknown size; files that wait, and those of them of unknown size.
        self._unsized = 0
        self._waiting = 0
        self._waiting_unsized = 0
        # Path: bytes done, bytes in all.
        self._under_way: dict[str, tuple[int, int | None]] = {}

    @property
    def sized(self) -> bool:
        """Whether the sizes of all files found are known."""
        return self._unsized == 0

    def record(self, path: str, done: int, total: int | None, state: str) -> None:
        """Record the progress of one file; the arguments are those of `OnProgress`."""
        if state == "waiting":
            self._waiting += 1
            self._waiting_unsized += total is None
            self._found(total)
            return
        known = path in self._under_way
        before, size = self._under_way.pop(path) if known else self._begin(done, total, state)
        if state == "running":
            self._under_way[path] = done, total
        elif state == "left out":
            # It does not count as a file.
            self.files_found -= 1
            done = total = 0
        elif state == "failed":
            self.files_failed += 1
        elif state != "cancelled":
            self.files_done += 1
            if state == "skipped" and total is not None:
                done = total
        self.bytes_done += done - before
        self.bytes_moved += done - before
        # The size may have become known, or may have changed.
        if state not in {"running", "failed", "cancelled"} and total is None:
            total = done
        self.bytes_found += (total or 0) - (size or 0)
        self._unsized += (total is None) - (size is None)

    def _found(self, size: int | None) -> None:
        self.files_found += 1
        self.bytes_found += size or 0
        self._unsized += size is None

    def _begin(self, done: int, total: int | None, state: str) -> tuple[int, int | None]:
        """Count what is at the target already as done, but not as moved."""
        there = {"skipped": total or done, "running": done}.get(state, 0)
        self.bytes_done += there
        if not self._waiting:
            # A single file is not announced.
            self._found(total)
            return there, total
        self._waiting -= 1
        if self._waiting_unsized:
            self._waiting_unsized -= 1
            return there, None
        return there, total
