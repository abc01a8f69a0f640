"""What the tests change, put back to where it was before the first of them."""

from __future__ import annotations

import contextlib
import filecmp
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["Rest", "Snapshot", "empty"]

# Seconds within which a transfer ends that is cancelled.
PATIENCE = 60.0
# Requests must not go to a proxy that the machine may have.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Snapshot:
    """What is in a directory now.

    Parameters
    ----------
    directory : Path
        The directory.
    copy : Path
        Where its files are kept meanwhile.
    apart : iterable of Path
        Files of the directory that no test changes, and that are not worth a copy.
    """

    def __init__(self, directory: Path, copy: Path, apart: Iterable[Path] = ()) -> None:
        self._directory = directory
        self._copy = copy
        self._apart = {path.relative_to(directory) for path in apart}
        shutil.copytree(
            directory, copy, ignore=lambda folder, names: self._ignored(Path(folder), names)
        )

    def restore(self) -> None:
        """Remove what has been added, and bring back what was changed or removed."""
        for path in sorted(self._directory.rglob("*"), reverse=True):
            place = path.relative_to(self._directory)
            if place in self._apart:
                continue
            kept = self._copy / place
            if path.is_dir() and not path.is_symlink():
                if not kept.is_dir():
                    path.rmdir()
            elif not kept.is_file() or not filecmp.cmp(path, kept):
                path.unlink()
        for kept in sorted(self._copy.rglob("*")):
            path = self._directory / kept.relative_to(self._copy)
            if kept.is_dir():
                path.mkdir(exist_ok=True)
            elif not path.exists():
                shutil.copy2(kept, path)

    def _ignored(self, folder: Path, names: list[str]) -> list[str]:
        place = folder.relative_to(self._directory)
        return [name for name in names if place / name in self._apart]


class Rest:
    """The REST interface of the server extension, for whoever has the Jupyter server's token."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._headers = {"Authorization": f"token {token}"} if token else {}
        self._headers["Tus-Resumable"] = "1.0.0"

    def forget_all(self) -> None:
        """End and remove all transfers and uploads."""
        ends = time.monotonic() + PATIENCE
        while transfers := self._ask("transfers")["transfers"]:
            if time.monotonic() > ends:
                raise TimeoutError(f"These transfers do not end: {transfers}")
            for transfer in transfers:
                if transfer["state"] != "cancelling":
                    self._remove(f"transfers/{transfer['id']}")
            if any(transfer["state"] in {"running", "cancelling"} for transfer in transfers):
                time.sleep(0.05)
        for upload in self._ask("uploads")["uploads"]:
            self._remove(f"uploads/{upload['id']}")

    def _remove(self, path: str) -> None:
        # It may have ended in the same moment.
        with contextlib.suppress(urllib.error.HTTPError):
            self._ask(path, "DELETE")

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self._url}/{path}", method=method, headers=self._headers
        )
        with _open(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None


def empty(directory: Path) -> None:
    """Remove what is in a directory, if there is one."""
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
