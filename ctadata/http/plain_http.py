"""Plain http: what may be sent by it, and where.

On one machine and inside a cluster it is usual. Elsewhere everybody on the way can read, and use,
a token or a certificate with its key.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from ..errors import AuthenticationError, CertificateError
from .addresses import host_of

__all__ = ["ALLOW_VARIABLE", "check_certificate", "check_token", "first_warning", "is_loopback"]

ALLOW_VARIABLE = "CTADATA_ALLOW_HTTP"

_LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# Of one organisation (RFC 1918, RFC 4193) or one wire (RFC 3927, RFC 4291). Not 100.64.0.0/10,
# which the customers of a provider share (RFC 6598).
_OF_ONE_NETWORK = [
    *_LOOPBACK,
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    *map(ip_network, ("fc00::/7", "fe80::/10")),
]
# The names of services in a cluster of Kubernetes; nobody can register such a domain.
_OF_A_CLUSTER = re.compile(r"(?:[a-z0-9_-]+\.)+(?:svc|cluster\.local)\.?")
# Known in one network only; what is or ends with a number may be read as an address in many ways.
_SINGLE_LABEL = re.compile(r"(?!(?:0x[0-9a-f]*|[0-9]+)$)[a-z0-9_-]+")

_warned: set[str] = set()
# No request goes out while another one is being warned of, which may refuse it.
_warning = threading.RLock()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, whatever a name server says."""
    return host.lower() in {"localhost", "localhost."} or _is_in(host, _LOOPBACK)


def check_token(url: str, variable: str) -> None:
    """Warn, once for each host, where the token goes to another network by plain http.

    Parameters
    ----------
    url : str
        Where it goes.
    variable : str
        What of the environment has the service's address.

    Raises
    ------
    AuthenticationError
        Where warnings are errors (``python -W error``).
    """
    with _warning:
        text = first_warning(url, variable)
        if text is not None:
            try:
                warnings.warn(text, stacklevel=3)
            except UserWarning as warning:
                # Nothing was sent, and the next request is not to be, either.
                _warned.discard(_exposed_to(url) or "")
                raise AuthenticationError(text) from warning


def first_warning(url: str, variable: str) -> str | None:
    """Return what to warn of; None where there is nothing, or it was returned before."""
    host = _exposed_to(url)
    if host is None or _is_allowed():
        return None
    with _warning:
        if host in _warned:
            return None
        _warned.add(host)
    return (
        f"The hub token goes to {host!r} unencrypted, and can be read on the way: give {variable} "
        f"an address with https://, or set {ALLOW_VARIABLE}=1 if you trust the network"
    )


def check_certificate(url: str, variable: str) -> None:
    """Refuse to send a certificate and its key to another network by plain http.

    Raises
    ------
    CertificateError
        If it would go there.
    """
    host = _exposed_to(url)
    if host is not None and not _is_allowed():
        raise CertificateError(
            f"The certificate was not sent: it would go to {host!r} unencrypted, with its key; "
            f"give {variable} an address with https://, or set {ALLOW_VARIABLE}=1 if you trust "
            "the network"
        )


def _is_allowed() -> bool:
    return os.environ.get(ALLOW_VARIABLE, "").strip() == "1"


def _exposed_to(url: str) -> str | None:
    """Return the host that gets a request in the clear, if it is not of the own network."""
    if not url.lower().startswith("http:"):
        return None
    from .connections import proxy_for

    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    # A proxy sees all of it.
    for address in (origin, proxy_for(origin)):
        host = host_of(address or "")
        if host and not _is_of_own_network(host):
            return host
    return None


@lru_cache(maxsize=64)
def _is_of_own_network(host: str) -> bool:
    name = host.lower()
    return (
        is_loopback(host)
        or _is_in(host, _OF_ONE_NETWORK)
        or _SINGLE_LABEL.fullmatch(name) is not None
        or _OF_A_CLUSTER.fullmatch(name) is not None
    )


def _is_in(host: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    address: IPv4Address | IPv6Address
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
