"""The blocks of a PEM file (RFC 7468, and RFC 1421 for the headers of older encrypted keys).

What mail programs and editors do to such a file is undone: byte order marks, UTF-16, carriage
returns, indentation, and any text before, between and after the blocks.
"""

from __future__ import annotations

import base64
import codecs
import re
from typing import NamedTuple

__all__ = ["Block", "Damaged", "is_der", "is_pem", "is_pkcs12", "read_blocks"]

_MARK = re.compile(rb"-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,60})-----")
_END_OF_HEADERS = re.compile(rb"\n[ \t\r]*\n")
_SPACE = re.compile(rb"\s+")
# SEQUENCE, of more bytes than fit into one (ITU-T X.690, section 8.1.3).
_SEQUENCE = rb"\x30(?:\x80|\x81.|\x82..|\x83...|\x84....)"
_DER = re.compile(_SEQUENCE, re.DOTALL)
# Version 3, and a content (RFC 7292, section 4).
_PFX = re.compile(_SEQUENCE + rb"\x02\x01\x03\x30", re.DOTALL)


class Damaged(Exception):
    """A block that has no end, no beginning, or a content that is not base64."""


class Block(NamedTuple):
    """One block, as it stands in the file.

    Attributes
    ----------
    label : str
        For example ``CERTIFICATE`` or ``RSA PRIVATE KEY``.
    headers, body : bytes
        What stands before an empty line, such as ``Proc-Type: 4,ENCRYPTED``; and base64.
    """

    label: str
    headers: bytes
    body: bytes

    @property
    def is_certificate(self) -> bool:
        """Whether it is a certificate, under its usual or its older label."""
        return self.label in {"CERTIFICATE", "X509 CERTIFICATE"}

    @property
    def is_private_key(self) -> bool:
        """Whether it is a private key of any format."""
        return self.label.endswith("PRIVATE KEY")

    @property
    def der(self) -> bytes:
        """What the base64 means.

        Raises
        ------
        Damaged
            If it is no base64.
        """
        try:
            return base64.b64decode(_SPACE.sub(b"", self.body), validate=True)
        except ValueError:
            # Not chained: the exception may carry the content.
            raise Damaged from None


def is_pkcs12(content: bytes) -> bool:
    """Whether it is a PKCS#12 file in binary form."""
    return _PFX.match(content) is not None


def is_der(content: bytes) -> bool:
    """Whether it is a certificate, a key or the like in binary form."""
    # Keys of elliptic curves are short: their length is one byte.
    short = 0 < len(content) - 2 < 128 and content.startswith(bytes([0x30, len(content) - 2]))
    return short or _DER.match(content) is not None


def is_pem(content: bytes) -> bool:
    """Whether a block begins, or ends, in it."""
    return _MARK.search(_as_ascii(content)) is not None


def read_blocks(content: bytes) -> list[Block]:
    """Return the blocks of a file, in its order; none where it is no PEM at all.

    Raises
    ------
    Damaged
        If a block has no end or no beginning.
    """
    content = _as_ascii(content)
    blocks = []
    begin: re.Match[bytes] | None = None
    for mark in _MARK.finditer(content):
        if (mark[1] == b"BEGIN") != (begin is None):
            raise Damaged
        if begin is None:
            begin = mark
            continue
        if mark[2] != begin[2]:
            raise Damaged
        body = content[begin.end() : mark.start()]
        headers = b""
        if b":" in body:
            headers, *rest = _END_OF_HEADERS.split(body, maxsplit=1)
            body = b"".join(rest)
        blocks.append(Block(mark[2].decode(), headers, body))
        begin = None
    if begin is not None:
        raise Damaged
    return blocks


def _as_ascii(content: bytes) -> bytes:
    """Return a text whose ASCII characters are one byte each."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode()
    return content
