"""The bad network of the tests is itself tested: its faults repeat, and do what they say."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.udp_proxy import SERVER, Direction, UdpProxy

CANDIDATE = "a=candidate:1 1 udp 1 {host} {port} typ host\r\n"


def test_a_share_is_lost_and_the_same_one_again() -> None:
    first, second = (Direction(random.Random("1 up"), loss=0.2) for _ in range(2))
    lost = [first.schedule(100, n) is None for n in range(1000)]
    assert lost == [second.schedule(100, n) is None for n in range(1000)]
    assert 150 < sum(lost) == first.dropped < 250


def test_a_narrow_line_delays_and_then_drops() -> None:
    line = Direction(random.Random(1), rate=80_000, queue=0.1)
    # 100 bytes with headers are 10 ms of this line.
    times = [line.schedule(72, now=0.0) for _ in range(20)]
    assert times[:3] == pytest.approx([0.01, 0.02, 0.03])
    assert times[11:] == [None] * 9
    assert line.schedule(72, now=1.0) == pytest.approx(1.01)


def test_jitter_reorders() -> None:
    line = Direction(random.Random(1), delay=0.02, jitter=0.05)
    times = [line.schedule(100, now=n / 100) or 0.0 for n in range(50)]
    assert times != sorted(times)
    assert all(0.02 <= at - n / 100 <= 0.07 for n, at in enumerate(times))


class Echo(asyncio.DatagramProtocol):
    """Sends back what comes, and remembers from where."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen.append(addr)
        self.transport.sendto(data, addr)


class Client(asyncio.DatagramProtocol):
    """Asks and waits."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answers.put_nowait(data)


@pytest.fixture
async def echo() -> AsyncIterator[tuple[Echo, int]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Echo, local_addr=(SERVER, 0))
    yield server, transport.get_extra_info("sockname")[1]
    transport.close()


async def test_a_description_leads_through_the_line(echo: tuple[Echo, int]) -> None:
    server, port = echo
    loop = asyncio.get_running_loop()

    async with UdpProxy() as line:
        sdp = await line.through(CANDIDATE.format(host=SERVER, port=port))
        assert sdp == CANDIDATE.format(host=line.host, port=port)

        async def connect() -> tuple[asyncio.DatagramTransport, Client]:
            return await loop.create_datagram_endpoint(Client, remote_addr=(line.host, port))

        async def ask(transport: asyncio.DatagramTransport, client: Client) -> bytes:
            transport.sendto(b"?")
            return await asyncio.wait_for(client.answers.get(), 5)

        transport, client = await connect()
        assert await ask(transport, client) == b"?"
        assert await ask(transport, client) == b"?"
        assert len(set(server.seen)) == 1

        line.rebind()
        assert await ask(transport, client) == b"?"
        assert {address[0] for address in server.seen[:2]} != {server.seen[2][0]}

        line.cut()
        transport.sendto(b"lost")
        async with asyncio.timeout(5):
            while not line.up.dropped:
                await asyncio.sleep(0.001)
        line.mend()
        assert await ask(transport, client) == b"?"

        line.leave()
        transport.sendto(b"dead")
        other, newcomer = await connect()
        assert await ask(other, newcomer) == b"?"
        assert client.answers.empty()
        assert len(server.seen) == 5
        transport.close()
        other.close()
