"""Grid proxy certificates: seen through, delegated to the certificate service, never kept.

::

    reading.py        a file -> its bytes, if it is one that may be sent
    inspection.py     bytes -> ProxyCertificate (proxy.py), by means of
      pem.py          bytes -> the blocks of a PEM file
      certificate.py  a block -> one certificate: names (names.py), kind, who signed it
      keys.py         a block -> a private key
      chain.py        certificates -> the one that is meant, and its chain
      voms.py         a proxy certificate -> its VOMS attributes
      authorities.py  files -> the authorities that are known
      examination.py  all of these -> what is wrong, in words (findings.py)
    sending.py        the certificate service
    delegations.py    what was delegated from this account
"""

from .inspection import inspect
from .messages import Finding
from .proxy import ProxyCertificate

__all__ = ["Finding", "ProxyCertificate", "inspect"]
