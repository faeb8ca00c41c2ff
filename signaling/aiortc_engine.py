"""The media engine on aiortc: its ICE, DTLS and SRTP carry our packets; its RTP objects do not run.

The only module that touches private names of aiortc and aioice; `tests/contracts/
test_aiortc_surface.py` pins them. A datagram that is RTP or RTCP goes from the socket straight to
SRTP and to the forwarder, without aioice's queue and aiortc's router (whose parser closes the
transport on malformed RTCP).
"""

import asyncio
import contextlib
import ipaddress
import logging
import random
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, cast

from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, get_host_addresses
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, State
from aiortc.rtcicetransport import RTCIceParameters

from signaling import sdp
from signaling.engine import MediaEvent, MediaRefused
from signaling.inbox import INBOX, LARGEST, Inbox
from signaling.intake import Intake
from signaling.media_room import CONNECT_TIMEOUT, ForwardingRoom, SlotCounts
from signaling.receiver import Receiver
from signaling.srtp import Opener, Sealer
from signaling.udp import Datagrams

logger = logging.getLogger(__name__)
WAITING = 64
"""Datagrams of one connection that wait for its handshake."""


class _Protocol(StunProtocol, Receiver):
    """A UDP socket of one connection, with a short way in for media."""

    receiver: "_Connection"

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """A datagram that did not come through our socket."""
        INBOX.put(cast(bytes, data), addr)
        self.take(INBOX, 0)

    def take(self, inbox: Inbox, at: int) -> None:
        """Tell the sorts apart by the first byte (RFC 7983 section 7)."""
        connection = self.receiver
        first = inbox.octets[at * LARGEST] if inbox.size(at) else 255
        if 127 < first < 192:
            if connection.media is not None:
                connection.media.take(inbox, at)
                return
        elif 3 < first < 20 or first > 63:
            connection.malformed += 1
            return
        data = inbox.copy(at)
        try:
            if connection.vouched(data):
                connection.heard_ns = inbox.now
            super().datagram_received(data, inbox.address(at))
        except (ValueError, LookupError, struct.error):
            connection.malformed += 1


class _Connection(Connection):
    """ICE on the addresses and ports of our settings; it asks no server and resolves no name."""

    def __init__(self, hosts: tuple[str, ...], ports: tuple[int, int] | None) -> None:
        super().__init__(ice_controlling=False)
        self.hosts = hosts
        self.ports = ports
        self.media: Intake | None = None
        self.heard_ns = time.monotonic_ns()
        """When the peer's last STUN message was read."""
        self.malformed = 0
        """Datagrams that are of no protocol that we speak."""

    def carry(self, media: Intake | None) -> None:
        """From now on this takes RTP and RTCP."""
        self.media = media
        for protocol in self._protocols:
            cast(Datagrams, protocol.transport).media = media

    def vouched(self, data: bytes) -> bool:
        """Whether a STUN message is the peer's (RFC 8489 section 9.1): a stranger who found the
        port could hide that the line was cut."""
        try:
            message = stun.parse_message(data)
        except ValueError:  # DTLS, or media that is early
            return False
        asks = message.message_class is stun.Class.REQUEST
        password = self.local_password if asks else self.remote_password
        if password is None or "MESSAGE-INTEGRITY" not in message.attributes:
            return False
        return message.check_message_integrity(password.encode())

    def data_received(self, data: bytes, component: int) -> None:
        """DTLS, and media that is early, wait for the handshake, but not without end."""
        if data[0] > 3 and self._queue.qsize() < WAITING:
            super().data_received(data, component)
        else:
            self.malformed += 1

    async def gather_candidates(self) -> None:
        """Bind one socket per address. Raises MediaRefused when none can be bound."""
        addresses = self.hosts or tuple(get_host_addresses(use_ipv4=True, use_ipv6=True))
        for host in addresses or ("127.0.0.1",):
            self._bind(host)
        self._local_candidates_start = self._local_candidates_end = True
        if not self._local_candidates:
            raise MediaRefused("media.no_port")

    def _bind(self, host: str) -> None:
        anywhere = "::" if ipaddress.ip_address(host).version == 6 else "0.0.0.0"  # noqa: S104
        for port in self._port_choice():
            # An address that is not ours belongs to a one-to-one NAT in front of us.
            for address in (host, anywhere):
                endpoint = _Protocol(self)
                try:
                    Datagrams(endpoint, (address, port))
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


