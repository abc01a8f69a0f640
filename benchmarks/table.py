"""Format the tables of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A line of the table: our result, that of another client, and the wanted ratio.

    Attributes
    ----------
    task, against : str
        What was done, and by whom beside us.
    unit : str
        Of both numbers.
    ours, theirs : float or None
        Medians; None where a client failed.
    wanted : float or None
        The ratio that we want; None where it is only good to know.
    less : bool
        Whether the ratio is ours to theirs, and less is better; else the other way round.
    """

    task: str
    against: str
    unit: str
    ours: float | None
    theirs: float | None
    wanted: float | None
    less: bool

    def cells(self) -> list[str]:
        """Return the cells for the columns of `HEAD`."""
        numbers = [_number(self.ours, self.unit), self.against, _number(self.theirs, self.unit)]
        return [self.task, *numbers, *self._verdict()]

    def _verdict(self) -> list[str]:
        sign = "<=" if self.less else ">="
        wanted = "" if self.wanted is None else f"{sign} {self.wanted:g}"
        if self.ours is None or self.theirs is None:
            return ["", wanted, "failed"]
        ratio = self.ours / self.theirs if self.less else self.theirs / self.ours
        if self.wanted is None:
            return [f"{ratio:.2f}", "", ""]
        reached = ratio <= self.wanted if self.less else ratio >= self.wanted
        return [f"{ratio:.2f}", wanted, "yes" if reached else "NO"]


HEAD = ["task", "ours", "against", "theirs", "ratio", "wanted", "reached"]
COST_HEAD = ["task", "client", "seconds", "CPU seconds", "peak memory", "wanted"]


def cost(task: str, client: str, wall: float, cpu: float, memory: str, wanted: str) -> list[str]:
    """Return the cells for the columns of `COST_HEAD`."""
    return [task, client, f"{wall:.2f}", f"{cpu:.2f}", memory, wanted]


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.2f} {unit}"
