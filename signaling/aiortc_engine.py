"""The media engine on aiortc: its ICE, DTLS and SRTP carry our packets; its RTP objects do not run.

The only module that touches private names of aiortc and aioice; `tests/contracts/
test_aiortc_surface.py` pins them. A datagram that is RTP or RTCP goes from the socket straight to
SRTP and to the forwarder, without aioice's queue and aiortc's router (whose parser closes the
transport on malformed RTCP).
"""

import asyncio
import ipaddress
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any, Literal, TypeVar, cast

import pylibsrtp
from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, get_host_addresses
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, State
from aiortc.rtcicetransport import RTCIceParameters

from signaling import sdp
from signaling.engine import (
    Codec,
    Connected,
    Disconnected,
    HearingSpace,
    LineReport,
    MediaEvent,
    MediaRefused,
    Recorder,
    Source,
    Space,
    TrackId,
)
from signaling.feedback import NTP_EPOCH_S, SECOND
from signaling.forwarder import Forwarder
from signaling.publisher import Publisher
from signaling.rtp import is_rtcp
from signaling.subscriber import CNAME, Subscriber

logger = logging.getLogger(__name__)
Peer = TypeVar("Peer", Publisher, Subscriber)

CONNECT_TIMEOUT = 20.0
"""Seconds from the exchange of descriptions to a connection that is up."""
HEARD_TIMEOUT = 8 * SECOND
"""A browser sends STUN checks every 2-3 s; one that says nothing that long is gone."""
TICK = 0.05
MAX_LINKS = 3
"""Connections of one seat and direction at a time: the one in use, its successor, one spare."""
RECEIVE_BUFFER = 1 << 20
SEND_BUFFER = 1 << 18
"""Bytes waiting for a socket; what does not fit is dropped, as on any line."""


