"""What speaks against delegating the certificate and key of a PEM file.

The rules are those of the certificate service (docs/protocol.md), of RFC 3820, and of prudence:
no key leaves the user's hands that lives for longer than a proxy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from .certificate import Certificate, Unreadable, read_certificate
from .chain import Chain, is_known, read_chain
from .keys import Key, is_encrypted, read_key
from .messages import LEVELS, LONGEST_VALIDITY, Finding, finding
from .names import DistinguishedName
from .pem import Block, Damaged
from .proxy import ProxyCertificate
from .voms import VOMSAttributes, read_attributes

__all__ = ["examine"]

_SOON = timedelta(hours=1)
_MOST_KEYS = 4  # one is right; reading takes its time


def examine(
    blocks: Sequence[Block], now: datetime, trusted: Sequence[Certificate]
) -> tuple[ProxyCertificate, str]:
    """Return what a PEM file holds, with all findings; and what of it the service would get.

    Parameters
    ----------
    blocks : sequence of Block
        The file's blocks.
    now : datetime
        The moment for which it is judged, with a time zone.
    trusted : sequence of Certificate
        The authorities that are known; none: do not look for them.

    Returns
    -------
    ProxyCertificate
        The report, which has no secrets.
    str
        ASCII PEM with the private key: certificate, key, chain. Empty where nothing can be sent.
    """
    key_blocks = [block for block in blocks if block.is_private_key]
    keys, findings = _read_keys(key_blocks)
    certificates, more = _read_certificates(blocks)
    findings += more
    if not certificates or more:
        # Which one is meant cannot be told where one is damaged.
        return ProxyCertificate(_worst_first(findings), key_present=bool(key_blocks)), ""
    chain = read_chain(certificates, [key.public for key in keys])
    leaf = chain.leaf
    key = next((key for key in keys if key.public == leaf.public), None)
    attributes = next(filter(None, map(read_attributes, chain.links)), None)
    if keys and key is None:
        findings.append(finding("key-mismatch"))
    findings += chain.findings()
    findings += _about_kind(chain, certificates, keys)
    findings += _about_time(chain, attributes, now)
    if trusted and not chain.links[-1].is_proxy and not is_known(chain, trusted, now):
        findings.append(finding("unknown-ca"))
    report = ProxyCertificate(
        _worst_first(findings),
        subject=leaf.subject.slashed,
        issuer=leaf.issuer.slashed,
        authority=chain.end_entity.issuer.slashed if chain.end_entity else None,
        identity=_identity(chain).slashed,
        kind=leaf.kind,
        limited=any(link.limited for link in chain.links),
        not_before=max([chain.not_before, *([attributes.not_before] if attributes else [])]),
        not_after=min([chain.not_after, *([attributes.not_after] if attributes else [])]),
        vo=attributes.vo if attributes else None,
        fqans=attributes.fqans if attributes else (),
        key_present=bool(key_blocks),
        fingerprint=hashlib.sha256(leaf.der).hexdigest(),
    )
    return report, _canonical(chain, key)


def _read_keys(blocks: Sequence[Block]) -> tuple[list[Key], list[Finding]]:
    findings = []
    if not blocks:
        findings.append(finding("no-private-key"))
    if len(blocks) > 1:
        findings.append(finding("several-keys"))
    if any(is_encrypted(block) for block in blocks):
        findings.append(finding("encrypted-key"))
    read = [read_key(block) for block in blocks[:_MOST_KEYS] if not is_encrypted(block)]
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
            except (Damaged, Unreadable):
                damaged = True
    if damaged:
        return certificates, [finding("no-certificate", "damaged")]
    if any(block.label == "PKCS12" for block in blocks):
        return certificates, [finding("pkcs12")]
    return certificates, [] if certificates else [finding("no-certificate")]


def _about_kind(
    chain: Chain, certificates: Sequence[Certificate], keys: Sequence[Key]
) -> Iterator[Finding]:
    leaf = chain.leaf
    if leaf.kind == "ca":
        yield finding("ca-certificate")
    if any(link.is_proxy and link.kind != "rfc3820" for link in chain.links):
        yield finding("legacy-proxy")
    publics = {key.public for key in keys}
    # Also one that only lies in the file, beside a proxy.
    if (leaf.kind == "end-entity" and _lives_long(leaf)) or any(
        not c.is_proxy and _lives_long(c) and c.public in publics for c in certificates
    ):
        yield finding("long-lived-user-certificate")
    elif leaf.kind == "end-entity":
        yield finding("not-a-proxy")


def _about_time(
    chain: Chain, attributes: VOMSAttributes | None, now: datetime
) -> Iterator[Finding]:
    leaf = chain.leaf
    if now > chain.not_after:
        yield finding("expired")
    if now < chain.not_before:
        yield finding("not-yet-valid")
    if chain.not_after - now > LONGEST_VALIDITY and (leaf.is_proxy or not _lives_long(leaf)):
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


def _lives_long(certificate: Certificate) -> bool:
    """Whether a certificate's key is one for long, however little of that is left."""
    return certificate.not_after - certificate.not_before > LONGEST_VALIDITY


def _identity(chain: Chain) -> DistinguishedName:
    if chain.end_entity is not None:
        return chain.end_entity.subject
    name = chain.links[-1].issuer
    # Where the person's certificate is missing, what proxies have added to the name is not.
    while name.common_name.isdigit() or name.common_name in {"proxy", "limited proxy"}:
        name = name.parent
    return name


def _canonical(chain: Chain, key: Key | None) -> str:
    """Return ASCII PEM, as grid tools write it: certificate, key, chain."""
    leaf, *others = chain.links
    parts = [leaf.to_pem(), *([key.to_pem()] if key else []), *(link.to_pem() for link in others)]
    return b"".join(parts).decode("ascii")


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: LEVELS.index(found.level))
