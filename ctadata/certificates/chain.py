"""The chain of a file: which certificate is meant, which ones signed it, and whether that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .certificate import Certificate
from .messages import Finding, finding

__all__ = ["Chain", "is_known", "read_chain"]

# Real chains have up to ten. Of hundreds that name one another, who has signed which would take
# minutes to find out.
_MOST = 20


@dataclass(frozen=True)
class Chain:
    """A certificate and those that vouch for it.

    Attributes
    ----------
    links : tuple of Certificate
        The certificate that is meant, then each one's issuer, as far as the file has them.
    in_order : bool
        Whether the file has them in this order, and no other certificate before them.
    """

    links: tuple[Certificate, ...]
    in_order: bool

    @property
    def leaf(self) -> Certificate:
        """The certificate that is meant."""
        return self.links[0]

    @property
    def end_entity(self) -> Certificate | None:
        """The certificate of the person, if the file has it."""
        return next((link for link in self.links if not link.is_proxy), None)

    @property
    def not_before(self) -> datetime:
        """From when all of them are valid, in UTC."""
        return max(link.not_before for link in self.links)

    @property
    def not_after(self) -> datetime:
        """Until when all of them are valid, in UTC."""
        return min(link.not_after for link in self.links)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with how they belong together (RFC 3820, section 4.1)."""
        if not self.in_order:
            yield finding("wrong-order")
        if self.links[-1].is_proxy:
            yield finding("chain-missing")
        broken = {
            variant
            for link, issuer in zip(self.links, self.links[1:], strict=False)
            for variant in _broken(link, issuer)
        }
        broken.update(_too_long(self.links))
        if not all(link.acceptable for link in self.links):
            broken.add("extension")
        top = self.links[-1]
        if top.is_self_issued and not top.is_signed_by(top):
            broken.add("")
        # One is enough: each is said under the same code.
        for variant in sorted(broken)[:1]:
            yield finding("bad-signature", variant)


def read_chain(certificates: Sequence[Certificate], keys: Sequence[bytes]) -> Chain:
    """Find out which certificate of a file is meant, and which ones signed it.

    Parameters
    ----------
    certificates : sequence of Certificate
        At least one, in the order of the file; only the first 20 are looked at.
    keys : sequence of bytes
        The public keys that belong to the file's private keys.
    """
    distinct = list({certificate.der: certificate for certificate in certificates}.values())[:_MOST]
    last = [c for c in distinct if not any(_issued(c, other) for other in distinct)]
    leaf = next((c for c in last if c.public in keys), None)
    if leaf is None:
        leaf = next((c for c in last if distinct[0] in _climb(c, distinct)), distinct[0])
    links = tuple(_climb(leaf, distinct))
    positions = [distinct.index(link) for link in links]
    return Chain(links, positions[0] == 0 and positions == sorted(positions))


def is_known(chain: Chain, trusted: Sequence[Certificate], now: datetime) -> bool:
    """Whether one of the trusted authorities has signed the chain, or is in it."""
    valid = [
        authority for authority in trusted if authority.not_before <= now <= authority.not_after
    ]
    top = chain.links[-1]
    return any(link.der == authority.der for link in chain.links for authority in valid) or any(
        top.names_as_issuer(authority) and top.is_signed_by(authority) for authority in valid
    )


def _issued(issuer: Certificate, other: Certificate) -> bool:
    return other is not issuer and other.names_as_issuer(issuer)


def _climb(leaf: Certificate, certificates: Sequence[Certificate]) -> list[Certificate]:
    """Return a certificate and its issuers; of several with the right name, who has signed."""
    links = [leaf]
    while not links[-1].is_self_issued:
        named = [c for c in certificates if c not in links and _issued(c, links[-1])]
        if not named:
            break
        links.append(next((c for c in named if links[-1].is_signed_by(c)), named[0]))
    return links


def _broken(link: Certificate, issuer: Certificate) -> Iterator[str]:
    """Yield the variants of what is wrong between a certificate and its issuer."""
    if not link.is_signed_by(issuer):
        yield ""
    if link.is_proxy == (issuer.kind == "ca") or not issuer.signs:
        yield "issuer"
    elif link.is_proxy and (
        link.subject.parent.key != link.issuer.key or not link.subject.common_name
    ):
        yield "name"


def _too_long(links: Sequence[Certificate]) -> Iterator[str]:
    """Yield the variants of what follows on one that does not allow as many.

    Proxies are counted as OpenSSL does: what one allows counts, also where nothing has made use of
    it. Authorities: RFC 5280, section 4.2.1.9.
    """
    proxies = authorities = 0
    for link in links:
        if link.is_proxy and link.path_length is not None:
            if proxies > link.path_length:
                yield "depth"
            proxies = link.path_length
        proxies += 1
        if link.kind == "ca":
            if link.path_length is not None and authorities > link.path_length:
                yield "issuer"
            authorities += not link.is_self_issued
