"""ASN.1 structures of grid certificates that `asn1crypto` lacks or reads too strictly."""

from __future__ import annotations

from asn1crypto import cms, core

__all__ = ["AttributeCertificates", "DraftProxyCertInfo", "Name", "ProxyCertInfo"]


class _AttributeTypeAndValue(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("type", core.ObjectIdentifier), ("value", core.Any)]  # noqa: RUF012


class _RelativeName(core.SetOf):  # type: ignore[misc]
    _child_spec = _AttributeTypeAndValue


class Name(core.SequenceOf):  # type: ignore[misc]
    """RFC 5280, section 4.1.2.4, with values of any type."""

    _child_spec = _RelativeName


class _ProxyPolicy(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("language", core.ObjectIdentifier),
        ("policy", core.OctetString, {"optional": True}),
    ]


class ProxyCertInfo(core.Sequence):  # type: ignore[misc]
    """RFC 3820, section 3.8."""

    _fields = [  # noqa: RUF012
        ("path_length", core.Integer, {"optional": True}),
        ("policy", _ProxyPolicy),
    ]


class DraftProxyCertInfo(core.Sequence):  # type: ignore[misc]
    """The form that Globus 3 used, from a draft of RFC 3820."""

    _fields = [  # noqa: RUF012
        ("policy", _ProxyPolicy),
        ("path_length", core.Integer, {"optional": True, "explicit": 1}),
    ]


class _Sequence(core.SequenceOf):  # type: ignore[misc]
    _child_spec = cms.AttributeCertificateV2


class AttributeCertificates(core.SequenceOf):  # type: ignore[misc]
    """The VOMS extension: a sequence of one sequence of attribute certificates."""

    _child_spec = _Sequence
