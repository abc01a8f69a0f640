"""Sample DL1 files in HDF5, laid out like the data model of ctapipe.

Tables are compound datasets; a column's unit and description are attributes of its table
(`<column>_UNIT`, `<column>_DESC`), as ctapipe's HDF5TableWriter writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

PIXELS = 1855
"""Pixels of an LST camera."""

_EVENTS = 120
_TRIGGER_RATE = 5000.0
_NIGHT_START = 1731621600.0  # 2024-11-14T22:00:00 UTC, Unix seconds
_TELESCOPE = "tel_001"


@dataclass(frozen=True)
class _Column:
    values: NDArray[Any]
    description: str
    unit: str = ""


def write_dl1(path: Path, run: int, subrun: int) -> None:
    """Write the events of one subrun: parameters, images, monitoring, configuration.

    The numbers of run and subrun seed the generator.
    """
    rng = np.random.default_rng([run, subrun])
    first = subrun * _EVENTS
    ids = _ids(run, first)
    times = _NIGHT_START + np.cumsum(rng.exponential(1 / _TRIGGER_RATE, _EVENTS)) + subrun * 10
    with h5py.File(path, "w") as file:
        _write_metadata(file, run, "DL1", "DL1 Data Product")
        _write_configuration(file)
        trigger = ids | {
            "time": _Column(times, "trigger time, Unix", "s"),
            "event_type": _Column(np.full(_EVENTS, 32, "u1"), "32: subarray trigger"),
        }
        _write_table(file, "dl1/event/subarray/trigger", "trigger times", trigger)
        telescope = ids | {"tel_id": _Column(np.ones(_EVENTS, "i2"), "telescope")}
        pointing = {
            "time": _Column(times[::10], "Unix time", "s"),
            "azimuth": _Column(np.full(len(times[::10]), np.pi), "azimuth", "rad"),
            "altitude": _Column(np.full(len(times[::10]), 1.22), "altitude", "rad"),
        }
        where = f"dl1/monitoring/telescope/pointing/{_TELESCOPE}"
        _write_table(file, where, "telescope pointing", pointing)
        parameters, images = _events(rng)
        where = f"dl1/event/telescope/parameters/{_TELESCOPE}"
        _write_table(file, where, "image parameters", telescope | parameters)
        where = f"dl1/event/telescope/images/{_TELESCOPE}"
        _write_table(file, where, "calibrated images", telescope | images)


def write_datacheck(path: Path, run: int, subrun: int) -> None:
    """Write the data check of a subrun: means over its events for each pixel.

    The numbers of run and subrun seed the generator.
    """
    rng = np.random.default_rng([run, subrun, 1])
    with h5py.File(path, "w") as file:
        _write_metadata(file, run, "DL1", "DL1 data check")
        for kind in ("cosmics", "pedestals", "flatfield"):
            charge = rng.normal(2.0, 0.2, (1, PIXELS)).astype("f4")
            columns = {
                "subrun_index": _Column(np.array([subrun], "i4"), "subrun"),
                "num_events": _Column(np.array([_EVENTS], "i4"), "events"),
                "charge_mean": _Column(charge, "mean charge per pixel", "p.e."),
                "charge_stddev": _Column(charge / 3, "its standard deviation", "p.e."),
            }
            _write_table(file, f"dl1datacheck/{kind}", f"means of {kind}", columns)


def _ids(run: int, first: int) -> dict[str, _Column]:
    events = np.arange(first, first + _EVENTS, dtype="i8")
    return {
        "obs_id": _Column(np.full(_EVENTS, run, "i4"), "observation block"),
        "event_id": _Column(events, "event"),
    }


def _events(rng: np.random.Generator) -> tuple[dict[str, _Column], dict[str, _Column]]:
    """Return image parameters, and matching images (events, pixels)."""
    intensity = (50 * rng.pareto(1.7, _EVENTS) + 50).astype("f4")
    length = rng.gamma(4, 0.06, _EVENTS).astype("f4")
    width = (length * rng.uniform(0.2, 0.9, _EVENTS)).astype("f4")
    x, y = rng.normal(0, 0.8, (2, _EVENTS)).astype("f4")
    psi = rng.uniform(-90, 90, _EVENTS).astype("f4")

    pixel_x, pixel_y = _pixel_positions()
    dx, dy = pixel_x - x[:, None], pixel_y - y[:, None]
    cos, sin = np.cos(np.radians(psi))[:, None], np.sin(np.radians(psi))[:, None]
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    shape = np.exp(-0.5 * ((along / length[:, None]) ** 2 + (across / width[:, None]) ** 2))
    light = shape * (intensity / np.maximum(shape.sum(axis=1), 1e-6))[:, None]
    # Rounded to the resolution of a digitizer, so that it compresses like real images.
    image = np.round(light + rng.normal(0, 0.7, light.shape), 1).astype("f4")
    peak_time = np.round(12 + 8 * along + rng.normal(0, 1, light.shape), 0).astype("f4")
    mask = light > 4

    parameters = {
        "camera_frame_hillas_intensity": _Column(intensity, "total intensity", "p.e."),
        "camera_frame_hillas_x": _Column(x, "centroid x", "m"),
        "camera_frame_hillas_y": _Column(y, "centroid y", "m"),
        "camera_frame_hillas_length": _Column(length, "standard deviation along", "m"),
        "camera_frame_hillas_width": _Column(width, "standard deviation across", "m"),
        "camera_frame_hillas_psi": _Column(psi, "rotation", "deg"),
        "morphology_n_pixels": _Column(mask.sum(axis=1).astype("i2"), "pixels after cleaning"),
        "leakage_intensity_width_2": _Column(rng.beta(1, 20, _EVENTS).astype("f4"), "leakage"),
    }
    images = {
        "image": _Column(image, "charge of each pixel", "p.e."),
        "peak_time": _Column(peak_time, "arrival time in each pixel", "ns"),
        "image_mask": _Column(mask, "pixels that survive the cleaning"),
    }
    return parameters, images


def _pixel_positions() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the positions of the pixels: the innermost points of a hexagonal grid, in metres."""
    column, row = np.meshgrid(np.arange(-30, 31), np.arange(-30, 31))
    x = ((column + row % 2 / 2) * 0.05).ravel()
    y = (row * 0.05 * np.sqrt(3) / 2).ravel()
    inner = np.argsort(np.hypot(x, y), kind="stable")[:PIXELS]
    return x[inner].astype("f4"), y[inner].astype("f4")


