"""Measure the client and others, and print the results (CONTRIBUTING.md, "Benchmarks")."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .clients import BIN
from .data import compare, empty
from .measure import Failed, Measured, run, smallest_memory
from .rows import GIB, MEMORY, OURS, ROWS, Fixture, Line, Row, Task
from .table import COST_HEAD, HEAD, Comparison, cost, show

LISTING = "listing"
ENTRIES = 10_000
MEMORY_WANTED = 60e6  # bytes


@dataclass
class Report:
    """The results that are printed at the end."""

    comparisons: list[Comparison] = field(default_factory=list)
    costs: list[list[str]] = field(default_factory=list)


def main() -> None:
    """Run the selected tasks, and print the tables."""
    options = _options()
    chosen = options.only or [*ROWS, LISTING, *(MEMORY if options.memory else ())]
    report = Report()
    for parent, rows, runs in ((options.tmpfs, ROWS, options.runs), (options.disk, MEMORY, 1)):
        asked = {name: row for name, row in rows.items() if name in chosen}
        if asked:
            with (
                tempfile.TemporaryDirectory(prefix="ctadata-", dir=parent) as folder,
                ExitStack() as stack,
            ):
                fixture = Fixture(Path(folder), options.size_factor, stack)
                _run_rows(fixture, asked, runs, report)
    if LISTING in chosen:
        report.comparisons.append(_listing(options.runs))
    print(_circumstances(options.runs, options.size_factor))
    for head, lines in (
        (HEAD, [each.cells() for each in report.comparisons]),
        (COST_HEAD, report.costs),
    ):
        if lines:
            print(show(head, lines), end="\n\n")


def _run_rows(fixture: Fixture, rows: Mapping[str, Row], runs: int, report: Report) -> None:
    for name, row in rows.items():
        try:
            task = row.prepare(fixture)
        except Failed as error:
            _say(f"{name}: {error}")
            report.comparisons += [_comparison(name, 1, {}, line) for line in row.lines]
            continue
        results = _take_turns(task, fixture, runs)
        report.comparisons += [_comparison(task.name, task.size, results, it) for it in row.lines]
        report.costs += [_cost(task, client, measured) for client, measured in results.items()]
        fixture.clear()


def _take_turns(task: Task, fixture: Fixture, runs: int) -> dict[str, list[Measured]]:
    """Run a task with each client in turn; a client that fails once is dropped.

    With several runs the first is not counted, because it touches memory for the first time.
    """
    results: dict[str, list[Measured]] = {client: [] for client in task.clients}
    for turn in range(0 if runs > 1 else 1, runs + 1):
        order = deque(results)
        order.rotate(turn)  # so that no client is always the first
        for client in order:
            empty(task.copy)
            if task.needs:
                task.needs.mkdir(parents=True)
            try:
                measured = run(task.clients[client], fixture.target)
                compare(task.source, task.copy)
            except Failed as error:
                _say(f"{task.name}: {client} failed: {error}")
                del results[client]
                continue
            if turn:
                results[client].append(measured)
            _say(
                f"{task.name}, {turn} of {runs}: {client} {measured.wall:.2f} s,"
                f" CPU {measured.cpu:.2f} s, {measured.memory / 1e6:.0f} MB"
            )
    return results


def _comparison(
    name: str, size: int, results: Mapping[str, list[Measured]], line: Line
) -> Comparison:
    def value(client: str) -> float | None:
        if client not in results:
            return None
        if line.cpu:
            return median(each.cpu for each in results[client]) / (size / GIB)
        return median(each.wall for each in results[client])

    unit = "CPU s/GiB" if line.cpu else "s"
    ours, theirs = value(OURS), value(line.against)
    return Comparison(name, line.against, unit, ours, theirs, line.wanted, line.cpu)


def _cost(task: Task, client: str, measured: list[Measured]) -> list[str]:
    memory, smallest = max(each.memory for each in measured), smallest_memory()
    shown = f"{memory / 1e6:.0f} MB" if memory > smallest else f"< {smallest / 1e6:.0f} MB"
    wanted = ""
    if client == OURS:
        reached = "reached" if memory < MEMORY_WANTED else "NOT reached"
        wanted = f"< {MEMORY_WANTED / 1e6:.0f} MB, {reached}"
    wall = median(each.wall for each in measured)
    return cost(task.name, client, wall, median(each.cpu for each in measured), shown, wanted)


def _listing(runs: int) -> Comparison:
    """Parse a listing in a separate process, where nothing else runs."""
    words = [sys.executable, "-m", "benchmarks.parsing", str(ENTRIES), str(runs)]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    _say(said.stderr.strip())
    ours, theirs = map(float, said.stdout.split()) if said.returncode == 0 else (None, None)
    if ours and theirs:
        ours, theirs = ours * 1000, theirs * 1000
    return Comparison(f"parse {ENTRIES:,} entries", "json.loads", "ms", ours, theirs, 3, True)


def _circumstances(runs: int, factor: float) -> str:
    """Describe the conditions of the measurement."""
    versions = []
    for program in ("curl", str(BIN / "rclone")):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        versions.append(" ".join(said.stdout.split()[:2]))
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    scaled = "" if factor == 1 else f"All sizes and numbers times {factor:g}. "
    return (
        f"Medians of {runs}; one run where only the memory matters. {scaled}"
        f"{os.cpu_count()} processors, load {load};"
        f" Python {platform.python_version()}, {', '.join(versions)}.\n"
    )


def _say(text: str) -> None:
    if text:
        print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*ROWS, LISTING, *MEMORY]
    parser.add_argument("--only", nargs="+", choices=names, help="run only these tasks")
    parser.add_argument("--runs", type=int, default=5, help="number of runs (%(default)s)")
    parser.add_argument(
        "--size-factor", type=float, default=1.0, help="scale all sizes and numbers of files"
    )
    parser.add_argument(
        "--memory", action="store_true", help="also measure memory for 10 GiB and 100,000 files"
    )
    parser.add_argument(
        "--tmpfs", type=Path, default=Path("/dev/shm"), help="with 5 GB free (%(default)s)"
    )
    parser.add_argument(
        "--disk",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="with 12 GB free, for --memory (%(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
