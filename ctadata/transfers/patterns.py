"""The patterns of `include` and `exclude`: which files of a directory are transferred."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from ..errors import CTADataError

__all__ = ["FilePatterns"]


class FilePatterns:
    """Selects files of a directory by patterns as in `fnmatch`; case matters.

    A pattern without a slash is compared with the file's name. A pattern with a slash is compared
    with the path relative to the transferred directory; ``*`` matches slashes, too, and a leading
    slash only marks it as such a pattern. A pattern with a trailing slash is compared with
    directories, and selects everything below them. Paths have ``/`` between their segments.

    Parameters
    ----------
    include : str or iterable of str, optional
        A file must match one of these patterns; by default all files do.
    exclude : str or iterable of str, optional
        A file must match none of these patterns, whatever `include` says.

    Raises
    ------
    CTADataError
        If a pattern is empty.
    """

    def __init__(
        self, include: str | Iterable[str] = (), exclude: str | Iterable[str] = ()
    ) -> None:
        include, exclude = _patterns(include), _patterns(exclude)
        self._takes_all = not include
        self._include = _Matcher(include)
        self._exclude = _Matcher(exclude)

    def takes(self, relative_path: str) -> bool:
        """Whether a file is transferred."""
        return not self._exclude.file(relative_path) and (
            self._takes_all or self._include.file(relative_path)
        )

    def excludes(self, relative_path: str) -> bool:
        """Whether a path is excluded as a file or as a directory; a link may lead to either."""
        return self._exclude.file(relative_path) or self._exclude.directory(relative_path)

    def prunes(self, relative_directory: str) -> bool:
        """Whether nothing below a directory ("" is the whole) is transferred or need be listed."""
        return self._exclude.directory(relative_directory.rstrip("/"))


class _Matcher:
    """Patterns, compiled into one regular expression for each kind of path."""

    def __init__(self, patterns: list[str]) -> None:
        names: list[str] = []
        paths: list[str] = []
        directory_names: list[str] = []
        directory_paths: list[str] = []
        for pattern in patterns:
            bare = pattern.strip("/")
            in_path = "/" in pattern.rstrip("/")
            if pattern.endswith("/"):
                (directory_paths if in_path else directory_names).append(bare)
            else:
                (paths if in_path else names).append(bare)
                if bare.endswith("/*"):
                    # This matches everything below the directory, which need not be listed.
                    directory_paths.append(bare[:-2])
        self._name, self._path = _compiled(names), _compiled(paths)
        self._directory_name = _compiled(directory_names)
        self._directory_path = _compiled(directory_paths)

    def file(self, path: str) -> bool:
        above, _, name = path.rpartition("/")
        return bool(
            (self._name and self._name.match(name))
            or (self._path and self._path.match(path))
            or self.directory(above)
        )

    def directory(self, path: str) -> bool:
        """Whether a pattern matches this directory or one above it."""
        if not (self._directory_name or self._directory_path):
            return False
        while path:
            above, _, name = path.rpartition("/")
            if (self._directory_name and self._directory_name.match(name)) or (
                self._directory_path and self._directory_path.match(path)
            ):
                return True
            path = above
        return False


def _patterns(given: str | Iterable[str]) -> list[str]:
    patterns = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise CTADataError(
            f"{given!r} is no pattern of include or exclude; give a string such as '*.h5', or a "
            "list of them"
        )
    if not all(pattern.strip("/") for pattern in patterns):
        raise CTADataError("A pattern of include or exclude is empty; give one such as '*.h5'")
    return patterns


def _compiled(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns))) if patterns else None
