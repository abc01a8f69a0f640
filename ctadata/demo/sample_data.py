"""Sample data: a small storage with files like those of one night of the first LST.

Layouts, names and units are real; the values are random, from a seeded generator. It needs the
extra ``ctadata[demo]``.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from .sample_dl1 import write_datacheck, write_dl1
from .sample_dl3 import write_dl3, write_index

_NIGHT = "20241114"
_RUNS = (11111, 11112)
_FIRST_FILE = datetime(2024, 11, 15, 6, tzinfo=timezone.utc).timestamp()

ODD_NAMES = (
    "two words.txt",
    "run #7.txt",
    "50% of it.txt",
    "%41 is not A.txt",
    "why?.txt",
    "a+b & c=d.txt",
    "a..b.txt",
    "(unbalanced.txt",
    'quote\'s "end".txt',
    "Übergröße λόγος.txt",
    "望遠鏡.txt",
)
"""Names that have caused errors."""


def make_sample_data(directory: Path) -> None:
    """Create ``cta`` and ``lst``, about 30 MB, in an existing directory."""
    _make_dl1(directory / "cta/DL1" / _NIGHT / "v0.1", subruns=(0, 1, 99, 100, 101))
    tailcut = directory / "lst/DL1" / _NIGHT / "v0.1/tailcut84"
    _make_dl1(tailcut, subruns=(0, 1, 100))
    _make_many(tailcut / "muons")
    _make_dl3(directory / "cta/DL3" / _NIGHT / "v0.1")
    _make_odd_names(directory / "cta/odd names")
    _make_some_data(directory / "lst/some-data-dir")
    _set_times(directory)


def _make_dl1(directory: Path, subruns: tuple[int, ...]) -> None:
    directory.mkdir(parents=True)
    for run in _RUNS:
        for subrun in subruns:
            name = f"dl1_LST-1.Run{run:05d}.{subrun:04d}.h5"
            write_dl1(directory / name, run, subrun)
            write_datacheck(directory / f"datacheck_{name}", run, subrun)


def _make_dl3(directory: Path) -> None:
    directory.mkdir(parents=True)
    paths = [directory / f"dl3_LST-1.Run{run:05d}.fits" for run in _RUNS]
    for run, path in zip(_RUNS, paths, strict=True):
        write_dl3(path, run)
    write_index(directory, paths)


def _make_many(directory: Path) -> None:
    """Create 3,000 small files: a table of muon rings for each subrun of a night."""
    directory.mkdir()
    for number in range(3000):
        run, subrun = 11101 + number // 150, number % 150
        header = "# %ECSV 1.0\n# ---\n# datatype:\n"
        for column, unit in (("ring_radius", "deg"), ("ring_width", "deg"), ("efficiency", "")):
            about = f", unit: {unit}" if unit else ""
            header += f"# - {{name: {column}{about}, datatype: float64}}\n"
        radius = 1 + number % 23 / 100
        table = f"{header}ring_radius ring_width efficiency\n{radius} 0.05 0.{170 + number % 40}\n"
        path = directory / f"muons_LST-1.Run{run:05d}.{subrun:04d}.ecsv"
        path.write_text(table, encoding="utf-8")


def _make_odd_names(directory: Path) -> None:
    (directory / "folder #1").mkdir(parents=True)
    for name in ODD_NAMES:
        (directory / name).write_text(f"{name}\n", encoding="utf-8")
    (directory / "folder #1/100%.txt").write_text("100%\n", encoding="utf-8")


def _make_some_data(directory: Path) -> None:
    (directory / "nested").mkdir(parents=True)
    (directory / "empty").touch()
    (directory / "README.txt").write_text("Any directory can be fetched whole.\n", encoding="utf-8")
    (directory / "nested/pointing.csv").write_text("alt,az\n70.0,180.0\n", encoding="utf-8")


def _set_times(directory: Path) -> None:
    """Set the times of all files to the next morning, half a second apart."""
    count = 0
    for folder, names, files in os.walk(directory):
        names.sort()
        for name in sorted(files):
            time = _FIRST_FILE + count // 2
            os.utime(Path(folder, name), (time, time))
            count += 1
