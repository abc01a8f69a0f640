"""The natural order of names: Run9 before Run10."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat

__all__ = ["natural_order"]

NUMBER = re.compile("([0-9]+)")
# Digits up to which runs of them are compared as numbers; longer ones are in no name of the field.
DIGITS = 20
# Names that are taken together: each step keeps the interpreter, and so the event loop, waiting.
TOGETHER = 2000


def natural_order(names: Sequence[str]) -> list[int]:
    """Return where the names are, in their natural order.

    Parameters
    ----------
    names : sequence of str
        Names without control characters.

    Returns
    -------
    list of int
        Positions in `names`. Capitals count as small letters and runs of up to `DIGITS` digits
        0-9 as if zeros filled them up to that length; apart from that names are compared by code
        points, and so are, as they are, those that are the same to this rule.
    """
    keys: list[str] = []
    for start in range(0, len(names), TOGETHER):
        keys += _keys(names[start : start + TOGETHER])
    return sorted(range(len(names)), key=keys.__getitem__)


def _keys(names: Sequence[str]) -> list[str]:
    # One pass over all of them; what parts a name from the next is in none.
    parts = NUMBER.split("\n".join(names).lower())
    parts[1::2] = map(str.zfill, parts[1::2], repeat(DIGITS))
    lines = "".join(parts).split("\n")
    return [f"{line}\n{name}" for line, name in zip(lines, names, strict=True)]
