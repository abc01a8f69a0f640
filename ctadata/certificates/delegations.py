"""What was delegated from this account: whose certificate, for what, until when; no secrets.

The certificate service cannot be asked. Each key has a file of its own, which is replaced as a
whole, so that notebooks, shells and servers of the same account need not know of one another.
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
        What it is for: ``cta``, ``lst``, ``arc``.
    identity : str or None
        For whom it speaks.
    vo : str or None
        The virtual organisation of its VOMS attributes.
    fqans : tuple of str
        Groups and roles.
    not_after : datetime
        The earlier of what the certificate and the service say, in UTC.
    uploaded_at : datetime
        When it was uploaded from here, in UTC.
    """

    key: str
    identity: str | None
    vo: str | None
    fqans: tuple[str, ...]
    not_after: datetime
    uploaded_at: datetime

    @classmethod
    def from_proxy(cls, proxy: ProxyCertificate, key: str, validity: str) -> Delegation:
        """Describe a proxy certificate that the service has stored just now.

        Parameters
        ----------
        proxy : ProxyCertificate
            The certificate.
        key : str
            What it is for.
        validity : str
            The service's answer: a date of RFC 1123.
        """
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
        """Return it as JSON has it, with times of ISO 8601."""
        times = {"not_after": iso(self.not_after), "uploaded_at": iso(self.uploaded_at)}
        return asdict(self) | {"fqans": list(self.fqans)} | times

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Delegation:
        """Return what `to_dict` was made from.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it was made from something else.
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
    """What was delegated from this account to one certificate service.

    Parameters
    ----------
    directory : Path
        Where the files are; made, for the user alone, where it is missing.
    service : str
        The service's address.
    """

    def __init__(self, directory: Path, service: str) -> None:
        self._directory = directory
        self._service = service
        self._prefix = hashlib.sha256(service.encode()).hexdigest()[:16] + "-"

    def remember(self, delegation: Delegation) -> None:
        """Write down one, in place of an older one for the same key; say so where that fails."""
        path = self._path(delegation.key)
        content = {"version": VERSION, "service": self._service, **delegation.to_dict()}
        try:
            os.makedirs(self._directory, 0o700, exist_ok=True)
            atomic_write(path, json.dumps(content).encode())
        except OSError as error:
            logger.warning(
                "%s cannot be written (%s): what was delegated will not be remembered",
                path,
                error.strerror,
            )

    def known(self, key: str) -> Delegation | None:
        """Return what was delegated last for a key, if that is known."""
        path = self._path(key)
        try:
            content, _ = read_json(path, MAX_BYTES)
            delegation = Delegation.from_dict(content)
            return delegation if content["service"] == self._service else None
        except FileNotFoundError:
            return None
        except (OSError, LookupError, TypeError, ValueError, OverflowError):
            logger.warning("%s is damaged; what was delegated for %r is not known", path, key)
            return None

    def _path(self, key: str) -> Path:
        return self._directory / f"{self._prefix}{quote(key, safe='')}.json"


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc)
