"""The services as the data centre runs them, with all their defects, for tests.

The layers are those of the real ones: a front decodes a path once and pastes it into the address
of a storage, which parses that address. What is marked **[defect]** in docs/protocol.md follows
from it, or is done here on purpose. Nothing outside the served directory can be reached all the
same: the storage has the confinement of `ctadata.embedded_service.served_directory`.
"""

from __future__ import annotations

from .quirky_app import Application
from .quirky_certificates import Certificates

__all__ = ["Application", "Certificates"]
