"""The content of an uploaded directory, read without following symbolic links.

Others may be able to change the directory while it is read. Therefore each read opens each
component by itself, from the root of the file system on (`open_beneath`). No descriptor stays
open.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..._files import SEARCH, IsASymbolicLink, open_beneath, open_regular, split_below
from ..._local_errors import local_errors

__all__ = ["DIRECTORY", "FILE", "HIDDEN", "LINK", "Item", "LeftOut", "UploadTree", "left_out_text"]

FILE, DIRECTORY, LINK = "file", "directory", "link"
HIDDEN = "hidden "
BEHIND = "file behind a link"


class LeftOut(Exception):
    """Something must not be uploaded, possibly because it was changed during the transfer.

    Attributes
    ----------
    kind : str
        As `Item.kind`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Item(NamedTuple):
    """An entry of a directory.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        ``file`` or ``directory``; if it is left out, ``hidden file``, ``hidden directory``,
        ``link``, ``pipe``, ``socket`` or ``device``.
    """

    name: str
    kind: str


class UploadTree:
    """A local directory that is uploaded.

    Parameters
    ----------
    directory : Path
        The directory. Links in its path are followed once, in the constructor.
    root : Path, optional
        A directory above it; no component below `root` may be a link.
    hidden : bool, optional
        Whether names that begin with a dot are included.
    display_path : str, optional
        The path of the directory in messages; by default its path on the disk.

    Raises
    ------
    InvalidPath
        If the directory does not lie below `root`.
    """

    def __init__(
        self,
        directory: Path,
        root: Path | None = None,
        *,
        hidden: bool = False,
        display_path: str | None = None,
    ) -> None:
        self._display_path = os.fspath(directory) if display_path is None else display_path
        self._hidden = hidden
        below: tuple[str, ...] = ()
        # Without a working directory there are no absolute paths.
        with local_errors(self._display_path, "read"):
            if root is not None:
                root = Path(os.path.abspath(root))
                below = split_below(Path(os.path.abspath(directory)), root)
                directory = root
            anchor, *above = Path(os.path.realpath(directory)).parts
        self._anchor, self._parts = anchor, (*above, *below)

    def display_path(self, below: tuple[str, ...]) -> str:
        """Return the path of an entry, for messages."""
        return os.path.join(self._display_path, *below)

    def items(self, below: tuple[str, ...]) -> list[Item]:
        """Return the entries of a directory, sorted by name.

        Here and below, `below` are the components of a path below the uploaded directory; a link
        in it raises `LeftOut`.
        """
        found = []
        with self._opened(below) as place:
            descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
            try:
                with os.scandir(descriptor) as entries:
                    for entry in entries:
                        # Entries may vanish meanwhile.
                        with contextlib.suppress(FileNotFoundError):
                            found.append(Item(entry.name, self._kind(entry)))
            finally:
                os.close(descriptor)
        return sorted(found)

    def size(self, below: tuple[str, ...]) -> int:
        """Return the size of a file in bytes; see `open`."""
        with self._opened(below, parent=True) as place:
            return _regular(os.stat(below[-1], dir_fd=place, follow_symlinks=False)).st_size

    def open(self, below: tuple[str, ...]) -> BinaryIO:
        """Open a file for reading.

        Raises
        ------
        LeftOut
            If it is no longer a regular file, or lies behind a link.
        """
        with self._opened(below, parent=True) as place:
            # Merely opening a device may affect it.
            _regular(os.stat(below[-1], dir_fd=place, follow_symlinks=False))
            try:
                return os.fdopen(open_regular(below[-1], directory=place), "rb")
            except OSError:
                # Something else may have replaced the file just now.
                _regular(os.stat(below[-1], dir_fd=place, follow_symlinks=False))
                raise

    @contextlib.contextmanager
    def _opened(self, below: tuple[str, ...], *, parent: bool = False) -> Iterator[int]:
        """Open a directory, or the one that contains a file (`parent`)."""
        names = below[:-1] if parent else below
        with local_errors(self.display_path(below), "read"), contextlib.ExitStack() as stack:
            try:
                opened = open_beneath(self._anchor, (*self._parts, *names), SEARCH)
                place = stack.enter_context(opened)
            except IsASymbolicLink as error:
                raise LeftOut(BEHIND if parent else LINK) from error
            yield place

    def _kind(self, entry: os.DirEntry[str]) -> str:
        if entry.is_symlink():
            return LINK
        if entry.is_dir(follow_symlinks=False):
            kind = DIRECTORY
        elif entry.is_file(follow_symlinks=False):
            kind = FILE
        else:
            return _kind_of(entry.stat(follow_symlinks=False).st_mode)
        return HIDDEN + kind if entry.name.startswith(".") and not self._hidden else kind


def left_out_text(counts: Mapping[str, int]) -> str:
    """Return what was left out, in words: ``3 hidden files and 1 link``."""
    texts = [f"{count} {_named(kind, count)}" for kind, count in sorted(counts.items())]
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _named(kind: str, count: int) -> str:
    if count == 1:
        return kind
    if kind == BEHIND:
        return "files behind a link"
    return kind.removesuffix("y") + "ies" if kind.endswith("ory") else f"{kind}s"


def _regular(found: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(found.st_mode):
        raise LeftOut(_kind_of(found.st_mode))
    return found


def _kind_of(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_ISDIR(mode):
        return DIRECTORY
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"
