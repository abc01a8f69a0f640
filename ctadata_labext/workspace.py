"""Local paths within the server's root: through no link that leaves it, and not hidden.

``ContentsManager._get_os_path`` checks only the text of a path and follows links.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ctadata._files import NotARegularFile, free_space, open_beneath, open_regular
from ctadata.errors import InvalidPath, NotFound

__all__ = ["Workspace"]


class Workspace:
    """The folder that JupyterLab shows. Paths are relative to it, with slashes; ``''`` is itself.

    Parameters
    ----------
    root : str
        The absolute path of this folder; it may contain links.
    allow_hidden : bool, optional
        Whether names that begin with a dot may be used (``ContentsManager.allow_hidden``).
    """

    def __init__(self, root: str, *, allow_hidden: bool = False) -> None:
        self.root = Path(os.path.realpath(root))
        self.allow_hidden = allow_hidden

    def directory(self, path: str) -> Path:
        """Return the path of a directory, which need not exist yet, with links resolved.

        Raises
        ------
        InvalidPath
            If it leaves the root, is hidden, or is not a directory.
        """
        resolved = Path(os.path.realpath(self.root.joinpath(*self._names(path))))
        if not resolved.is_relative_to(self.root):
            raise InvalidPath(
                f"{path!r} is a link that leads out of the workspace; choose another folder",
                path=path,
            )
        self._refuse_hidden(resolved.relative_to(self.root).parts, path)
        try:
            mode = os.stat(resolved).st_mode
        except FileNotFoundError:
            return resolved
        except OSError as error:
            # For example, a name is too long, or a parent is a file.
            raise InvalidPath(
                f"{path!r} cannot be used: {error.strerror}; choose another folder", path=path
            ) from error
        if not stat.S_ISDIR(mode):
            raise InvalidPath(f"{path!r} is not a folder; choose a folder", path=path)
        return resolved

    def child(self, directory: Path, name: str) -> Path:
        """Return the path of `name` in a directory returned by `directory`, unless it is hidden."""
        self._refuse_hidden((name,), name)
        return directory / name

    def relative(self, path: Path) -> str:
        """Return a path in JupyterLab's form: relative to the root, with slashes."""
        return "" if path == self.root else path.relative_to(self.root).as_posix()

    def look_into(self, directory: Path) -> tuple[int, dict[str, os.stat_result]]:
        """Return the free space and the files of a directory returned by `directory`.

        The free bytes are those of its disk, also if the directory does not exist yet. The files
        are regular ones, except hidden ones and those whose names are not valid text.
        """
        existing = directory
        while existing != self.root and not existing.exists():
            existing = existing.parent
        try:
            with open_beneath(existing, follow_root=False) as descriptor:
                files = dict(self._files(descriptor)) if existing == directory else {}
                return free_space(descriptor), files
        except OSError as error:
            display_path = self.relative(directory)
            raise InvalidPath(
                f"{display_path!r} cannot be read: {error.strerror}; choose another folder",
                path=display_path,
            ) from error

    def existing(self, path: str) -> Path:
        """Return the path of an existing file or directory.

        Raises
        ------
        InvalidPath
            If it leaves the root, is hidden, is a link, or neither a file nor a directory.
        NotFound
            If it does not exist.
        """
        names = self._names(path)
        if not names:
            return self.root
        found = self.directory("/".join(names[:-1])) / names[-1]
        try:
            mode = found.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"There is no {path!r} in the workspace", path=path) from None
        except OSError as error:
            raise InvalidPath(f"{path!r} cannot be read: {error.strerror}", path=path) from error
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise self._not_regular(path)
        return found

    def open(self, path: str) -> BinaryIO:
        """Open a file (see `existing`) for reading, following no link below the root."""
        found = self.existing(path)
        *parents, name = found.relative_to(self.root).parts
        try:
            with open_beneath(self.root, parents) as directory:
                file = open_regular(name, directory=directory)
        except NotARegularFile as error:
            raise self._not_regular(path) from error
        except OSError as error:
            raise InvalidPath(f"{path!r} cannot be opened: {error.strerror}", path=path) from error
        # With an `opener`, so that errors contain the path and not the descriptor's number.
        return open(path, "rb", opener=lambda *_: file)

    def _files(self, descriptor: int) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(descriptor) as found:
            for item in found:
                if item.name.startswith(".") and not self.allow_hidden:
                    continue
                # Files may vanish meanwhile.
                with contextlib.suppress(FileNotFoundError, UnicodeEncodeError):
                    item.name.encode()
                    facts = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode):
                        yield item.name, facts

    def _names(self, path: str) -> list[str]:
        if path.startswith("/"):
            raise InvalidPath(
                f"{path!r} is absolute; give a path relative to the workspace's top folder",
                path=path,
            )
        names = path.rstrip("/").split("/") if path else []
        if not _is_name(path) or not {"", ".", ".."}.isdisjoint(names):
            raise InvalidPath(
                f"{path!r} is not a path in the workspace; use neither '..' nor '//'", path=path
            )
        self._refuse_hidden(tuple(names), path)
        return names

    def _refuse_hidden(self, names: tuple[str, ...], path: str) -> None:
        if not self.allow_hidden and any(name.startswith(".") for name in names):
            raise InvalidPath(
                f"{path!r} is hidden, and this server does not show hidden files "
                "(ContentsManager.allow_hidden)",
                path=path,
            )

    def _not_regular(self, path: str) -> InvalidPath:
        return InvalidPath(
            f"{path!r} is a link or a special file; choose a file or a folder itself", path=path
        )


def _is_name(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False
