"""The local directories of one transfer: each is opened once, and leftovers are removed."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from ..._files import free_space, open_beneath
from ..._local_errors import local_errors
from ...errors import AlreadyExists, TransferCancelled
from .commit_gate import CommitGate
from .temp_names import JOURNAL, PART, has_journal, is_cut, name_of_dead

__all__ = ["LocalDirectories", "LocalDirectory"]

# How many unused directories stay open.
IDLE = 16
# Bytes; more than all small files that are in memory at the same time.
TIGHT = 1 << 30


def remove_leftovers(directory: int) -> tuple[bool, bool]:
    """Remove part files of small files left by dead processes.

    A part file with a journal stays: the next download of that file resumes it.

    Returns
    -------
    files, journals : bool
        Whether the directory, given by its descriptor, had any entries, and any journals.
    """
    files = False
    left = []
    with os.scandir(directory) as found:
        for entry in found:
            files = True
            if entry.name.endswith((PART, JOURNAL)):
                left.append(entry.name)
    journals = [name for name in left if name.endswith(JOURNAL)]
    for temporary in left:
        name = name_of_dead(temporary)
        if name is None:
            continue
        if temporary.endswith(PART) and (
            has_journal(directory, name)
            # Long names are cut, and the journal keeps more of the name.
            or (is_cut(temporary) and any(one.startswith(f".{name}") for one in journals))
        ):
            continue
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
    return files, bool(journals)


class LocalDirectory:
    """An open local directory.

    Attributes
    ----------
    descriptor : int
        Its file descriptor, a duplicate of the given one.
    had_files, had_journals : bool
        Whether it had any entries, and any journals, when it was opened.
    commit_gate : CommitGate
        Passed by each file that gets its final name here.
    tight : bool
        Whether its disk was nearly full when it was opened: then each file checks for space.
    """

    def __init__(self, path: Path, descriptor: int, commit_gate: CommitGate) -> None:
        self._prefix = str(path / "_")[:-1]
        self.had_files, self.had_journals = remove_leftovers(descriptor)
        self.tight = free_space(descriptor) < TIGHT
        self.descriptor = os.dup(descriptor)
        self.commit_gate = commit_gate
        self._lock = threading.Lock()
        # Folded names of downloaded files, if this disk ignores case or the encoding of accents;
        # otherwise, and before that is known, None.
        self._taken: dict[str, str] | None = None
        self._probed = False

    def display_path(self, name: str) -> str:
        """Return the path of a file in this directory, for messages."""
        return self._prefix + name

    def take(self, name: str, written: str) -> None:
        """Claim the final name of a file, since the disk may not distinguish it from another one.

        `written` is an existing file in this directory, to test how the disk compares names.

        Raises
        ------
        AlreadyExists
            If this transfer has downloaded a file whose name is the same to this disk.
        """
        with self._lock:
            if not self._probed:
                self._probed = True
                if self._same_for_disk(written):
                    self._taken = {}
            if self._taken is None:
                return
            other = self._taken.setdefault(normalize("NFC", name).casefold(), name)
        if other != name:
            raise AlreadyExists(
                f"{self.display_path(name)!r} would replace {other!r}: this disk does not "
                "distinguish their names; save it under another name",
                path=self.display_path(name),
            )

    def _same_for_disk(self, written: str) -> bool:
        try:
            os.stat(written.swapcase(), dir_fd=self.descriptor, follow_symlinks=False)
        except OSError:
            return False
        return True


class _Place:
    """A directory in use, opened by its first user."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.directory: LocalDirectory | None = None
        self.users = 0


class LocalDirectories:
    """Opens and creates directories, and closes them when they are idle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[Path, tuple[str, ...]], _Place] = OrderedDict()
        # How many unused directories stay open; 0 after the end of the transfer.
        self._idle = IDLE
        self._commit_gate = CommitGate()

    @contextlib.contextmanager
    def use(self, root: Path, parts: Sequence[str]) -> Iterator[LocalDirectory]:
        """Open the directory `parts` below `root`; create what is missing, follow no links below.

        Raises
        ------
        TransferCancelled
            If the transfer has ended.
        """
        key = root, tuple(parts)
        with self._lock:
            if not self._idle:
                raise TransferCancelled("The transfer has ended")
            place = self._open.setdefault(key, _Place())
            place.users += 1
            self._open.move_to_end(key)
        try:
            # If the disk hangs, only the users of this directory wait.
            with place.lock:
                if place.directory is None:
                    place.directory = self._made(root, parts)
            yield place.directory
        finally:
            with self._lock:
                place.users -= 1
                self._close_idle()

    def close(self) -> None:
        """Close the commit gate, and each directory as soon as nobody uses it."""
        self._commit_gate.close()
        with self._lock:
            self._idle = 0
            self._close_idle()

    def _made(self, root: Path, parts: Sequence[str]) -> LocalDirectory:
        path = root.joinpath(*parts)
        with local_errors(str(path)):
            root.mkdir(parents=True, exist_ok=True)
            with (
                open_beneath(root, parts, make=0o777) as descriptor,
                local_errors(str(path), "used"),
            ):
                return LocalDirectory(path, descriptor, self._commit_gate)

    def _close_idle(self) -> None:
        idle = [key for key, place in self._open.items() if not place.users]
        for key in idle[: max(0, len(idle) - self._idle)]:
            directory = self._open.pop(key).directory
            if directory is not None:
                os.close(directory.descriptor)
