from __future__ import annotations

from ctadata.transfers.adaptive import AdaptiveStreams


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def grown(speed, seconds: int = 60) -> int:
    """The number of streams after some time; `speed` gives the bytes per second of so many."""
    clock = Clock()
    adaptive = AdaptiveStreams(None, clock=clock)
    streams, done = 1, 0.0
    for _ in range(seconds * 10):
        clock.now += 0.1
        done += speed(streams) / 10
        streams += adaptive.wants_more(int(done), streams)
    return streams


def test_a_link_that_holds_each_connection_back_gets_more_streams():
    assert grown(lambda streams: 1e6 * min(streams, 4)) == 5


def test_a_service_at_its_limit_gets_one_try():
    assert grown(lambda streams: 50e6) == 2


def test_as_many_as_were_asked_for_at_once():
    adaptive = AdaptiveStreams(8)
    assert [adaptive.wants_more(0, streams) for streams in range(1, 10)] == [True] * 7 + [False] * 2


def test_streams_that_break_off_are_not_replaced_for_ever():
    adaptive = AdaptiveStreams(8)
    for _ in range(3):
        assert adaptive.wants_more(0, 1)
        adaptive.failed()
    assert not adaptive.wants_more(0, 1)
