"""The embedded data service, for trials and tests; it needs the extra ``ctadata[service]``.

It serves a local directory by the protocol of the CTA data centre's services (docs/protocol.md)::

    server.py                       Service: cheroot with our limits; ctadata serve
      connection.py                 reads request heads (request_heads.py) without a thread each
      app.py                        the WSGI application (wsgi.py): authentication (auth.py)
        routes.py                   every endpoint; openapi.yaml describes them
          file_endpoints.py         list, fetch, upload, health
          webdav_endpoint.py        WebDAV (dav_storage.py)
          certificate_endpoints.py  the certificate service: certificate_verification.py,
                                    certificate_store.py
    served_directory.py             the files; names in URLs: url_paths.py, write access: rights.py
    quirks/                         the same services with the defects of the real ones
"""

from __future__ import annotations

from .server import Service, serve

__all__ = ["Service", "serve"]
