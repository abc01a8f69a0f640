"""Local paths: inside the server's root, through no link that leaves it, and not hidden.

``ContentsManager._get_os_path`` only looks at the text of a path and follows links.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ctadata.errors import InvalidPath, NotFound

__all__ = ["Workspace"]


class Workspace:
    """The folder that JupyterLab shows.

    Parameters
    ----------
    root : str
        That folder, absolute; it may itself be reached through links.
    allow_hidden : bool, optional
        Whether names that begin with a dot may be used (``ContentsManager.allow_hidden``).
    """

    def __init__(self, root: str, *, allow_hidden: bool = False) -> None:
        self.root = Path(os.path.realpath(root))
        self._allow_hidden = allow_hidden

    def directory(self, path: str) -> Path:
        """Return a directory of the workspace, which need not exist yet, without any link in it.

        Parameters
        ----------
        path : str
            Relative to the root, with slashes; ``''`` is the root.

        Raises
        ------
        InvalidPath
            If it leaves the root, is hidden, or is something else than a directory.
        """
        resolved = Path(os.path.realpath(self.root.joinpath(*self._names(path))))
        if not resolved.is_relative_to(self.root):
            raise InvalidPath(
                f"{path!r} is a link that leads out of the workspace; choose another folder",
                path=path,
            )
        self._refuse_hidden(resolved.relative_to(self.root).parts, path)
        if os.path.exists(resolved) and not os.path.isdir(resolved):
            raise InvalidPath(f"{path!r} is not a folder; choose a folder", path=path)
        return resolved

    def child(self, directory: Path, name: str) -> Path:
        """Return the place of `name` in a directory that `directory` has returned.

        Raises
        ------
        InvalidPath
            If the name is hidden.
        """
        self._refuse_hidden((name,), name)
        return directory / name

    def relative(self, path: Path) -> str:
        """Return a path as JupyterLab writes it: relative to the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    def existing(self, path: str) -> Path:
        """Return a file or a directory that exists.

        Parameters
        ----------
        path : str
            Relative to the root, with slashes.

        Raises
        ------
        InvalidPath
            If it leaves the root, is hidden, is a link, or neither a file nor a directory.
        NotFound
            If there is nothing of this name.
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
        """Open a file for reading, following no link below the root.

        Parameters
        ----------
        path : str
            Relative to the root, with slashes.

        Raises
        ------
        InvalidPath, NotFound
            As in `existing`.
        """
        found = self.existing(path)
        *parents, name = found.relative_to(self.root).parts
        directory = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for parent in parents:
                inner = _open_below(directory, parent, os.O_DIRECTORY)
                os.close(directory)
                directory = inner
            # Without O_NONBLOCK a pipe that took the file's place would block for ever.
            file = _open_below(directory, name, os.O_NONBLOCK)
        except OSError as error:
            raise InvalidPath(f"{path!r} cannot be opened: {error.strerror}", path=path) from error
        finally:
            os.close(directory)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise self._not_regular(path)
        return os.fdopen(file, "rb")

    def _names(self, path: str) -> list[str]:
        if path.startswith("/"):
            raise InvalidPath(
                f"{path!r} is absolute; give a path from the workspace's top folder", path=path
            )
        names = path.rstrip("/").split("/") if path else []
        if not _is_name(path) or not {"", ".", ".."}.isdisjoint(names):
            raise InvalidPath(
                f"{path!r} is not a path in the workspace; use neither '..' nor '//'", path=path
            )
        self._refuse_hidden(tuple(names), path)
        return names

    def _refuse_hidden(self, names: tuple[str, ...], path: str) -> None:
        if not self._allow_hidden and any(name.startswith(".") for name in names):
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


def _open_below(directory: int, name: str, flags: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=directory)
