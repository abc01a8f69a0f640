"""Distinguished names: compared, and written in the slash form of the grid.

Read leniently: names in older encodings (T.61, wrongly declared Latin-1) are no reason to
refuse a certificate.
"""

from __future__ import annotations

from typing import NamedTuple

from asn1crypto import parser

from .._printable import printable
from .asn1 import Name

__all__ = ["DistinguishedName", "read_name"]

# As OpenSSL writes them, and grid tools with it.
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
# Types of strings (ITU-T X.680): UTF8, Printable, T61, IA5, Visible. Of others that mean the same
# OpenSSL says that they do not; they are shown as RFC 4514 does.
_STRINGS = {12, 19, 20, 22, 26, _BMP_STRING, _UNIVERSAL_STRING}


class DistinguishedName(NamedTuple):
    """A name, as a sequence of relative names.

    Attributes
    ----------
    parts : tuple of tuple of (str, str)
        Of each relative name its attributes, of which it nearly always has one: type and value,
        such as ``("CN", "Alice")``.
    """

    parts: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def slashed(self) -> str:
        """The grid's form, such as ``/DC=org/DC=example/CN=Alice``."""
        return "".join(
            f"/{kind}={printable(value)}" for relative in self.parts for kind, value in relative
        )

    @property
    def key(self) -> tuple[tuple[tuple[str, bytes], ...], ...]:
        """What two names have in common that mean the same (RFC 5280, section 7.1).

        As OpenSSL has it: the case of ASCII letters and the number of spaces do not matter.
        """
        return tuple(
            tuple((kind, b" ".join(value.encode().split()).lower()) for kind, value in relative)
            for relative in self.parts
        )

    @property
    def parent(self) -> DistinguishedName:
        """The name without its last relative name: of a proxy, its issuer's (RFC 3820)."""
        return DistinguishedName(self.parts[:-1])

    @property
    def common_name(self) -> str:
        """The last relative name's value if it is a common name and nothing else, else empty."""
        attributes = self.parts[-1] if self.parts else ()
        return attributes[0][1] if [kind for kind, _ in attributes] == ["CN"] else ""


def read_name(der: bytes) -> DistinguishedName:
    """Read a name of a certificate, in DER.

    Raises
    ------
    ValueError
        If it is not encoded as a name is.
    """
    return DistinguishedName(
        tuple(
            tuple(
                (_kind(attribute["type"].dotted), _text(attribute["value"].dump()))
                for attribute in relative
            )
            for relative in Name.load(der)
        )
    )


def _kind(oid: str) -> str:
    return _SHORT.get(oid, oid)


def _text(der: bytes) -> str:
    if der[0] not in _STRINGS:
        return f"#{der.hex()}"
    _, _, tag, _, content, _ = parser.parse(der)
    encoding = {_BMP_STRING: "utf-16-be", _UNIVERSAL_STRING: "utf-32-be"}.get(tag, "utf-8")
    try:
        return str(content.decode(encoding))
    except UnicodeDecodeError:
        return str(content.decode("latin-1"))
