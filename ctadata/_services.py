"""What every call of an `APIClient` needs: which services, which token, how patient."""

from __future__ import annotations

import copy
import os
from collections import defaultdict
from typing import TypeVar

from . import config
from ._arguments import count, seconds, speed
from .certificates.service import CertificateService
from .http.client import RETRIES, HTTPClient
from .http.watchdog import Watchdog
from .storage.download_service import DownloadService
from .storage.quoting import Quoting

__all__ = ["JOBS", "MAX_TIMEOUT", "LocalPath", "Services", "guarded"]

AnyClient = TypeVar("AnyClient", bound="Services")

LocalPath = str | os.PathLike[str]

# Files at a time: the service has ten threads for all its users.
JOBS = 8
# Seconds: longer than anybody waits, and short enough for every system call.
MAX_TIMEOUT = 1e6


class Services:
    """The services as the holder of one token sees them; see `ctadata.api.APIClient`."""

    # Not of `ClassVar`: they can be assigned on the class and on one client.
    downloadservice: str | None = None
    certificateservice: str | None = None
    token: str | None = None
    chunk_size: int | None = None
    data_dir: LocalPath | None = None

    def __init__(
        self,
        *,
        downloadservice: str | None = None,
        certificateservice: str | None = None,
        token: str | None = None,
        chunk_size: int | None = None,
        data_dir: LocalPath | None = None,
        timeout: float | None = None,
        retries: int = RETRIES,
        min_speed: float | None = None,
        max_listing_entries: int | None = None,
        max_listing_bytes: int | None = None,
    ) -> None:
        if timeout is not None:
            timeout = seconds(timeout, "timeout", MAX_TIMEOUT)
        if min_speed is not None:
            min_speed = speed(min_speed, "min_speed")
        retries = count(retries, "retries", 0)
        if max_listing_entries is not None:
            max_listing_entries = count(max_listing_entries, "max_listing_entries", 1)
        if max_listing_bytes is not None:
            max_listing_bytes = count(max_listing_bytes, "max_listing_bytes", 1)
        self._listing_limits = max_listing_entries, max_listing_bytes
        given = {
            "downloadservice": downloadservice,
            "certificateservice": certificateservice,
            "token": token,
            "chunk_size": chunk_size,
            "data_dir": data_dir,
        }
        # Set on the instance, over the class attributes, and only where something was given.
        self.__dict__.update({name: value for name, value in given.items() if value is not None})
        # By the service's address, which may change between two calls.
        self._quoting: defaultdict[str, Quoting] = defaultdict(Quoting)
        self._http = HTTPClient(
            self._current_token, timeout=timeout, retries=retries, min_speed=min_speed
        )
        self._certificate_http = HTTPClient(
            self._current_token,
            timeout=timeout,
            retries=retries,
            variable=config.CERTIFICATESERVICE_VARIABLE,
        )

    @property
    def downloadservice_url(self) -> str:
        """The download service's address in force, with trailing slash."""
        return config.downloadservice_url(self.downloadservice)

    @property
    def _service(self) -> DownloadService:
        url = self.downloadservice_url
        limits = config.listing_limits(*self._listing_limits)
        return DownloadService(self._http, url, self._quoting[url], limits)

    @property
    def certificateservice_url(self) -> str:
        """The certificate service's address in force, with trailing slash."""
        return config.certificateservice_url(self.certificateservice, self.downloadservice)

    @property
    def _certificates(self) -> CertificateService:
        return CertificateService(self._certificate_http, self.certificateservice_url)

    def _block_size(self, given: int | None = None) -> int | None:
        """Return the bytes that the service is to gather before it sends them on."""
        size = self.chunk_size if given is None else given
        return None if size is None else count(size, "chunk_size", 0)

    def _current_token(self) -> str | None:
        return config.token(self.token)


def guarded(client: AnyClient) -> tuple[AnyClient, Watchdog]:
    """Return a client that does the same, and the watchdog that can stop its calls."""
    http = client._http
    watchdog = Watchdog(http.timeout, http.min_speed)
    watched = copy.copy(client)
    watched._http = http.watched_by(watchdog)
    watched._certificate_http = client._certificate_http.watched_by(watchdog)
    return watched, watchdog
