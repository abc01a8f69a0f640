"""Access to the served directory, and to nothing outside it.

No symbolic link is ever followed, not even one that is created meanwhile (`open_beneath`).
Listings contain only files and directories.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from .._files import NotARegularFile, open_beneath, open_regular
from .url_paths import UPLOAD_PREFIX, is_usable_name

NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EMLINK, errno.ENXIO}


class Missing(Exception):
    """There is nothing at this path, or nothing that may be shown."""


class ServedDirectory:
    """A directory that is served.

    The names in the methods are relative to `root`, whose links are resolved once. `Missing` is
    raised if something, or its parent, does not exist or may not be shown.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve(strict=True)
        with self._directory(()):
            pass

    def _directory(self, names: Sequence[str]) -> AbstractContextManager[int]:
        return open_beneath(self.root, names, follow_root=False)

    def stat(self, names: Sequence[str]) -> os.stat_result:
        """Return the status of a file or a directory."""
        with absence_as_missing():
            if not names:
                return os.stat(self.root)
            with self._directory(names[:-1]) as parent:
                facts = os.stat(names[-1], dir_fd=parent, follow_symlinks=False)
        if not _is_shown(names[-1], facts):
            raise Missing
        return facts

    def scan(self, names: Sequence[str]) -> list[tuple[str, os.stat_result]]:
        """Return the names in a directory with their status, sorted."""
        found = []
        with (
            absence_as_missing(),
            self._directory(names) as directory,
            os.scandir(directory) as entries,
        ):
            for entry in entries:
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone meanwhile
                if _is_shown(entry.name, facts):
                    found.append((entry.name, facts))
        found.sort(key=lambda item: item[0])
        return found

    def open(self, names: Sequence[str]) -> BinaryIO:
        """Open a file for reading, unbuffered; raise `IsADirectoryError` if it is a directory."""
        if not names:
            raise IsADirectoryError(errno.EISDIR, "the root")
        try:
            with absence_as_missing(), self._directory(names[:-1]) as parent:
                return os.fdopen(open_regular(names[-1], directory=parent), "rb", buffering=0)
        except NotARegularFile as error:
            if error.errno == errno.EISDIR:
                raise IsADirectoryError(errno.EISDIR, "is a directory") from error
            raise Missing from error

    def make_directory(self, names: Sequence[str]) -> None:
        """Create a directory; raise `FileExistsError` if something of this name exists."""
        with absence_as_missing(), self._directory(names[:-1]) as parent:
            os.mkdir(names[-1], dir_fd=parent)

    @contextmanager
    def new_file(self, names: Sequence[str]) -> Iterator[NewFile]:
        """Create a file; it is removed at the end of the context unless it was committed.

        `IsADirectoryError` is raised if there is a directory of this name.
        """
        with absence_as_missing(), self._directory(names[:-1]) as parent:
            directory = os.dup(parent)
        try:
            new_file = NewFile(directory, names[-1])
            try:
                yield new_file
            finally:
                new_file.discard()
        finally:
            os.close(directory)


class NewFile:
    """A file that is written under a hidden name and renamed when it is complete.

    Not by `atomic_write`, since its content arrives in blocks. The caller closes the directory.
    """

    def __init__(self, directory: int, name: str) -> None:
        self._directory = directory
        self._name = name
        self._refuse_directory()
        self._hidden = UPLOAD_PREFIX + secrets.token_hex(8)
        descriptor = os.open(self._hidden, _NEW_FILE, 0o666, dir_fd=directory)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self.size = 0

    def _refuse_directory(self) -> bool:
        """Return whether the final name exists; raise if it is a directory."""
        try:
            facts = os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        return True

    def write(self, block: bytes) -> None:
        """Append a block."""
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]
        self.size += len(block)

    def commit(self) -> bool:
        """Give the file its final name; return whether it replaced another file."""
        os.fsync(self._file.fileno())
        self._file.close()
        replaced = self._refuse_directory()
        os.replace(self._hidden, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        return replaced

    def discard(self) -> None:
        """Remove the file unless it was committed."""
        self._file.close()
        try:
            os.unlink(self._hidden, dir_fd=self._directory)
        except FileNotFoundError:
            return  # it was committed


def _is_shown(name: str, facts: os.stat_result) -> bool:
    kind = stat.S_IFMT(facts.st_mode)
    return kind in (stat.S_IFREG, stat.S_IFDIR) and is_usable_name(name)


@contextmanager
def absence_as_missing() -> Iterator[None]:
    """Convert errors that mean that nothing is there into `Missing`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        raise Missing from error
