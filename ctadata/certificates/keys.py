"""Read, compare and write the private keys of PEM files."""

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

from .pem import Block, DamagedPem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

__all__ = ["Key", "ignore_deprecations", "is_encrypted", "public_bytes", "read_key"]

_OLDER_LABELS = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"}
_WITH_OLDER_FORMAT = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, dsa.DSAPrivateKey)


class Key:
    """A private key with the label of its PEM block; its representation never shows its content.

    `public_key` is the matching SubjectPublicKeyInfo (RFC 5280) in DER.
    """

    def __init__(self, key: PrivateKeyTypes, label: str) -> None:
        self._key = key
        self._label = label
        self.public_key = public_bytes(key.public_key())

    def to_pem(self) -> bytes:
        """Return the key as PEM, in its original format (PKCS#8 or an older one)."""
        # The label need not match the format of the key; such a key is read all the same.
        older = self._label in _OLDER_LABELS and isinstance(self._key, _WITH_OLDER_FORMAT)
        form = PrivateFormat.TraditionalOpenSSL if older else PrivateFormat.PKCS8
        return self._key.private_bytes(Encoding.PEM, form, NoEncryption())


def is_encrypted(block: Block) -> bool:
    """Whether a private key is protected by a password (PKCS#8, or RFC 1421)."""
    return block.label.startswith("ENCRYPTED") or b"ENCRYPTED" in block.headers


def read_key(block: Block) -> Key | None:
    """Return the private key of an unencrypted block; None if it cannot be read."""
    try:
        with ignore_deprecations():
            key = Key(_load(block.der), block.label)
            # A key that can be read but not written would otherwise fail only at the upload.
            key.to_pem()
            return key
    except (DamagedPem, ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        # OpenSSL reports some numbers that are not a key as an internal error.
        return None


def _load(der: bytes) -> PrivateKeyTypes:
    # OpenSSL's own validation tests for primes, which takes half a minute for large RSA keys.
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, rsa.RSAPrivateKey) and not _is_consistent(key.private_numbers()):
        raise ValueError
    return key


def _is_consistent(key: rsa.RSAPrivateNumbers) -> bool:
    """Whether the numbers of an RSA key satisfy RFC 8017, section 3.2; primality is not tested."""
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
def ignore_deprecations() -> Iterator[None]:
    """Silence `cryptography`'s warnings about certificates that it will reject in future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def public_bytes(key: PublicKeyTypes) -> bytes:
    """Return the SubjectPublicKeyInfo (RFC 5280) of a public key."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
