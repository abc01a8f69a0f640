"""The certificate authorities that are known on a machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CertificateError
from .certificate import Certificate, Unreadable, read_certificate
from .pem import Damaged, read_blocks

if TYPE_CHECKING:
    from .inspection import Authority

__all__ = ["read_authorities"]


def read_authorities(trusted: Iterable[Authority]) -> list[Certificate]:
    """Read the certificates of authorities; see `ctadata.certificates.inspect`.

    Raises
    ------
    CertificateError
        If a file that was named cannot be read, or holds no certificate. In directories, files
        that are none are passed over.
    """
    if isinstance(trusted, (bytes, str, os.PathLike)):
        trusted = (trusted,)
    return [authority for one in trusted for authority in _read(one)]


def _read(one: Authority) -> list[Certificate]:
    if isinstance(one, bytes):
        return _of_pem(one, "the authorities' certificates")
    if isinstance(one, (str, os.PathLike)):
        path = Path(one)
        return list(_of_directory(path)) if path.is_dir() else _of_file(path)
    from cryptography.hazmat.primitives.serialization import Encoding

    return [read_certificate(one.public_bytes(Encoding.DER))]


def _of_directory(directory: Path) -> Iterator[Certificate]:
    for path in sorted(directory.iterdir()):
        # Beside each authority there are its namespaces and revocations.
        if path.suffix in {".pem", ".crt", ".cer"} or path.suffix[1:].isdigit():
            try:
                yield from _of_file(path)
            except CertificateError:
                continue


def _of_file(path: Path) -> list[Certificate]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CertificateError(
            f"{str(path)!r} cannot be read: {error.strerror}", path=str(path)
        ) from error
    return _of_pem(content, repr(str(path)))


def _of_pem(content: bytes, shown: str) -> list[Certificate]:
    try:
        found = [read_certificate(b.der) for b in read_blocks(content) if b.is_certificate]
    except (Damaged, Unreadable):
        found = []
    if not found:
        raise CertificateError(f"There is no certificate in PEM form in {shown}")
    return found
