"""The measured tasks: the commands of each client, and the wanted ratios."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import servers
from .clients import AUTHORIZATION, curl, get, old_get, put, rclone, webdav
from .data import digest, empty, make_file, make_files
from .link import Link
from .measure import Command, Failed, run

MIB = 1 << 20
GIB = 1 << 30
OURS = "ctadata"


class Fixture:
    """The folders and servers that the tasks share; a server starts at its first use.

    Parameters
    ----------
    folder : Path
        An empty folder on tmpfs.
    factor : float
        A factor for all sizes and numbers of files.
    stack : ExitStack
        Stops the servers at the end.
    """

    def __init__(self, folder: Path, factor: float, stack: ExitStack) -> None:
        self.factor = factor
        self._stack = stack
        self._folder = folder
        self.files = folder / "files"  # what the origins serve
        self.stored = self.files / servers.OWN
        self.local = folder / "local"  # what is uploaded
        self.target = folder / "target"  # what is downloaded
        self.digests = folder / "digests"
        self.clear()

    def clear(self) -> None:
        """Remove all files; the servers keep running."""
        for each in (self.files, self.local, self.target, self.digests):
            empty(each)
        self.stored.mkdir(parents=True)

    @cached_property
    def nginx(self) -> int:
        """The port of nginx."""
        return self._stack.enter_context(servers.nginx(self._folder, self.files, self.digests))

    @cached_property
    def far_nginx(self) -> int:
        """The port of nginx at the other end of the link."""
        return self._stack.enter_context(Link(self.nginx)).port

    @cached_property
    def service(self) -> int:
        """The port of ``ctadata serve``."""
        return self._stack.enter_context(servers.service(self.files))

    @cached_property
    def far_service(self) -> int:
        """The port of ``ctadata serve`` at the other end of the link."""
        return self._stack.enter_context(Link(self.service)).port

    def scaled(self, number: int) -> int:
        """Return a size or a number of files for this run."""
        return max(1, int(number * self.factor))


@dataclass(frozen=True)
class Line:
    """One comparison of the table.

    Attributes
    ----------
    against : str
        The other client.
    wanted : float or None
        The wanted ratio; None if the line is only informative.
    cpu : bool
        Whether to compare processor seconds per GiB (less is better) instead of speeds.
    """

    against: str
    wanted: float | None
    cpu: bool = False


@dataclass(frozen=True)
class Task:
    """Clients with the same task, which run in turn.

    Attributes
    ----------
    name : str
        The description of the task.
    size : int
        The total number of bytes.
    source, copy : Path
        Compared after each run. The copy is removed before each run.
    clients : dict
        The commands by the names of the clients.
    needs : Path, optional
        A directory that must exist before each run.
    """

    name: str
    size: int
    source: Path
    copy: Path
    clients: dict[str, Command]
    needs: Path | None = None


@dataclass(frozen=True)
class Row:
    """A task and its comparisons."""

    prepare: Callable[[Fixture], Task]
    lines: list[Line]


def near(port: int) -> str:
    """Return the address of nginx in the service's shape."""
    return f"http://127.0.0.1:{port}/service/"


def embedded(port: int) -> str:
    """Return the address of ``ctadata serve``."""
    return f"http://127.0.0.1:{port}/services/downloadservice/"


def _large_file(fixture: Fixture) -> Task:
    size = fixture.scaled(2 * GIB)
    make_file(fixture.files / "large.h5", size)
    target = str(fixture.target / "large.h5")
    return Task(
        "download 2 GiB, loopback",
        size,
        fixture.files / "large.h5",
        fixture.target,
        {
            OURS: get(near(fixture.nginx), "large.h5", "-o", target),
            "curl": curl("-o", target, f"http://127.0.0.1:{fixture.nginx}/dav/large.h5"),
        },
    )


def _embedded(fixture: Fixture) -> Task:
    size = fixture.scaled(GIB)
    make_file(fixture.files / "cta/serve.h5", size)
    target = str(fixture.target / "serve.h5")
    url = embedded(fixture.service)
    fetch = f"{url}fetch/cta/serve.h5?chunk_size={MIB}"
    return Task(
        "download 1 GiB from 'ctadata serve'",
        size,
        fixture.files / "cta/serve.h5",
        fixture.target,
        {
            OURS: get(url, "cta/serve.h5", "-o", target),
            "curl": curl("-H", AUTHORIZATION, "-o", target, fetch),
        },
    )


def _streams(fixture: Fixture) -> Task:
    size = fixture.scaled(256 * MIB)
    make_file(fixture.files / "far.h5", size)
    target = str(fixture.target / "far.h5")
    parts = ["--multi-thread-streams", "8", "--multi-thread-cutoff", "1M"]
    # Its chunks of 64 MiB leave it with four streams.
    chunks = ["--multi-thread-chunk-size", "32M"]
    port = fixture.far_nginx
    return Task(
        "download 256 MiB in 8 streams, 20 ms, 200 Mbit/s each",
        size,
        fixture.files / "far.h5",
        fixture.target,
        {
            OURS: get(near(port), "--streams", "8", "far.h5", "-o", target),
            "curl": curl("-o", target, f"http://127.0.0.1:{port}/dav/far.h5"),
            "rclone": rclone("copyto", webdav(port, "far.h5"), target, *parts),
            "rclone in 32 MiB": rclone("copyto", webdav(port, "far.h5"), target, *parts, *chunks),
        },
    )


