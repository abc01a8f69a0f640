"""Find the user's certificate in a file and the chain that signed it, and check the chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .certificate import Certificate
from .messages import Finding, finding

__all__ = ["Chain", "is_known", "read_chain"]

# Real chains have up to ten. Hundreds that name one another would take minutes to verify.
MAX_CERTIFICATES = 20


@dataclass(frozen=True)
class Chain:
    """A certificate and its issuers.

    Attributes
    ----------
    links : tuple of Certificate
        The leaf certificate, then the issuer of each, as far as the file contains them.
    in_order : bool
        Whether the file has them in this order, with no other certificate before them.
    """

    links: tuple[Certificate, ...]
    in_order: bool

    @property
    def leaf(self) -> Certificate:
        """The certificate that the file is about."""
        return self.links[0]

    @property
    def end_entity(self) -> Certificate | None:
        """The user's own certificate, if the file contains it."""
        return next((link for link in self.links if not link.is_proxy), None)

    @property
    def not_before(self) -> datetime:
        """When the last of them becomes valid, in UTC."""
        return max(link.not_before for link in self.links)

    @property
    def not_after(self) -> datetime:
        """When the first of them expires, in UTC."""
        return min(link.not_after for link in self.links)

    def check(self) -> Iterator[Finding]:
        """Yield the problems of the chain (RFC 3820, section 4.1)."""
        if not self.in_order:
            yield finding("wrong-order")
        if self.links[-1].is_proxy:
            yield finding("chain-missing")
        broken = {
            variant
            for link, issuer in zip(self.links, self.links[1:], strict=False)
            for variant in _link_problems(link, issuer)
        }
        broken.update(_path_length_problems(self.links))
        if not all(link.extensions_valid for link in self.links):
            broken.add("extension")
        top = self.links[-1]
        if top.is_self_issued and not top.is_signed_by(top):
            broken.add("")
        # They share one code, so one of them is enough.
        for variant in sorted(broken)[:1]:
            yield finding("bad-signature", variant)


def read_chain(certificates: Sequence[Certificate], keys: Sequence[bytes]) -> Chain:
    """Find the leaf certificate of a file and the certificates that signed it.

    Of the certificates, in the order of the file, only the first 20 are used. `keys` are the
    public keys of the private keys in the file.
    """
    distinct = list({certificate.der: certificate for certificate in certificates}.values())[
        :MAX_CERTIFICATES
    ]
    last = [c for c in distinct if not any(_issued(c, other) for other in distinct)]
    leaf = next((c for c in last if c.public_key in keys), None)
    if leaf is None:
        leaf = next((c for c in last if distinct[0] in _find_chain(c, distinct)), distinct[0])
    links = tuple(_find_chain(leaf, distinct))
    positions = [distinct.index(link) for link in links]
    return Chain(links, positions[0] == 0 and positions == sorted(positions))


def is_known(chain: Chain, trusted: Sequence[Certificate], now: datetime) -> bool:
    """Whether a trusted authority has signed the chain, or is part of it."""
    valid = [
        authority for authority in trusted if authority.not_before <= now <= authority.not_after
    ]
    top = chain.links[-1]
    return any(link.der == authority.der for link in chain.links for authority in valid) or any(
        top.names_as_issuer(authority) and top.is_signed_by(authority) for authority in valid
    )


def _issued(issuer: Certificate, other: Certificate) -> bool:
    return other is not issuer and other.names_as_issuer(issuer)


def _find_chain(leaf: Certificate, certificates: Sequence[Certificate]) -> list[Certificate]:
    """Return a certificate and its issuers; among equal names, the one that really signed."""
    links = [leaf]
    while not links[-1].is_self_issued:
        named = [c for c in certificates if c not in links and _issued(c, links[-1])]
        if not named:
            break
        links.append(next((c for c in named if links[-1].is_signed_by(c)), named[0]))
    return links


def _link_problems(link: Certificate, issuer: Certificate) -> Iterator[str]:
    """Yield the variants of ``bad-signature`` that apply to a certificate and its issuer."""
    if not link.is_signed_by(issuer):
        yield ""
    if link.is_proxy == (issuer.kind == "ca") or not issuer.may_sign:
        yield "issuer"
    elif link.is_proxy and (
        link.subject.parent.comparison_key != link.issuer.comparison_key
        or not link.subject.common_name
    ):
        yield "name"


def _path_length_problems(links: Sequence[Certificate]) -> Iterator[str]:
    """Yield the variants of ``bad-signature`` for chains longer than a certificate allows.

    Proxies are counted as OpenSSL counts them; authorities as in RFC 5280, section 4.2.1.9.
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