class _Protocol(StunProtocol):
    """A UDP socket of one connection, with a short way in for media."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        connection = cast("_Connection", self.receiver)
        connection.heard_ns = now = time.monotonic_ns()
        media = connection.media
        if media is not None and len(data) > 1 and 127 < cast(bytes, data)[0] < 192:
            media(cast(bytes, data), now)
        else:
            super().datagram_received(data, addr)


class _Connection(Connection):
    """ICE on the addresses and ports of our settings; it asks no server and resolves no name."""

    def __init__(self, hosts: tuple[str, ...], ports: tuple[int, int] | None) -> None:
        super().__init__(ice_controlling=False)
        self.hosts = hosts
        self.ports = ports
        self.media: Callable[[bytes, int], None] | None = None
        self.heard_ns = time.monotonic_ns()

    async def gather_candidates(self) -> None:
        """Bind one socket per address. Raises MediaRefused when none can be bound."""
        addresses = self.hosts or tuple(get_host_addresses(use_ipv4=True, use_ipv6=True))
        for host in addresses or ("127.0.0.1",):
            await self._bind(host)
        self._local_candidates_start = self._local_candidates_end = True
        if not self._local_candidates:
            raise MediaRefused("media.no_port")

    async def _bind(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        anywhere = "::" if ipaddress.ip_address(host).version == 6 else "0.0.0.0"  # noqa: S104
        for port in self._port_choice():
            # An address that is not ours belongs to a one-to-one NAT in front of us.
            for address in (host, anywhere):
                try:
                    _, endpoint = await loop.create_datagram_endpoint(
                        lambda: _Protocol(self), local_addr=(address, port)
                    )
                except OSError:
                    continue
                self._add(endpoint, host)
                return

    def _port_choice(self) -> list[int]:
        if self.ports is None:
            return [0]
        first, last = self.ports
        choice = list(range(first, last + 1))
        random.shuffle(choice)
        return choice

    def _add(self, endpoint: StunProtocol, host: str) -> None:
        socket = endpoint.transport.get_extra_info("socket")
        if socket is not None:
            socket.setsockopt(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER)
        endpoint.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=candidate_priority(1, "host") - len(self._local_candidates),
            host=host,
            port=endpoint.transport.get_extra_info("sockname")[1],
            type="host",
        )
        self._protocols.append(endpoint)
        self._local_candidates.append(endpoint.local_candidate)


class _Link:
    """One connection: ICE, DTLS, SRTP. Implements `signaling.upstream.Wire`."""

    def __init__(
        self,
        certificate: RTCCertificate,
        hosts: tuple[str, ...],
        ports: tuple[int, int] | None,
        on_rtp: Callable[[bytes, int], None],
        on_rtcp: Callable[[bytes, int], None],
        on_state: Callable[[bool], None],
    ) -> None:
        """`on_state`: True when the connection is up, False once when it is gone."""
        self.connection = _Connection(hosts, ports)
        gatherer = RTCIceGatherer(iceServers=[])
        gatherer._connection = self.connection
        self._ice = RTCIceTransport(gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._dtls._handle_rtp_data = self._late_rtp  # type: ignore[method-assign]
        self._dtls._handle_rtcp_data = self._late_rtcp  # type: ignore[method-assign]
        self._dtls.on("statechange", self._changed)
        self._on_rtp, self._on_rtcp, self._on_state = on_rtp, on_rtcp, on_state
        self._certificate = certificate
        self._task: asyncio.Task[None] | None = None
        self._send: Callable[[bytes, Any], None] | None = None
        self._address: tuple[str, int] | None = None
        self._gone = False
        self.up = False
        self.undecryptable = self.unsendable = 0

    async def gather(self) -> sdp.LocalTransport:
        """Bind the sockets. Raises MediaRefused."""
        await self.connection.gather_candidates()
        fingerprint = self._certificate.getFingerprints()[0]
        return sdp.LocalTransport(
            ufrag=self.connection.local_username,
            password=self.connection.local_password,
            fingerprint=fingerprint.value,
            candidates=tuple(
                (item.host, item.port, item.priority) for item in self.connection.local_candidates
            ),
        )

    def start(self, remote: sdp.RemoteTransport, *, controlling: bool) -> None:
        """Connect in the background. Who offered controls ICE (RFC 8445 section 6.1.1)."""
        self.connection.ice_controlling = controlling
        self._dtls._set_role("client" if remote.setup == "passive" else "server")
        self._task = asyncio.create_task(self._connect(remote))

    async def _connect(self, remote: sdp.RemoteTransport) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._ice.start(
                    RTCIceParameters(usernameFragment=remote.ufrag, password=remote.password)
                )
                if self._ice.state == "completed":
                    await self._dtls.start(
                        RTCDtlsParameters([RTCDtlsFingerprint("sha-256", remote.fingerprint)])
                    )
        except (TimeoutError, ConnectionError):
            logger.debug("a media connection did not come up")
        except Exception:
            logger.exception("a media connection failed")
        if not self.up:
            self._lost()

    def _changed(self) -> None:
        if self._dtls._state is State.CONNECTED:
            self.up = True
            self.refresh()
            self.connection.media = self._received
            self._on_state(True)
        elif self._dtls._state in (State.CLOSED, State.FAILED):
            self._lost()

    def _lost(self) -> None:
        self._send = self.connection.media = None
        self.up = False
        if not self._gone:
            self._gone = True
            self._on_state(False)

    def _received(self, data: bytes, now: int) -> None:
        try:
            if is_rtcp(data):
                self._on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(data), now)
            else:
                self._on_rtp(self._dtls._rx_srtp.unprotect(data), now)
        except pylibsrtp.Error:
            self.undecryptable += 1
        except Exception:
            logger.exception("a media packet failed")

    async def _late_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        """A packet that waited in aioice's queue while DTLS finished."""
        self._on_rtp(data, time.monotonic_ns())

    async def _late_rtcp(self, data: bytes) -> None:
        self._on_rtcp(data, time.monotonic_ns())

    def refresh(self) -> None:
        """Send on the pair that ICE has nominated now (the peer may have moved), unless its
        socket is gone or takes nothing. Call every 50 ms."""
        self._send = None
        pair = self.connection._nominated.get(1)
        if not self.up or pair is None:
            return
        transport = cast(Any, pair.protocol.transport)
        if not transport.is_closing() and transport.get_write_buffer_size() < SEND_BUFFER:
            self._send = transport.sendto
            self._address = pair.remote_addr

    def send_rtp(self, packet: bytes) -> None:
        """See `Wire`."""
        if self._send is not None:
            try:
                self._send(self._dtls._tx_srtp.protect(packet), self._address)
            except (OSError, RuntimeError, ValueError, pylibsrtp.Error):
                self.unsendable += 1

    def send_rtcp(self, packet: bytes) -> None:
        """See `Wire`."""
        if self._send is not None:
            try:
                self._send(self._dtls._tx_srtp.protect_rtcp(packet), self._address)
            except (OSError, RuntimeError, ValueError, pylibsrtp.Error):
                self.unsendable += 1

    async def close(self) -> None:
        """Say goodbye (close_notify) and release the sockets. Idempotent."""
        self._gone = True
        self._lost()
        if self._task is not None and not self._task.done():
            self._task.cancel()
        pump = self._dtls._task
        await self._dtls.stop()
        await self._ice.stop()
        await asyncio.gather(
            *(task for task in (self._task, pump) if task is not None), return_exceptions=True
        )
        self._dtls.remove_all_listeners()


