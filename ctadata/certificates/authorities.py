"""The certificate authorities that are known on a machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
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
        If what was named cannot be read, or a file holds no certificate. In directories, files
        that are none are passed over, as are damaged certificates in files.
    """
    if isinstance(trusted, (bytes, str, os.PathLike)):
        trusted = (trusted,)
    return [authority for one in trusted for authority in _read(one)]


def _read(one: Authority) -> list[Certificate]:
    if isinstance(one, bytes):
        return _of_pem(one, "the authorities' certificates")
    if isinstance(one, (str, os.PathLike)):
        path = Path(one)
        try:
            return list(_of_directory(path)) if path.is_dir() else _of_file(path)
        except OSError as error:
            raise CertificateError(
                f"{str(path)[:200]!r} cannot be read: {error.strerror}", path=str(path)
            ) from None
        except ValueError:
            raise CertificateError(
                f"{str(path)[:200]!r} is not the name of a file", path=str(path)
            ) from None
    from cryptography.hazmat.primitives.serialization import Encoding

    return [read_certificate(one.public_bytes(Encoding.DER))]


def _of_directory(directory: Path) -> Iterator[Certificate]:
    for path in sorted(directory.iterdir()):
        # Beside each authority there are its namespaces and revocations.
        named = path.suffix in {".pem", ".crt", ".cer"} or path.suffix[1:].isdigit()
        if named and path.is_file():
            try:
                yield from _of_file(path)
            except (CertificateError, OSError):
                continue


def _of_file(path: Path) -> list[Certificate]:
    return _of_pem(path.read_bytes(), repr(str(path)))


def _of_pem(content: bytes, shown: str) -> list[Certificate]:
    try:
        blocks = read_blocks(content)
    except Damaged:
        blocks = []
    found = []
    for block in blocks:
        if block.is_certificate:
            # One of hundreds that is odd does not make the others unknown.
            with suppress(Damaged, Unreadable):
                found.append(read_certificate(block.der))
    if not found:
        raise CertificateError(f"There is no certificate in PEM form in {shown}")
    return found
