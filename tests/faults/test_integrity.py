"""Faults 16 to 18: checksums that are right, wrong, missing, not requested, or malformed."""

from __future__ import annotations

import re

import pytest

from ctadata import APIClient, errors

from .outcome import PER_BREAK, assert_says, files
from .storage import MIB, Fault, content, digest

NAME = "lst/run.h5"
ALGORITHMS = ["adler32", "md5", "sha-256"]


def get(**options) -> int:
    return APIClient(timeout=1, retries=2).fetch_and_save_file(NAME, **options)


def damaged(body: bytes) -> bytes:
    """One bit far inside is flipped."""
    at = len(body) * 2 // 3
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


@pytest.mark.parametrize("size", [1, 100_000, 20 * MIB])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_checksum(storage, work, algorithm, size):
    body = storage.put(NAME, size)
    storage.digests = (algorithm,)
    assert get() == size
    assert files(work) == {"run.h5": body}
    wanted = [served.headers["Want-Digest"] for served in storage.asked("head", NAME)]
    assert wanted
    assert all(re.search(algorithm, text) for text in wanted)


@pytest.mark.parametrize("size", [100_000, 20 * MIB])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum(storage, work, algorithm, size):
    """Fault 17: the size is right, but one bit is wrong."""
    body = storage.put(NAME, size)
    (work / "run.h5").write_bytes(b"the old one")
    storage.digests = (algorithm,)
    storage.fails("fetch", NAME, always=Fault(body=damaged(body)))
    with pytest.raises(errors.IntegrityError) as caught:
        get()
    assert_says(caught.value, NAME, algorithm, "again")
    assert files(work) == {"run.h5": b"the old one"}
    storage.heal()
    assert get() == size
    assert files(work) == {"run.h5": body}


def test_a_wrong_checksum_where_it_is_not_to_be_compared(storage, work):
    """Fault 17 with checksum=False: no checksum is requested."""
    body = storage.put(NAME, 1000)
    storage.digests = ("adler32",)
    storage.fails("head", NAME, always=Fault(headers={"Digest": "adler32=00000001"}))
    assert get(checksum=False) == 1000
    assert storage.asked("head") == []
    assert files(work) == {"run.h5": body}


def test_an_error_page_as_long_as_the_file(storage, work):
    """Faults 12 and 17: only the checksum can tell."""
    storage.put(NAME, 40)
    storage.digests = ("adler32",)
    storage.fails("fetch", NAME, always=Fault(body=b"Error: 500 ".ljust(40, b"x")))
    with pytest.raises(errors.IntegrityError, match="adler32"):
        get()
    assert files(work) == {}


@pytest.mark.parametrize("streams", [None, 4])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_checksum_of_a_file_that_came_in_pieces(storage, work, algorithm, streams):
    """Fault 17 after breaks: bytes received in another order, or in another run, are included."""
    body = storage.put(NAME, 24 * MIB)
    storage.digests = (algorithm,)
    nothing = Fault(stop=0)
    storage.fails("fetch", NAME, Fault(stop=9 * MIB), always=nothing)
    storage.fails("webdav", NAME, Fault(stop=4096), Fault(stop=3 * MIB), always=nothing)
    with pytest.raises(errors.CTADataError):
        APIClient(timeout=10, retries=0).fetch_and_save_file(NAME, streams=streams)
    storage.heal()
    storage.fails("webdav", NAME, None, Fault(stop=2 * MIB, then="reset"))
    assert get(streams=streams) == len(body)
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= len(body) - 9 * MIB + 2 * PER_BREAK


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_damage_in_the_piece_of_an_earlier_run(storage, work, algorithm):
    """Fault 17: the content of a part is not trusted if there is a checksum."""
    body = storage.put(NAME, 24 * MIB)
    storage.digests = (algorithm,)
    nothing = Fault(stop=0)
    storage.fails("fetch", NAME, Fault(stop=9 * MIB), always=nothing)
    storage.fails("webdav", NAME, always=nothing)
    with pytest.raises(errors.CTADataError):
        APIClient(timeout=10, retries=0).fetch_and_save_file(NAME)
    (part,) = work.glob("*.part")
    with part.open("r+b") as file:
        file.seek(5 * MIB)
        file.write(b"damage")
    storage.heal()
    with pytest.raises(errors.IntegrityError, match=algorithm):
        get()
    assert "run.h5" not in files(work)
    assert get() == len(body)
    assert files(work) == {"run.h5": body}


UNASKED = [
    "crc32c=AAAAAA==",
    "unixsum=30637",
    "sha-512=" + "A" * 86 + "==",
    "nonsense",
    "=",
    "",
    ",,,;;",
    "adler32",
    "id-sha-256=x, id-md5=y",
    "UNIXcksum=1, sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
]


