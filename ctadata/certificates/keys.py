"""Private keys of PEM files: read, compared with certificates, written again."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.utils import CryptographyDeprecationWarning

from .pem import Block, Damaged

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

__all__ = ["Key", "hostile_bytes", "is_encrypted", "public_bytes", "read_key"]

_OLDER_LABELS = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"}
_WITH_OLDER_FORMAT = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, dsa.DSAPrivateKey)


class Key:
    """A private key; its content never appears in a text.

    Parameters
    ----------
    key : private key
        As `cryptography` has it.
    label : str
        Of the PEM block that it came in.

    Attributes
    ----------
    public : bytes
        The SubjectPublicKeyInfo (RFC 5280) that belongs to it.
    """

    def __init__(self, key: PrivateKeyTypes, label: str) -> None:
        self._key = key
        self._label = label
        self.public = public_bytes(key.public_key())

    def to_pem(self) -> bytes:
        """Return it as PEM, in the format that it came in (PKCS#8, or the older ones)."""
        # A label may stand before a key of another format, which is read as well.
        older = self._label in _OLDER_LABELS and isinstance(self._key, _WITH_OLDER_FORMAT)
        form = PrivateFormat.TraditionalOpenSSL if older else PrivateFormat.PKCS8
        return self._key.private_bytes(Encoding.PEM, form, NoEncryption())


def is_encrypted(block: Block) -> bool:
    """Whether a private key is protected by a password (PKCS#8, or RFC 1421)."""
    return block.label.startswith("ENCRYPTED") or b"ENCRYPTED" in block.headers


def read_key(block: Block) -> Key | None:
    """Return the private key of a block that is not encrypted; None if it cannot be read."""
    try:
        with hostile_bytes():
            key = Key(_load(block.der), block.label)
            # What can be read but not written would fail only when it is to be sent.
            key.to_pem()
            return key
    except (Damaged, ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        # The last is how OpenSSL puts up with some numbers that are no key.
        return None


def _load(der: bytes) -> PrivateKeyTypes:
    # OpenSSL would look whether the numbers of an RSA key are prime: half a minute for large ones.
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, rsa.RSAPrivateKey) and not _belong_together(key.private_numbers()):
        raise ValueError
    return key


def _belong_together(key: rsa.RSAPrivateNumbers) -> bool:
    """Whether the numbers of an RSA key are as RFC 8017, section 3.2, has them, but for primes."""
    p, q, both = key.p, key.q, key.public_numbers
    return (
        min(p, q) > 1
        and p * q == both.n
        and (key.d * both.e - 1) % (p - 1) == 0
        and (key.d * both.e - 1) % (q - 1) == 0
        and key.dmp1 == key.d % (p - 1)
        and key.dmq1 == key.d % (q - 1)
        and key.iqmp * q % p == 1
    )


@contextmanager
def hostile_bytes() -> Iterator[None]:
    """Let `cryptography` read anything, and not announce what it will not read in future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def public_bytes(key: PublicKeyTypes) -> bytes:
    """Return the SubjectPublicKeyInfo (RFC 5280) of a public key."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
