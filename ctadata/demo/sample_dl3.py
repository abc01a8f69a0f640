"""Sample DL3 files in FITS, in the gamma-astro-data-format (GADF) 0.3.

Event lists, good time intervals, effective area and energy dispersion, with the mandatory
header keywords of https://gamma-astro-data-formats.readthedocs.io/en/v0.3/.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

_CRAB = (83.6329, 22.0144)
_EVENTS = 2000
_DURATION = 1200.0
_LIVE = 0.96
_NIGHT_START = datetime(2024, 11, 14, 22)
# The same instant in seconds of TT since the reference, MJD 51544.5.
_START = 784_893_669.184
_GADF: dict[str, Any] = {
    "HDUCLASS": "GADF",
    "HDUDOC": "https://github.com/open-gamma-ray-astro/gamma-astro-data-formats",
    "HDUVERS": "0.3",
}
_TIME: dict[str, Any] = {
    "MJDREFI": 51544,
    "MJDREFF": 0.5,
    "TIMEUNIT": "s",
    "TIMESYS": "TT",
    "TIMEREF": "LOCAL",
}
_HDUS = (
    ("EVENTS", "events", "events"),
    ("GTI", "gti", "gti"),
    ("EFFECTIVE AREA", "aeff", "aeff_2d"),
    ("ENERGY DISPERSION", "edisp", "edisp_2d"),
)

_OBSERVATION_KEYS = {
    "OBS_ID": "i8",
    "OBJECT": "U20",
    "RA_PNT": "f8",
    "DEC_PNT": "f8",
    "TSTART": "f8",
    "TSTOP": "f8",
    "DEADC": "f8",
}


def write_dl3(path: Path, run: int) -> None:
    """Write one observation.

    The number of the run, OBS_ID, seeds the generator.
    """
    primary = fits.PrimaryHDU()
    primary.header["CREATOR"] = "ctadata sample data"
    primary.header["COMMENT"] = "These data are made up."
    hdus = [primary, _events(run), _gti(run), _effective_area(), _energy_dispersion()]
    fits.HDUList(hdus).writeto(path)


def write_index(directory: Path, paths: Sequence[Path]) -> None:
    """Write the observation and HDU index tables of observations in a directory."""
    observations, hdus = [], []
    for path in paths:
        with fits.open(path) as observation:
            header = observation["EVENTS"].header
            obs_id = header["OBS_ID"]
            observations.append(tuple(header[key] for key in _OBSERVATION_KEYS))
            for name, kind, detail in _HDUS:
                hdus.append((obs_id, kind, detail, ".", path.name, name))
    obs_table = np.array(observations, dtype=list(_OBSERVATION_KEYS.items()))
    names = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
    kinds = ("i8", "U10", "U10", "U1", "U40", "U20")
    hdu_table = np.array(hdus, dtype=list(zip(names, kinds, strict=True)))
    for table, name, kind in ((obs_table, "OBS_INDEX", "OBS"), (hdu_table, "HDU_INDEX", "HDU")):
        hdu = fits.BinTableHDU(table, name=name)
        hdu.header.update(_GADF | {"HDUCLAS1": "INDEX", "HDUCLAS2": kind})
        hdu.writeto(directory / f"{name.lower().replace('_', '-')}.fits.gz")


def _span(run: int) -> tuple[float, float]:
    start = _START + (run % 100) * (_DURATION + 60)
    return start, start + _DURATION


def _table(name: str, columns: dict[str, tuple[str, str, NDArray[Any]]]) -> fits.BinTableHDU:
    """Create a table from columns of (format, unit, values)."""
    made = [
        fits.Column(column, kind, unit=unit or None, array=values)
        for column, (kind, unit, values) in columns.items()
    ]
    return fits.BinTableHDU.from_columns(made, name=name)


def _events(run: int) -> fits.BinTableHDU:
    rng = np.random.default_rng(run)
    start, stop = _span(run)
    spread = rng.normal(0, 0.4, (2, _EVENTS))
    columns = {
        "EVENT_ID": ("1K", "", np.arange(1, _EVENTS + 1)),
        "TIME": ("1D", "s", np.sort(rng.uniform(start, stop, _EVENTS))),
        "RA": ("1E", "deg", _CRAB[0] + spread[0] / np.cos(np.radians(_CRAB[1]))),
        "DEC": ("1E", "deg", _CRAB[1] + spread[1]),
        "ENERGY": ("1E", "TeV", 0.03 * (1 + rng.pareto(1.6, _EVENTS))),
    }
    hdu = _table("EVENTS", columns)
    header = _GADF | _TIME | _observation(run)
    hdu.header.update(header | {"HDUCLAS1": "EVENTS"})
    return hdu


def _observation(run: int) -> dict[str, Any]:
    start, stop = _span(run)
    begin, end = (_NIGHT_START + timedelta(seconds=time - _START) for time in (start, stop))
    return {
        "OBS_ID": run,
        "TSTART": start,
        "TSTOP": stop,
        "ONTIME": _DURATION,
        "LIVETIME": _DURATION * _LIVE,
        "DEADC": _LIVE,
        "OBS_MODE": "POINTING",
        "RA_PNT": _CRAB[0],
        "DEC_PNT": _CRAB[1] + 0.4,
        "ALT_PNT": 70.0,
        "AZ_PNT": 180.0,
        "EQUINOX": 2000.0,
        "RADECSYS": "ICRS",
        "ORIGIN": "ctadata sample data",
        "TELESCOP": "CTA-N",
        "INSTRUME": "LST-1",
        "CREATOR": "ctadata sample data",
        "OBJECT": "Crab Nebula",
        "RA_OBJ": _CRAB[0],
        "DEC_OBJ": _CRAB[1],
        "DATE-OBS": begin.date().isoformat(),
        "TIME-OBS": begin.time().isoformat(),
        "DATE-END": end.date().isoformat(),
        "TIME-END": end.time().isoformat(),
    }


def _gti(run: int) -> fits.BinTableHDU:
    start, stop = _span(run)
    interval = {"START": ("1D", "s", np.array([start])), "STOP": ("1D", "s", np.array([stop]))}
    hdu = _table("GTI", interval)
    hdu.header.update(_GADF | _TIME | {"HDUCLAS1": "GTI", "OBS_ID": run})
    return hdu


def _axis(edges: NDArray[Any], name: str, unit: str) -> dict[str, tuple[str, str, NDArray[Any]]]:
    """Return the two columns (one row) with the lower and the upper edges of bins."""
    kind = f"{len(edges) - 1}E"
    return {
        f"{name}_LO": (kind, unit, edges[None, :-1]),
        f"{name}_HI": (kind, unit, edges[None, 1:]),
    }


def _energies() -> NDArray[Any]:
    return np.geomspace(0.01, 100, 21)


def _offsets() -> NDArray[Any]:
    return np.linspace(0, 2.5, 6)


def _response(hdu: fits.BinTableHDU, kind: str, form: str) -> fits.BinTableHDU:
    hdu.header.update(_GADF | {"HDUCLAS1": "RESPONSE", "HDUCLAS2": kind})
    hdu.header.update({"HDUCLAS3": "FULL-ENCLOSURE", "HDUCLAS4": form})
    hdu.header.update({"TELESCOP": "CTA-N", "INSTRUME": "LST-1"})
    return hdu


def _effective_area() -> fits.BinTableHDU:
    energies, offsets = _energies()[:-1], _offsets()[:-1]
    area = 1e5 / (1 + (0.1 / energies) ** 2.5) * np.exp(-((offsets[:, None] / 1.5) ** 2))
    columns = _axis(_energies(), "ENERG", "TeV") | _axis(_offsets(), "THETA", "deg")
    columns["EFFAREA"] = (f"{area.size}E", "m2", area[None])
    hdu = _table("EFFECTIVE AREA", columns)
    hdu.header["TDIM5"] = f"({area.shape[1]},{area.shape[0]})"
    return _response(hdu, "EFF_AREA", "AEFF_2D")


def _energy_dispersion() -> fits.BinTableHDU:
    migration = np.linspace(0.2, 5, 31)
    middle = (migration[1:] + migration[:-1]) / 2
    width = 0.3 / (1 + _energies()[:-1] ** 0.2)
    density = np.exp(-0.5 * ((middle[:, None] - 1) / width) ** 2)
    density /= (density * np.diff(migration)[:, None]).sum(axis=0)
    matrix = np.repeat(density[None], len(_offsets()) - 1, axis=0)
    columns = (
        _axis(_energies(), "ENERG", "TeV")
        | _axis(migration, "MIGRA", "")
        | _axis(_offsets(), "THETA", "deg")
    )
    columns["MATRIX"] = (f"{matrix.size}E", "", matrix[None])
    hdu = _table("ENERGY DISPERSION", columns)
    hdu.header["TDIM7"] = f"({matrix.shape[2]},{matrix.shape[1]},{matrix.shape[0]})"
    return _response(hdu, "EDISP", "EDISP_2D")
