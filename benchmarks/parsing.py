"""Measure how long parsing a listing takes; run as a separate process that prints two times."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

from ctadata.entries import Entries, ManyEntries
from ctadata.storage.listing import EntryBuffer, read_listing

CONTENT_TYPE = "application/json"


def main(count: int, runs: int) -> None:
    """Print our time in seconds, and that of ``json.loads`` for the same bytes."""
    date = "Sun, 22 Nov 2026 06:28:06 GMT"
    listing = [{"href": "lst/data/", "type": "directory", "mtime": date}]
    for number in range(count):
        href = f"lst/data/dl1_LST-1.Run{number:05}.0000.h5"
        url = f"http://localhost/services/downloadservice/list/{href}"
        size = str(number * 4711)
        listing.append({"href": href, "type": "file", "size": size, "mtime": date, "url": url})
    raw = json.dumps(listing).encode()
    segments = ["lst", "data"]

    def listing() -> Entries | ManyEntries:
        return read_listing([[raw]], CONTENT_TYPE, segments, EntryBuffer("lst/data"))[1].entries

    children = listing()
    assert len(children) == count
    assert children[-1].size == (count - 1) * 4711
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(_seconds(listing))
        theirs.append(_seconds(lambda: json.loads(raw)))
    print(statistics.median(ours), statistics.median(theirs))


def _seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    result = task()
    end = time.perf_counter()
    del result  # not part of the measurement
    return end - begin


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
