"""Fixtures that all test folders share: the embedded service over a small tree."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from ctadata import api
from ctadata.embedded_service import Service
from ctadata.http import connections

from .support.certificates import authority
from .support.proxies import Grid
from .support.scripted import Scripted

TOKEN = "a-token-for-tests"
ODD_NAMES = ["two words.txt", "h#x.txt", "50%.txt", "%41.txt", "?a&b+c=d.txt", "Übermaß λόγος.txt"]


def pytest_configure() -> None:
    """Let signals do what they usually do, also where the tests run in the background.

    Shells and CI systems ignore some for what they start so, and processes inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def make_tree(root: Path) -> None:
    run = root / "cta/DL1/20241114/v0.1"
    run.mkdir(parents=True)
    (run / "dl1_LST-1.Run11111.0100.h5").write_bytes(bytes(range(256)) * 4096)
    (run / "datacheck_dl1_LST-1.Run11111.0100.h5").write_bytes(b"datacheck")
    data = root / "lst/some-data-dir"
    (data / "deep/er").mkdir(parents=True)
    (data / "small.txt").write_bytes(b"small")
    (data / "empty").write_bytes(b"")
    (data / "deep/er/nested.txt").write_bytes(b"nested")
    (root / "lst/users").mkdir()
    odd = root / "lst/odd"
    odd.mkdir()
    for name in ODD_NAMES:
        (odd / name).write_text(name)


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Start each test as a new process would: ports are used again by other services.

    A process has its connections, and one client behind the functions of `ctadata`.
    """
    connections._pool.cache_clear()
    vars(api.default_client).update(vars(api.APIClient()))


@pytest.fixture(autouse=True)
def nothing_is_written_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what must outlive a process with the test."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter-data"))


@pytest.fixture(scope="session")
def ca_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the authority that `tests.support.certificates` uses."""
    bundle = tmp_path_factory.mktemp("authorities") / "ca.pem"
    bundle.write_bytes(authority().pem())
    return bundle


@contextmanager
def serving(directory: Path, ca_bundle: Path, *, quirks: bool = False) -> Iterator[Service]:
    """Run the embedded service over a small tree that is made; alice administrates it."""
    directory.mkdir()
    make_tree(directory)
    with Service(
        directory, token=TOKEN, user="alice", ca_bundle=ca_bundle, admin=True, quirks=quirks
    ) as running:
        yield running


@pytest.fixture(params=["kind", "quirky"])
def service(request: pytest.FixtureRequest, tmp_path: Path, ca_bundle: Path) -> Iterator[Service]:
    """The embedded service over a small tree in `tmp_path / "storage"`.

    Each test runs against both: as the protocol should be, and with the defects of the real one.
    """
    with serving(tmp_path / "storage", ca_bundle, quirks=request.param == "quirky") as running:
        yield running


@pytest.fixture
def service_env(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service, with the environment that a user's session has."""
    monkeypatch.setenv("CTADS_URL", service.downloadservice_url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", service.token)
    monkeypatch.delenv("CTACS_URL", raising=False)
    return service


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with Scripted() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield script


@pytest.fixture(scope="session")
def grid() -> Grid:
    return Grid.create()


@pytest.fixture(scope="session", name="pkcs12")
def pkcs12_file(grid: Grid) -> bytes:
    """The user's certificate and key, as browsers export them."""
    user = grid.user
    encryption = BestAvailableEncryption(b"secret")
    return pkcs12.serialize_key_and_certificates(
        b"Ada", user.key, user.certificate, user.chain, encryption
    )
