"""Delegate a certificate: read it, check it, and then send it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .._files import LocalPath
from .._printable import logger_of
from ..config import certificate_keys
from ..errors import CertificateError
from .authorities import known_authorities
from .certificate_files import default_proxy_file, read_file
from .inspection import prepare_upload
from .proxy import ProxyCertificate
from .service import CertificateService

__all__ = ["either_file", "store", "store_shared"]

logger = logger_of(__name__)


def either_file(
    file: LocalPath | bytes | None, older: LocalPath | None
) -> LocalPath | bytes | None:
    """Return the file given by one of two keywords.

    Raises
    ------
    CertificateError
        If both are given.
    """
    if file is not None and older is not None:
        raise CertificateError("Give either file or certificate_file_path, not both")
    return older if file is None else file


def store(
    service: CertificateService,
    file: LocalPath | bytes | None,
    key: str,
    user: str | None = None,
    *,
    force: bool,
) -> tuple[dict[str, Any], ProxyCertificate]:
    """Delegate a proxy certificate; see `APIClient.upload_personal_certificate`.

    Returns
    -------
    dict
        The service's answer.
    ProxyCertificate
        The certificate.
    """
    proxy, content = _checked(file, key, force)
    with _explained(proxy):
        return service.store(content, key, user), proxy


def store_shared(
    service: CertificateService, file: LocalPath | bytes | None, *, force: bool
) -> dict[str, Any]:
    """Store the certificate that all users share; see `APIClient.upload_shared_certificate`."""
    if file is None:
        # There is no default, so that nobody shares their own proxy by mistake.
        raise CertificateError("Give the file of the certificate that all users will share")
    proxy, content = _checked(file, None, force)
    with _explained(proxy):
        return service.store_shared(content)


@contextlib.contextmanager
def _explained(proxy: ProxyCertificate) -> Iterator[None]:
    """Add the local findings to the service's refusal, because they may be its reason."""
    try:
        yield
    except CertificateError as error:
        error.findings = [found for found in proxy.findings if found.level != "info"]
        raise


def _checked(
    file: LocalPath | bytes | None, key: str | None, force: bool
) -> tuple[ProxyCertificate, str]:
    """Return a certificate that may be sent, and the PEM to send."""
    keys = certificate_keys()
    if key is not None and key not in keys:
        raise CertificateError(
            f"{key!r} is not a key of the certificate service; it is one of {', '.join(keys)}"
        )
    name = None
    if not isinstance(file, (bytes, bytearray, memoryview)):
        file = default_proxy_file() if file is None else file
        name, file = str(file), read_file(file, private=True)
    try:
        proxy, content = prepare_upload(file, force=force, trusted=known_authorities())
    except CertificateError as error:
        error.path = name
        raise
    for found in proxy.findings:
        if found.level != "info":
            logger.warning("%s", found.sentence)
    return proxy, content
