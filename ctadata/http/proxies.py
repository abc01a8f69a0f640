"""The proxy that the environment names for a service."""

from __future__ import annotations

import functools
import os
from urllib.parse import urlsplit

from ..errors import CTADataError
from .addresses import problem_of

__all__ = ["proxy_for"]

# All that urllib.request.getproxies reads.
PROXY_VARIABLES = [
    variable
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for variable in (name, name.upper())
]


def proxy_for(url: str) -> str | None:
    """Return the address of the proxy for `url`, or None.

    Raises
    ------
    CTADataError
        If the proxy's address is not usable. It may contain a password and is not repeated.
    """
    return _proxy_for(url, tuple(map(os.environ.get, PROXY_VARIABLES)))


# Reading the environment costs more than a request for a small file.
@functools.lru_cache(maxsize=16)
def _proxy_for(origin: str, settings: tuple[str | None, ...]) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(origin)
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    if not proxy:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if problem := problem_of(proxy):
        raise CTADataError(
            f"{parts.scheme.upper()}_PROXY is not the address of a proxy: {problem}; correct it, "
            "or name the service's host in NO_PROXY"
        )
    return proxy
