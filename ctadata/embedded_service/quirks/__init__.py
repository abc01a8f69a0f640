"""The services as the data centre runs them, with all their defects, for tests.

::

    quirky_app.py           a hub's proxy, and routes (quirky_routes.py) as Flask finds them
    quirky_files.py         the front: decodes a path once and pastes it into the backend's address
    quirky_certificates.py  the certificate service
    backend.py              the storage: parses the address, and decodes it again
    in_place_directory.py   writes files in place
    html_responses.py           error pages, and text sent as HTML

The defects marked **[defect]** in docs/protocol.md follow from these layers, or are reproduced on
purpose. Even so, nothing outside the served directory can be reached: the backend is confined by
`ctadata.embedded_service.served_directory`.
"""

from __future__ import annotations

from .quirky_app import QuirkyApplication
from .quirky_certificates import QuirkyCertificateEndpoints

__all__ = ["QuirkyApplication", "QuirkyCertificateEndpoints"]
