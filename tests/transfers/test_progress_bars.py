from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tracemalloc

import nbclient
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import start_new_kernel

from ctadata.transfers.progress_bars import Bars
from ctadata.transfers.transfer_totals import TransferTotals

from ..support.terminal import run_in_terminal
from .half_file import HalfFile

# Three files, two of them under way for a while, from a thread as the engine does it.
TRANSFER = """
import sys, threading, time
# Which takes its time, while a transfer would go on.
import tqdm.auto
from ctadata.transfers.options import TransferOptions
from ctadata.transfers.progress_bars import watching
MIB = 1 << 20

def run(on_progress):
    for number in range(3):
        on_progress(f"d/run{number}.h5", 0, 100 * MIB, "waiting")
    for done in range(0, 100, 25):
        for number in range(2):
            on_progress(f"d/run{number}.h5", done * MIB, 100 * MIB, "running")
        time.sleep(0.25)
    for number in range(2):
        on_progress(f"d/run{number}.h5", 100 * MIB, 100 * MIB, "finished")
    on_progress("d/run2.h5", 0, 100 * MIB, "skipped")

with watching(TransferOptions()) as dispatcher:
    thread = threading.Thread(target=run, args=(dispatcher.progress,))
    thread.start()
    thread.join()
"""


def test_a_terminal_shows_all_and_the_large_files():
    status, shown = run_in_terminal([sys.executable, "-c", TRANSFER])
    assert status == 0
    assert re.search(r"\r0/3 files:  .*[1-9]\.?\d*M/300M \[.*, .*MB/s\]", shown)
    for name in ("run0.h5", "run1.h5"):
        assert re.search(rf"{name}:  .*[1-9]\.?\d*M/100M", shown)
    assert "run2.h5:" not in shown
    # At the end one bar is left.
    assert shown.rstrip().splitlines()[-1].strip().startswith("3/3 files: 100%")


def test_a_narrow_terminal_is_enough():
    status, shown = run_in_terminal([sys.executable, "-c", TRANSFER], columns=30, lines=3)
    assert status == 0
    assert "3/3 files: 100%" in shown


