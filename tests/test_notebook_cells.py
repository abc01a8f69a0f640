"""The cells that the panel makes of a selection: run as they are, and run again.

`tests/cells.json` holds them; a test of the panel compares them with what it makes.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from astropy.io import fits

from ctadata.embedded_service import Service

CELLS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cells.json").read_text())
GIF = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
ECSV = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: radius, datatype: float64}\nradius\n1.5\n"


def write(path: Path) -> None:
    """Make a small file of the kind that its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match path.name.lower().split(".")[1:]:
        case [*_, "h5" | "hdf5"]:
            with h5py.File(path, "w") as file:
                file["energy"] = [1.5]
        case [*_, "fits"] | [*_, "fits", "gz"]:
            fits.PrimaryHDU(np.zeros((2, 3))).writeto(path)
        case [*_, "csv"]:
            path.write_text("alt,az\n70.0,180.0\n")
        case [*_, "ecsv"]:
            path.write_text(ECSV)
        case [*_, "json"]:
            path.write_text('{"tailcut": 84}')
        case [*_, "npy"]:
            np.save(path, np.arange(3))
        case [*_, "npz"]:
            np.savez(path, np.arange(3))
        case [*_, "png" | "gif"]:
            path.write_bytes(GIF)
        case _:
            path.write_text(path.name)


@pytest.fixture
def storage(service_env: Service, tmp_path: Path) -> Path:
    """What the service serves: all that the cells name."""
    storage = tmp_path / "storage"
    for cell in CELLS:
        for entry in cell["entries"]:
            path = storage / entry["path"]
            if entry["type"] == "directory":
                (path / "below").mkdir(parents=True, exist_ok=True)
                write(path / "below/some.txt")
            elif not path.exists():
                write(path)
    return storage


@contextmanager
def executed(code: ast.Module) -> Iterator[dict[str, Any]]:
    """Execute a cell; gives its variables, with the value of its last line as `_`."""
    *body, last = code.body
    assert isinstance(last, ast.Expr)
    assign = ast.Assign([ast.Name("_", ast.Store())], last.value)
    module = ast.fix_missing_locations(ast.Module([*body, assign], []))
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(module, "cell", "exec"), names)
    yield names
    for value in names.values():
        # A list of HDUs is a list, too.
        several = (
            value if type(value) is list else value.values() if type(value) is dict else [value]
        )
        for file in several:
            if isinstance(file, fits.HDUList | h5py.File | np.lib.npyio.NpzFile):
                file.close()


def imported(code: ast.Module) -> dict[str, str]:
    """Return the names that a cell imports, and from which package."""
    found = {}
    for node in ast.walk(code):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = node.module if isinstance(node, ast.ImportFrom) else alias.name
                assert module is not None
                found[alias.asname or alias.name] = module.split(".")[0]
    return found


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell["name"])
def test_every_name_is_known(cell: dict[str, Any]) -> None:
    code = ast.parse("\n".join(cell["code"]))
    names = [node for node in ast.walk(code) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    arguments = {node.arg for node in ast.walk(code) if isinstance(node, ast.arg)}
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    assert loaded <= stored | arguments | set(imported(code)) | set(vars(builtins))
    assert set(imported(code)) <= loaded, "imported, but not used"
    # The paths are in it, whatever they are made of.
    strings = {node.value for node in ast.walk(code) if isinstance(node, ast.Constant)}
    assert {entry["path"] for entry in cell["entries"]} <= strings


def executable() -> list[dict[str, Any]]:
    """Return the cells whose libraries are installed."""
    return [
        cell
        for cell in CELLS
        if all(map(importlib.util.find_spec, imported(ast.parse("\n".join(cell["code"]))).values()))
    ]


def test_most_kinds_are_executed() -> None:
    names = {cell["name"] for cell in executable()}
    assert names >= {"HDF5", "FITS", "several ECSV", "several kinds", "hostile names", "a folder"}


@pytest.mark.parametrize("cell", executable(), ids=lambda cell: cell["name"])
def test_it_runs_and_downloads_once(cell: dict[str, Any], storage: Path, work: Path) -> None:
    code = ast.parse("\n".join(cell["code"]))
    with executed(code):
        pass
    before = {path: path.stat().st_ino for path in work.rglob("*") if path.is_file()}
    assert {path.name for path in before} >= {
        os.path.basename(entry["path"]) for entry in cell["entries"] if entry["type"] == "file"
    }
    for path in before:
        assert any(path.read_bytes() == remote.read_bytes() for remote in storage.rglob(path.name))
    with executed(code):
        pass
    assert {path: path.stat().st_ino for path in work.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("HDF5", ["energy"]),
        ("JSON", {"tailcut": 84}),
        ("an unknown kind", Path("blob.bin")),
        ("a folder", [Path("cta/kinds/folder #1/below/some.txt")]),
    ],
)
def test_it_shows_what_is_in_it(name: str, shown: object, storage: Path, work: Path) -> None:
    (cell,) = (cell for cell in CELLS if cell["name"] == name)
    with executed(ast.parse("\n".join(cell["code"]))) as names:
        assert names["_"] == shown


def test_several_kinds_become_a_dictionary(storage: Path, work: Path) -> None:
    (cell,) = (cell for cell in CELLS if cell["name"] == "several kinds")
    with executed(ast.parse("\n".join(cell["code"]))) as names:
        data = names["data"]
        assert data["notes.txt"] == "notes.txt"
        assert data["config.json"] == {"tailcut": 84}
        assert data["image.fits"][0].data.shape == (2, 3)
        assert list(data["a.h5"]) == ["energy"]
