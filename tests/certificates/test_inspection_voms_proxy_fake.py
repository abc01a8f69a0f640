"""Proxies made by VOMS' own tool, as ``voms-proxy-init`` would from the answer of a server."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ctadata.certificates import inspect
from tests.support.openssl import openssl_refuses
from tests.support.proxies import IDENTITY, Grid, to_send

FQANS = ("/cta/Role=NULL/Capability=NULL", "/cta/lst/Role=production/Capability=NULL")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="session")
def voms_proxy_fake() -> str:
    named = os.environ.get("CTADATA_VOMS_PROXY_FAKE") or "voms-proxy-fake"
    found = shutil.which(named)
    if found is None:
        pytest.fail(
            "voms-proxy-fake is missing: install it (Debian: apt-get install voms-clients), or "
            "name it in CTADATA_VOMS_PROXY_FAKE",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def rsa_grid() -> Grid:
    return Grid.create(key_type="rsa")


@pytest.fixture(scope="session")
def make(voms_proxy_fake, rsa_grid, tmp_path_factory):
    """Make a proxy with options of the tool; return its file."""
    directory = tmp_path_factory.mktemp("voms")
    (directory / "ca").mkdir()
    for name, content in {
        "user.pem": rsa_grid.user.certificate_pem(),
        "user.key": rsa_grid.user.key_pem(),
        "host.pem": rsa_grid.voms.credential.certificate_pem(),
        "host.key": rsa_grid.voms.credential.key_pem(),
        "ca/ca.pem": rsa_grid.authority.pem(),
    }.items():
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o600)

    def run(*options: str) -> Path:
        path = directory / "proxy.pem"
        path.unlink(missing_ok=True)
        command = [
            *(voms_proxy_fake, "-quiet", "-bits", "2048", "-out", "proxy.pem", "-certdir", "ca"),
            *("-cert", "user.pem", "-key", "user.key", *options),
        ]
        subprocess.run(
            command,
            cwd=directory,
            env={"HOME": str(directory), "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
        return path

    return run


def attributes(vo: str = "cta", fqans: tuple[str, ...] = FQANS) -> list[str]:
    granted = [word for fqan in fqans for word in ("-fqan", fqan)]
    server = ["-hostcert", "host.pem", "-hostkey", "host.key", "-uri", "voms.example.org:15000"]
    return ["-voms", vo, *granted, *server]


def near(moment: datetime | None, hours: float) -> bool:
    wanted = datetime.now(timezone.utc) + timedelta(hours=hours)
    return moment is not None and abs(moment - wanted) < MINUTE


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        (("-rfc",), "rfc3820", []),
        (("-proxyver", "2"), "legacy", ["legacy-proxy"]),
        (("-proxyver", "3"), "gt3-draft", ["legacy-proxy"]),
        (("-proxyver", "4"), "rfc3820", []),
    ],
)
@pytest.mark.parametrize("limited", [False, True])
def test_versions(make, rsa_grid, version, kind, limited, expected):
    path = make(*version, *attributes(), *(["-limited"] if limited else []))
    found = inspect(path, trusted=[rsa_grid.authority.pem()])
    assert [finding.code for finding in found.findings] == expected
    assert (found.kind, found.limited, found.key_present) == (kind, limited, True)
    assert (found.vo, found.fqans) == ("cta", FQANS)
    assert found.identity == IDENTITY
    assert near(found.not_after, 12)
    if kind == "rfc3820":
        assert openssl_refuses(path.read_bytes(), [rsa_grid.authority.pem()]) == ""
        again = inspect(to_send(path.read_bytes()).encode())
        assert (again.findings, again.fingerprint) == ([], found.fingerprint)


@pytest.mark.parametrize(
    ("proxy", "voms", "ends", "expected"),
    [
        (12, 12, 12, []),
        (12, 6, 6, []),
        (12, 24, 12, []),
        (168, 12, 12, []),
        (200, 12, 12, ["longer-than-7-days"]),
        (168, 200, 168, []),
    ],
)
def test_times(make, proxy, voms, ends, expected):
    found = inspect(make("-rfc", *attributes(), "-hours", f"{proxy}", "-vomslife", f"{voms}"))
    assert [finding.code for finding in found.findings] == expected
    assert near(found.not_after, ends)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (5, []),
        (5.5, ["expires-within-hour"]),
        (7, ["voms-expired"]),
        (11.5, ["expires-within-hour", "voms-expired"]),
        (13, ["expired", "voms-expired"]),
    ],
)
def test_attributes_that_end_before_the_proxy(make, later, expected):
    path = make("-rfc", *attributes(), "-hours", "12", "-vomslife", "6")
    now = datetime.now(timezone.utc) + timedelta(hours=later) - MINUTE
    found = inspect(path, now=now)
    assert sorted(finding.code for finding in found.findings) == expected
    assert (found.vo, found.fqans) == ("cta", FQANS)


@pytest.mark.parametrize("version", ["-rfc", "-proxyver=3"])
@pytest.mark.parametrize("length", ["0", "1", "10"])
def test_path_lengths(make, version, length):
    found = inspect(make(*version.split("="), *attributes(), "-path-length", length))
    expected = [] if version == "-rfc" else ["legacy-proxy"]
    assert [finding.code for finding in found.findings] == expected


@pytest.mark.parametrize("vo", ["cta", "vo.cta.in2p3.fr"])
def test_organisations(make, vo):
    found = inspect(make("-rfc", *attributes(vo, (f"/{vo}",))))
    assert (found.vo, found.findings) == (vo, [])
    assert found.fqans == (f"/{vo}",)


def test_without_attributes(make):
    found = inspect(make("-rfc"))
    assert [finding.code for finding in found.findings] == ["no-voms-attributes"]
    assert (found.vo, found.fqans) == (None, ())


def test_without_options(make):
    """The tool's current default kind."""
    found = inspect(make(*attributes()))
    assert found.kind == "rfc3820"
    assert found.findings == []