@pytest.mark.parametrize("said", UNASKED)
@pytest.mark.parametrize("endpoint", ["head", "fetch", "webdav"])
def test_a_digest_that_was_not_asked_for(storage, work, endpoint, said):
    """Fault 18: it is ignored wherever it appears."""
    body = storage.put(NAME, 9 * MIB)
    storage.fails("fetch", NAME, Fault(stop=MIB, headers={"Digest": said}))
    storage.fails(endpoint, NAME, *[None] * (endpoint == "fetch"),
                  always=Fault(headers={"Digest": said}))  # fmt: skip
    assert get() == len(body)
    assert files(work) == {"run.h5": body}


def test_a_digest_of_the_piece_alone(storage, work):
    """Fault 18: the digest of a range is not the file's."""
    body = storage.put(NAME, 9 * MIB)
    storage.fails("fetch", NAME, Fault(stop=MIB))
    piece = digest(body[MIB:], "md5")
    storage.fails("webdav", NAME, always=Fault(headers={"Digest": piece, "Content-MD5": piece[4:]}))
    assert get() == len(body)
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("said", ["adler32=zzzz", "md5=short", "sha-256=====", "adler32="])
def test_a_checksum_that_is_none(storage, work, said):
    """Fault 18: a malformed digest is ignored."""
    body = storage.put(NAME, 1000)
    storage.fails("head", NAME, always=Fault(headers={"Digest": said}))
    assert get() == 1000
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("form", [str.upper, lambda text: text.lstrip("0") or "0"])
def test_spellings_of_adler32(storage, work, form):
    """Some storages use capitals, and omit leading zeros."""
    # A small one, which begins with zeros.
    body = storage.put(NAME, b"ab")
    value = digest(body, "adler32").partition("=")[2]
    assert value.startswith("0")
    storage.fails("head", NAME, always=Fault(headers={"Digest": f"ADLER32={form(value)}"}))
    assert get() == 2
    storage.fails("head", NAME, always=Fault(headers={"Digest": "ADLER32=01260124"}))
    with pytest.raises(errors.IntegrityError):
        get(overwrite="replace")


def test_a_right_one_among_others(storage, work):
    """Several algorithms in one header (RFC 3230, 4.3.2)."""
    body = storage.put(NAME, 1000)
    md5, adler32 = digest(body, "md5"), digest(damaged(body), "adler32")
    storage.fails("head", NAME, always=Fault(headers={"Digest": f"unixsum=1, {md5}"}))
    assert get() == 1000
    storage.fails("head", NAME, always=Fault(headers={"Digest": f"unixsum=1,{adler32}"}))
    with pytest.raises(errors.IntegrityError):
        get(overwrite="replace")


def test_a_checksum_with_the_stream(storage, work):
    """Fault 17 with the digest in the response to /fetch."""
    body = storage.put(NAME, 1000)
    wrong = digest(content(1000, 5), "adler32")
    storage.fails("fetch", NAME, Fault(headers={"Digest": wrong}))
    with pytest.raises(errors.IntegrityError, match="adler32"):
        get()
    assert files(work) == {}
    storage.fails("fetch", NAME, Fault(headers={"Digest": digest(body, "adler32")}))
    assert get() == 1000
    assert files(work) == {"run.h5": body}


def test_a_storage_without_checksums_is_asked_once(storage, work):
    for n in range(20):
        storage.put(f"lst/d/{n}", 1000, n)
    client = APIClient(timeout=1)
    client.fetch_and_save_file_or_dir("lst/d", recursive=True)
    client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest="again")
    # As many as were at it before the first answer.
    assert 1 <= len(storage.asked("head")) <= 8
    assert len(files(work)) == 40


def test_a_storage_that_refuses_to_be_asked(storage, work):
    """A failed request for the checksum does not stop the download."""
    body = storage.put(NAME, 1000)
    storage.fails("head", NAME, always=Fault(status=405))
    assert get() == 1000
    assert files(work) == {"run.h5": body}


def test_a_change_within_the_second_and_of_the_same_size(storage, work):
    """The listing tells no difference, so that only `replace` fetches it again."""
    storage.put("lst/x", b"first")
    assert APIClient().fetch_and_save_file("lst/x") == 5
    storage.put("lst/x", b"other")
    APIClient().fetch_and_save_file("lst/x")
    assert (work / "x").read_bytes() == b"first"
    APIClient().fetch_and_save_file("lst/x", overwrite="replace")
    assert (work / "x").read_bytes() == b"other"
