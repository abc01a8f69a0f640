"""Simulate a slow link: a TCP proxy that delays all bytes and limits each connection.

`Link` runs it in a separate process, so that its processor time is not counted as the client's.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import select
import socket
import subprocess
import sys
import time
from collections import deque

ROUND_TRIP = 0.020  # seconds
RATE = 200e6 / 8  # bytes per second, each connection in each direction
BLOCK = 64 << 10
# Bytes that are queued in addition to those in transit.
BACKLOG = 256 << 10


class Link:
    """Runs the proxy in front of a port of this machine; a context manager."""

    def __init__(self, target: int, round_trip: float = ROUND_TRIP, rate: float = RATE) -> None:
        self._command = [sys.executable, "-m", __name__, str(target), str(round_trip), str(rate)]

    def __enter__(self) -> Link:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its stdin ends it, even if this process is killed.
        self._process.communicate()


class _Flow:
    """One direction of a connection; holds the bytes in transit."""

    def __init__(self, source: socket.socket, target: socket.socket, begins: float) -> None:
        self.source = source
        self.target = target
        self.free = begins  # when the link will have sent everything
        self.waiting: deque[tuple[float, memoryview]] = deque()
        self.held = 0
        self.ended = False  # the source has no more bytes
        self.blocked = False  # the target accepts no bytes at the moment


class _Proxy:
    def __init__(self, target: int, round_trip: float, rate: float) -> None:
        self._target = target
        self._delay = round_trip / 2
        self._rate = rate
        self._limit = int(rate * self._delay) + BACKLOG
        self._poll = select.epoll()
        self._flows: dict[int, tuple[_Flow, _Flow]] = {}  # by file: (from there, to there)
        self._timers: list[tuple[float, int, _Flow]] = []
        self._number = itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)

    def run(self) -> None:
        print(self._listener.getsockname()[1], flush=True)
        listener = self._listener.fileno()
        self._poll.register(listener, select.EPOLLIN)
        self._poll.register(0, select.EPOLLIN)
        while True:
            # select is accurate to microseconds, epoll's time-out only to milliseconds.
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            ready, _, _ = select.select([self._poll], [], [], wait)
            for file, event in self._poll.poll(0) if ready else ():
                if file == 0:
                    return
                if file == listener:
                    self._accept()
                elif file in self._flows:
                    self._serve(file, event)
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                self._deliver(heapq.heappop(self._timers)[2])

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        now = time.monotonic()
        # The client is connected at once; on a real link it would be after a round trip.
        there = _Flow(client, server, now + 2 * self._delay)
        back = _Flow(server, client, now)
        for end, flows in ((client, (there, back)), (server, (back, there))):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._flows[end.fileno()] = flows
            self._poll.register(end, select.EPOLLIN)

    def _serve(self, file: int, event: int) -> None:
        away, towards = self._flows[file]
        try:
            if event & select.EPOLLIN:
                self._take(away)
            elif event & (select.EPOLLERR | select.EPOLLHUP):
                raise ConnectionResetError
        except BlockingIOError:
            return  # the connection has been closed in the meantime
        except OSError:
            self._close(away)
            return
        if event & select.EPOLLOUT:
            towards.blocked = False
            self._watch(towards.target)
            self._deliver(towards)

    def _take(self, flow: _Flow) -> None:
        """Read a block and set its time of arrival."""
        block = flow.source.recv(BLOCK)
        flow.free = max(time.monotonic(), flow.free) + len(block) / self._rate
        flow.waiting.append((flow.free + self._delay, memoryview(block)))
        flow.held += len(block)
        flow.ended = not block
        if len(flow.waiting) == 1:
            self._wait(flow)
        if flow.ended or flow.held >= self._limit:
            self._watch(flow.source)

    def _deliver(self, flow: _Flow) -> None:
        """Send the blocks that have arrived."""
        full = flow.held >= self._limit
        now = time.monotonic()
        try:
            while flow.waiting and flow.waiting[0][0] <= now:
                due, block = flow.waiting[0]
                if not block:
                    flow.waiting.popleft()
                    flow.target.shutdown(socket.SHUT_WR)
                    self._done(flow)
                    return
                sent = flow.target.send(block)
                flow.held -= sent
                if sent == len(block):
                    flow.waiting.popleft()
                else:
                    flow.waiting[0] = (due, block[sent:])
        except BlockingIOError:
            flow.blocked = True
            self._watch(flow.target)
        except OSError:
            self._close(flow)
            return
        if full and flow.held < self._limit:
            self._watch(flow.source)
        if flow.waiting and not flow.blocked:
            self._wait(flow)

    def _wait(self, flow: _Flow) -> None:
        if not flow.blocked:
            heapq.heappush(self._timers, (flow.waiting[0][0], next(self._number), flow))

    def _watch(self, end: socket.socket) -> None:
        away, towards = self._flows[end.fileno()]
        reads = not away.ended and away.held < self._limit
        self._poll.modify(end, select.EPOLLIN * reads | select.EPOLLOUT * towards.blocked)

    def _done(self, flow: _Flow) -> None:
        """Close the connection if the other direction has ended too."""
        _, other = self._flows[flow.source.fileno()]
        if other.ended and not other.waiting:
            self._close(flow)

    def _close(self, flow: _Flow) -> None:
        for end in (flow.source, flow.target):
            if end.fileno() in self._flows:
                away, _ = self._flows.pop(end.fileno())
                away.waiting.clear()
                self._poll.unregister(end)
        for end in (flow.source, flow.target):
            end.close()


def main() -> None:
    """Run the proxy until stdin ends; the first line on stdout is its port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=int, help="port of this machine")
    parser.add_argument("round_trip", type=float, help="seconds")
    parser.add_argument("rate", type=float, help="bytes per second of each connection")
    options = parser.parse_args()
    _Proxy(options.target, options.round_trip, options.rate).run()


if __name__ == "__main__":
    main()
