"""Fault 20: SIGKILL at random moments of a download of a directory, twenty times."""

from __future__ import annotations

import random
import subprocess
import sys
import time

from .outcome import files, leftovers
from .storage import MIB, content

GET = [sys.executable, "-m", "ctadata", "get", "-q", "-r", "lst/d", "-o", "."]
KILLS = 20
# Of a large file what was not written down yet (8 MiB) and what was under way.
PER_FILE = 10 * MIB


def test_twenty_kills(storage, wire, work):
    chance = random.Random(20)
    sizes = {f"d/large{n}": 30 * MIB + n for n in range(6)}
    sizes |= {f"d/sub{n % 5}/small{n}": chance.randrange(300_000) for n in range(100)}
    body = content(31 * MIB)
    # Each of them begins elsewhere.
    whole = {
        name: storage.put(f"lst/{name}", body[n * 777 :][:size])
        for n, (name, size) in enumerate(sizes.items())
    }
    total = sum(map(len, whole.values()))
    wire.rate = 64 * MIB
    spent, allowed = 0, 0
    for _ in range(KILLS):
        before = wire.passed
        # One large file after the other, or four side by side.
        jobs, large = chance.choice([(1, 1), (1, 1), (8, 4)])
        process = subprocess.Popen([*GET, "-j", str(jobs)])
        # Some die while they start, most in the middle, some near the end of a file.
        wire.wait_for(before + chance.randrange(28 * MIB), 10)
        time.sleep(chance.random() / 50)
        process.kill()
        process.wait()
        spent += wire.passed - before
        allowed += min(wire.passed - before, large * PER_FILE)
        for name, content_now in files(work).items():
            assert name not in whole or content_now == whole[name]
    wire.rate = None
    assert subprocess.run(GET, timeout=60).returncode == 0
    assert files(work) == whole
    assert not leftovers(work)
    # Nothing that was finished came twice: neither whole files nor written-down pieces.
    again = wire.passed - total
    assert spent > total
    assert again < allowed < 0.75 * spent
