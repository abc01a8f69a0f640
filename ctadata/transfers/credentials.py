"""Private keys and certificates, which are never uploaded as data: others can read what is there.

They are told by their content, not by their names: proxies are called ``x509up_u1000``.
"""

from __future__ import annotations

import codecs
import re

from ..errors import TransferError

__all__ = ["HEAD", "credential_in", "refused_credential"]

# Bytes of a file that are looked at.
HEAD = 1 << 20

PRIVATE_KEY, CERTIFICATE = "private key", "certificate"

# The end of a line, also in a JSON string; and the headers of PEM (RFC 1421) and of OpenPGP.
_NEWLINE = rb"(?:\s|\\[rn])"
_HEADER = rb"[A-Za-z0-9-]{1,40}:[^\n\\]{0,200}" + _NEWLINE + rb"+"
# A key with a content: documentation that only names the marks is not meant.
_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    + _NEWLINE + rb"{0,80}(?:" + _HEADER + rb"){0,8}[A-Za-z0-9+/]{16}"
)  # fmt: skip
# A certificate is no secret: only a file that is one is meant, with what openssl may write first.
_CERTIFICATE = re.compile(
    rb"\s{0,80}(?:(?:Bag Attributes|Certificate:).{0,32768}?)?"
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
# PuTTY's and SSH.com's own formats.
_SSH = re.compile(rb"PuTTY-User-Key-File-\d|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----")
# A SEQUENCE (ITU-T X.690, section 8.1.3) that begins with the version of PKCS#12 (RFC 7292), of
# PKCS#8 (RFC 5958) before its algorithm, or of PKCS#1 (RFC 8017) before a long number.
_DER = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
    rb"\x02\x01(?:\x03\x30|\x00\x30.\x06|\x00\x02[\x81\x82])",
    re.DOTALL,
)


def credential_in(head: bytes) -> str | None:
    """Return what a file is that must not be published; None where it is nothing such.

    Parameters
    ----------
    head : bytes
        Its beginning; what comes later is not found, nor what is compressed or in an archive.

    Returns
    -------
    str or None
        ``private key``, also where there are certificates before it, as in a proxy file; or
        ``certificate``.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "replace").encode()
    if _DER.match(head) or _SSH.match(head) or _KEY.search(head):
        return PRIVATE_KEY
    return CERTIFICATE if _CERTIFICATE.match(head) else None


def refused_credential(shown: str, kind: str) -> TransferError:
    """Return the error for a file that was named, and must not be published.

    Parameters
    ----------
    shown : str
        The file, as the user knows it.
    kind : str
        What `credential_in` has found.
    """
    return TransferError(
        f"{shown!r} holds a {kind}, and others can read what is uploaded: it was not sent; to "
        "delegate a proxy certificate use 'ctadata certificate upload' or the panel",
        path=shown,
    )
