from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ctadata import APIClient, errors
from tests.conftest import ODD_NAMES

from ..support.scripted import sends

H5 = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"
CONTENT = bytes(range(256)) * 4096


def entry(href, size):
    return {"href": href, "type": "file", "size": str(size)}


def names(directory: Path) -> list[str]:
    return sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())


def test_a_file_comes_into_the_working_directory(service_env, work):
    assert APIClient().fetch_and_save_file(H5) == len(CONTENT)
    assert names(work) == ["dl1_LST-1.Run11111.0100.h5"]
    assert (work / "dl1_LST-1.Run11111.0100.h5").read_bytes() == CONTENT


def test_a_file_under_another_name_in_small_blocks(service_env, work):
    assert APIClient().fetch_and_save_file(H5, save_to_fn="mine.h5", chunk_size=1000) == len(
        CONTENT
    )
    assert (work / "mine.h5").read_bytes() == CONTENT


def test_an_empty_file(service_env, work):
    assert APIClient().fetch_and_save_file("lst/some-data-dir/empty") == 0
    assert (work / "empty").read_bytes() == b""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(service_env, work, name):
    APIClient().fetch_and_save_file(f"lst/odd/{name}")
    assert (work / name).read_text() == name


def test_two_dots_inside_of_a_name(service_env, work, tmp_path):
    (tmp_path / "storage/lst/odd/a..b...txt").write_text("dots")
    APIClient().fetch_and_save_file("lst/odd/a..b...txt")
    assert (work / "a..b...txt").read_text() == "dots"


def test_a_directory_keeps_its_remote_path(service_env, work):
    total = APIClient().fetch_and_save_file_or_dir("lst/some-data-dir", recursive=True)
    assert total == len(b"small" + b"nested")
    assert names(work) == [
        "lst/some-data-dir/deep/er/nested.txt",
        "lst/some-data-dir/empty",
        "lst/some-data-dir/small.txt",
    ]


def test_a_directory_into_another(service_env, work):
    APIClient().fetch_and_save_file_or_dir("lst/some-data-dir/deep/", recursive=True, dest="to")
    assert names(work) == ["to/deep/er/nested.txt"]


def test_a_directory_is_not_a_file(service_env, work):
    with pytest.raises(errors.TransferError, match="recursive=True"):
        APIClient().fetch_and_save_file_or_dir("lst/some-data-dir")
    with pytest.raises(errors.TransferError, match="is a directory"):
        APIClient().fetch_and_save_file("lst/some-data-dir")
    assert names(work) == []


def test_parts_of_a_file(service_env):
    client = APIClient()
    assert b"".join(client.iter_bytes(H5)) == CONTENT
    assert b"".join(client.iter_bytes(H5, 300, 70000)) == CONTENT[300:70000]
    assert b"".join(client.iter_bytes(H5, 300)) == CONTENT[300:]
    assert b"".join(client.iter_bytes(H5, 5, 5)) == b""


@pytest.mark.parametrize(
    ("overwrite", "kept"), [("update", False), ("replace", False), ("skip", True)]
)
def test_an_existing_file_is_replaced_or_kept_as_asked(service_env, work, overwrite, kept):
    target = work / "small.txt"
    target.write_text("mine")
    assert APIClient().fetch_and_save_file("lst/some-data-dir/small.txt", overwrite=overwrite) == 5
    assert target.read_text() == ("mine" if kept else "small")


def test_an_existing_file_that_must_not_be_touched(service_env, work):
    (work / "small.txt").write_text("mine")
    with pytest.raises(errors.AlreadyExists, match="exists already"):
        APIClient().fetch_and_save_file("lst/some-data-dir/small.txt", overwrite="fail")
    assert (work / "small.txt").read_text() == "mine"


def test_many_files_at_once_in_the_order_asked_for(service_env, work):
    paths = ["lst/some-data-dir/small.txt", H5, "lst/some-data-dir/empty"]
    assert APIClient().fetch_many(paths, "to") == [Path("to", Path(p).name) for p in paths]
    assert names(work) == ["to/dl1_LST-1.Run11111.0100.h5", "to/empty", "to/small.txt"]


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_directories_and_links_are_not_replaced(service_env, work, kind):
    target = work / "small.txt"
    if kind == "directory":
        target.mkdir()
    else:
        (work / "else").write_text("mine")
        target.symlink_to("else")
    with pytest.raises(errors.AlreadyExists, match="not replaced"):
        APIClient().fetch_and_save_file("lst/some-data-dir/small.txt")
    if kind == "link":
        assert (work / "else").read_text() == "mine"


