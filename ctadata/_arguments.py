"""Arguments of public functions: what is none is refused by name, before anything is done."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from numbers import Real
from operator import index
from typing import Any, TypeVar

from ._secrets import TOKEN_VARIABLE, known_tokens
from .errors import CTADataError

__all__ = ["callback", "count", "mapping", "refuse_secret", "seconds", "speed", "text"]

# A mark of PEM, or the beginning of what stands behind it: the Base64 of DER.
_PEM = re.compile(r"-----(?:BEGIN|END) |(?:^|[\s/-])MI[G-L][A-Za-z0-9+/]{57}")
# Characters of a token below which it might be a name.
SECRET = 16

Call = TypeVar("Call", bound=Callable[..., Any])
Pairs = TypeVar("Pairs", bound=Mapping[Any, Any])


def count(value: object, what: str, lowest: int, highest: int | None = None) -> int:
    """Return a whole number, also one of another library's such as NumPy's.

    Parameters
    ----------
    value : object
        What the caller gave.
    what : str
        The argument's name.
    lowest, highest : int
        The bounds, both of which are allowed; without `highest` there is none above.

    Raises
    ------
    CTADataError
        If it is no whole number, or beyond the bounds.
    """
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < lowest or (highest is not None and number > highest):
        bounds = f"from {lowest} to {highest}" if highest is not None else f"from {lowest} on"
        raise CTADataError(f"{what}={_shown(value)} is not a whole number {bounds}")
    return number


def seconds(value: object, what: str, highest: float) -> float:
    """Return a number of seconds greater than 0.

    Raises
    ------
    CTADataError
        If it is none, or more than `highest`.
    """
    number = _real(value)
    if not 0 < number <= highest:
        raise CTADataError(
            f"{what}={_shown(value)} is not a number of seconds from 0 to {highest:.0f}"
        )
    return number


def speed(value: object, what: str) -> float:
    """Return a number of bytes per second.

    Raises
    ------
    CTADataError
        If it is none.
    """
    number = _real(value)
    if not 0 <= number < math.inf:
        raise CTADataError(f"{what}={_shown(value)} is not a number of bytes per second")
    return number


def callback(value: Call | None, what: str) -> Call | None:
    """Return what is to be called, or None.

    Raises
    ------
    CTADataError
        If it is something else.
    """
    if value is not None and not callable(value):
        raise CTADataError(f"{what}={_shown(value)} is not a function; give one, or None")
    return value


def mapping(value: Pairs, what: str) -> Pairs:
    """Return what has a value for each of several keys.

    Raises
    ------
    CTADataError
        If it is something else.
    """
    if not isinstance(value, Mapping):
        raise CTADataError(f"{what}={_shown(value)} is not a mapping; give a dict")
    return value


def text(value: object, what: str) -> str:
    """Return a text.

    Raises
    ------
    CTADataError
        If it is none.
    """
    if not isinstance(value, str):
        raise CTADataError(f"{what}={_shown(value)} is not text; give a str")
    return value


def refuse_secret(given: str, error: type[CTADataError], *, remote: bool = False) -> None:
    """Refuse a certificate, a key or the token that was pasted in place of a path.

    Parameters
    ----------
    given : str
        What the caller gave.
    error : type
        What is raised; it has neither the text nor the path.
    remote : bool, optional
        Whether it would become a part of an address, where the token must not be at all.
    """
    if _PEM.search(given):
        raise error(
            "The text of a certificate or a key was given instead of a path; give the name of its "
            "file"
        )
    if len(given) >= SECRET and given == os.environ.get(TOKEN_VARIABLE, "").strip():
        raise error("The hub token was given instead of a path; take it out of what you have typed")
    if remote and any(len(token) >= SECRET and token in given for token in known_tokens()):
        raise error("The hub token is a part of a path in the storage; choose another name")


def _real(value: object) -> float:
    """Return a number; one that is beyond any bound where it is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    """Return an argument as errors show it: not all of what may be long."""
    written = repr(value)
    return written if len(written) <= 80 else written[:79] + "…"
