"""Run a command in a real terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import termios
import threading
from collections.abc import Sequence


def run_in_terminal(
    command: Sequence[str], *, columns: int = 120, lines: int = 30, timeout: float = 60
) -> tuple[int, str]:
    """Run a command in a terminal of this size; return its status and its output."""
    terminal, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
    shown: list[bytes] = []

    def read() -> None:
        # On Linux, reading a terminal without writers fails with an error.
        with contextlib.suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as seen:
            while block := seen.read(65536):
                shown.append(block)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = subprocess.run(command, stdout=end, stderr=end, timeout=timeout)
    finally:
        os.close(end)
        reader.join()
    return done.returncode, b"".join(shown).decode()
