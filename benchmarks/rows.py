"""The works that are measured: who does what, and how fast we want to be beside the others."""

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


class Stage:
    """The folders and servers that the works share; servers start when they are needed first.

    Parameters
    ----------
    folder : Path
        An empty folder on tmpfs.
    factor : float
        All sizes and numbers of files are multiplied with it.
    stack : ExitStack
        Ends what was started.
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
        """Remove all files; the servers go on."""
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
        The contestant that we are compared with.
    wanted : float or None
        The ratio that we want; None where it is only good to know.
    cpu : bool
        Whether seconds of the processor for each GiB are compared, where less is better,
        rather than speeds, where more is.
    """

    against: str
    wanted: float | None
    cpu: bool = False


@dataclass(frozen=True)
class Work:
    """Contestants with the same work to do, who take turns.

    Attributes
    ----------
    name : str
        What is done.
    size : int
        How many bytes are moved, in all.
    source, copy : Path
        Compared after each run. The copy is removed before each run.
    contestants : dict
        The commands by the contestants' names.
    needs : Path, optional
        A directory that has to be there before each run.
    """

    name: str
    size: int
    source: Path
    copy: Path
    contestants: dict[str, Command]
    needs: Path | None = None


@dataclass(frozen=True)
class Row:
    """A work, and what it is compared with."""

    prepare: Callable[[Stage], Work]
    lines: list[Line]


def near(port: int) -> str:
    """Return the address of nginx in the service's shape."""
    return f"http://127.0.0.1:{port}/service/"


def embedded(port: int) -> str:
    """Return the address of ``ctadata serve``."""
    return f"http://127.0.0.1:{port}/services/downloadservice/"


def _large_file(stage: Stage) -> Work:
    size = stage.scaled(2 * GIB)
    make_file(stage.files / "large.h5", size)
    target = str(stage.target / "large.h5")
    return Work(
        "download 2 GiB, loopback",
        size,
        stage.files / "large.h5",
        stage.target,
        {
            OURS: get(near(stage.nginx), "large.h5", "-o", target),
            "curl": curl("-o", target, f"http://127.0.0.1:{stage.nginx}/dav/large.h5"),
        },
    )


def _embedded(stage: Stage) -> Work:
    size = stage.scaled(GIB)
    make_file(stage.files / "cta/serve.h5", size)
    target = str(stage.target / "serve.h5")
    url = embedded(stage.service)
    fetch = f"{url}fetch/cta/serve.h5?chunk_size={MIB}"
    return Work(
        "download 1 GiB from 'ctadata serve'",
        size,
        stage.files / "cta/serve.h5",
        stage.target,
        {
            OURS: get(url, "cta/serve.h5", "-o", target),
            "curl": curl("-H", AUTHORIZATION, "-o", target, fetch),
        },
    )


def _streams(stage: Stage) -> Work:
    size = stage.scaled(256 * MIB)
    make_file(stage.files / "far.h5", size)
    target = str(stage.target / "far.h5")
    parts = ["--multi-thread-streams", "8", "--multi-thread-cutoff", "1M"]
    # Its chunks of 64 MiB leave it with four streams.
    chunks = ["--multi-thread-chunk-size", "32M"]
    port = stage.far_nginx
    return Work(
        "download 256 MiB in 8 streams, 20 ms, 200 Mbit/s each",
        size,
        stage.files / "far.h5",
        stage.target,
        {
            OURS: get(near(port), "--streams", "8", "far.h5", "-o", target),
            "curl": curl("-o", target, f"http://127.0.0.1:{port}/dav/far.h5"),
            "rclone": rclone("copyto", webdav(port, "far.h5"), target, *parts),
            "rclone in 32 MiB": rclone("copyto", webdav(port, "far.h5"), target, *parts, *chunks),
        },
    )


def _small_files(stage: Stage) -> Work:
    count, size = stage.scaled(2000), 64 << 10
    make_files(stage.files / "many", count, size)
    target = str(stage.target)
    port = stage.far_nginx
    return Work(
        "download 2,000 files of 64 KiB, 20 ms",
        count * size,
        stage.files / "many",
        stage.target,
        {
            OURS: get(near(port), "-r", "-j", "32", "many", "-o", target),
            "rclone": rclone("copy", webdav(port, "many"), target),
        },
    )


