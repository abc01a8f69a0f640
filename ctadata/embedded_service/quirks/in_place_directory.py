"""A served directory whose files are written in place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO

from ..served_directory import NewFile, ServedDirectory, absence_as_missing

_IN_PLACE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class InPlaceDirectory(ServedDirectory):
    """A served directory that keeps what an interrupted upload has written."""

    @contextmanager
    def new_file(self, names: Sequence[str]) -> Iterator[NewFile]:
        """Create a file under its final name; an existing file is truncated at once.

        Raises
        ------
        Missing
            If its parent is missing, or is a link.
        IsADirectoryError
            If it is a directory.
        """
        with absence_as_missing(), self._directory(names[:-1]) as parent:
            descriptor = os.open(names[-1], _IN_PLACE, 0o666, dir_fd=parent)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.truncate(0)
            yield _FileInPlace(file)


class _FileInPlace(NewFile):
    """A file that is written under its final name."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.size = 0

    def commit(self) -> bool:
        """Do nothing: the file already has its name."""
        return False

    def discard(self) -> None:
        """Do nothing: the file is kept."""
