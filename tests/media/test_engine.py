"""The engine with synthetic peers: sockets, ports, hostile peers, and what is left behind."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun

from benchmarks.synthetic import Publisher
from signaling import sdp
from signaling.aiortc_engine import AiortcEngine, Link
from signaling.engine import (
    Connected,
    Disconnected,
    HearingSpace,
    MediaEngine,
    MediaRefused,
    MediaRoom,
    SlotsChanged,
)
from signaling.feedback import SECOND
from signaling.media_room import ForwardingRoom
from tests.media.browser import Events, until
from tests.media.peers import Peers, growing

HEARING = HearingSpace("s")
Hosted = Peers[ForwardingRoom]


@pytest.fixture
async def engine() -> AsyncIterator[AiortcEngine]:
    engine = AiortcEngine(hosts=("127.0.0.1",))
    yield engine
    await engine.close()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def room(engine: AiortcEngine, events: Events) -> ForwardingRoom:
    return await engine.open("s", events.append)


@pytest.fixture
async def peers(room: ForwardingRoom) -> AsyncIterator[Hosted]:
    peers = Peers(room)
    yield peers
    await peers.close()


async def test_is_a_media_engine() -> None:
    engine: MediaEngine = AiortcEngine()
    room: MediaRoom = await engine.open("s", lambda event: None)
    assert room.sitting == "s"
    await engine.close()
    await engine.close()


async def test_packets_flow_between_peers(peers: Hosted, events: Events) -> None:
    await peers.publisher("judge")
    await peers.subscriber("lawyer")
    await growing(peers)
    kinds = [type(event) for event in events]
    assert kinds.count(Connected) == 2
    assert SlotsChanged in kinds


async def test_malformed_packets_of_an_authenticated_peer_harm_nobody(peers: Hosted) -> None:
    publisher = await peers.publisher("judge")
    subscriber = await peers.subscriber("lawyer")
    await growing(peers)
    # An SR cut short and a short REMB close stock aiortc's transport; a bare RTP header with an
    # extension that is not there raises in its parser.
    for data in (b"\x80\xc8\x00\x02" + bytes(8), b"\x8f\xce\x00\x03" + bytes(8) + b"REMB"):
        publisher.link.send_rtcp(data)
        subscriber.link.send_rtcp(data)
    header = b"\x90\x60\x00\x01" + bytes(7) + b"\x09"
    publisher.link.send_rtp([header + b"\xbe\xde\x00\x01\x3f\x00\x00\x00"])
    counters = peers.room.forwarder.counters

    async def malformed() -> int:
        return counters.malformed

    await until(malformed, lambda count: count == 5)
    await growing(peers)
    assert publisher.link.up
    assert subscriber.link.up


async def test_a_stranger_does_not_keep_a_line_alive(peers: Hosted) -> None:
    """Who found the port sends media, checks of the line and answers to checks: only what is the
    peer's moves the moment at which the peer was heard last."""
    publisher = await peers.publisher("judge")
    link = peers.room._publishers["judge", "p1"][0]
    assert isinstance(link, Link)
    connection, intake = link.connection, link._intake
    assert intake is not None
    assert connection.remote_password is not None
    port = publisher.link.connection._nominated[1].remote_addr[1]
    protocol = next(one for one in connection._protocols if one.local_candidate.port == port)

    def message(kind: stun.Class, password: str | None) -> bytes:
        known = f"{connection.local_username}:{connection.remote_username}"
        made = stun.Message(stun.Method.BINDING, kind, attributes={"USERNAME": known})
        if password is not None:
            made.add_message_integrity(password.encode())
        return bytes(made)

    def heard(data: bytes) -> bool:
        connection.heard_ns = intake.heard_ns = 0
        protocol.datagram_received(data, ("127.0.0.1", 9))
        return link.heard_ns > 0

    for kind, password in (
        (stun.Class.REQUEST, connection.local_password),
        (stun.Class.RESPONSE, connection.remote_password),
    ):
        assert not heard(message(kind, None))
        assert not heard(message(kind, "guessed" * 4))
        assert heard(message(kind, password))
    for noise in (
        b"\x90\x60" + bytes(40),
        b"\x80\xc8" + bytes(40),
        b"\x16\xfe\xfd" + bytes(40),
        b"",
    ):
        assert not heard(noise)


async def test_undecryptable_packets_are_dropped(peers: Hosted) -> None:
    publisher = await peers.publisher("judge")
    await peers.subscriber("lawyer")
    link = peers.room._publishers["judge", "p1"][0]
    assert isinstance(link, Link)
    connection = publisher.link.connection
    pair = connection._nominated[1]
    pair.protocol.transport.sendto(b"\x90\x60" + bytes(40), pair.remote_addr)

    async def dropped() -> int:
        return link.undecryptable

    await until(dropped, lambda count: count == 1)
    await growing(peers)


