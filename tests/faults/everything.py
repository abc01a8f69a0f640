"""Calls every public function, and prints the results: ``python -m tests.faults.everything``.

A process of its own, so that a test can limit its rights, descriptors or threads. The
environment names the service; the working directory has ``up``, a directory to upload.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from typing import Any

import ctadata
from ctadata.errors import CTADataError

CALLS: dict[str, Callable[[], Any]] = {
    "list_dir": lambda: ctadata.list_dir("lst/some-data-dir"),
    "stat": lambda: ctadata.APIClient().stat("lst/some-data-dir/small.txt"),
    "iter_bytes": lambda: list(ctadata.APIClient().iter_bytes("lst/some-data-dir/small.txt")),
    "fetch_and_save_file": lambda: ctadata.fetch_and_save_file(
        "lst/some-data-dir/small.txt", "down/small.txt"
    ),
    "fetch_and_save_file, large": lambda: ctadata.fetch_and_save_file(
        "lst/large", "down/large", overwrite="replace"
    ),
    "fetch_and_save_file_or_dir": lambda: ctadata.fetch_and_save_file_or_dir(
        "lst/some-data-dir", recursive=True, dest="down"
    ),
    "fetch_many": lambda: ctadata.fetch_many(["lst/odd/two words.txt", "lst/large"], "down/many"),
    "upload_file": lambda: ctadata.upload_file("up/good", "x"),
    "upload_dir": lambda: ctadata.upload_dir("up", "up"),
    "upload_many": lambda: ctadata.upload_many(["up/good", "up"], "many", recursive=True),
    "upload_certificate": lambda: ctadata.upload_certificate("proxy.pem"),
    "upload_shared_certificate": lambda: ctadata.upload_shared_certificate("proxy.pem"),
    "delegations": lambda: ctadata.APIClient().delegations(),
    "inspect": lambda: ctadata.certificates.inspect("proxy.pem", trusted=["up"]),
}


def few_descriptors() -> None:
    """Allow no more open files than there are now."""
    import ctadata.transfers.download
    import ctadata.transfers.upload  # noqa: F401

    CALLS["list_dir"]()
    highest = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


def few_threads(allowed: int) -> None:
    """Let so many threads start, and no more: the system's limit does not hold for root."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if threading.active_count() > allowed:
            raise RuntimeError("can't start new thread")
        start(thread)

    threading.Thread.start = limited  # type: ignore[method-assign]


CONDITIONS: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "no descriptors": few_descriptors,
    "no threads": lambda: few_threads(0),
    "one thread": lambda: few_threads(1),
    "two threads": lambda: few_threads(2),
}


def result_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except CTADataError as error:
        failures = getattr(error, "failures", [])
        return f"{type(error).__name__}: {error} {[str(failure) for failure in failures]}"
    except BaseException as error:
        return f"RAW {type(error).__name__}: {error}"
    return "ok"


def main() -> None:
    CONDITIONS[sys.argv[1]]()
    print(json.dumps({name: result_of(call) for name, call in CALLS.items()}))


if __name__ == "__main__":
    main()
