"""Certificates for tests: an authority that the services of tests trust, and what it issues."""

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
    """A user's own certificate, which is valid for years."""
    return authority().issue(ALICE, **period(900))


def period(days: float) -> dict[str, datetime]:
    """The bounds of a validity that ends `days` from now."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return {"not_before": now - timedelta(days=60), "not_after": now + timedelta(days=days)}


def proxy(days: float = 0.5, **options: Any) -> Credential:
    """A proxy certificate of alice that ends `days` from now."""
    return alice().delegate(**period(days), **options)


def write_proxy(path: Path, days: float = 1) -> None:
    """Write the file of a proxy certificate of alice that ends `days` from now."""
    path.touch(0o600)
    path.write_bytes(proxy(days).pem())
