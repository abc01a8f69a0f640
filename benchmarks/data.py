"""Create the test files, and compare the copies with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

from .measure import Failed

BLOCK = 1 << 20
# Random bytes are generated once; a file repeats them, each block with its number in front.
_NOISE = os.urandom(BLOCK)


def make_file(path: Path, size: int) -> None:
    """Create a file of `size` bytes, in which no two blocks are equal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for number in range(-(-size // BLOCK)):
            block = number.to_bytes(8, "big") + _NOISE[8:]
            file.write(block[: size - number * BLOCK])


def make_files(folder: Path, count: int, size: int, each: int | None = None) -> None:
    """Create `count` files of `size` bytes, in one directory or `each` per directory."""
    for number in range(count):
        name = f"f{number:06}"
        path = folder / f"d{number // each:04}" / name if each else folder / name
        if number % (each or count) == 0:
            path.parent.mkdir(parents=True)
        start = number * 97 % (BLOCK - size)
        path.write_bytes(number.to_bytes(8, "big") + _NOISE[start : start + size - 8])


def digest(path: Path) -> int:
    """Return the adler32 of a file."""
    value = 1
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            value = zlib.adler32(block, value)
    return value


def compare(source: Path, copy: Path) -> None:
    """Raise `Failed` unless `copy`, a file or a tree, has the same content as `source`.

    In a separate process: the peak memory of a client is never below that of the process that
    starts it, and this process would grow with the number of files.
    """
    command = [sys.executable, "-m", __name__, str(source), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.strip())


def empty(folder: Path) -> None:
    """Replace a folder by an empty one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _difference(source: Path, copy: Path) -> str | None:
    """Describe how a copy differs; clients arrange trees in different ways."""
    expected, found = _files(source), _files(copy)
    if source.is_file() and len(found) == 1:
        found = dict.fromkeys(expected, *found.values())
    if expected.keys() != found.keys():
        wrong = sorted(expected.keys() ^ found.keys())
        return f"{len(wrong)} files are missing or unexpected, such as {wrong[0]}"
    for name, path in expected.items():
        if path.stat().st_size != found[name].stat().st_size or not _same(path, found[name]):
            return f"{name} has arrived with other bytes"
    return None


def _files(path: Path) -> dict[str, Path]:
    if path.is_file():
        return {path.name: path}
    return {each.name: each for each in path.rglob("*") if each.is_file()}


def _same(one: Path, other: Path) -> bool:
    with one.open("rb", buffering=0) as a, other.open("rb", buffering=0) as b:
        while block := a.read(BLOCK):
            if block != b.read(BLOCK):
                return False
    return True


if __name__ == "__main__":
    sys.exit(_difference(Path(sys.argv[1]), Path(sys.argv[2])))
