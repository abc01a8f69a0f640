from __future__ import annotations

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ctadata.transfers.ranges import RangeMap, merged

MiB = 1 << 20
pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(pairs)
def test_merged_spans_cover_the_same_bytes(spans):
    result = merged(spans)
    assert {byte for span in spans for byte in range(*span)} == {
        byte for span in result for byte in range(*span)
    }
    assert all(a[1] < b[0] for a, b in pairwise(result))


@given(pairs, st.integers(1, 20))
def test_every_missing_byte_is_claimed_once(done, length):
    spans = RangeMap(60, done)
    there = {byte for span in merged(done) for byte in range(*span)}
    claimed: list[int] = []
    while (claim := spans.claim(length, 60)) is not None:
        claimed += range(claim.position, claim.stop)
    assert sorted(claimed) == sorted(set(range(60)) - there)


def test_the_end_of_the_longest_claim_is_taken_over():
    spans = RangeMap(64 * MiB)
    first = spans.claim(64 * MiB, 64 * MiB)
    assert (first.start, first.stop) == (0, 64 * MiB)
    second = spans.claim(16 * MiB, 8 * MiB)
    assert (second.start, second.stop, first.stop) == (48 * MiB, 64 * MiB, 48 * MiB)
    spans.advance(first, 33 * MiB)
    assert spans.longest_claim() == 16 * MiB
    spans.release(second)
    assert spans.done() == [(0, 33 * MiB)]
    # What was given back comes before what others are about to bring.
    assert spans.claim(16 * MiB, 8 * MiB).start == 48 * MiB


def test_a_claim_that_is_nearly_done_is_left_alone():
    spans = RangeMap(20 * MiB)
    claim = spans.claim(20 * MiB, 20 * MiB)
    spans.advance(claim, 5 * MiB)
    assert spans.claim(16 * MiB, 8 * MiB) is None


def test_after_the_end_nothing_is_claimed_and_streams_stop_where_they_are():
    spans = RangeMap(100)
    claim = spans.claim(100, 100)
    spans.advance(claim, 30)
    spans.end()
    assert (claim.stop, spans.claim(10, 1)) == (30, None)
    spans.release(claim)
    assert spans.done() == [(0, 30)]
    assert not spans.complete()


def test_waiting_ends_when_a_claim_is_given_back():
    spans = RangeMap(10)
    claim = spans.claim(10, 10)
    spans.advance(claim, 10)
    threading.Timer(0.05, spans.release, [claim]).start()
    assert not spans.wait(10)
    assert spans.complete()


def test_an_empty_file_is_complete():
    assert RangeMap(0).complete()
