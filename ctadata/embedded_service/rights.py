"""Write access: only below ``{lst,cta}/users/<user>/``."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from contextlib import suppress

from .served_directory import Missing, ServedDirectory

FOLDERS = ("lst", "cta")


def user_directory_name(user: str) -> str:
    """Return the name of a user's directory: lower case, with all but a-z, 0 and 1 as ``_``.

    As in the real service, so two users may share one (docs/protocol.md, "Uploads").
    """
    return re.sub("[^a-z01]", "_", user.lower())


class Rights:
    """The write access of one user."""

    def __init__(self, tree: ServedDirectory, user: str) -> None:
        self._tree = tree
        self._name = user_directory_name(user)

    def home_directory(self) -> list[str]:
        """Return the path of the user's directory.

        It is in the first folder that has ``users``, else in the first that exists.
        """
        folder = next(
            (f for f in FOLDERS if self._is_directory([f, "users"])),
            next((f for f in FOLDERS if self._is_directory([f])), FOLDERS[0]),
        )
        return [folder, "users", self._name]

    def may_write(self, names: Sequence[str], *, trailing_slash: bool) -> bool:
        """Whether a path begins with that of the home directory, including its slash."""
        home = self.home_directory()
        return list(names[:3]) == home and (len(names) > 3 or trailing_slash)

    def make_directory(self, names: Sequence[str]) -> None:
        """Create a directory and its parents, unless they exist."""
        for depth in range(1, len(names) + 1):
            with suppress(FileExistsError):
                self._tree.make_directory(names[:depth])

    def _is_directory(self, names: Sequence[str]) -> bool:
        try:
            return stat.S_ISDIR(self._tree.stat(names).st_mode)
        except Missing:
            return False