async def test_a_subscriber_that_dies_leaves_the_publisher_alone(
    peers: Hosted, events: Events
) -> None:
    publisher = await peers.publisher("judge")
    dying = await peers.subscriber("lawyer")
    await peers.subscriber("clerk")
    await growing(peers)
    await dying.link.close()
    await growing(peers)
    assert publisher.link.up

    async def gone() -> list[Disconnected]:
        return list(events.of(Disconnected))

    assert await until(gone, lambda found: found) == [Disconnected("lawyer", "s1", "subscribe")]


async def test_a_stalled_subscriber_delays_nobody_and_is_given_up(
    peers: Hosted, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It neither reads nor says anything, and its socket stays open: its buffers fill up."""
    publisher = await peers.publisher("judge")
    stalled = await peers.subscriber("lawyer")
    await peers.subscriber("clerk")
    await growing(peers)
    monkeypatch.setattr("signaling.media_room.HEARD_TIMEOUT", SECOND)
    await peers.stall(stalled)
    await growing(peers, 300)
    assert publisher.link.up

    async def gone() -> list[Disconnected]:
        return list(events.of(Disconnected))

    assert await until(gone, lambda found: found) == [Disconnected("lawyer", "s1", "subscribe")]
    await growing(peers)
    assert publisher.link.up


async def test_a_candidate_in_a_description_gets_no_packet(
    room: ForwardingRoom, peers: Hosted
) -> None:
    """Whoever may talk to us must not make us talk to a third party."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        port = victim.getsockname()[1]
        peer = Publisher(peers.certificate, peers.counts)
        peer.ssrcs = [1, 2, 3]
        local = sdp.LocalTransport("user", "p" * 22, "AB:" * 31 + "AB", (("127.0.0.1", port, 1),))
        await room.publish("judge", "p1", peer._offer(local))
        await asyncio.sleep(0.3)
        with pytest.raises(BlockingIOError):
            victim.recv(100)
        await peer.link.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.77"])
async def test_binds_in_the_range_and_announces_the_address(host: str) -> None:
    """192.0.2.77 is not ours: a NAT in front of us forwards it, and we listen everywhere."""
    engine = AiortcEngine(hosts=(host,), ports=(42_100, 42_103))
    room = await engine.open("s", lambda event: None)
    ports = set()
    for index in range(4):
        offer = await room.subscribe(f"seat{index}", "x")
        (line,) = [line for line in offer.split("\r\n") if line.startswith("a=candidate")]
        assert f" {host} " in line
        ports.add(int(line.split()[5]))
    assert ports == {42_100, 42_101, 42_102, 42_103}
    with pytest.raises(MediaRefused) as caught:
        await room.subscribe("seat4", "x")
    assert caught.value.code == "media.no_port"
    await room.leave("seat0")
    assert "a=candidate" in await room.subscribe("seat4", "x")
    await engine.close()


async def test_a_seat_holds_few_connections(room: ForwardingRoom) -> None:
    for index in range(10):
        await room.subscribe("judge", f"c{index}")
    assert len(room._subscribers) == 3
    with pytest.raises(MediaRefused):
        await room.subscribed("judge", "c0", "")


async def test_a_closed_room_refuses(room: ForwardingRoom) -> None:
    await room.subscribe("judge", "x")
    await room.close()
    await room.close()
    with pytest.raises(MediaRefused) as caught:
        await room.subscribe("judge", "y")
    assert caught.value.code == "media.closed"


async def test_nothing_is_left_behind(peers: Hosted, room: ForwardingRoom) -> None:
    await peers.publisher("judge")
    await peers.subscriber("lawyer")
    await growing(peers)
    await room.subscribe("clerk", "never answered")
    await peers.close()
    await room.close()
    mine = asyncio.current_task()

    async def others() -> list[str]:
        return [str(task) for task in asyncio.all_tasks() if task is not mine]

    await until(others, lambda tasks: not tasks)
    assert not room._publishers
    assert not room._subscribers


async def test_a_listener_that_fails_or_calls_back_is_survived(
    engine: AiortcEngine, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[object] = []

    def listen(event: object) -> None:
        heard.append(event)
        hall.place("judge", HEARING)
        raise RuntimeError("a bug of the live room")

    hall = await engine.open("s", listen)
    peers = Peers(hall)
    await peers.publisher("judge")
    await peers.subscriber("lawyer")
    await growing(peers)
    await peers.close()
    assert len(heard) > 3
    assert "media.listener_failed" in caplog.text