class _Estimator:
    """aiortc's port of WebRTC's delay-based estimator."""

    def __init__(self) -> None:
        self._inner = RemoteBitrateEstimator()

    def add(self, arrival_ns: int, send_time: int, size: int, ssrc: int) -> tuple[int, bool] | None:
        """See `signaling.publisher.Estimator`."""
        estimate = self._inner.add(arrival_ns // 1_000_000, send_time, size, ssrc)
        if estimate is None:
            return None
        # `near_max` is set by the first decrease: the line, not the encoder, was the limit.
        return estimate[0], self._inner.rate_control.near_max


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """Sections of a subscribe connection."""

    microphones: int = 12
    cameras: int = 12
    screens: int = 4


class AiortcRoom:
    """Implements `signaling.engine.MediaRoom`."""

    def __init__(
        self,
        sitting: str,
        on_event: Callable[[MediaEvent], None],
        *,
        hosts: tuple[str, ...],
        ports: tuple[int, int] | None,
        slots: SlotCounts,
        on_close: Callable[["AiortcRoom"], None],
    ) -> None:
        self.sitting = sitting
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        self._hosts, self._ports, self._slots = hosts, ports, slots
        self._on_close = on_close
        self._certificate = RTCCertificate.generateCertificate()
        self._events: deque[MediaEvent] = deque()
        self._ntp_offset = time.time_ns() - time.monotonic_ns() + NTP_EPOCH_S * SECOND
        self.forwarder = Forwarder(sitting, self._emit, time.monotonic_ns())
        self._publishers: dict[tuple[str, str], tuple[_Link, Publisher]] = {}
        self._subscribers: dict[tuple[str, str], tuple[_Link, Subscriber]] = {}
        self._unanswered: set[_Link] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timer = self._loop.call_later(TICK, self._tick)

    # --- negotiation ------------------------------------------------------------------------

    async def publish(self, seat: str, connection: str, offer: str) -> str:
        """See `MediaRoom.publish`."""
        self._check(self._publishers, seat, connection)
        read = sdp.read_publish(seat, offer)
        holder: list[Publisher] = []
        forwarder = self.forwarder
        link = self._link(
            lambda data, now: forwarder.receive_rtp(holder[0], data, now),
            lambda data, now: forwarder.receive_publisher_rtcp(holder[0], data, now),
            lambda up: self._publisher_changed(holder[0], up),
        )
        publisher = Publisher(
            seat,
            connection,
            list(read.sections),
            link,
            _Estimator(),
            mid_id=read.extensions.get(sdp.MID),
            send_time_id=read.extensions.get(sdp.SEND_TIME),
        )
        publisher.on_superseded = lambda: self._drop(self._publishers, publisher)
        holder.append(publisher)
        local = await self._gather(link)
        self._keep(self._publishers, seat, connection, (link, publisher))
        self.forwarder.seat(seat)
        link.start(read.remote, controlling=False)
        return sdp.write_publish_answer(read, local)

    async def subscribe(self, seat: str, connection: str) -> str:
        """See `MediaRoom.subscribe`."""
        self._check(self._subscribers, seat, connection)
        holder: list[Subscriber] = []
        forwarder = self.forwarder
        link = self._link(
            lambda data, now: None,
            lambda data, now: forwarder.receive_subscriber_rtcp(holder[0], data, now),
            lambda up: self._subscriber_changed(holder[0], up),
        )
        plans = sdp.plan_slots(self._slots.microphones, self._slots.cameras, self._slots.screens)
        subscriber = Subscriber(seat, connection, plans, link, self._ntp_offset)
        holder.append(subscriber)
        local = await self._gather(link)
        self._keep(self._subscribers, seat, connection, (link, subscriber))
        self._unanswered.add(link)
        self.forwarder.seat(seat)
        self._loop.call_later(CONNECT_TIMEOUT, self._expire, subscriber)
        return sdp.write_subscribe_offer(plans, CNAME, local)

    async def subscribed(self, seat: str, connection: str, answer: str) -> None:
        """See `MediaRoom.subscribed`."""
        found = self._subscribers.get((seat, connection))
        if found is None:
            raise MediaRefused("media.unknown_connection")
        link, subscriber = found
        if link not in self._unanswered:
            raise MediaRefused("media.already_answered")
        remote = sdp.read_subscribe_answer([slot.plan for slot in subscriber.slots], answer)
        self._unanswered.discard(link)
        link.start(remote, controlling=True)

    def _check(self, links: dict[tuple[str, str], Any], seat: str, connection: str) -> None:
        if self._closed:
            raise MediaRefused("media.closed")
        if (seat, connection) in links:
            raise MediaRefused("media.already_answered")

    def _link(
        self,
        on_rtp: Callable[[bytes, int], None],
        on_rtcp: Callable[[bytes, int], None],
        on_state: Callable[[bool], None],
    ) -> _Link:
        return _Link(self._certificate, self._hosts, self._ports, on_rtp, on_rtcp, on_state)

    async def _gather(self, link: _Link) -> sdp.LocalTransport:
        try:
            local = await link.gather()
            if self._closed:
                raise MediaRefused("media.closed")
        except BaseException:
            await link.close()
            raise
        return local

    def _keep(
        self,
        links: dict[tuple[str, str], tuple[_Link, Peer]],
        seat: str,
        connection: str,
        entry: tuple[_Link, Peer],
    ) -> None:
        """Store a connection; a seat that opens many loses those that never came up, oldest
        first."""
        own = [item for (owner, _), (_, item) in links.items() if owner == seat]
        state = self.forwarder.seats.get(seat)
        spare = [
            item
            for item in own
            if state is None or (item is not state.publisher and item is not state.subscriber)
        ]
        if len(own) >= MAX_LINKS and spare:
            self._drop(links, spare[0])
        links[seat, connection] = entry

    # --- commands and questions ---------------------------------------------------------------

    def place(self, seat: str, space: Space | None, reason: str | None = None) -> None:
        """See `MediaRoom.place`."""
        self.forwarder.place(seat, space, reason, time.monotonic_ns())

    def permit(self, seat: str, sources: frozenset[Source], reason: str = "muted") -> None:
        """See `MediaRoom.permit`."""
        self.forwarder.permit(seat, sources, reason, time.monotonic_ns())

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        """See `MediaRoom.attach`."""
        self.forwarder.attach(space, recorder, time.monotonic_ns())

    def detach(self, reason: str) -> None:
        """See `MediaRoom.detach`."""
        self.forwarder.detach(reason)

    def live_tracks(self, space: Space) -> frozenset[TrackId]:
        """See `MediaRoom.live_tracks`."""
        return self.forwarder.live_tracks(space)

    def tracks(self) -> dict[TrackId, Codec]:
        """See `MediaRoom.tracks`."""
        return self.forwarder.tracks()

    def report(self) -> dict[str, LineReport]:
        """See `MediaRoom.report`."""
        return self.forwarder.report(time.monotonic_ns())

    async def leave(self, seat: str) -> None:
        """See `MediaRoom.leave`."""
        self.forwarder.remove(seat, "left", time.monotonic_ns())
        links = [
            links.pop(key)[0]
            for links in (self._publishers, self._subscribers)
            for key in [key for key in links if key[0] == seat]
        ]
        await self._close_links(links)

    async def close(self) -> None:
        """See `MediaRoom.close`."""
        if not self._closed:
            self._closed = True
            self._timer.cancel()
            for name in list(self.forwarder.seats):
                self.forwarder.remove(name, "closed", time.monotonic_ns())
        links = [link for link, _ in (*self._publishers.values(), *self._subscribers.values())]
        self._publishers.clear()
        self._subscribers.clear()
        await self._close_links(links)
        await asyncio.gather(*self._closing, return_exceptions=True)
        self._on_close(self)

    # --- what happens -------------------------------------------------------------------------

    def _publisher_changed(self, publisher: Publisher, up: bool) -> None:
        if up:
            self._emit(Connected(publisher.seat, publisher.connection, "publish"))
        else:
            self._drop(self._publishers, publisher)

    def _subscriber_changed(self, subscriber: Subscriber, up: bool) -> None:
        if not up:
            self._drop(self._subscribers, subscriber)
            return
        if (subscriber.seat, subscriber.connection) not in self._subscribers:
            return
        self._emit(Connected(subscriber.seat, subscriber.connection, "subscribe"))
        older = self.forwarder.connected(subscriber, time.monotonic_ns())
        if older is not None:
            self._drop(self._subscribers, older)

    def _expire(self, subscriber: Subscriber) -> None:
        """An offer that was never answered."""
        link, _ = self._subscribers.get((subscriber.seat, subscriber.connection), (None, None))
        if link in self._unanswered:
            self._drop(self._subscribers, subscriber)

    def _drop(self, links: dict[tuple[str, str], tuple[_Link, Peer]], item: Peer) -> None:
        """Forget a connection and close it in the background."""
        link, found = links.get((item.seat, item.connection), (None, None))
        if link is None or found is not item:
            return
        replaced = self._replaced(links, item)
        del links[item.seat, item.connection]
        self._unanswered.discard(link)
        self.forwarder.disconnected(item, "disconnected", time.monotonic_ns())
        if not replaced:
            direction: Literal["publish", "subscribe"] = (
                "publish" if isinstance(item, Publisher) else "subscribe"
            )
            self._emit(Disconnected(item.seat, item.connection, direction))
        task = self._loop.create_task(link.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _replaced(self, links: dict[tuple[str, str], tuple[_Link, Peer]], item: Peer) -> bool:
        """Whether a newer connection of the seat is in use."""
        seat = self.forwarder.seats.get(item.seat)
        if seat is None:
            return True
        active = seat.publisher if isinstance(item, Publisher) else seat.subscriber
        order = [other for _, other in links.values()]
        return active is not item and active in order[order.index(item) + 1 :]

    async def _close_links(self, links: list[_Link]) -> None:
        for result in await asyncio.gather(
            *(link.close() for link in links), return_exceptions=True
        ):
            if isinstance(result, BaseException):
                logger.error("closing a media connection failed", exc_info=result)

    def _tick(self) -> None:
        now = time.monotonic_ns()
        self._timer = self._loop.call_later(TICK, self._tick)
        try:
            for links in (self._publishers, self._subscribers):
                for link, item in list(links.values()):
                    link.refresh()
                    if link.up and now - link.connection.heard_ns > HEARD_TIMEOUT:
                        self._drop(cast(Any, links), item)
            up = [publisher for link, publisher in self._publishers.values() if link.up]
            self.forwarder.tick(now, up)
        except Exception:
            logger.exception("the media clock failed")

    def _emit(self, event: MediaEvent) -> None:
        """Tell later, so that a listener may call us back."""
        self._events.append(event)
        if len(self._events) == 1:
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        while self._events:
            event = self._events.popleft()
            try:
                self._on_event(event)
            except Exception:
                logger.exception("a listener of media events failed")


class AiortcEngine:
    """Implements `signaling.engine.MediaEngine` in this process and event loop."""

    def __init__(
        self,
        hosts: tuple[str, ...] = (),
        ports: tuple[int, int] | None = None,
        slots: SlotCounts | None = None,
    ) -> None:
        """`hosts` and `ports`: see `Settings.media_hosts` and `Settings.media_ports`."""
        self._hosts, self._ports = hosts, ports
        self._slots = slots or SlotCounts()
        self._rooms: set[AiortcRoom] = set()

    async def open(self, sitting: str, on_event: Callable[[MediaEvent], None]) -> AiortcRoom:
        """See `MediaEngine.open`."""
        room = AiortcRoom(
            sitting,
            on_event,
            hosts=self._hosts,
            ports=self._ports,
            slots=self._slots,
            on_close=self._rooms.discard,
        )
        self._rooms.add(room)
        return room

    async def close(self) -> None:
        """See `MediaEngine.close`."""
        await asyncio.gather(*(room.close() for room in list(self._rooms)))
