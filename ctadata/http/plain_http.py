"""Decides what may be sent over plain http, and where to.

Plain http is usual on one machine and inside a cluster. Elsewhere everybody on the way can read
and use a token, or a certificate with its key.
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
# Private networks (RFC 1918, RFC 4193) and link-local addresses (RFC 3927, RFC 4291). Not
# 100.64.0.0/10, which the customers of a provider share (RFC 6598).
_PRIVATE = [
    *_LOOPBACK,
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    *map(ip_network, ("fc00::/7", "fe80::/10")),
]
# The names of services in a Kubernetes cluster; nobody can register such a domain.
_CLUSTER_NAME = re.compile(r"(?:[a-z0-9_-]+\.)+(?:svc|cluster\.local)\.?")
# Resolved inside one network only. Not a number, which may be read as an address in many ways.
_SINGLE_LABEL = re.compile(r"(?!(?:0x[0-9a-f]*|[0-9]+)$)[a-z0-9_-]+")

_warned: set[str] = set()
# No request is sent while another thread warns of the same host: the warning may become an error.
_warning = threading.RLock()


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, without asking a name server."""
    return host.lower() in {"localhost", "localhost."} or _is_in(host, _LOOPBACK)


def check_token(url: str, variable: str) -> None:
    """Warn, once for each host, if the token is sent to another network over plain http.

    Parameters
    ----------
    url : str
        The address that is requested.
    variable : str
        The environment variable that holds the service's address.

    Raises
    ------
    AuthenticationError
        If warnings are errors (``python -W error``).
    """
    with _warning:
        text = first_warning(url, variable)
        if text is not None:
            try:
                warnings.warn(text, stacklevel=3)
            except UserWarning as warning:
                # Nothing was sent. The next request must be refused, too.
                _warned.discard(_exposed_to(url) or "")
                raise AuthenticationError(text) from warning


def first_warning(url: str, variable: str) -> str | None:
    """Return the warning for an address; None if there is none or it was returned before."""
    host = _exposed_to(url)
    if host is None or _is_allowed():
        return None
    with _warning:
        if host in _warned:
            return None
        _warned.add(host)
    return (
        f"The hub token goes to {host!r} unencrypted, and can be read on the way: "
        f"{_remedy(variable)}"
    )


def check_certificate(url: str, variable: str) -> None:
    """Refuse to send a certificate and its key to another network over plain http.

    Raises
    ------
    CertificateError
        If it would be sent there.
    """
    host = _exposed_to(url)
    if host is not None and not _is_allowed():
        raise CertificateError(
            f"The certificate was not sent: it would go to {host!r} unencrypted, with its key; "
            f"{_remedy(variable)}"
        )


def _remedy(variable: str) -> str:
    return (
        f"give {variable} an address with https://, or set {ALLOW_VARIABLE}=1 if you trust the "
        "network"
    )


def _is_allowed() -> bool:
    return os.environ.get(ALLOW_VARIABLE, "").strip() == "1"


def _exposed_to(url: str) -> str | None:
    """Return the host that would receive a request unencrypted, if it is in another network."""
    if not url.lower().startswith("http:"):
        return None
    from .proxies import proxy_for

    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    # A proxy reads all of it.
    for address in (origin, proxy_for(origin)):
        host = host_of(address or "")
        if host and not _is_in_own_network(host):
            return host
    return None


@lru_cache(maxsize=64)
def _is_in_own_network(host: str) -> bool:
    name = host.lower()
    return (
        is_loopback(host)
        or _is_in(host, _PRIVATE)
        or _SINGLE_LABEL.fullmatch(name) is not None
        or _CLUSTER_NAME.fullmatch(name) is not None
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