def test_no_link_is_followed_below_the_root(service_env, work, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (work / "some-data-dir").mkdir()
    (work / "some-data-dir/deep").symlink_to(outside)
    with pytest.raises(errors.TransferError) as caught:
        APIClient().fetch_and_save_file_or_dir("lst/some-data-dir", True, dest=work, root=work)
    assert names(outside) == []
    assert all("deep" in str(failure) for failure in caught.value.failures)
    # The rest goes on.
    assert (work / "some-data-dir/small.txt").read_text() == "small"


def test_dest_must_lie_below_the_root(service_env, work, tmp_path):
    with pytest.raises(errors.InvalidPath, match="outside"):
        APIClient().fetch_and_save_file_or_dir(H5, dest=tmp_path, root=work)
    with pytest.raises(errors.InvalidPath, match="outside"):
        APIClient().fetch_and_save_file_or_dir(H5, dest=work / "..", root=work)


@pytest.mark.parametrize("body", [b"Error: 404 <html>", b"", b"x" * 101])
def test_what_has_not_the_listed_size_is_not_saved(scripted, work, body):
    """The service sends an error page with status 200 in place of a file it cannot read."""
    scripted.list("lst/f", entry("lst/f", 100))
    scripted.on("GET", "fetch/lst/f", sends(body, content_type="application/octet-stream"))
    with pytest.raises(errors.IntegrityError, match="storage lists 100"):
        APIClient().fetch_and_save_file("lst/f")
    assert os.listdir(work) == []


def test_a_stream_that_breaks_off_is_not_saved(scripted, work):
    def broken(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"32\r\n" + b"x" * 50 + b"\r\n")
        handler.close_connection = True

    scripted.list("lst/f", entry("lst/f", 100))
    scripted.on("GET", "fetch/lst/f", broken)
    with pytest.raises(errors.TransferError, match="'lst/f' broke off"):
        APIClient().fetch_and_save_file("lst/f")
    assert os.listdir(work) == []


def test_a_login_page_instead_of_a_file(scripted, work):
    scripted.list("lst/f", entry("lst/f", 6))
    scripted.on("GET", "fetch/lst/f", sends(b"<html>", content_type="text/html"))
    with pytest.raises(errors.AuthenticationError, match="token"):
        APIClient().fetch_and_save_file("lst/f")
    assert os.listdir(work) == []


@pytest.mark.parametrize("content_range", ["bytes 0-9/100", "bytes 20-29/100", ""])
def test_a_part_that_was_not_asked_for_is_refused(scripted, content_range):
    scripted.list("lst/f", entry("lst/f", 100))
    scripted.on(
        "GET", "webdav/lst/f", sends(b"x" * 10, 206, "text/plain", Content_Range=content_range)
    )
    with pytest.raises(errors.IntegrityError, match="parts"):
        list(APIClient().iter_bytes("lst/f", 10, 20))


def test_a_part_that_is_short_is_refused(scripted):
    scripted.list("lst/f", entry("lst/f", 100))
    scripted.on(
        "GET", "webdav/lst/f", sends(b"x" * 9, 206, "text/plain", Content_Range="bytes 10-19/100")
    )
    with pytest.raises(errors.IntegrityError, match="parts of 'lst/f'"):
        list(APIClient().iter_bytes("lst/f", 10, 20))


def test_one_bad_file_does_not_stop_the_directory(scripted, work):
    scripted.list(
        "lst/d",
        {"href": "lst/d/", "type": "directory"},
        entry("lst/d/bad", 5),
        entry("lst/d/../../evil", 5),
        entry("lst/d/good", 4),
    )
    scripted.on("GET", "fetch/lst/d/bad", sends(b"no", content_type="application/octet-stream"))
    scripted.on("GET", "fetch/lst/d/good", sends(b"good", content_type="application/octet-stream"))
    with pytest.raises(errors.TransferError, match="2 of the files") as caught:
        APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert sorted(failure.path for failure in caught.value.failures) == [
        "lst/d/../../evil",
        "lst/d/bad",
    ]
    assert names(work) == ["lst/d/good"]


def test_a_service_that_is_gone_ends_the_directory(scripted, work):
    """Every further file would fail, too, after seconds."""
    scripted.list(
        "lst/d",
        {"href": "lst/d/", "type": "directory"},
        *(entry(f"lst/d/{number}", 5) for number in range(1000)),
    )
    scripted.default = sends(b"", 503, Retry_After="0")
    with pytest.raises(errors.TransferError, match=r"in a row .*503"):
        APIClient(retries=0).fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert len(scripted.requests) < 40


def test_progress(service_env, work):
    steps = []
    APIClient().fetch_and_save_file(H5, on_progress=lambda *step: steps.append(step))
    assert steps[0] == (H5, 0, len(CONTENT), "waiting")
    assert {state for _, _, _, state in steps[1:-1]} == {"running"}
    assert steps[-1] == (H5, len(CONTENT), len(CONTENT), "finished")


def test_a_transfer_is_cancelled_before_it_begins(service_env, work):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(errors.TransferCancelled):
        APIClient().fetch_and_save_file(H5, cancel=cancel)
    assert names(work) == []


def test_a_killed_download_leaves_nothing_under_the_final_name(scripted, work):
    reached = threading.Event()
    finish = threading.Event()

    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Content-Length", str(4 << 20))
        handler.end_headers()
        handler.wfile.write(b"x" * (2 << 20))
        reached.set()
        finish.wait(30)
        handler.close_connection = True

    scripted.list("lst/f", entry("lst/f", 4 << 20))
    scripted.on("GET", "fetch/lst/f", half)
    code = "import ctadata; ctadata.fetch_and_save_file('lst/f')"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        assert reached.wait(30)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    finish.set()
    assert not (work / "f").exists()
    assert all(name.endswith(".part") for name in os.listdir(work))
