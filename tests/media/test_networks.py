"""Any network: TURN over UDP, TCP and TLS, no UDP at all, IPv6, a range of ports; and never a
packet to anybody who did not ask."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from aioice.ice import get_host_addresses
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint
from playwright.async_api import Browser, async_playwright

from signaling.aiortc_engine import AiortcEngine, Link
from signaling.media_room import ForwardingRoom
from tests.media.browser import Events, Hall, Participant, launch
from tests.media.test_browser import playing
from tests.support import coturn
from tests.support.coturn import RELAY_PORTS, Coturn, Way
from tests.support.udp_proxy import UdpProxy

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def turn() -> Iterator[Coturn]:
    with coturn.running() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium(turn: Coturn) -> AsyncIterator[Browser]:
    """Chromium that takes this coturn's own certificate, and checks all others."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, f"--ignore-certificate-errors-spki-list={turn.spki}")
        yield browser
        await browser.close()


async def configured(
    hall: Hall, seat: str, line: UdpProxy | None = None, **more: Any
) -> Participant:
    """A page with this configuration of its connections, in the hearing and connected."""
    page = await hall.enter(seat, join=False, line=line)
    await page.call("(more) => Object.assign(configuration, more)", more)
    await page.join()
    return page


async def pairs(page: Participant) -> list[dict[str, str]]:
    """How the page's two connections reach the server."""
    found: list[dict[str, str]] = await page.call(PAIRS)
    return found


PAIRS = """async () => {
  const found = [];
  for (const pc of [state.publish, state.subscribe]) {
    const stats = await pc.getStats();
    for (const report of stats.values()) {
      if (report.type !== 'candidate-pair' || !report.nominated) continue;
      const local = stats.get(report.localCandidateId);
      found.push({ type: local.candidateType, relay: local.relayProtocol ?? '' });
    }
  }
  return found;
}"""


def peers_of(room: ForwardingRoom, seat: str) -> list[tuple[str, int]]:
    """Where the server sends to, of one seat."""
    links = {**room._publishers, **room._subscribers}
    return [
        link.connection._nominated[1].remote_addr
        for (owner, _), (link, _) in links.items()
        if owner == seat and isinstance(link, Link)
    ]


@pytest.mark.parametrize("way", ["udp", "tcp", "tls"])
async def test_through_turn_alone(hall: Hall, turn: Coturn, way: Way) -> None:
    judge = await configured(
        hall, "judge", iceServers=turn.servers(way), iceTransportPolicy="relay"
    )
    lawyer = await hall.enter("lawyer")
    await playing(judge, "a0", "v0")
    await playing(lawyer, "a0", "v0")
    assert await pairs(judge) == [{"type": "relay", "relay": way}] * 2
    for host, port in peers_of(hall.room, "judge"):
        assert host == coturn.HOST
        assert RELAY_PORTS[0] <= port <= RELAY_PORTS[1]


async def test_with_udp_blocked_the_page_finds_its_way(hall: Hall, turn: Coturn) -> None:
    """Nothing is configured but the servers: the browser tries UDP, and takes TLS."""
    async with UdpProxy() as line:
        line.admits = lambda client: RELAY_PORTS[0] <= client[1] <= RELAY_PORTS[1]
        servers = turn.servers("tls")
        judge = await configured(hall, "judge", line=line, iceServers=servers)
        lawyer = await hall.enter("lawyer")
        await playing(judge, "a0", "v0")
        await playing(lawyer, "a0", "v0")
        # The line hides the relay's address from the server, so it may say 'prflx'.
        assert [item["relay"] for item in await pairs(judge)] == ["tls"] * 2
        assert line.up.dropped > 0, "it did try UDP"


async def test_turn_takes_only_our_credentials(hall: Hall, turn: Coturn) -> None:
    servers = turn.servers("udp")
    servers[0]["credential"] = "guessed"
    judge = await hall.enter("judge", join=False)
    states = await judge.call(GATHER, {"iceServers": servers, "iceTransportPolicy": "relay"})
    assert states == []
    good = {"iceServers": turn.servers("udp"), "iceTransportPolicy": "relay"}
    (candidate,) = await judge.call(GATHER, good)
    assert " typ relay " in candidate


