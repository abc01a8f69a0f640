"""Split a PEM file into blocks (RFC 7468; RFC 1421 for the headers of older encrypted keys).

What mail programs and editors add to such a file is tolerated: byte order marks, UTF-16, carriage
returns, indentation, and any text before, between and after the blocks.
"""

from __future__ import annotations

import base64
import codecs
import re
from typing import NamedTuple

__all__ = ["Block", "DamagedPem", "is_der", "is_pem", "is_pkcs12", "read_blocks"]

_MARK = re.compile(rb"-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,60})-----")
_END_OF_HEADERS = re.compile(rb"\n[ \t\r]*\n")
_SPACE = re.compile(rb"\s+")
# A SEQUENCE with a length in the long or indefinite form (ITU-T X.690, section 8.1.3).
_SEQUENCE = rb"\x30(?:\x80|\x81.|\x82..|\x83...|\x84....)"
_DER = re.compile(_SEQUENCE, re.DOTALL)
# Version 3, then a content (RFC 7292, section 4).
_PFX = re.compile(_SEQUENCE + rb"\x02\x01\x03\x30", re.DOTALL)


class DamagedPem(Exception):
    """A block without a beginning or an end, or whose content is not base64."""


class Block(NamedTuple):
    """One block of the file.

    Attributes
    ----------
    label : str
        For example ``CERTIFICATE`` or ``RSA PRIVATE KEY``.
    headers, body : bytes
        The headers before an empty line, such as ``Proc-Type: 4,ENCRYPTED``; the base64 text.
    """

    label: str
    headers: bytes
    body: bytes

    @property
    def is_certificate(self) -> bool:
        """Whether it is a certificate, with the current or the older label."""
        return self.label in {"CERTIFICATE", "X509 CERTIFICATE"}

    @property
    def is_private_key(self) -> bool:
        """Whether it is a private key of any format."""
        return self.label.endswith("PRIVATE KEY")

    @property
    def der(self) -> bytes:
        """The decoded content.

        Raises
        ------
        DamagedPem
            If it is not base64.
        """
        try:
            return base64.b64decode(_SPACE.sub(b"", self.body), validate=True)
        except ValueError:
            # Not chained: the exception may carry the content.
            raise DamagedPem from None


def is_pkcs12(content: bytes) -> bool:
    """Whether the content is a binary PKCS#12 file."""
    return _PFX.match(content) is not None


def is_der(content: bytes) -> bool:
    """Whether the content is a certificate, a key or the like in binary form."""
    # Keys of elliptic curves are short enough for a length of one byte.
    short = 0 < len(content) - 2 < 128 and content.startswith(bytes([0x30, len(content) - 2]))
    return short or _DER.match(content) is not None


def is_pem(content: bytes) -> bool:
    """Whether the content has the first or last line of a block."""
    return _MARK.search(_as_ascii(content)) is not None


def read_blocks(content: bytes) -> list[Block]:
    """Return the blocks of a file in order; none if it is not PEM.

    Raises
    ------
    DamagedPem
        If a block has no beginning or no end.
    """
    content = _as_ascii(content)
    blocks = []
    begin: re.Match[bytes] | None = None
    for mark in _MARK.finditer(content):
        if (mark[1] == b"BEGIN") != (begin is None):
            raise DamagedPem
        if begin is None:
            begin = mark
            continue
        if mark[2] != begin[2]:
            raise DamagedPem
        body = content[begin.end() : mark.start()]
        headers = b""
        if b":" in body:
            headers, *rest = _END_OF_HEADERS.split(body, maxsplit=1)
            body = b"".join(rest)
        blocks.append(Block(mark[2].decode(), headers, body))
        begin = None
    if begin is not None:
        raise DamagedPem
    return blocks


def _as_ascii(content: bytes) -> bytes:
    """Recode UTF-16, so that each ASCII character is one byte."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode()
    return content
