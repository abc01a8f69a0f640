"""Recognizes private keys and certificates, which are never uploaded: others could read them.

Only the content counts, not the name: proxies are called ``x509up_u1000``.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from ...errors import TransferError

__all__ = ["HEAD", "credential_in", "head_of", "refused_credential"]

# How many bytes of a file are examined.
HEAD = 1 << 20

PRIVATE_KEY, CERTIFICATE = "private key", "certificate"

_MARKS = codecs.BOM_UTF8 + codecs.BOM_UTF32

# The end of a line, also within a JSON string; the headers of PEM (RFC 1421) and OpenPGP.
_NEWLINE = rb"(?:\s|\\[rn])"
_HEADER = rb"[A-Za-z0-9-]{1,40}:[^\n\\]{0,200}" + _NEWLINE + rb"+"
# How the Base64 of a DER or OpenSSH key begins, also within comments and strings of a program.
_IN_A_PROGRAM = (
    rb"(?:[^A-Za-z0-9\\]|\\[rn]){0,80}(?:MI[G-L]|M[C-H][A-Za-z0-9+/]CAQ|b3BlbnNzaC1rZXk)"
)
# A key with content; documentation that only mentions these lines is not a key.
_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:" + _NEWLINE + rb"{0,80}(?:" + _HEADER + rb"){0,8}|" + _IN_A_PROGRAM + rb")"
    rb"[A-Za-z0-9+/]{16}"
)  # fmt: skip
# A certificate is no secret: only a file that is one counts, including the text of openssl.
_CERTIFICATE = re.compile(
    rb"\s{0,80}(?:(?:Bag Attributes|Certificate:|subject=|issuer=).{0,32768}?)?"
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
# PuTTY's and SSH.com's own formats.
_SSH = re.compile(rb"PuTTY-User-Key-File-\d|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----")
# The start of a SEQUENCE (ITU-T X.690, section 8.1.3).
_SEQUENCE = rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
# A DER key starts with the version of PKCS#12 (RFC 7292); of PKCS#8 (RFC 5958) and its algorithm;
# of PKCS#1 (RFC 8017) and a long number; of an elliptic-curve key (RFC 5915) and its bytes; or
# with the encryption of PKCS#8, by an algorithm of PKCS#5 or PKCS#12.
_DER = re.compile(
    _SEQUENCE
    + rb"(?:\x02\x01(?:\x03\x30|[\x00\x01]" + _SEQUENCE + rb"\x06|\x00\x02[\x81\x82]"
    + rb"|\x01\x04[\x14-\x48])|" + _SEQUENCE
    + rb"\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05[\x01-\x0d]|\x0c\x01[\x01-\x06])\x30)",
    re.DOTALL,
)  # fmt: skip
# The version and serial number of a certificate (RFC 5280).
_DER_CERTIFICATE = re.compile(_SEQUENCE + _SEQUENCE + rb"\xa0\x03\x02\x01[\x01\x02]\x02", re.DOTALL)


def head_of(read: Callable[[int], bytes]) -> bytes:
    """Return the first `HEAD` bytes of a file, also if `read` returns fewer than requested."""
    head = bytearray()
    while len(head) < HEAD and (block := read(HEAD - len(head))):
        head += block
    return bytes(head)


def credential_in(head: bytes) -> str | None:
    """Return which kind of credential a file is, from its beginning.

    Anything later, compressed or archived is not found.

    Returns
    -------
    str or None
        ``private key``, also if certificates come first, as in a proxy file; ``certificate``; or
        None.
    """
    # Drop byte order marks; text in UTF-16 or UTF-32 becomes ASCII.
    text = head.lstrip(_MARKS).replace(b"\0", b"")
    if _DER.match(head) or _SSH.match(text) or _KEY.search(text):
        return PRIVATE_KEY
    if _DER_CERTIFICATE.match(head) or _CERTIFICATE.match(text):
        return CERTIFICATE
    return None


def refused_credential(display_path: str, kind: str) -> TransferError:
    """Return the error for a credential (`credential_in`) that the user asked to upload."""
    return TransferError(
        f"{display_path!r} holds a {kind}, and others can read what is uploaded: it was not sent; "
        "to delegate a proxy certificate use 'ctadata certificate upload' or the panel; what is "
        "meant for everybody, such as a key for tests, can be sent in an archive",
        path=display_path,
    )
