"""One client in eight threads at once, with a service that breaks now and then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ctadata import APIClient

from .outcome import files, leftovers
from .storage import MIB, OWN, Fault, content

THREADS = 8


def test_downloads_in_eight_threads(storage, work):
    """Each thread downloads a file of its own, large or small; some are interrupted."""
    sizes = [12 * MIB if n % 3 == 0 else 50_000 for n in range(24)]
    whole = {f"{n}": storage.put(f"lst/{n}", size, n) for n, size in enumerate(sizes)}
    storage.fails("fetch", "*", *[None, Fault(stop=20_000), None, Fault(status=503)] * 3)
    client = APIClient(timeout=5, retries=4)
    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(lambda name: client.fetch_and_save_file(f"lst/{name}"), whole))
    assert got == sizes
    assert files(work) == whole


def test_directories_in_eight_threads(storage, work):
    """The same directory, to eight targets."""
    whole = {f"d/{n}": storage.put(f"lst/d/{n}", 20_000, n) for n in range(20)}
    client = APIClient(timeout=5, retries=4)

    def get(n: int) -> int:
        return client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=str(n))

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(get, range(THREADS))) == [400_000] * THREADS
    for n in range(THREADS):
        assert files(work / str(n)) == whole


def test_the_same_directory_in_eight_threads(storage, work):
    """All to one target: complete, and nothing is left behind."""
    whole = {f"d/{n}": storage.put(f"lst/d/{n}", 20_000, n) for n in range(20)}
    whole["d/large"] = storage.put("lst/d/large", 9 * MIB)
    client = APIClient(timeout=5, retries=4)

    def get(_: int) -> int:
        return client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".")

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(get, range(THREADS))) == [400_000 + 9 * MIB] * THREADS
    assert files(work) == whole
    assert not leftovers(work)


def test_all_kinds_of_calls_in_eight_threads(storage, work):
    """Listing, reading, uploading and downloading at the same time."""
    body = storage.put("lst/f", 3 * MIB)
    client = APIClient(timeout=5, retries=4)

    def call(n: int) -> object:
        if n % 4 == 0:
            return client.upload_file(work / "up", f"to/{n}")["total_written"]
        if n % 4 == 1:
            return b"".join(client.iter_bytes("lst/f")) == body
        if n % 4 == 2:
            return client.fetch_and_save_file("lst/f", f"down{n}")
        return [str(entry) for entry in client.list_dir("lst/f")]

    (work / "up").write_bytes(content(70_000))
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(call, range(40)))
    assert results == [70_000, True, 3 * MIB, ["lst/f"]] * 10
    assert all(storage.files[f"{OWN}/to/{n}"].content == content(70_000) for n in range(0, 40, 4))
    assert all((work / f"down{n}").read_bytes() == body for n in range(2, 40, 4))


def test_progress_is_never_told_by_two_threads_at_once(storage, work):
    """The callbacks need no lock of their own; each file ends once."""
    for n in range(60):
        storage.put(f"lst/d/{n}", 30_000, n)
    storage.put("lst/d/large", 20 * MIB)
    storage.fails("fetch", "*", *[None, Fault(stop=10_000), Fault(status=502)] * 5)
    inside = []
    overlaps = []
    steps: dict[str, list[tuple[int, str]]] = {}

    def on_progress(path, done, total, state):
        inside.append(path)
        overlaps.extend(inside[:-1])
        steps.setdefault(path, []).append((done, state))
        inside.remove(path)

    results = []
    APIClient(timeout=5, retries=4).fetch_and_save_file_or_dir(
        "lst/d", recursive=True, on_progress=on_progress, on_result=results.append
    )
    assert overlaps == []
    assert len(steps) == len(results) == 61
    for path, told in steps.items():
        states = [state for _, state in told]
        assert states[0] == "waiting"
        assert told[0][0] == 0
        assert states[-1] == "finished"
        assert told[-1][0] == len(storage.files[path].content)
        assert set(states[1:-1]) <= {"running"}
    assert {result.state for result in results} == {"finished"}
    assert {result.path: result.size for result in results} == {
        name: len(remote.content) for name, remote in storage.files.items()
    }
