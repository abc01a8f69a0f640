"""The services as the data centre runs them, with all their defects, for tests.

The layers are those of the real ones: a front decodes a path once and pastes it into the address
of a storage, which parses that address. What is marked **[defect]** in docs/protocol.md follows
from it, or is done here on purpose. Nothing outside the served directory can be reached all the
same: the storage has the confinement of `ctadata.service.tree`.
"""

from __future__ import annotations

from .app import Application
from .certificates import Certificates

__all__ = ["Application", "Certificates"]
