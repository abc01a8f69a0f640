"""Whatever is wrong with what shows progress: the transfer goes on, and its status tells of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time

import nbclient
import nbformat
import pytest

from ctadata import APIClient
from ctadata.transfers.progress_bars import Bars

from ..support.terminal import run_in_terminal

COUNT, SIZE = 40, 20_000
FETCH = """
import contextlib, io, os, sys, threading
{before}
import ctadata
size = ctadata.fetch_and_save_file_or_dir("lst/many", True, dest="to", progress=True)
sys.stdout.write(f"{{size}}\\n")
sys.stdout.flush()
{after}
"""

RAISING = """
class Raising(io.StringIO):
    def write(self, text):
        raise error
error = {}
sys.stderr = Raising()
"""
BLOCKING = """
class Blocking(io.StringIO):
    def write(self, text):
        threading.Event().wait()
sys.stderr = Blocking()
"""
# A thread that ends while it holds the lock that all bars share.
HELD = """
import tqdm.auto
thread = threading.Thread(target=tqdm.auto.tqdm.get_lock().acquire)
thread.start()
thread.join()
"""
STREAMS = {
    "None": "sys.stderr = None",
    "closed": "sys.stderr.close()",
    "descriptor closed": "os.close(2)",
    "raising OSError": RAISING.format("OSError(28, 'full')"),
    "raising something": RAISING.format("RuntimeError('something')"),
    "raising UnicodeEncodeError": RAISING.format("UnicodeEncodeError('ascii', 'x', 0, 1, 'x')"),
    "blocking": BLOCKING,
    "lock held": HELD,
    "no write": "sys.stderr = type('NoWrite', (), {'flush': lambda self: None})()",
}


@pytest.fixture
def many(service_env, tmp_path, work):
    """A directory of files that come in no time."""
    directory = tmp_path / "storage/lst/many"
    directory.mkdir()
    for number in range(COUNT):
        (directory / f"f{number}").write_bytes(bytes([number]) * SIZE)
    return directory


def whole(many, work) -> bool:
    return {p.name: p.read_bytes() for p in (work / "to/many").iterdir()} == {
        p.name: p.read_bytes() for p in many.iterdir()
    }


def run(code: str, stderr, work) -> tuple[int, bytes]:
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=stderr, timeout=60
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_that_is_of_no_use(many, work, stream):
    code = FETCH.format(before=STREAMS[stream], after="")
    assert run(code, subprocess.DEVNULL, work) == (0, b"%d\n" % (COUNT * SIZE))
    assert whole(many, work)


def test_a_full_disk(many, work):
    with open("/dev/full", "wb") as full:
        assert run(FETCH.format(before="", after=""), full, work) == (0, b"%d\n" % (COUNT * SIZE))
        command = [sys.executable, "-m", "ctadata", "get", "lst/small", "lst/many/f1", "-o", "x"]
        assert subprocess.run(command, stderr=full, timeout=60).returncode == 1
        command = [sys.executable, "-m", "ctadata", "get", "-r", "lst/many", "-o", "x"]
        assert subprocess.run(command, stderr=full, timeout=60).returncode == 0
    assert whole(many, work)
    assert len(os.listdir(work / "x/many")) == COUNT


@contextlib.contextmanager
def full_pipe():
    """A pipe that nobody reads, and that takes nothing more."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x")
        os.set_blocking(writer, True)
        yield writer
    finally:
        os.close(writer)
        os.close(reader)


def test_a_pipe_that_nobody_reads(many, work):
    with full_pipe() as pipe:
        code = FETCH.format(before="", after="")
        assert run(code, pipe, work) == (0, b"%d\n" % (COUNT * SIZE))
    assert whole(many, work)


def test_a_pipe_whose_reader_has_gone(many, work):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert run(FETCH.format(before="", after=""), writer, work)[0] == 0
    finally:
        os.close(writer)
    assert whole(many, work)


@pytest.mark.parametrize("columns", [0, 1, 10])
def test_a_terminal_of_next_to_no_width(many, work, columns):
    command = [sys.executable, "-m", "ctadata", "get", "-r", "lst/many", "-o", "to"]
    status, _ = run_in_terminal(command, columns=columns, lines=0 if columns == 0 else 3)
    assert status == 0
    assert whole(many, work)


def test_a_terminal_that_is_stopped(many, work):
    """As by Ctrl-S: it takes nothing until it is let go on."""
    primary, terminal = os.openpty()
    try:
        # Nobody reads what is shown, until it takes no more.
        os.set_blocking(terminal, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(terminal, b"x" * 512)
        os.set_blocking(terminal, True)
        assert run(FETCH.format(before="", after=""), terminal, work)[0] == 0
    finally:
        os.close(terminal)
        os.close(primary)
    assert whole(many, work)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "sys.modules['ipywidgets'] = None",
        "sys.modules['tqdm'] = None",
        HELD,
        "sys.modules['ipywidgets'] = None\n" + RAISING.format("OSError()").replace("err", "out"),
        BLOCKING,
    ],
)
def test_a_notebook(many, work, before):
    after = f"assert size == {COUNT * SIZE}"
    code = FETCH.format(before=before, after=after).replace("sys.stdout.", "0 and sys.stdout.")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert [output for output in notebook.cells[0].outputs if output.output_type == "error"] == []
    assert whole(many, work)


def test_bars_that_are_stuck_delay_only_the_end(monkeypatch, capsys):
    """And that by little."""
    released, reached = threading.Event(), threading.Event()

    class Blocking:
        encoding = "utf-8"

        def write(self, text):
            reached.set()
            released.wait(30)
            raise ValueError("closed")

        def flush(self): ...

        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Blocking())
    try:
        with Bars() as bars:
            bars.on_progress("a", 0, 10, "waiting")
            assert reached.wait(30)
            before = time.monotonic()
            for number in range(1000):
                bars.on_progress("a", number, 1000, "running")
            assert time.monotonic() - before < 0.5
            # A line that is printed meanwhile is not lost.
            with bars.hidden():
                sys.stdout.write("printed")
        assert time.monotonic() - before < 5
    finally:
        released.set()
        bars._drawer.join(10)
    assert capsys.readouterr().out == "printed"


def test_callbacks_that_raise(many, work):
    """What they raise is the caller's: it ends the transfer, and nothing hangs."""

    class Mine(Exception):
        pass

    def raises(*told):
        raise Mine

    for name in ("on_progress", "on_result"):
        for progress in (True, False):
            with pytest.raises(Mine):
                APIClient().fetch_and_save_file_or_dir(
                    "lst/many", True, dest="to", progress=progress, **{name: raises}
                )
    with pytest.raises(Mine):
        APIClient().upload_dir("to/many", "x", on_progress=raises)