def _small_files(fixture: Fixture) -> Task:
    count, size = fixture.scaled(2000), 64 << 10
    make_files(fixture.files / "many", count, size)
    target = str(fixture.target)
    port = fixture.far_nginx
    return Task(
        "download 2,000 files of 64 KiB, 20 ms",
        count * size,
        fixture.files / "many",
        fixture.target,
        {
            OURS: get(near(port), "-r", "-j", "32", "many", "-o", target),
            "rclone": rclone("copy", webdav(port, "many"), target),
        },
    )


def _beside_old(fixture: Fixture) -> Task:
    count, size = fixture.scaled(200), 64 << 10
    make_files(fixture.files / "cta/some", count, size)
    url = embedded(fixture.far_service)
    return Task(
        "download 200 files of 64 KiB from 'ctadata serve', 20 ms",
        count * size,
        fixture.files / "cta/some",
        fixture.target,
        {
            OURS: get(url, "-r", "cta/some"),
            # Without the slash it fetches each file twice; it does not create the directory.
            "ctadata 0.3.0": old_get(url, "-r", "cta/some/"),
        },
        fixture.target / "cta/some",
    )


def _large_upload(fixture: Fixture) -> Task:
    size = fixture.scaled(2 * GIB)
    source = fixture.local / "large.h5"
    make_file(source, size)
    dav = f"http://127.0.0.1:{fixture.nginx}/dav/{servers.OWN}/large.h5"
    return Task(
        "upload 2 GiB, loopback",
        size,
        source,
        fixture.stored,
        {
            OURS: put(near(fixture.nginx), str(source), "large.h5"),
            "curl": curl("-T", str(source), dav),
        },
    )


def _small_uploads(fixture: Fixture) -> Task:
    count, size = fixture.scaled(2000), 64 << 10
    make_files(fixture.local / "many", count, size)
    source = str(fixture.local / "many")
    port = fixture.far_nginx
    return Task(
        "upload 2,000 files of 64 KiB, 20 ms",
        count * size,
        fixture.local / "many",
        fixture.stored,
        {
            OURS: put(near(port), "-r", "-j", "32", source, "many"),
            "rclone": rclone("copy", source, webdav(port, f"{servers.OWN}/many")),
        },
    )


def _checksum(fixture: Fixture) -> Task:
    size = fixture.scaled(2 * GIB)
    source = fixture.files / "sum.h5"
    make_file(source, size)
    target = str(fixture.target / "sum.h5")
    url = near(fixture.nginx)
    told = fixture.digests / source.name
    told.write_text("adler32=00000001\n")
    try:
        run(get(url, "sum.h5", "-o", target), fixture.target)
    except Failed:
        told.write_text(f"adler32={digest(source):08x}\n")
    else:
        raise Failed("a file with a wrong checksum was taken: the checksum is not compared")
    return Task(
        "download 2 GiB with its checksum, loopback",
        size,
        source,
        fixture.target,
        {
            OURS: get(url, "sum.h5", "-o", target),
            "without checksum": get(url, "--no-checksum", "sum.h5", "-o", target),
            "without zlib-ng": get(url, "sum.h5", "-o", target, zlib_ng=False),
        },
    )


def _huge(fixture: Fixture, up: bool) -> Task:
    size = fixture.scaled(10 * GIB)
    source = (fixture.local if up else fixture.files) / "huge.h5"
    with source.open("wb") as file:
        file.truncate(size)  # a sparse file, which takes no space
    url = near(fixture.nginx)
    if up:
        command = put(url, str(source), "huge.h5")
        return Task("upload 10 GiB", size, source, fixture.stored, {OURS: command})
    command = get(url, "huge.h5", "-o", str(fixture.target / "huge.h5"))
    return Task("download 10 GiB", size, source, fixture.target, {OURS: command})


def _night(fixture: Fixture, up: bool) -> Task:
    count, size = fixture.scaled(100_000), 1 << 10
    source = (fixture.local if up else fixture.files) / "night"
    make_files(source, count, size, each=1000)
    url = near(fixture.nginx)
    if up:
        name, copy = "upload 100,000 files of 1 KiB", fixture.stored
        command = put(url, "-r", str(source), "night")
    else:
        name, copy = "download 100,000 files of 1 KiB", fixture.target
        command = get(url, "-r", "night", "-o", str(copy))
    return Task(name, count * size, source, copy, {OURS: command})


ROWS: dict[str, Row] = {
    "large": Row(_large_file, [Line("curl", 1.2), Line("curl", 1.3, cpu=True)]),
    "serve": Row(_embedded, [Line("curl", 0.9)]),
    "streams": Row(
        _streams, [Line("curl", 6.5), Line("rclone", 1.05), Line("rclone in 32 MiB", None)]
    ),
    "small": Row(_small_files, [Line("rclone", 1.5)]),
    "old": Row(_beside_old, [Line("ctadata 0.3.0", 20)]),
    "upload": Row(_large_upload, [Line("curl", 0.9)]),
    "upload-small": Row(_small_uploads, [Line("rclone", 2)]),
    "checksum": Row(_checksum, [Line("without checksum", 0.95), Line("without zlib-ng", None)]),
}

# Only the memory matters here.
MEMORY: dict[str, Row] = {
    "huge-get": Row(lambda fixture: _huge(fixture, up=False), []),
    "huge-put": Row(lambda fixture: _huge(fixture, up=True), []),
    "night-get": Row(lambda fixture: _night(fixture, up=False), []),
    "night-put": Row(lambda fixture: _night(fixture, up=True), []),
}