GATHER = """async (more) => {
  const pc = new RTCPeerConnection({ ...configuration, ...more });
  const found = [];
  pc.addTransceiver('audio');
  const done = new Promise((resolve) => {
    pc.onicecandidate = ({ candidate }) => {
      if (candidate === null) resolve();
      else if (candidate.candidate) found.push(candidate.candidate);
    };
  });
  await pc.setLocalDescription();
  await done;
  pc.close();
  return found;
}"""


async def test_turn_relays_to_nobody_but_the_server(turn: Coturn) -> None:
    """`denied-peer-ip` and `allowed-peer-ip`: the relay is no way into the operator's network."""
    [server] = turn.servers("udp")
    transport, protocol = await create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=(coturn.HOST, turn.port),
        username=server["username"],
        password=server["credential"],
    )
    try:
        inner = protocol_of(transport)
        await inner.channel_bind(0x4000, (coturn.HOST, 9))
        for host in ("127.0.0.2", "10.0.0.1", "192.168.1.1", "169.254.169.254"):
            with pytest.raises(TransactionFailed) as refused:
                await inner.channel_bind(0x4001, (host, 9))
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
    finally:
        transport.close()
    assert protocol is not None


def protocol_of(transport: Any) -> Any:
    """aioice's own end of a TURN allocation."""
    return transport._TurnTransport__inner_protocol


async def test_over_ipv6(chromium: Browser, events: Events) -> None:
    engine = AiortcEngine(hosts=("::1",))
    room = await engine.open("sitting", events.append)
    async with Hall(chromium, room) as hall:
        judge, lawyer = await hall.enter("judge"), await hall.enter("lawyer")
        await playing(judge, "a0", "v0")
        await playing(lawyer, "a0", "v0")
        assert {host for host, _ in peers_of(room, "judge")} <= {"::1", *ipv6_of_this_machine()}
    await engine.close()


def ipv6_of_this_machine() -> set[str]:
    """Addresses from which a browser here may come."""
    return set(get_host_addresses(use_ipv4=False, use_ipv6=True))


_watched: list[tuple[str, Any]] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is not None and event in WATCHED:
        _watched.append((event, arguments[-1] if event.startswith("socket.s") else arguments))


WATCHED = {"socket.sendto", "socket.sendmsg", "socket.connect", "socket.getaddrinfo"}
sys.addaudithook(_audit)


@pytest.fixture
def sent() -> Iterator[list[tuple[str, Any]]]:
    """Where this process sends anything, and what names it asks for (Python's audit events)."""
    global _watched
    _watched = []
    yield _watched
    _watched = None


async def test_no_packet_goes_to_anybody_who_did_not_come(
    chromium: Browser, room: ForwardingRoom, sent: list[tuple[str, Any]]
) -> None:
    """Pages name candidates, mDNS names and servers; the server answers only who proves the
    password of a connection, where the datagram came from."""
    async with Hall(chromium, room) as hall:
        judge = await hall.enter("judge", join=False)
        offer = await judge.call("publishOffer", {})
        lines = "".join(f"a=candidate:{item}\r\n" for item in FOREIGN)
        answer = await room.publish(
            "judge", "p1", re.sub(r"(?m)^(a=mid:0\r\n)", rf"\1{lines}", offer)
        )
        await judge.call("publishAnswer", answer)
        await judge.subscribe()
        lawyer = await hall.enter("lawyer")
        await playing(lawyer, "a0", "v0")
        await playing(judge, "a0", "v0")
        seats = {*peers_of(room, "judge"), *peers_of(room, "lawyer")}
    assert len(sent) > 100
    assert {event for event, _ in sent} <= {"socket.sendto", "socket.sendmsg"}, "no names, no calls"
    assert {address[0] for _, address in sent} == {host for host, _ in seats}


FOREIGN = (
    "1 1 udp 2122260223 192.0.2.99 5000 typ host",
    "2 1 udp 1686052607 198.51.100.7 6000 typ srflx raddr 192.0.2.99 rport 5000",
    "3 1 udp 41885439 203.0.113.4 7000 typ relay raddr 192.0.2.99 rport 5000",
    "4 1 udp 2122260223 12345678-1234-4234-8234-123456789abc.local 5000 typ host",
    "5 1 tcp 1518280447 192.0.2.99 9 typ host tcptype active",
)
