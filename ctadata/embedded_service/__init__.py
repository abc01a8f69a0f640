"""The embedded data service, for trying things out and for tests.

It speaks what the services of the CTA data centre speak (docs/protocol.md), over a directory of
this machine. It needs the extra ``ctadata[service]``.
"""

from __future__ import annotations

from .server import Service, serve

__all__ = ["Service", "serve"]