def test_where_nobody_looks_nothing_is_shown():
    code = TRANSFER + "assert not [t for t in threading.enumerate() if t.name == 'ctadata-bars']"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_bars_on_request_in_a_log():
    code = TRANSFER.replace("TransferOptions()", "TransferOptions(progress=True)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    assert "3/3 files: 100%" in done.stderr
    # Nothing that goes up a line, which only a terminal can do.
    assert "\x1b" not in done.stderr
    assert "run1.h5" not in done.stderr


@pytest.mark.parametrize(
    ("options", "bars"),
    [
        ("on_result=print", False),
        ("progress=False", False),
        ("on_progress=print", False),
        ("progress=True, on_progress=print", True),
    ],
)
def test_callbacks_take_the_place_of_bars(options, bars):
    code = TRANSFER.replace("TransferOptions()", f"TransferOptions({options})")
    status, shown = run_in_terminal([sys.executable, "-c", code])
    assert status == 0
    assert ("3/3 files" in shown) == bars
    assert ("d/run2.h5 0 104857600 waiting" in shown) == ("on_progress" in options)


@pytest.mark.parametrize("widgets", [True, False])
def test_a_notebook(widgets):
    hide = "" if widgets else "import sys; sys.modules['ipywidgets'] = None\n"
    code = hide + TRANSFER.replace("tqdm.auto", "tqdm.auto" if widgets else "tqdm.std")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    if widgets:
        states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
        models = [model["state"] for model in states.values()]
        assert {"application/vnd.jupyter.widget-view+json" in each.data for each in outputs} == {
            True
        }
        (total,) = [model for model in models if model.get("max") == 300 << 20]
        assert (total["value"], total["bar_style"]) == (300 << 20, "success")
        texts = [str(model.get("value")).replace("\u2007", " ") for model in models]
        assert "3/3 files: 100%" in texts
        assert "run1.h5: 100%" in texts
    else:
        assert {(each.output_type, each.name) for each in outputs} == {("stream", "stdout")}
        text = "".join(each.text for each in outputs)
        assert "\r3/3 files: 100%" in text
        assert "\x1b" not in text


class Kernel:
    """A kernel that runs cells."""

    def __init__(self, client):
        self._client = client

    def start(self, code):
        self._cell = self._client.execute(code)

    def end(self):
        """Return the name of the cell's error, and its result."""
        error = result = None
        while True:
            message = self._client.get_iopub_msg(timeout=30)
            content = message["content"]
            if message["parent_header"].get("msg_id") != self._cell:
                continue
            if message["msg_type"] == "error":
                error = content["ename"]
            elif message["msg_type"] == "execute_result":
                result = content["data"]["text/plain"]
            elif content.get("execution_state") == "idle":
                return error, result


def test_interrupting_a_cell_stops_it_and_running_it_again_goes_on(scripted, work):
    half = HalfFile(scripted)
    fetch = "import ctadata; ctadata.fetch_and_save_file_or_dir('lst/d', True, dest='to')"
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        kernel = Kernel(client)
        kernel.start(fetch)
        assert half.reached.acquire(timeout=30)
        asked = time.monotonic()
        manager.interrupt_kernel()
        assert kernel.end() == ("KeyboardInterrupt", None)
        assert time.monotonic() - asked < 2
        assert not (work / "to/d/large").exists()
        half.gone.set()
        kernel.start(fetch)
        assert kernel.end() == (None, str(len(half.body)))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert os.listdir(work / "to/d") == ["large"]
    assert half.fetches == 1


def until_shown(capsys, text) -> str:
    """Wait until something is shown, and return what is."""
    deadline = time.monotonic() + 30
    shown = ""
    while text not in shown and time.monotonic() < deadline:
        time.sleep(0.01)
        shown += capsys.readouterr().err
    return shown


def test_bars_cost_next_to_nothing(capsys):
    """As many files as a night has, at far more than 2,000 a second, in little memory."""
    count = 50_000
    with Bars() as bars:
        bars.on_progress("d/first", 0, 65536, "waiting")
        shown = until_shown(capsys, "first")
        assert "first" in shown
        tracemalloc.start()
        for number in range(100):
            bars.on_progress(f"d/{number}", 0, 65536, "waiting")
        small = tracemalloc.get_traced_memory()[0]
        for number in range(100, count):
            bars.on_progress(f"d/{number}", 0, 65536, "waiting")
        for number in range(count):
            bars.on_progress(f"d/{number}", 0, 65536, "running")
            bars.on_progress(f"d/{number}", 65536, 65536, "finished")
        grown = tracemalloc.get_traced_memory()[0] - small
        tracemalloc.stop()
        started = time.thread_time()
        for number in range(count):
            bars.on_progress(f"e/{number}", 0, 65536, "running")
            bars.on_progress(f"e/{number}", 65536, 65536, "finished")
        spent = time.thread_time() - started
    assert grown < 200_000
    assert spent / (2 * count) < 30e-6
    assert f"{2 * count}/{2 * count} files" in capsys.readouterr().err


def test_nothing_is_shown_after_the_end(capsys):
    with Bars() as bars:
        bars.on_progress("a", 1, 2, "running")
    before = capsys.readouterr().err
    bars.on_progress("a", 2, 2, "finished")
    assert "a:  50%" in before
    assert capsys.readouterr().err == ""


def test_what_was_there_already_does_not_raise_the_rate(capsys):
    with Bars() as bars:
        for name in "ab":
            bars.on_progress(name, 0, 10 << 30, "waiting")
        bars.on_progress("a", 0, 10 << 30, "skipped")
        bars.on_progress("b", 5 << 30, 10 << 30, "running")
        time.sleep(0.01)
        bars.on_progress("b", (5 << 30) + 1, 10 << 30, "failed")
    last = capsys.readouterr().err.rstrip().rpartition("\r")[2]
    assert "1/2 files, 1 failed:  75%" in last
    assert "15.0G/20.0G" in last
    rate = last.rpartition(", ")[2]
    assert rate.endswith("B/s]")
    assert float(rate.removesuffix("B/s]")) < 200


def test_tqdm_can_be_switched_off_as_always():
    environment = {**os.environ, "TQDM_DISABLE": "1"}
    code = TRANSFER.replace("TransferOptions()", "TransferOptions(progress=True)")
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_importing_it_does_not_import_tqdm():
    code = "import sys, ctadata.transfers.progress_bars; sys.exit('tqdm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


sizes = st.integers(0, 1000)


@st.composite
def transfers(draw):
    """What the engine says of some files, in the order of a possible run."""
    files = draw(st.lists(st.tuples(sizes, st.sampled_from(["finished", "skipped", "failed"]))))
    announced = draw(st.booleans())
    events, scripts = [], []
    for number, (size, end) in enumerate(files):
        path = f"d/{number}"
        if announced:
            events.append((path, 0, size, "waiting"))
        steps = [] if end == "skipped" else draw(st.lists(st.integers(0, size), max_size=4))
        script = [(path, done, size, "running") for done in steps]
        last = size if end != "failed" else (steps or [0])[-1]
        scripts.append([*script, (path, last, size, end)])
    while scripts:
        script = draw(st.sampled_from(scripts))
        events.append(script.pop(0))
        scripts = [each for each in scripts if each]
    return files, events


@given(transfers())
def test_the_tally_of_a_whole_run(run):
    files, events = run
    totals = TransferTotals()
    for event in events:
        totals.record(*event)
        assert 0 <= totals.bytes_done <= totals.bytes_found
    assert totals.files_found == len(files)
    assert totals.bytes_found == sum(size for size, _ in files)
    assert totals.files_failed == sum(end == "failed" for _, end in files)
    assert totals.files_done == len(files) - totals.files_failed
    last = {path: done for path, done, _, _ in events}
    assert totals.bytes_done == sum(last.values())
    first = {}
    for path, done, size, state in events:
        if state != "waiting":
            first.setdefault(path, size if state == "skipped" else done)
    ended_at_once = {p for p, _, _, s in events if s in {"finished", "failed"}} - {
        p for p, _, _, s in events if s == "running"
    }
    there = sum(done for path, done in first.items() if path not in ended_at_once)
    assert totals.bytes_moved == sum(last.values()) - there


@pytest.mark.parametrize("announced", [True, False])
def test_a_size_that_becomes_known_later(announced):
    totals = TransferTotals()
    if announced:
        totals.record("a", 0, None, "waiting")
        assert (totals.files_found, totals.bytes_found, totals.sized) == (1, 0, False)
    totals.record("a", 0, None, "running")
    assert (totals.files_found, totals.bytes_found, totals.sized) == (1, 0, False)
    totals.record("a", 5, 10, "running")
    assert (totals.bytes_found, totals.sized) == (10, True)
    totals.record("a", 12, 12, "finished")
    assert (totals.bytes_found, totals.bytes_done, totals.files_done) == (12, 12, 1)


def test_a_size_that_is_known_only_at_the_end():
    totals = TransferTotals()
    for state in ("waiting", "running", "finished"):
        totals.record("a", 0 if state == "waiting" else 7, None, state)
    assert (totals.bytes_found, totals.bytes_done, totals.sized) == (7, 7, True)
