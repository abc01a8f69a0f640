"""Quoting: how often a service decodes the path of a request."""

from __future__ import annotations

from collections.abc import Mapping

from .paths import join_quoted

__all__ = ["SIGN", "Quoting", "is_plain"]

#: The header by which a service says that it decodes a path exactly once (RFC 3986, 2.4).
SIGN = "CTAData-Path-Decoding"


def is_plain(segments: list[str]) -> bool:
    """Return whether a path reads the same however often it is quoted."""
    return join_quoted(segments, 2) == "/".join(segments)


class Quoting:
    """How to quote paths for one service, and how certain that is (docs/protocol.md, "Quoting").

    Names are quoted twice unless the service says with each answer that it decodes once.

    Attributes
    ----------
    times : int
        How often each segment of a path is quoted: 1 or 2.
    proven : bool
        Whether the service has answered about exactly the path of a request whose quoting
        matters.
    """

    def __init__(self) -> None:
        self.times = 2
        self.proven = False

    def fits(self, headers: Mapping[str, str], times: int) -> bool:
        """Compare an answer with the quoting of its request, and remember how the service decodes.

        Parameters
        ----------
        headers : mapping
            The headers of the answer.
        times : int
            How often the path of the request was quoted.

        Returns
        -------
        bool
            Whether the request was quoted as the service decodes; if not, send it again.
        """
        wanted = 1 if headers.get(SIGN) == "once" else 2
        if wanted != self.times:
            # Another service may have taken over the address.
            self.times, self.proven = wanted, False
        return times == wanted
