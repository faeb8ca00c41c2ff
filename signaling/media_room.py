"""One sitting's media: connections in and out, wired to the forwarder. Knows no transport.

`aiortc_engine` gives it links. Nothing here blocks, and every method of `MediaRoom` that is not a
coroutine takes effect before it returns.
"""

import asyncio
import logging
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, cast

from signaling import sdp
from signaling.engine import (
    Codec,
    Connected,
    Disconnected,
    HearingSpace,
    LineReport,
    MediaEvent,
    MediaRefused,
    RecordedTrack,
    Recorder,
    Source,
    Space,
    TrackId,
    Wish,
)
from signaling.feedback import NTP_EPOCH_S, SECOND
from signaling.forwarder import Forwarder
from signaling.publisher import Estimator, Publisher
from signaling.subscriber import CNAME, Subscriber
from signaling.telling import Teller
from signaling.upstream import Wire

logger = logging.getLogger(__name__)
Peer = TypeVar("Peer", Publisher, Subscriber)

CONNECT_TIMEOUT = 20.0
"""Seconds from the exchange of descriptions to a connection that is up."""
HEARD_TIMEOUT = 8 * SECOND
"""A browser sends STUN checks every 2-3 s; one that says nothing that long is gone."""
TICK = 0.05
PING_AFTER = SECOND
"""A connection that said nothing for so long is asked for a sign of life..."""
PING_EVERY = SECOND // 2
"""...so often, until it answers."""
MAX_LINKS = 3
"""Connections of one seat and direction at a time: the one in use, its successor, one spare."""


class Link(Wire, Protocol):
    """One secured connection to a browser."""

    @property
    def up(self) -> bool:
        """Packets can be sent."""

    @property
    def heard_ns(self) -> int:
        """When the peer's last datagram came, monotonic nanoseconds."""

    @property
    def arrived(self) -> Sequence[int]:
        """When each packet of the burst that is being given came to this machine, monotonic
        nanoseconds: before it was read. May be empty."""

    async def gather(self) -> sdp.LocalTransport:
        """Bind the sockets. Raises MediaRefused."""

    def start(self, remote: sdp.RemoteTransport, *, controlling: bool) -> None:
        """Connect in the background. Who offered controls ICE (RFC 8445 section 6.1.1)."""

    def ping(self) -> None:
        """Ask for a sign of life. Does not wait for it."""

    def refresh(self) -> None:
        """Find out where to send to. Called every 50 ms."""

    async def close(self) -> None:
        """Say goodbye and release the sockets. Idempotent."""


class LinkFactory(Protocol):
    """Makes a link. Its callbacks get decrypted packets (RTP: those that came together) with their
    arrival in monotonic nanoseconds, and True when the link is up, False once when it is gone."""

    def __call__(
        self,
        on_rtp: Callable[[list[bytes], int], None],
        on_rtcp: Callable[[bytes, int], None],
        on_state: Callable[[bool], None],
    ) -> Link: ...


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """Sections of a subscribe connection: more people are heard than are seen."""

    microphones: int = 24
    cameras: int = 12
    screens: int = 4


