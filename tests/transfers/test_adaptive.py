from __future__ import annotations

from ctadata.transfers.adaptive import AdaptiveStreams


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def grown(speed, seconds: int = 60) -> int:
    """The streams after some time, if `speed` is what so many bring in bytes a second."""
    clock = Clock()
    growth = AdaptiveStreams(None, clock=clock)
    streams, done = 1, 0.0
    for _ in range(seconds * 10):
        clock.now += 0.1
        done += speed(streams) / 10
        streams += growth.wants_more(int(done), streams)
    return streams


def test_a_link_that_holds_each_connection_back_gets_more_streams():
    assert grown(lambda streams: 1e6 * min(streams, 4)) == 5


def test_a_service_at_its_limit_gets_one_try():
    assert grown(lambda streams: 50e6) == 2


def test_as_many_as_were_asked_for_at_once():
    growth = AdaptiveStreams(8)
    assert [growth.wants_more(0, streams) for streams in range(1, 10)] == [True] * 7 + [False] * 2


def test_streams_that_break_off_are_not_replaced_for_ever():
    growth = AdaptiveStreams(8)
    for _ in range(3):
        assert growth.wants_more(0, 1)
        growth.failed()
    assert not growth.wants_more(0, 1)
