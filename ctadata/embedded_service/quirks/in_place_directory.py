"""The served directory of a storage that writes files in place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO

from ..served_directory import NewFile, ServedDirectory, absence_as_missing

_IN_PLACE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class InPlaceDirectory(ServedDirectory):
    """A directory that is served; what was written stays, also when an upload breaks off."""

    @contextmanager
    def new_file(self, names: Sequence[str]) -> Iterator[NewFile]:
        """Begin a file under its final name; the one that was there is gone at once.

        Raises
        ------
        Missing
            When its parent is missing, or a link is in its place.
        IsADirectoryError
            When there is a directory of this name.
        """
        with absence_as_missing(), self._directory(names[:-1]) as parent:
            descriptor = os.open(names[-1], _IN_PLACE, 0o666, dir_fd=parent)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.truncate(0)
            yield _FileInPlace(file)


class _FileInPlace(NewFile):
    """A file that is written under its own name."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.size = 0

    def commit(self) -> bool:
        """Leave the file as it is, now that it is whole."""
        return False

    def discard(self) -> None:
        """Leave the file as it is, too."""
