from __future__ import annotations

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ctadata.transfers.ranges import RangeMap, merge_ranges

MiB = 1 << 20
pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(pairs)
def test_merged_ranges_cover_the_same_bytes(ranges):
    result = merge_ranges(ranges)
    assert {byte for pair in ranges for byte in range(*pair)} == {
        byte for pair in result for byte in range(*pair)
    }
    assert all(a[1] < b[0] for a, b in pairwise(result))


@given(pairs, st.integers(1, 20))
def test_every_missing_byte_is_leased_once(done, length):
    ranges = RangeMap(60, done)
    there = {byte for pair in merge_ranges(done) for byte in range(*pair)}
    leased: list[int] = []
    while (lease := ranges.lease(length, 60)) is not None:
        leased += range(lease.position, lease.stop)
    assert sorted(leased) == sorted(set(range(60)) - there)


def test_the_end_of_the_longest_lease_is_taken_over():
    ranges = RangeMap(64 * MiB)
    first = ranges.lease(64 * MiB, 64 * MiB)
    assert (first.start, first.stop) == (0, 64 * MiB)
    second = ranges.lease(16 * MiB, 8 * MiB)
    assert (second.start, second.stop, first.stop) == (48 * MiB, 64 * MiB, 48 * MiB)
    ranges.advance(first, 33 * MiB)
    assert ranges.longest_lease() == 16 * MiB
    ranges.release(second)
    assert ranges.done() == [(0, 33 * MiB)]
    # What was given back comes before what others are about to bring.
    assert ranges.lease(16 * MiB, 8 * MiB).start == 48 * MiB


def test_a_lease_that_is_nearly_done_is_left_alone():
    ranges = RangeMap(20 * MiB)
    lease = ranges.lease(20 * MiB, 20 * MiB)
    ranges.advance(lease, 5 * MiB)
    assert ranges.lease(16 * MiB, 8 * MiB) is None


def test_after_the_end_nothing_is_leased_and_streams_stop_where_they_are():
    ranges = RangeMap(100)
    lease = ranges.lease(100, 100)
    ranges.advance(lease, 30)
    ranges.end()
    assert (lease.stop, ranges.lease(10, 1)) == (30, None)
    ranges.release(lease)
    assert ranges.done() == [(0, 30)]
    assert not ranges.complete()


def test_waiting_ends_when_a_lease_is_given_back():
    ranges = RangeMap(10)
    lease = ranges.lease(10, 10)
    ranges.advance(lease, 10)
    threading.Timer(0.05, ranges.release, [lease]).start()
    assert not ranges.wait(10)
    assert ranges.complete()


def test_an_empty_file_is_complete():
    assert RangeMap(0).complete()
