"""The sample data, read like an astronomer would."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from ctadata.demo.sample_data import ODD_NAMES, make_sample_data
from ctadata.embedded_service.url_paths import is_usable_name

DL1 = "cta/DL1/20241114/v0.1"
DL3 = "cta/DL3/20241114/v0.1"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sample")
    make_sample_data(directory)
    return directory


def test_size_and_names(sample: Path) -> None:
    files = [path for path in sample.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60 * 1024**2
    assert all(is_usable_name(path.name) for path in files)
    many = sample / "lst/DL1/20241114/v0.1/tailcut84/muons"
    assert len(list(many.iterdir())) == 3000
    assert {path.name for path in (sample / "cta/odd names").iterdir()} >= set(ODD_NAMES)
    assert (sample / "lst/some-data-dir").is_dir()


def test_the_selection_that_notebooks_make(sample: Path) -> None:
    names = [path.name for path in (sample / DL1).iterdir()]
    chosen = [n for n in names if "datacheck" not in n and ".0100" in n and "11111" in n]
    assert chosen == ["dl1_LST-1.Run11111.0100.h5"]


def test_dl1(sample: Path) -> None:
    with h5py.File(sample / DL1 / "dl1_LST-1.Run11111.0100.h5") as file:
        assert set(file) == {"configuration", "dl1"}
        assert file.attrs["CTA PRODUCT DATA MODEL NAME"] == "ASWG"
        parameters = file["dl1/event/telescope/parameters/tel_001"]
        assert parameters.attrs["camera_frame_hillas_intensity_UNIT"] == "p.e."
        assert set(parameters["obs_id"]) == {11111}
        images = file["dl1/event/telescope/images/tel_001"]
        assert images.attrs["CLASS"] == "TABLE"
        image = images["image"]
        assert image.dtype == np.float32
        assert image.shape == (len(parameters), 1855)
        assert np.array_equal(images["event_id"], parameters["event_id"])
        assert len(file["configuration/instrument/telescope/camera/geometry_0"]) == 1855
        assert file["dl1/monitoring/telescope/pointing/tel_001"].attrs["altitude_UNIT"] == "rad"


def test_dl3_follows_the_format(sample: Path) -> None:
    with fits.open(sample / DL3 / "dl3_LST-1.Run11111.fits") as hdus:
        hdus.verify("exception")
        names = [hdu.name for hdu in hdus]
        assert names == ["PRIMARY", "EVENTS", "GTI", "EFFECTIVE AREA", "ENERGY DISPERSION"]
        events, gti, area, dispersion = hdus[1:]
        assert all(hdu.header["HDUCLASS"] == "GADF" for hdu in hdus[1:])
        assert all(hdu.header["HDUVERS"] == "0.3" for hdu in hdus[1:])
        columns = {column.name: column.unit for column in events.columns}
        expected = {"EVENT_ID": None, "TIME": "s", "RA": "deg", "DEC": "deg", "ENERGY": "TeV"}
        assert columns == expected
        mandatory = (
            *("OBS_ID", "TSTART", "TSTOP", "ONTIME", "LIVETIME", "DEADC", "RA_PNT", "DEC_PNT"),
            *("EQUINOX", "RADECSYS", "ORIGIN", "TELESCOP", "INSTRUME", "CREATOR", "HDUCLAS1"),
            *("MJDREFI", "MJDREFF", "TIMEUNIT", "TIMESYS", "TIMEREF"),
        )
        assert [key for key in mandatory if key not in events.header] == []
        start, stop = gti.data["START"][0], gti.data["STOP"][0]
        assert start <= events.data["TIME"].min() < events.data["TIME"].max() <= stop
        assert (area.header["HDUCLAS2"], area.header["HDUCLAS4"]) == ("EFF_AREA", "AEFF_2D")
        assert area.data["EFFAREA"].shape == (1, 5, 20)
        assert dispersion.header["HDUCLAS4"] == "EDISP_2D"
        assert dispersion.data["MATRIX"].shape == (1, 5, 30, 20)


def test_the_index_names_what_is_there(sample: Path) -> None:
    index = Table.read(sample / DL3 / "hdu-index.fits.gz")
    for row in index:
        with fits.open(sample / DL3 / row["FILE_NAME"]) as hdus:
            assert hdus[row["HDU_NAME"]].header["EXTNAME"] == row["HDU_NAME"]
    assert list(Table.read(sample / DL3 / "obs-index.fits.gz")["OBS_ID"]) == [11111, 11112]


def test_it_is_the_same_every_time(sample: Path, tmp_path: Path) -> None:
    make_sample_data(tmp_path)
    for path in (f"{DL1}/dl1_LST-1.Run11111.0100.h5", f"{DL3}/dl3_LST-1.Run11112.fits"):
        assert (sample / path).read_bytes() == (tmp_path / path).read_bytes()
        assert (sample / path).stat().st_mtime == (tmp_path / path).stat().st_mtime
