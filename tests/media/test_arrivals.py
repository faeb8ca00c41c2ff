"""A busy server is not a bad line: what waited in our socket is told as it arrived."""

import asyncio
import socket
import time
from typing import Any

from signaling import twcc
from signaling.engine import TrackId
from signaling.feedback import MS, SECOND
from signaling.publisher import ExtensionIds, Publisher
from signaling.udp import Datagrams, Receiver
from signaling.upstream import PublishedSection
from tests.media.builders import OPUS, START, TRANSPORT_ID, FakeEstimator, FakeWire, packet

BUSY = 0.08


class Taker(Receiver):
    """Keeps what came, and how late it was read."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self.late: list[int] = []
        self.done = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.came.append(data)

    def drained(self) -> None:
        self.late.append(self.transport.late_ns)
        self.done.set()


async def test_the_wait_in_the_socket_is_measured() -> None:
    taker = Taker()
    line = Datagrams(taker, ("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(3):
            peer.sendto(bytes([number]), line.get_extra_info("sockname"))
        time.sleep(BUSY)
        await asyncio.wait_for(taker.done.wait(), 10)
    line.close()
    assert taker.came == [b"\0", b"\1", b"\2"]
    assert BUSY * SECOND <= taker.late[0] < SECOND


def test_the_browser_is_told_of_arrivals_without_our_lateness() -> None:
    wire = FakeWire()
    track = TrackId("judge", "microphone")
    section = PublishedSection("0", track, "opus", OPUS, None, None, (1,))
    ids = ExtensionIds(transport=TRANSPORT_ID)
    publisher = Publisher("judge", "c", [section], wire, FakeEstimator(), ids)
    ways = []
    for number, late in enumerate((0, 0, 90 * MS, 0)):
        arrival = START + number * 20 * MS
        publisher.arrived = iter((arrival,))
        elements = {TRANSPORT_ID: number.to_bytes(2)}
        data = packet(number, number * 960, b"sound", payload_type=OPUS, elements=elements)
        publisher.read(data, arrival + late)
        ways.append(arrival)
    publisher.feedback(START + SECOND)
    told = next(found for data in wire.rtcp if (found := _feedback(data)) is not None)
    first = told.arrivals[0]
    assert first is not None
    assert [(at or 0) - first for at in told.arrivals] == [at - START for at in ways]


def _feedback(data: bytes) -> twcc.Feedback | None:
    return twcc.read(data[4:]) if data[1] == 205 and data[0] & 0x1F == twcc.FORM else None
