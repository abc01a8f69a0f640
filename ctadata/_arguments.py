"""Checks of the arguments of public functions.

Each function returns the argument, or raises a `CTADataError` that names it before anything is
done.
"""

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

# A label of PEM, or the beginning of its content: DER in Base64.
_PEM = re.compile(r"-----(?:BEGIN|END) |(?:^|[\s/-])MI[G-L][A-Za-z0-9+/]{57}")
# A token that is shorter might be a name.
SECRET = 16

Call = TypeVar("Call", bound=Callable[..., Any])
Pairs = TypeVar("Pairs", bound=Mapping[Any, Any])


def count(value: object, what: str, lowest: int, highest: int | None = None) -> int:
    """Return a whole number, which may be another library's, such as NumPy's.

    Parameters
    ----------
    value : object
        The argument.
    what : str
        Its name.
    lowest, highest : int
        The bounds, which are both allowed; without `highest` there is no upper one.
    """
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < lowest or (highest is not None and number > highest):
        bounds = f"from {lowest} to {highest}" if highest is not None else f"from {lowest} on"
        raise _wrong(value, what, f"a whole number {bounds}")
    return number


def seconds(value: object, what: str, highest: float) -> float:
    """Return a number of seconds, greater than 0 and not more than `highest`."""
    number = _real(value)
    if not 0 < number <= highest:
        raise _wrong(value, what, f"a number of seconds from 0 to {highest:.0f}")
    return number


def speed(value: object, what: str) -> float:
    """Return a number of bytes per second."""
    number = _real(value)
    if not 0 <= number < math.inf:
        raise _wrong(value, what, "a number of bytes per second")
    return number


def callback(value: Call | None, what: str) -> Call | None:
    """Return a function, or None."""
    if value is not None and not callable(value):
        raise _wrong(value, what, "a function; give one, or None")
    return value


def mapping(value: Pairs, what: str) -> Pairs:
    """Return a mapping."""
    if not isinstance(value, Mapping):
        raise _wrong(value, what, "a mapping; give a dict")
    return value


def text(value: object, what: str) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise _wrong(value, what, "text; give a str")
    return value


def refuse_secret(given: str, error: type[CTADataError], *, remote: bool = False) -> None:
    """Refuse a certificate, a key or the token that was pasted in place of a path.

    Parameters
    ----------
    given : str
        The argument.
    error : type
        The error to raise; its text does not repeat the argument.
    remote : bool, optional
        Whether the argument becomes part of a URL, where the token must never be.
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
    """Return a number; NaN, which is in no range, for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _wrong(value: object, what: str, wanted: str) -> CTADataError:
    """Return the error, which does not repeat all of a long argument."""
    written = repr(value)
    shown = written if len(written) <= 80 else written[:79] + "…"
    return CTADataError(f"{what}={shown} is not {wanted}")
