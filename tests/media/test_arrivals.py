"""A busy server is not a bad line: what waited in our socket is told as it arrived."""

import asyncio
import socket
import time
from typing import Any

import pytest

from signaling import inbox as reading
from signaling import twcc, udp
from signaling.engine import TrackId
from signaling.feedback import MS, SECOND
from signaling.inbox import AT_ONCE, INBOX, Inbox
from signaling.publisher import ExtensionIds, Publisher
from signaling.receiver import Receiver
from signaling.udp import Datagrams
from signaling.upstream import PublishedSection
from tests.media.builders import OPUS, START, TRANSPORT_ID, FakeEstimator, FakeWire, packet

BUSY = 0.08


class Taker(Receiver):
    """Keeps what came, and how late it was read."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self.late: list[int] = []
        self.senders: set[Any] = set()
        self.done = asyncio.Event()

    def take(self, inbox: Inbox, at: int) -> None:
        self.late.append(inbox.now - inbox.arrival(at))
        super().take(inbox, at)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.came.append(data)
        self.senders.add(addr)

    def drained(self) -> None:
        self.done.set()


@pytest.mark.parametrize("inbox", [INBOX, reading.Inbox()])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_wait_in_the_socket_is_measured(
    host: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "INBOX", inbox)
    taker = Taker()
    line = Datagrams(taker, (host, 0))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [bytes([number]) for number in range(AT_ONCE + 3)]
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.bind((host, 0))
        for data in wanted:
            peer.sendto(data, line.get_extra_info("sockname"))
        peer.sendto(b"", line.get_extra_info("sockname"))
        time.sleep(BUSY)
        while len(taker.came) <= len(wanted):
            taker.done.clear()
            await asyncio.wait_for(taker.done.wait(), 10)
        assert taker.senders == {peer.getsockname()}
    line.close()
    assert taker.came == [*wanted, b""]
    if inbox is INBOX:
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