class ForwardingRoom:
    """Implements `signaling.engine.MediaRoom`."""

    def __init__(
        self,
        sitting: str,
        on_event: Callable[[MediaEvent], None],
        *,
        make_link: LinkFactory,
        make_estimator: Callable[[], Estimator],
        slots: SlotCounts,
        on_close: Callable[["ForwardingRoom"], None],
    ) -> None:
        self.sitting = sitting
        self._loop = asyncio.get_running_loop()
        self._emit = Teller(sitting, on_event).emit
        self._make_link, self._make_estimator, self._slots = make_link, make_estimator, slots
        self._on_close = on_close
        self._ntp_offset = time.time_ns() - time.monotonic_ns() + NTP_EPOCH_S * SECOND
        self.forwarder = Forwarder(sitting, self._emit, time.monotonic_ns())
        self._publishers: dict[tuple[str, str], tuple[Link, Publisher]] = {}
        self._subscribers: dict[tuple[str, str], tuple[Link, Subscriber]] = {}
        self._unanswered: set[Link] = set()
        self._heard: dict[str, int] = {}
        """The last datagram of each seat's subscribe connections."""
        self._ping_due = 0
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

        def receive(burst: list[bytes], now: int) -> None:
            holder[0].arrived = iter(link.arrived)
            forwarder.receive_burst(holder[0], burst, now)

        link = self._make_link(
            receive,
            lambda data, now: forwarder.receive_publisher_rtcp(holder[0], data, now),
            lambda up: self._publisher_changed(holder[0], up),
        )
        publisher = Publisher(
            seat,
            connection,
            list(read.sections),
            link,
            self._make_estimator(),
            read.ids,
        )
        publisher.on_superseded = lambda: self._drop(self._publishers, publisher)
        holder.append(publisher)
        local = await self._gather(link, self._publishers, seat, connection)
        self._keep(self._publishers, seat, connection, (link, publisher))
        self.forwarder.seat(seat)
        link.start(read.remote, controlling=False)
        return sdp.write_publish_answer(read, local)

    async def subscribe(self, seat: str, connection: str) -> str:
        """See `MediaRoom.subscribe`."""
        self._check(self._subscribers, seat, connection)
        holder: list[Subscriber] = []
        forwarder = self.forwarder
        link = self._make_link(
            lambda data, now: None,
            lambda data, now: forwarder.receive_subscriber_rtcp(holder[0], data, now),
            lambda up: self._subscriber_changed(holder[0], up),
        )
        plans = sdp.plan_slots(self._slots.microphones, self._slots.cameras, self._slots.screens)
        subscriber = Subscriber(seat, connection, plans, link, self._ntp_offset)
        holder.append(subscriber)
        local = await self._gather(link, self._subscribers, seat, connection)
        self._keep(self._subscribers, seat, connection, (link, subscriber))
        self._unanswered.add(link)
        self.forwarder.seat(seat)
        self._loop.call_later(CONNECT_TIMEOUT, self._expire, (seat, connection), weakref.ref(link))
        return sdp.write_subscribe_offer(plans, CNAME, local)

    async def subscribed(self, seat: str, connection: str, answer: str) -> None:
        """See `MediaRoom.subscribed`."""
        found = self._subscribers.get((seat, connection))
        if found is None:
            raise MediaRefused("media.unknown_connection")
        link, subscriber = found
        if link not in self._unanswered:
            raise MediaRefused("media.already_answered")
        read = sdp.read_subscribe_answer([slot.plan for slot in subscriber.slots], answer)
        if read.transport:
            subscriber.measure(time.monotonic_ns())
        self._unanswered.discard(link)
        link.start(read.remote, controlling=True)

    def _check(self, links: dict[tuple[str, str], Any], seat: str, connection: str) -> None:
        if self._closed:
            raise MediaRefused("media.closed")
        if (seat, connection) in links:
            raise MediaRefused("media.already_answered")

    async def _gather(
        self, link: Link, links: dict[tuple[str, str], Any], seat: str, connection: str
    ) -> sdp.LocalTransport:
        try:
            local = await link.gather()
            self._check(links, seat, connection)  # the room may have changed meanwhile
        except BaseException:
            await link.close()
            raise
        return local

    def _keep(
        self,
        links: dict[tuple[str, str], tuple[Link, Peer]],
        seat: str,
        connection: str,
        entry: tuple[Link, Peer],
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

    def show(self, seat: str, shown: str | None) -> None:
        """See `MediaRoom.show`."""
        self.forwarder.show(seat, shown, time.monotonic_ns())

    def watch(
        self, seat: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool = False
    ) -> None:
        """See `MediaRoom.watch`."""
        self.forwarder.watch(seat, wishes, audio_only, time.monotonic_ns())

    def floor(self, seat: str | None) -> None:
        """See `MediaRoom.floor`."""
        self.forwarder.floor(seat, time.monotonic_ns())

    def tune(self, seat: str, speaks: str, listens: str) -> None:
        """See `MediaRoom.tune`."""
        self.forwarder.tune(seat, speaks, listens, time.monotonic_ns())

    def withhold(self, seat: str, tracks: frozenset[TrackId]) -> None:
        """See `MediaRoom.withhold`."""
        self.forwarder.withhold(seat, tracks, time.monotonic_ns())

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        """See `MediaRoom.attach`."""
        self.forwarder.attach(space, recorder, time.monotonic_ns())

    def detach(self, reason: str) -> None:
        """See `MediaRoom.detach`."""
        self.forwarder.detach(reason)

    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]:
        """See `MediaRoom.live_tracks`."""
        return self.forwarder.live_tracks(space)

    def tracks(self) -> dict[TrackId, Codec]:
        """See `MediaRoom.tracks`."""
        return self.forwarder.tracks()

    def report(self) -> dict[str, LineReport]:
        """See `MediaRoom.report`."""
        now = time.monotonic_ns()
        found = self.forwarder.report(now)
        for seat, heard in self._last_signs().items():
            if seat in found:
                found[seat] = replace(found[seat], unheard_for=max(0, now - heard) / SECOND)
        return found

    def _last_signs(self) -> dict[str, int]:
        for link, subscriber in self._subscribers.values():
            if link.up:
                self._sign(subscriber.seat, link)
        return self._heard

    def _sign(self, seat: str, link: Link) -> None:
        self._heard[seat] = max(self._heard.get(seat, 0), link.heard_ns)

    def counters(self) -> dict[str, int]:
        """Totals of packets by what became of them, for metrics."""
        found = asdict(self.forwarder.counters)
        seats = self.forwarder.seats.values()
        found["repeated"] = sum(seat.subscriber.repeated for seat in seats if seat.subscriber)
        return found

    async def leave(self, seat: str) -> None:
        """See `MediaRoom.leave`."""
        self.forwarder.remove(seat, "left", time.monotonic_ns())
        self._heard.pop(seat, None)
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

    def _expire(self, key: tuple[str, str], offered: "weakref.ref[Link]") -> None:
        """An offer that was never answered. Holds nothing of a connection that is gone."""
        link, subscriber = self._subscribers.get(key, (None, None))
        if subscriber is not None and link is offered() and link in self._unanswered:
            self._drop(self._subscribers, subscriber)

    def _drop(self, links: dict[tuple[str, str], tuple[Link, Peer]], item: Peer) -> None:
        """Forget a connection and close it in the background."""
        link, found = links.get((item.seat, item.connection), (None, None))
        if link is None or found is not item:
            return
        replaced = self._replaced(links, item)
        seat = self.forwarder.seats.get(item.seat)
        if seat is not None and seat.subscriber is item:  # it was up
            self._sign(item.seat, link)
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

    def _replaced(self, links: dict[tuple[str, str], tuple[Link, Peer]], item: Peer) -> bool:
        """Whether a newer connection of the seat is in use."""
        seat = self.forwarder.seats.get(item.seat)
        if seat is None:
            return True
        active = seat.publisher if isinstance(item, Publisher) else seat.subscriber
        order = [other for _, other in links.values()]
        return active is not item and active in order[order.index(item) + 1 :]

    async def _close_links(self, links: list[Link]) -> None:
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
                    if link.up and now - link.heard_ns > HEARD_TIMEOUT:
                        self._drop(cast(Any, links), item)
            self._ping(now)
            up = [publisher for link, publisher in self._publishers.values() if link.up]
            self.forwarder.tick(now, up)
        except Exception:
            logger.exception("the media clock failed")

    def _ping(self, now: int) -> None:
        """A quiet line is not a dead one: ask."""
        if now < self._ping_due:
            return
        self._ping_due = now + PING_EVERY
        for link, _ in (*self._publishers.values(), *self._subscribers.values()):
            if link.up and now - link.heard_ns > PING_AFTER:
                link.ping()
