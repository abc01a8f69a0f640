"""The record of delegated certificates: whose, for what, until when; it contains no secrets.

The certificate service cannot be asked. Each key has its own file, which is replaced as a whole,
so that notebooks, shells and servers of the same account do not disturb each other.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .._files import atomic_write, read_json
from .._printable import logger_of
from ..storage.dates import seconds_of
from .proxy import ProxyCertificate, iso

__all__ = ["Delegation", "Delegations"]

logger = logger_of(__name__)

VERSION = 1
MAX_BYTES = 64 << 10


@dataclass(frozen=True)
class Delegation:
    """A certificate that the service has stored.

    Attributes
    ----------
    key : str
        The key of the service: ``cta``, ``lst``, ``arc``.
    identity : str or None
        The identity that it represents.
    vo : str or None
        The virtual organisation of its VOMS attributes.
    fqans : tuple of str
        Groups and roles.
    not_after : datetime
        When it ends according to the certificate or the service, whichever is earlier, in UTC.
    uploaded_at : datetime
        When it was uploaded, in UTC.
    """

    key: str
    identity: str | None
    vo: str | None
    fqans: tuple[str, ...]
    not_after: datetime
    uploaded_at: datetime

    @classmethod
    def from_proxy(cls, proxy: ProxyCertificate, key: str, validity: str) -> Delegation:
        """Describe a certificate that the service has just stored until a date of RFC 1123."""
        ends = datetime.fromtimestamp(seconds_of(validity) or 0, timezone.utc)
        return cls(
            key=key,
            identity=proxy.identity,
            vo=proxy.vo,
            fqans=proxy.fqans,
            not_after=min(proxy.not_after or ends, ends),
            uploaded_at=datetime.now(timezone.utc).replace(microsecond=0),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON, with times in ISO 8601."""
        times = {"not_after": iso(self.not_after), "uploaded_at": iso(self.uploaded_at)}
        return asdict(self) | {"fqans": list(self.fqans)} | times

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Delegation:
        """Return the delegation of a dictionary made by `to_dict`.

        Raises
        ------
        LookupError, TypeError, ValueError
            If the dictionary is not valid.
        """
        return cls(
            key=str(content["key"]),
            identity=_text_or_none(content["identity"]),
            vo=_text_or_none(content["vo"]),
            fqans=tuple(str(fqan) for fqan in content["fqans"]),
            not_after=_moment(content["not_after"]),
            uploaded_at=_moment(content["uploaded_at"]),
        )


class Delegations:
    """The delegations from this account to one certificate service.

    The directory is created, for the user alone, if it is missing.
    """

    def __init__(self, directory: Path, service: str) -> None:
        self._directory = directory
        self._service = service
        self._prefix = hashlib.sha256(service.encode()).hexdigest()[:16] + "-"

    def remember(self, delegation: Delegation) -> None:
        """Record a delegation, replacing an older one for the same key; log if that fails."""
        path = self._path(delegation.key)
        content = {"version": VERSION, "service": self._service, **delegation.to_dict()}
        try:
            os.makedirs(self._directory, 0o700, exist_ok=True)
            atomic_write(path, json.dumps(content).encode())
        except OSError as error:
            logger.warning(
                "%s cannot be written (%s): this delegation will not be remembered",
                path,
                error.strerror,
            )

    def known(self, key: str) -> Delegation | None:
        """Return the last delegation for a key, if it is known."""
        path = self._path(key)
        try:
            content, _ = read_json(path, MAX_BYTES)
            delegation = Delegation.from_dict(content)
            return delegation if content["service"] == self._service else None
        except FileNotFoundError:
            return None
        except (OSError, LookupError, TypeError, ValueError, OverflowError):
            logger.warning("%s is damaged; the last delegation for %r is not known", path, key)
            return None

    def _path(self, key: str) -> Path:
        return self._directory / f"{self._prefix}{quote(key, safe='')}.json"


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc)