def _drop(_packets: object) -> None:
    """A wire that is not up."""


class Link:
    """One connection: ICE, DTLS, SRTP. Implements `signaling.media_room.Link`."""

    def __init__(
        self,
        certificate: RTCCertificate,
        hosts: tuple[str, ...],
        ports: tuple[int, int] | None,
        on_rtp: Callable[[list[bytes], int], None],
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
        self._intake: Intake | None = None
        self._sealer: Sealer | None = None
        self._gone = False
        self.up = False
        self.send_one: Callable[[bytes], None] = _drop
        """See `Wire`."""
        self.send_rtp: Callable[[Iterable[bytes]], None] = _drop
        """See `Wire`."""
        self.send_rtcp: Callable[[bytes], None] = _drop
        """See `Wire`."""

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
            self.connection.heard_ns = time.monotonic_ns()  # the handshake was the peer's
            opener = Opener(self._dtls._rx_srtp)
            self._intake = Intake(opener, self._on_rtp, self._on_rtcp)
            self._sealer = sealer = Sealer(self._dtls._tx_srtp)
            self.send_one, self.send_rtp, self.send_rtcp = sealer.one, sealer.rtp, sealer.rtcp
            self.refresh()
            self.connection.carry(self._intake)
            self._on_state(True)
        elif self._dtls._state in (State.CLOSED, State.FAILED):
            self._lost()

    def _lost(self) -> None:
        self.connection.carry(None)
        if self._sealer is not None:
            self._sealer.line = None
        self.send_one = self.send_rtp = self.send_rtcp = _drop
        self.up = False
        if not self._gone:
            self._gone = True
            self._on_state(False)

    async def _late_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        """A packet that waited in aioice's queue while DTLS finished."""
        self._on_rtp([data], time.monotonic_ns())

    async def _late_rtcp(self, data: bytes) -> None:
        self._on_rtcp(data, time.monotonic_ns())

    @property
    def heard_ns(self) -> int:
        """See `signaling.media_room.Link`."""
        heard = self.connection.heard_ns
        return heard if self._intake is None else max(heard, self._intake.heard_ns)

    @property
    def arrived(self) -> Sequence[int]:
        """See `signaling.media_room.Link`."""
        return () if self._intake is None else self._intake.arrived

    @property
    def undecryptable(self) -> int:
        """Packets of media that are not the peer's, or not whole."""
        return 0 if self._intake is None else self._intake.undecryptable

    def ping(self) -> None:
        """See `signaling.media_room.Link`: a consent check (RFC 7675) whose answer moves
        `heard_ns`."""
        pair = self.connection._nominated.get(1)
        if not self.up or pair is None or self.connection.remote_password is None:
            return
        request = self.connection.build_request(pair, nominate=False)
        request.add_message_integrity(self.connection.remote_password.encode())
        with contextlib.suppress(OSError, RuntimeError):
            pair.protocol.send_stun(request, pair.remote_addr)

    def refresh(self) -> None:
        """Send on the pair that ICE has nominated now (the peer may have moved), unless its
        socket is gone. Call every 50 ms."""
        sealer, pair = self._sealer, self.connection._nominated.get(1)
        if sealer is None:
            return
        sealer.line = None
        if self.up and pair is not None:
            transport = cast(Datagrams, pair.protocol.transport)
            if not transport.is_closing():
                sealer.line, sealer.address = transport, pair.remote_addr

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
        self._rooms: set[ForwardingRoom] = set()

    async def open(self, sitting: str, on_event: Callable[[MediaEvent], None]) -> ForwardingRoom:
        """See `MediaEngine.open`."""
        certificate = RTCCertificate.generateCertificate()
        room = ForwardingRoom(
            sitting,
            on_event,
            make_link=partial(Link, certificate, self._hosts, self._ports),
            make_estimator=_Estimator,
            slots=self._slots,
            on_close=self._rooms.discard,
        )
        self._rooms.add(room)
        return room

    def rooms(self) -> tuple[ForwardingRoom, ...]:
        """All that are open."""
        return tuple(self._rooms)

    async def close(self) -> None:
        """See `MediaEngine.close`."""
        await asyncio.gather(*(room.close() for room in list(self._rooms)))
