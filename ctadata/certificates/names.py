"""Parse and compare distinguished names, and write them in the grid's slash form.

Parsing is lenient: a name in an older encoding (T.61, wrongly declared Latin-1) is no reason to
refuse a certificate.
"""

from __future__ import annotations

from typing import NamedTuple

from asn1crypto import parser

from .._printable import printable
from .asn1 import Name

__all__ = ["DistinguishedName", "read_name"]

# The abbreviations of OpenSSL, which the grid's tools use too.
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "2.5.4.43": "initials",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_BMP_STRING, _UNIVERSAL_STRING = 30, 28
# String types (ITU-T X.680): UTF8, Printable, T61, IA5, Visible. OpenSSL treats no other types as
# equal to these; others are shown in hexadecimal as in RFC 4514.
_STRINGS = {12, 19, 20, 22, 26, _BMP_STRING, _UNIVERSAL_STRING}


class DistinguishedName(NamedTuple):
    """A name, as a sequence of relative names.

    Attributes
    ----------
    parts : tuple of tuple of (str, str)
        The attributes (type and value) of each relative name, nearly always one, such as
        ``("CN", "Alice")``.
    """

    parts: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def slash_form(self) -> str:
        """The grid's form, such as ``/DC=org/DC=example/CN=Alice``."""
        return "".join(
            f"/{kind}={printable(value)}" for relative in self.parts for kind, value in relative
        )

    @property
    def comparison_key(self) -> tuple[tuple[tuple[str, bytes], ...], ...]:
        """Equal for names that match (RFC 5280, section 7.1).

        As in OpenSSL, the case of ASCII letters and the number of spaces do not matter.
        """
        return tuple(
            tuple((kind, b" ".join(value.encode().split()).lower()) for kind, value in relative)
            for relative in self.parts
        )

    @property
    def parent(self) -> DistinguishedName:
        """The name without its last relative name; for a proxy, its issuer's name (RFC 3820)."""
        return DistinguishedName(self.parts[:-1])

    @property
    def common_name(self) -> str:
        """The value of the last relative name if that is a single common name, else empty."""
        attributes = self.parts[-1] if self.parts else ()
        return attributes[0][1] if [kind for kind, _ in attributes] == ["CN"] else ""


def read_name(der: bytes) -> DistinguishedName:
    """Parse a DER-encoded name of a certificate.

    Raises
    ------
    ValueError
        If it is not a name.
    """
    return DistinguishedName(
        tuple(
            tuple(
                (_kind(attribute["type"].dotted), _decode(attribute["value"].dump()))
                for attribute in relative
            )
            for relative in Name.load(der)
        )
    )


def _kind(oid: str) -> str:
    return _SHORT.get(oid, oid)


def _decode(der: bytes) -> str:
    if der[0] not in _STRINGS:
        return f"#{der.hex()}"
    _, _, tag, _, content, _ = parser.parse(der)
    encoding = {_BMP_STRING: "utf-16-be", _UNIVERSAL_STRING: "utf-32-be"}.get(tag, "utf-8")
    try:
        return str(content.decode(encoding))
    except UnicodeDecodeError:
        return str(content.decode("latin-1"))
