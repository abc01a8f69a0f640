"""The rules that decide whether the certificate and key of a PEM file may be delegated.

They follow the certificate service (docs/protocol.md), RFC 3820, and one rule of prudence: a key
that lives longer than a proxy's never leaves the user's hands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from .certificate import Certificate, UnreadableCertificate, read_certificate
from .chain import Chain, is_known, read_chain
from .keys import Key, is_encrypted, read_key
from .messages import LEVELS, LONGEST_VALIDITY, Finding, finding
from .names import DistinguishedName
from .pem import Block, DamagedPem
from .proxy import ProxyCertificate
from .voms import VOMSAttributes, read_attributes

__all__ = ["apply_rules"]

_SOON = timedelta(hours=1)
MAX_KEYS = 4  # a valid file has one, and reading a key is slow


def apply_rules(
    blocks: Sequence[Block], now: datetime, trusted: Sequence[Certificate]
) -> tuple[ProxyCertificate, str]:
    """Check the blocks of a PEM file against all rules, as of `now` (with a time zone).

    Without `trusted` authorities, the rule about them is not applied.

    Returns
    -------
    ProxyCertificate
        The description with all findings; it has no secrets.
    str
        What would be uploaded: PEM with certificate, private key and chain. Empty if nothing
        can be.
    """
    key_blocks = [block for block in blocks if block.is_private_key]
    keys, findings = _read_keys(key_blocks)
    certificates, more = _read_certificates(blocks)
    findings += more
    if not certificates or more:
        # With a damaged certificate in the file, the leaf cannot be determined.
        return ProxyCertificate(_sort_by_level(findings), key_present=bool(key_blocks)), ""
    chain = read_chain(certificates, [key.public_key for key in keys])
    leaf = chain.leaf
    key = next((key for key in keys if key.public_key == leaf.public_key), None)
    attributes = next(filter(None, map(read_attributes, chain.links)), None)
    if keys and key is None:
        findings.append(finding("key-mismatch"))
    findings += chain.check()
    findings += _check_kind(chain, certificates, keys)
    findings += _check_validity(chain, attributes, now)
    if trusted and not chain.links[-1].is_proxy and not is_known(chain, trusted, now):
        findings.append(finding("unknown-ca"))
    report = ProxyCertificate(
        _sort_by_level(findings),
        subject=leaf.subject.slash_form,
        issuer=leaf.issuer.slash_form,
        authority=chain.end_entity.issuer.slash_form if chain.end_entity else None,
        identity=_identity(chain).slash_form,
        kind=leaf.kind,
        limited=any(link.limited for link in chain.links),
        not_before=max([chain.not_before, *([attributes.not_before] if attributes else [])]),
        not_after=min([chain.not_after, *([attributes.not_after] if attributes else [])]),
        vo=attributes.vo if attributes else None,
        fqans=attributes.fqans if attributes else (),
        key_present=bool(key_blocks),
        fingerprint=hashlib.sha256(leaf.der).hexdigest(),
    )
    return report, _to_upload_pem(chain, key)


def _read_keys(blocks: Sequence[Block]) -> tuple[list[Key], list[Finding]]:
    findings = []
    if not blocks:
        findings.append(finding("no-private-key"))
    if len(blocks) > 1:
        findings.append(finding("several-keys"))
    if any(is_encrypted(block) for block in blocks):
        findings.append(finding("encrypted-key"))
    read = [read_key(block) for block in blocks[:MAX_KEYS] if not is_encrypted(block)]
    if None in read:
        findings.append(finding("bad-key"))
    return [key for key in read if key is not None], findings


def _read_certificates(blocks: Sequence[Block]) -> tuple[list[Certificate], list[Finding]]:
    certificates = []
    damaged = False
    for block in blocks:
        if block.is_certificate:
            try:
                certificates.append(read_certificate(block.der))
            except (DamagedPem, UnreadableCertificate):
                damaged = True
    if damaged:
        return certificates, [finding("no-certificate", "damaged")]
    if any(block.label == "PKCS12" for block in blocks):
        return certificates, [finding("pkcs12")]
    return certificates, [] if certificates else [finding("no-certificate")]


def _check_kind(
    chain: Chain, certificates: Sequence[Certificate], keys: Sequence[Key]
) -> Iterator[Finding]:
    leaf = chain.leaf
    if leaf.kind == "ca":
        yield finding("ca-certificate")
    if any(link.is_proxy and link.kind != "rfc3820" for link in chain.links):
        yield finding("legacy-proxy")
    publics = {key.public_key for key in keys}
    # Includes one that merely accompanies a proxy.
    if (leaf.kind == "end-entity" and _is_long_lived(leaf)) or any(
        not c.is_proxy and _is_long_lived(c) and c.public_key in publics for c in certificates
    ):
        yield finding("long-lived-user-certificate")
    elif leaf.kind == "end-entity":
        yield finding("not-a-proxy")


def _check_validity(
    chain: Chain, attributes: VOMSAttributes | None, now: datetime
) -> Iterator[Finding]:
    leaf = chain.leaf
    if now > chain.not_after:
        yield finding("expired")
    if now < chain.not_before:
        yield finding("not-yet-valid")
    if chain.not_after - now > LONGEST_VALIDITY and (leaf.is_proxy or not _is_long_lived(leaf)):
        yield finding("longer-than-7-days")
    ends = chain.not_after
    if attributes is None:
        if leaf.kind != "ca":
            yield finding("no-voms-attributes")
    elif attributes.not_before <= now <= attributes.not_after:
        ends = min(ends, attributes.not_after)
    else:
        yield finding("voms-expired")
    if now <= ends < now + _SOON:
        yield finding("expires-within-hour")


def _is_long_lived(certificate: Certificate) -> bool:
    """Whether the certificate was issued for a long time, however little of it is left."""
    return certificate.not_after - certificate.not_before > LONGEST_VALIDITY


def _identity(chain: Chain) -> DistinguishedName:
    if chain.end_entity is not None:
        return chain.end_entity.subject
    name = chain.links[-1].issuer
    # Without the user's certificate, remove what the proxies have appended to the name.
    while name.common_name.isdigit() or name.common_name in {"proxy", "limited proxy"}:
        name = name.parent
    return name


def _to_upload_pem(chain: Chain, key: Key | None) -> str:
    """Return PEM in the order of the grid's tools: certificate, key, chain."""
    leaf, *others = chain.links
    parts = [leaf.to_pem(), *([key.to_pem()] if key else []), *(link.to_pem() for link in others)]
    return b"".join(parts).decode("ascii")


def _sort_by_level(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: LEVELS.index(found.level))
