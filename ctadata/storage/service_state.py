"""ServiceState: what a client has learned of one service, so that it asks but once."""

from __future__ import annotations

from dataclasses import dataclass, field

from .quoting import Quoting

__all__ = ["ServiceState"]


@dataclass
class ServiceState:
    """What is known of the service at one address; can be used from several threads at once.

    Attributes
    ----------
    quoting : Quoting
        How often the service decodes a path.
    home_directories : dict of bytes to str
        The user's home directory in the storage, by the SHA-256 of the token.
    has_checksums : bool
        False once the storage has offered none for a file.
    """

    quoting: Quoting = field(default_factory=Quoting)
    home_directories: dict[bytes, str] = field(default_factory=dict)
    has_checksums: bool = True