def _beside_old(stage: Stage) -> Work:
    count, size = stage.scaled(200), 64 << 10
    make_files(stage.files / "cta/some", count, size)
    url = embedded(stage.far_service)
    return Work(
        "download 200 files of 64 KiB from 'ctadata serve', 20 ms",
        count * size,
        stage.files / "cta/some",
        stage.target,
        {
            OURS: get(url, "-r", "cta/some"),
            # Without the slash it fetches each file twice; and it makes no directory for them.
            "ctadata 0.3.0": old_get(url, "-r", "cta/some/"),
        },
        stage.target / "cta/some",
    )


def _large_upload(stage: Stage) -> Work:
    size = stage.scaled(2 * GIB)
    source = stage.local / "large.h5"
    make_file(source, size)
    dav = f"http://127.0.0.1:{stage.nginx}/dav/{servers.OWN}/large.h5"
    return Work(
        "upload 2 GiB, loopback",
        size,
        source,
        stage.stored,
        {
            OURS: put(near(stage.nginx), str(source), "large.h5"),
            "curl": curl("-T", str(source), dav),
        },
    )


def _small_uploads(stage: Stage) -> Work:
    count, size = stage.scaled(2000), 64 << 10
    make_files(stage.local / "many", count, size)
    source = str(stage.local / "many")
    port = stage.far_nginx
    return Work(
        "upload 2,000 files of 64 KiB, 20 ms",
        count * size,
        stage.local / "many",
        stage.stored,
        {
            OURS: put(near(port), "-r", "-j", "32", source, "many"),
            "rclone": rclone("copy", source, webdav(port, f"{servers.OWN}/many")),
        },
    )


def _checksum(stage: Stage) -> Work:
    size = stage.scaled(2 * GIB)
    source = stage.files / "sum.h5"
    make_file(source, size)
    target = str(stage.target / "sum.h5")
    url = near(stage.nginx)
    told = stage.digests / source.name
    told.write_text("adler32=00000001\n")
    try:
        run(get(url, "sum.h5", "-o", target), stage.target)
    except Failed:
        told.write_text(f"adler32={digest(source):08x}\n")
    else:
        raise Failed("a file with a wrong checksum was taken: the checksum is not compared")
    return Work(
        "download 2 GiB with its checksum, loopback",
        size,
        source,
        stage.target,
        {
            OURS: get(url, "sum.h5", "-o", target),
            "without checksum": get(url, "--no-checksum", "sum.h5", "-o", target),
            "without zlib-ng": get(url, "sum.h5", "-o", target, zlib_ng=False),
        },
    )


def _huge(stage: Stage, up: bool) -> Work:
    size = stage.scaled(10 * GIB)
    source = (stage.local if up else stage.files) / "huge.h5"
    with source.open("wb") as file:
        file.truncate(size)  # nothing but a hole, which takes no room
    url = near(stage.nginx)
    if up:
        command = put(url, str(source), "huge.h5")
        return Work("upload 10 GiB", size, source, stage.stored, {OURS: command})
    command = get(url, "huge.h5", "-o", str(stage.target / "huge.h5"))
    return Work("download 10 GiB", size, source, stage.target, {OURS: command})


def _night(stage: Stage, up: bool) -> Work:
    count, size = stage.scaled(100_000), 1 << 10
    source = (stage.local if up else stage.files) / "night"
    make_files(source, count, size, each=1000)
    url = near(stage.nginx)
    if up:
        name, copy = "upload 100,000 files of 1 KiB", stage.stored
        command = put(url, "-r", str(source), "night")
    else:
        name, copy = "download 100,000 files of 1 KiB", stage.target
        command = get(url, "-r", "night", "-o", str(copy))
    return Work(name, count * size, source, copy, {OURS: command})


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

# What matters here is the memory alone.
MEMORY: dict[str, Row] = {
    "huge-get": Row(lambda stage: _huge(stage, up=False), []),
    "huge-put": Row(lambda stage: _huge(stage, up=True), []),
    "night-get": Row(lambda stage: _night(stage, up=False), []),
    "night-put": Row(lambda stage: _night(stage, up=True), []),
}
