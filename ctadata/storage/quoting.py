"""Quoting: how often a service decodes the path of a request, as far as it has proven it."""

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
    """What is known of one service (docs/protocol.md, "Quoting").

    Names are quoted twice unless the service says with each answer that it decodes once.

    Attributes
    ----------
    times : int
        How often each segment of a path is quoted: 1 or 2.
    proven : bool
        Whether the service has answered about exactly the path that was asked for, where that
        was not a plain one.
    """

    def __init__(self) -> None:
        self.times = 2
        self.proven = False

    def fits(self, headers: Mapping[str, str], times: int) -> bool:
        """Compare an answer with the quoting of its request, and learn from a difference.

        Parameters
        ----------
        headers : mapping
            The headers of the answer.
        times : int
            How often the path of the request was quoted.

        Returns
        -------
        bool
            Whether the answer is about the path that was meant; if not, ask again.
        """
        wanted = 1 if headers.get(SIGN) == "once" else 2
        if wanted != self.times:
            # Perhaps another service at the same address.
            self.times, self.proven = wanted, False
        return times == wanted