def _write_configuration(file: h5py.File) -> None:
    pixel_x, pixel_y = _pixel_positions()
    geometry = {
        "pix_id": _Column(np.arange(PIXELS, dtype="i4"), "pixel"),
        "pix_x": _Column(pixel_x, "x", "m"),
        "pix_y": _Column(pixel_y, "y", "m"),
    }
    where = "configuration/instrument/telescope/camera/geometry_0"
    _write_table(file, where, "camera geometry", geometry)
    layout = {
        "tel_id": _Column(np.array([1], "i2"), "telescope"),
        "name": _Column(np.array([b"LST-1"]), "name"),
        "pos_x": _Column(np.array([-6.3], "f4"), "position north", "m"),
        "pos_y": _Column(np.array([-3.1], "f4"), "position west", "m"),
        "pos_z": _Column(np.array([44.0], "f4"), "position up", "m"),
    }
    _write_table(file, "configuration/instrument/subarray/layout", "subarray layout", layout)


def _write_metadata(file: h5py.File, run: int, level: str, description: str) -> None:
    """Write the reference metadata of CTAO (ctapipe.io.metadata.Reference)."""
    file.attrs.update(
        {
            "CTA REFERENCE VERSION": "1",
            "CTA CONTACT NAME": "nobody: these data are made up",
            "CTA PRODUCT DESCRIPTION": description,
            "CTA PRODUCT CREATION TIME": "2024-11-15 06:00:00",
            "CTA PRODUCT DATA CATEGORY": "Sim",
            "CTA PRODUCT DATA LEVELS": level,
            "CTA PRODUCT DATA ASSOCIATION": "Subarray",
            "CTA PRODUCT DATA MODEL NAME": "ASWG",
            "CTA PRODUCT DATA MODEL VERSION": "v5.0.0",
            "CTA PRODUCT FORMAT": "hdf5",
            "CTA PROCESS TYPE": "Observation",
            "CTA PROCESS ID": str(run),
            "CTA INSTRUMENT SITE": "CTA-North",
            "CTA INSTRUMENT CLASS": "Subarray",
        }
    )


def _write_table(file: h5py.File, where: str, title: str, columns: Mapping[str, _Column]) -> None:
    """Write a table with the attributes of PyTables and ctapipe."""
    kinds = [(name, c.values.dtype, c.values.shape[1:]) for name, c in columns.items()]
    rows = np.empty(len(next(iter(columns.values())).values), dtype=kinds)
    for name, column in columns.items():
        rows[name] = column.values
    table = file.create_dataset(where, data=rows, compression="gzip", compression_opts=1)
    table.attrs.update({"CLASS": "TABLE", "VERSION": "2.7", "TITLE": title})
    for number, (name, column) in enumerate(columns.items()):
        table.attrs[f"FIELD_{number}_NAME"] = name
        table.attrs[f"{name}_DESC"] = column.description
        if column.unit:
            table.attrs[f"{name}_UNIT"] = column.unit
