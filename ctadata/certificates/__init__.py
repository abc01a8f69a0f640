"""Inspect, explain and delegate grid proxy certificates; nothing secret is kept.

::

    upload.py             reads a file, inspects it, and sends it
    certificate_files.py  a path -> the bytes of a file that may be sent
    inspection.py         bytes -> ProxyCertificate (proxy.py), by means of
      pem.py              bytes -> the blocks of a PEM file
      certificate.py      a block -> one certificate: names (names.py), kind, signature (asn1.py)
      keys.py             a block -> a private key
      chain.py            certificates -> the user's certificate and the chain that signed it
      voms.py             a proxy certificate -> its VOMS attributes
      authorities.py      files -> the trusted certificate authorities
      rules.py            all of these -> findings, with their sentences (messages.py)
    service.py            requests to the certificate service
    delegations.py        a local record of what this account has delegated
"""

from .inspection import inspect
from .messages import Finding
from .proxy import ProxyCertificate

__all__ = ["Finding", "ProxyCertificate", "inspect"]
