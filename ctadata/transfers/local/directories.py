"""The local directories of one transfer, each opened once and put in order."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from ..._files import free_space, local_errors, open_beneath
from ...errors import AlreadyExists, TransferCancelled
from .commit_gate import CommitGate
from .temp_names import JOURNAL, PART, has_journal, is_cut, name_of_dead

__all__ = ["LocalDirectories", "LocalDirectory"]

# Directories that stay open while no file is written into them.
IDLE = 16
# Bytes; more than all small files that are held in memory at a time.
TIGHT = 1 << 30


class DirectoryContents(NamedTuple):
    """What a directory had in it.

    Attributes
    ----------
    files : bool
        Whether there was anything at all.
    journals : bool
        Whether there were journals.
    """

    files: bool
    journals: bool


def remove_leftovers(directory: int) -> DirectoryContents:
    """Remove what processes that have died left of small files; return what there is.

    What has a journal is left for the next download of that file, which goes on with it.

    Parameters
    ----------
    directory : int
        Descriptor of the directory.
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
            # The journal has more of a long name.
            or (is_cut(temporary) and any(one.startswith(f".{name}") for one in journals))
        ):
            continue
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
    return DirectoryContents(files, bool(journals))


class LocalDirectory:
    """One local directory.

    Attributes
    ----------
    descriptor : int
        It, opened.
    found : Found
        What was in it when it was opened.
    commit_gate : CommitGate
        Passed by files that get their names in it.
    tight : bool
        Whether its disk was nearly full then, so that every file has to look.
    """

    def __init__(
        self, path: Path, descriptor: int, found: DirectoryContents, commit_gate: CommitGate
    ) -> None:
        self._prefix = str(path / "_")[:-1]
        self.descriptor = descriptor
        self.found = found
        self.tight = free_space(descriptor) < TIGHT
        self.commit_gate = commit_gate
        self._lock = threading.Lock()
        # Names as a disk compares them that does not tell capitals or accents apart; None where
        # the disk does, or where it is not known yet.
        self._taken: dict[str, str] | None = None
        self._probed = False

    def display_path(self, name: str) -> str:
        """Return the path of a file in it, for people."""
        return self._prefix + name

    def take(self, name: str, written: str) -> None:
        """Take the name of a file, where the disk may not tell it from another one's.

        Parameters
        ----------
        name : str
            The name of a file that is downloaded.
        written : str
            The name of a file in this directory, to see whether the disk tells names apart.

        Raises
        ------
        AlreadyExists
            If this transfer has brought a file that has the same name for this disk.
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
                f"{self.display_path(name)!r} would replace {other!r}: this disk does not tell "
                "their names apart; save it under another name",
                path=self.display_path(name),
            )

    def _same_for_disk(self, written: str) -> bool:
        try:
            os.stat(written.swapcase(), dir_fd=self.descriptor, follow_symlinks=False)
        except OSError:
            return False
        return True


class _Place:
    """A directory that some use, opened by the first of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.folder: LocalDirectory | None = None
        self.users = 0


class LocalDirectories:
    """Opens directories, makes what is missing of them, and closes them when they are idle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[Path, tuple[str, ...]], _Place] = OrderedDict()
        # Directories that stay open without being used; none, once the transfer has ended.
        self._idle = IDLE
        self._commit_gate = CommitGate()

    @contextlib.contextmanager
    def use(self, root: Path, parts: Sequence[str]) -> Iterator[LocalDirectory]:
        """Open the directory `parts` below `root`, as `open_beneath` does; make what is missing.

        Raises
        ------
        LocalFileError, NoSpace, AlreadyExists
            If it cannot be made or opened.
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
            # On a disk that hangs only those wait that need this directory.
            with place.lock:
                if place.folder is None:
                    place.folder = self._made(root, parts)
            yield place.folder
        finally:
            with self._lock:
                place.users -= 1
                self._close_idle()

    def close(self) -> None:
        """Let no file get its name any more, and close all directories, once nobody uses them."""
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
                contents = remove_leftovers(descriptor)
                return LocalDirectory(path, os.dup(descriptor), contents, self._commit_gate)

    def _close_idle(self) -> None:
        idle = [key for key, place in self._open.items() if not place.users]
        for key in idle[: max(0, len(idle) - self._idle)]:
            folder = self._open.pop(key).folder
            if folder is not None:
                os.close(folder.descriptor)
