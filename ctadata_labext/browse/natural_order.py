"""The natural order of names: Run9 before Run10, as in src/common/natural-order.ts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from unicodedata import normalize

__all__ = ["natural_keys", "natural_order"]

NUMBER = re.compile("([0-9]+)")
# Runs of digits are filled with zeros up to this length.
DIGITS = 20
LONG_NUMBER = re.compile(f"[0-9]{{{DIGITS + 1},}}")
# Sorts behind everything that may follow a run of digits.
LONGER = "9" * DIGITS + "\U0010ffff"
# Names that are handled together: the event loop waits for the interpreter during each step.
BATCH = 2000


def natural_order(names: Sequence[str]) -> list[int]:
    """Return the positions of the names in their natural order.

    Parameters
    ----------
    names : sequence of str
        Names without control characters.

    Returns
    -------
    list of int
        Positions in `names`. Runs of digits 0-9 are compared as numbers, all else by code points;
        case and Unicode's normal form are ignored. Names that are equal by this rule are compared
        as they are.
    """
    keys: list[str] = []
    for start in range(0, len(names), BATCH):
        keys += natural_keys(names[start : start + BATCH])
    return sorted(range(len(names)), key=keys.__getitem__)


def natural_keys(names: Sequence[str]) -> list[str]:
    """Return the sort keys of not too many names; see `natural_order`."""
    # One pass over all names; none of them has the separator in it.
    together = normalize("NFC", "\n".join(names)).lower()
    parts = NUMBER.split(together)
    if LONG_NUMBER.search(together) is None:
        parts[1::2] = map(str.zfill, parts[1::2], repeat(DIGITS))
    else:
        parts[1::2] = map(_filled, parts[1::2])
    lines = "".join(parts).split("\n")
    return [f"{line}\n{name}" for line, name in zip(lines, names, strict=True)]


def _filled(run: str) -> str:
    digits = run.lstrip("0")
    if len(digits) <= DIGITS:
        return digits.zfill(DIGITS)
    return LONGER + chr(len(digits)) + digits
