"""Certificates for tests, issued by an authority that the services of the tests trust."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ctadata.demo.authority import Authority, Credential, Name

ALICE: Name = [("DC", "org"), ("DC", "ctadata-tests"), ("CN", "Alice Ångström")]


@functools.cache
def authority() -> Authority:
    """The authority."""
    return Authority.create([("DC", "org"), ("DC", "ctadata-tests"), ("CN", "Test CA")])


@functools.cache
def alice() -> Credential:
    """A user's own certificate, valid for years."""
    return authority().issue(ALICE, **period(900))


def period(days: float) -> dict[str, datetime]:
    """A validity period that ends in `days`."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return {"not_before": now - timedelta(days=60), "not_after": now + timedelta(days=days)}


def proxy(days: float = 0.5, **options: Any) -> Credential:
    """A proxy certificate of alice that expires in `days`."""
    return alice().delegate(**period(days), **options)


def write_proxy(path: Path, days: float = 1) -> None:
    """Write a proxy certificate of alice that expires in `days` to a file."""
    path.touch(0o600)
    path.write_bytes(proxy(days).pem())
