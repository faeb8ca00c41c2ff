"""Who hears and sees whom: seats, spaces, permissions, slots, taps. No sockets, no clock.

Every packet of a publisher passes `receive_burst`. Whether it goes anywhere was decided when a
seat was last placed or permitted, by the plain methods, before they returned: a stream holds the
slots that it feeds, and none while its seat is in no space or its source is not permitted. The one
exception is `show`: a host sees the camera of one seat that waits.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from signaling.choosing import Importance, Viewer, choose
from signaling.engine import (
    Codec,
    HearingSpace,
    LineReport,
    MediaEvent,
    PicturesChanged,
    PrivateSpace,
    RecordedTrack,
    Recorder,
    SinkRefused,
    SlotsChanged,
    Source,
    Space,
    Speaking,
    TrackId,
    TrackSilent,
    TrackStarted,
    Wish,
    channel_track,
)
from signaling.feedback import MS, SECOND, loudest
from signaling.line import LineMeter, LineSample
from signaling.packet_cache import Incoming, Run
from signaling.publisher import Publisher
from signaling.rtp import MalformedPacket
from signaling.stream import Output, Stream
from signaling.subscriber import Subscriber
from signaling.taps import Taps
from signaling.upstream import Upstream

logger = logging.getLogger(__name__)

SILENCE = 2 * SECOND
AUDIO_HOLD = 300 * MS
SPEAKING_INTERVAL = SECOND // 2
DECIDE_INTERVAL = 200 * MS
"""How often layers are chosen anew; a line that falls is answered at once."""


@dataclass(slots=True)
class Counters:
    """What was dropped, for metrics and tests."""

    malformed: int = 0
    ignored: int = 0
    """Probes, duplicates and forged streams."""
    superseded: int = 0
    refused: int = 0
    """Packets of seats in no space and of sources that are not permitted."""
    forwarded: int = 0
    """Copies sent to subscribers."""
    failed: int = 0
    """Exceptions of slots, contained."""


@dataclass(slots=True)
class Seat:
    """Media state of one participant; it outlives connections."""

    id: str
    space: Space | None = None
    permitted: frozenset[Source] = frozenset()
    shown: str | None = None
    """A seat in no space whose camera this one sees too."""
    viewer: Viewer = field(default_factory=Viewer)
    sees: list[Upstream] = field(default_factory=list)
    """Tracks that it may see and hear, with a slot or not."""
    speaks: str = ""
    """The channel that its microphone goes to; empty: the floor."""
    listens: str = ""
    """The channel that it hears besides the floor; empty: none."""
    withheld: frozenset[TrackId] = frozenset()
    """Tracks of protected persons that it never gets."""
    publisher: Publisher | None = None
    """The newest connection whose media flowed."""
    subscriber: Subscriber | None = None
    """The newest subscribe connection that is up."""
    meter: LineMeter = field(default_factory=LineMeter)


class Forwarder:
    """The routing of one sitting. All times are monotonic nanoseconds."""

    def __init__(self, sitting: str, emit: Callable[[MediaEvent], None], now: int) -> None:
        self.sitting = sitting
        self.counters = Counters()
        self.seats: dict[str, Seat] = {}
        self._emit = emit
        self._now = now
        self._taps = Taps()
        self._importance = Importance()
        self._decide_due = now
        self._spoke: dict[Space, tuple[str, ...]] = {}
        self._speaking_due = now
        self._second_due = now

    # --- commands -------------------------------------------------------------------------

    def seat(self, name: str) -> Seat:
        """The seat of that name; a new one is in no space and permitted nothing."""
        return self.seats.setdefault(name, Seat(name))

    def place(self, name: str, space: Space | None, reason: str | None, now: int) -> None:
        """See `MediaRoom.place`."""
        if space is not None and space.sitting != self.sitting:
            raise ValueError("space of another sitting")
        if isinstance(space, PrivateSpace) and name not in space.allowed:
            raise ValueError("seat is not allowed in this private space")
        seat = self.seat(name)
        if seat.space == space:
            return
        seat.space = space
        if space is not None:
            self._hide(name)
        if reason is None:
            reason = "private" if isinstance(space, PrivateSpace) else "lobby"
        self._apply(seat, reason)
        self.route(now)

    def permit(self, name: str, sources: frozenset[Source], reason: str, now: int) -> None:
        """See `MediaRoom.permit`."""
        seat = self.seat(name)
        seat.permitted = frozenset(sources)
        self._apply(seat, reason)
        self.route(now)

    def show(self, name: str, shown: str | None, now: int) -> None:
        """See `MediaRoom.show`."""
        if shown == name:
            raise ValueError("a seat is not shown to itself")
        if shown is not None and self.seat(shown).space is not None:
            raise ValueError("only a seat in no space is shown")
        seat = self.seat(name)
        before, seat.shown = seat.shown, shown
        for other in (before, shown):
            if other is not None:
                self._apply(self.seat(other), "lobby")
        self.route(now)

    def watch(
        self, name: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool, now: int
    ) -> None:
        """See `MediaRoom.watch`."""
        viewer = self.seat(name).viewer
        viewer.wishes = None if wishes is None else dict(wishes)
        viewer.audio_only = audio_only
        viewer.pictures = None  # the answer comes even where nothing changes
        self.route(now)

    def floor(self, name: str | None, now: int) -> None:
        """See `MediaRoom.floor`."""
        self._importance.floor = name
        self.route(now)

    def tune(self, name: str, speaks: str, listens: str, now: int) -> None:
        """See `MediaRoom.tune`."""
        if speaks and speaks == listens:
            raise ValueError("nobody listens to the own channel")
        seat = self.seat(name)
        if seat.speaks != speaks:
            for upstream in seat.publisher.upstreams if seat.publisher else ():
                if upstream.track.source == "microphone":
                    self._taps.close(upstream, "channel")
        seat.speaks, seat.listens = speaks, listens
        self.route(now)

    def withhold(self, name: str, tracks: frozenset[TrackId], now: int) -> None:
        """See `MediaRoom.withhold`."""
        self.seat(name).withheld = frozenset(tracks)
        self.route(now)

    def _hide(self, name: str) -> None:
        """Nobody sees the camera of this seat any more but those of its space."""
        for seat in self.seats.values():
            if seat.shown == name:
                seat.shown = None

    def attach(self, space: object, recorder: Recorder, now: int) -> None:
        """See `MediaRoom.attach`. The type is checked again here: nothing else is recorded."""
        if type(space) is not HearingSpace or space.sitting != self.sitting:
            raise SinkRefused("only the hearing of this sitting can be recorded")
        self._taps.attach(recorder)
        for upstream in self._upstreams():
            if upstream.live and upstream.open:
                self._open_tap(upstream, now)

    def detach(self, reason: str) -> None:
        """See `MediaRoom.detach`."""
        self._taps.detach()
        for upstream in self._upstreams():
            self._taps.close(upstream, reason)

    def remove(self, name: str, reason: str, now: int) -> None:
        """Forget a seat and close its sinks."""
        seat = self.seats.pop(name, None)
        if seat is not None and seat.publisher is not None:
            seat.publisher.superseded = True
            for upstream in seat.publisher.upstreams:
                self._taps.close(upstream, reason)
                upstream.unplug()
        self._hide(name)
        if seat is not None and seat.shown in self.seats:
            self._apply(self.seats[seat.shown], reason)
        self.route(now)

    def disconnected(self, link: Publisher | Subscriber, reason: str, now: int) -> None:
        """A connection is gone."""
        seat = self.seats.get(link.seat)
        if isinstance(link, Publisher):
            link.superseded = True
            for upstream in link.upstreams:
                self._taps.close(upstream, reason)
                upstream.live = upstream.open = False
                upstream.unplug()
            if seat is not None and seat.publisher is link:
                seat.publisher = None
        elif seat is not None and seat.subscriber is link:
            seat.subscriber = None
        self.route(now)

    def connected(self, subscriber: Subscriber, now: int) -> Subscriber | None:
        """A subscribe connection is up; returns the older one that it replaces."""
        seat = self.seat(subscriber.seat)
        older, seat.subscriber = seat.subscriber, subscriber
        self.route(now)
        if not subscriber.carried():
            self._emit(SlotsChanged(seat.id, subscriber.connection, {}))
        return older

    # --- questions ------------------------------------------------------------------------

    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]:
        """See `MediaRoom.live_tracks`."""
        return frozenset(
            self._recorded_as(upstream.track)
            for seat in self.seats.values()
            if seat.space == space and seat.publisher is not None
            for upstream in seat.publisher.upstreams
            if upstream.live and upstream.open
        )

    def tracks(self) -> dict[TrackId, Codec]:
        """See `MediaRoom.tracks`: everything that ever sent on the current connections."""
        return {
            item.track: item.codec for item in self._upstreams() if item.last_packet is not None
        }

    def report(self, now: int) -> dict[str, LineReport]:
        """See `MediaRoom.report`."""
        return {seat.id: self._line(seat, now) for seat in self.seats.values()}

    # --- packets --------------------------------------------------------------------------

    def receive_rtp(self, publisher: Publisher, data: bytes, now: int) -> None:
        """One decrypted RTP packet of a publish connection. Never raises."""
        self.receive_burst(publisher, (data,), now)

    def receive_burst(self, publisher: Publisher, burst: Sequence[bytes], now: int) -> None:
        """Decrypted RTP packets of a publish connection that came together. Never raises.

        The packets of one picture go to one listener after the other, not each to all: what a
        listener's copy needs stays in the processor's cache.
        """
        run: list[Incoming] = []
        running: Stream | None = None
        outputs: tuple[Output, ...] = ()
        for data in burst:
            found = self._read(publisher, data, now)
            if found is None:
                continue
            stream, packet = found
            if run and running is not None and (stream is not running or stream.waiting):
                self._send(outputs, run, running)
                run = []
            if self._take(publisher, stream, packet, now):
                if not run:
                    running, outputs = stream, stream.outputs
                run.append(packet)
        if run and running is not None:
            self._send(outputs, run, running)

    def _read(self, publisher: Publisher, data: bytes, now: int) -> tuple[Stream, Incoming] | None:
        if publisher.superseded:
            self.counters.superseded += 1
            return None
        try:
            found = publisher.read(data, now)
        except MalformedPacket:
            self.counters.malformed += 1
            return None
        if found is None:
            self.counters.ignored += 1
        return found

    def _take(self, publisher: Publisher, stream: Stream, packet: Incoming, now: int) -> bool:
        """Note what a packet changes, and record it; whether it is to be sent on."""
        upstream = stream.upstream
        seat = self.seats.get(publisher.seat)
        if seat is None:
            return False
        if seat.publisher is not publisher:
            self._activate(seat, publisher, now)
        key = stream.has_keyframe = packet.vp8 is not None and packet.vp8.keyframe
        if not upstream.live and upstream.permitted:
            upstream.live = True
            self._emit(TrackStarted(upstream.track))
            self.route(now)
        sent = False
        if upstream.open:
            stream.cache.put(packet)
            if packet.vp8 is not None or now >= publisher.audio_from:
                if stream.waiting:
                    self._begin(stream, packet)
                sent = bool(stream.outputs)
            if self._taps.attached and packet.payload:
                self._open_tap(upstream, now)
                self._taps.write(stream, packet)
            if key:
                upstream.keyframe_arrived(stream)
        else:
            self.counters.refused += 1
        stream.has_keyframe = False
        return sent

    def _send(
        self, outputs: tuple[Output, ...], packets: Sequence[Incoming], stream: Stream
    ) -> None:
        run = Run(packets)
        for output in outputs:
            try:
                output.forward(run)
            except Exception:
                self._failed(stream.upstream)
        self.counters.forwarded += len(outputs) * len(packets)

    def _begin(self, stream: Stream, packet: Incoming) -> None:
        """Those who wait for this stream go on with it: sound at once, video at a keyframe."""
        if packet.vp8 is not None and not packet.vp8.keyframe:
            stream.upstream.request_keyframe(stream, packet.arrival_ns)
            return
        waiting, stream.waiting = stream.waiting, ()
        for output in waiting:
            try:
                output.begin(stream, packet)
            except Exception:
                self._failed(stream.upstream)

    def receive_publisher_rtcp(self, publisher: Publisher, data: bytes, now: int) -> None:
        """One decrypted RTCP compound of a publish connection. Never raises."""
        try:
            reported = publisher.read_rtcp(data, now)
        except MalformedPacket:
            self.counters.malformed += 1
            return
        for stream in reported:
            self._taps.tell_clock(stream)

    def receive_subscriber_rtcp(self, subscriber: Subscriber, data: bytes, now: int) -> None:
        """One decrypted RTCP compound of a subscribe connection. Never raises."""
        try:
            fell = subscriber.read_rtcp(data, now)
        except MalformedPacket:
            self.counters.malformed += 1
            return
        seat = self.seats.get(subscriber.seat)
        if fell and seat is not None and seat.subscriber is subscriber and self._decide(seat, now):
            self._connect()

    def _activate(self, seat: Seat, publisher: Publisher, now: int) -> None:
        """The first media of a newer connection: fence the older one, swap the sources."""
        older, seat.publisher = seat.publisher, publisher
        if older is not None:
            older.superseded = True
            publisher.audio_from = now + AUDIO_HOLD
            for upstream in older.upstreams:
                self._taps.close(upstream, "disconnected")
                upstream.open = upstream.live = False
                upstream.unplug()
            older.on_superseded()
        self._apply(seat, "disconnected")
        self.route(now)

    # --- time -----------------------------------------------------------------------------

    def tick(self, now: int, publishers: Iterable[Publisher]) -> None:
        """Everything that is due; call every 50 ms. `publishers`: all connections that are up."""
        self._now = now
        for publisher in publishers:
            publisher.feedback(now)
        self._watch(now)
        self._adapt(now)
        if now >= self._speaking_due:
            self._speaking_due = now + SPEAKING_INTERVAL
            self._speaking()
        if now >= self._second_due:
            self._second_due = now + SECOND
            for seat in self.seats.values():
                if seat.subscriber is not None:
                    seat.subscriber.send_reports(now)
                seat.meter.add(_sample(seat, now))

    def _adapt(self, now: int) -> None:
        """Choose layers anew, for listeners and for the recorder, and try what lines carry."""
        for seat in self.seats.values():
            if seat.subscriber is not None:
                seat.subscriber.pad(seat.viewer.demand, now)
        if now < self._decide_due:
            return
        self._decide_due = now + DECIDE_INTERVAL
        for upstream in self._upstreams():
            for stream in upstream.streams:
                stream.sample(now)
            self._taps.follow(upstream, now)
        changed = [self._decide(seat, now) for seat in self.seats.values()]
        if any(changed):
            self._connect()

    def _watch(self, now: int) -> None:
        """Tell of streams that fell silent, and write the gap."""
        silent = [
            item
            for item in self._upstreams()
            if item.live and item.last_packet is not None and now - item.last_packet > SILENCE
        ]
        for upstream in silent:
            upstream.live = False
            publisher = self.seats[upstream.track.seat].publisher
            gone = publisher is None or now - publisher.last_heard > SILENCE
            self._taps.close(upstream, "disconnected" if gone else _OFF[upstream.track.source])
            self._emit(TrackSilent(upstream.track))
        if silent:
            self.route(now)

    def _speaking(self) -> None:
        levels: dict[Space, list[tuple[str, float]]] = {}
        for upstream in self._upstreams():
            level = upstream.level.take()
            seat = self.seats[upstream.track.seat]
            space = seat.space
            if upstream.codec != "opus" or seat.speaks:
                continue  # a voice in a channel is not the floor's
            if upstream.open and space is not None:
                levels.setdefault(space, []).append((upstream.track.seat, level))
        spoke = {space: loudest(heard) for space, heard in levels.items()}
        for space in spoke.keys() | self._spoke.keys():
            now, before = spoke.get(space, ()), self._spoke.get(space, ())
            if now != before:
                self._emit(Speaking(space, now))
        self._spoke = {space: seats for space, seats in spoke.items() if seats}
        speaking = {seat for seats in spoke.values() for seat in seats}
        if speaking - set(self._importance.speaking):
            self._importance.speaking = tuple(speaking)
            self.route(self._now)
        self._importance.speaking = tuple(speaking)

    # --- state ----------------------------------------------------------------------------

    def _upstreams(self) -> list[Upstream]:
        return [
            upstream
            for seat in self.seats.values()
            if seat.publisher is not None
            for upstream in seat.publisher.upstreams
        ]

    def _apply(self, seat: Seat, reason: str) -> None:
        """Make the flags of a seat's streams agree with its place and permissions."""
        for upstream in seat.publisher.upstreams if seat.publisher else ():
            upstream.permitted = upstream.track.source in seat.permitted
            upstream.open = upstream.permitted and (
                seat.space is not None or self._is_shown(upstream.track)
            )
            if not upstream.permitted:
                upstream.live = False
            if not (upstream.open and isinstance(seat.space, HearingSpace)):
                self._taps.close(upstream, reason)

    def _is_shown(self, track: TrackId) -> bool:
        return track.source == "camera" and any(
            seat.shown == track.seat for seat in self.seats.values()
        )

    def route(self, now: int) -> None:
        """Give every subscriber the tracks of its space and the camera that is shown to it, and
        every stream its outputs."""
        by_space: dict[Space | None, list[Upstream]] = {}
        for upstream in self._upstreams():
            started = upstream.open and upstream.last_packet is not None
            if started and (upstream.live or upstream.track.source != "screen"):
                by_space.setdefault(self.seats[upstream.track.seat].space, []).append(upstream)
        for seat in self.seats.values():
            subscriber = seat.subscriber
            if subscriber is None:
                continue
            there = by_space.get(seat.space, []) if seat.space is not None else []
            waits = [item for item in by_space.get(None, []) if item.track.seat == seat.shown]
            there = [item for item in there if self._reaches(item, seat)] + waits
            there = [item for item in there if item.track not in seat.withheld]
            seat.sees = [item for item in there if item.track.seat != seat.id]
            weights = self._importance.weights(seat.viewer, seat.sees)
            if subscriber.assign(seat.sees, weights):
                self._emit(SlotsChanged(seat.id, subscriber.connection, subscriber.carried()))
            self._decide(seat, now)
        self._connect()

    def _decide(self, seat: Seat, now: int) -> bool:
        """Choose what the slots of one seat carry, and tell its page. True: connect anew."""
        if seat.subscriber is None:
            return False
        choice = choose(seat.subscriber, seat.viewer, self._importance, seat.sees, now)
        if choice.pictures != seat.viewer.pictures:
            seat.viewer.pictures = choice.pictures
            self._emit(PicturesChanged(seat.id, choice.pictures))
        return choice.changed

    def _connect(self) -> None:
        """Every stream feeds exactly the slots that say so."""
        for upstream in self._upstreams():
            upstream.unplug()
        for seat in self.seats.values():
            for slot in seat.subscriber.slots if seat.subscriber else ():
                if slot.stream is not None and slot.stream.upstream is slot.source:
                    slot.stream.outputs = (*slot.stream.outputs, slot)
                if slot.next is not None and slot.next.upstream is slot.source:
                    slot.next.waiting = (*slot.next.waiting, slot)

    def _reaches(self, upstream: Upstream, listener: Seat) -> bool:
        """Whether a stream of the listener's space is for the listener: a microphone in a channel
        is for nobody but those who chose that channel."""
        channel = self.seats[upstream.track.seat].speaks
        return not channel or upstream.codec != "opus" or channel == listener.listens

    def _recorded_as(self, track: TrackId) -> RecordedTrack:
        """The floor and every channel are tracks of their own."""
        channel = self.seats[track.seat].speaks
        if channel and track.source == "microphone":
            return channel_track(track.seat, channel)
        return track

    def _open_tap(self, upstream: Upstream, now: int) -> None:
        """Nothing but the hearing is recorded; everything that leads to a sink comes through
        here."""
        if not upstream.tap.asked and isinstance(
            self.seats[upstream.track.seat].space, HearingSpace
        ):
            name = self._recorded_as(upstream.track)
            self._taps.open(upstream, name, lambda: self._keyframe_for_sink(upstream), now)

    def _keyframe_for_sink(self, upstream: Upstream) -> None:
        stream = upstream.tap.stream
        if upstream.open and upstream.live and stream is not None:
            upstream.request_keyframe(stream, self._now)

    def _failed(self, upstream: Upstream) -> None:
        self.counters.failed += 1
        if self.counters.failed < 100:
            track = upstream.track
            logger.exception("a slot failed on %s of seat %s", track.source, track.seat)

    def _line(self, seat: Seat, now: int) -> LineReport:
        publisher, subscriber = seat.publisher, seat.subscriber
        heard = [item for item in publisher.upstreams if item.last_packet] if publisher else []
        due = [
            item.last_packet or 0 for item in heard if item.open and item.track.source != "screen"
        ]
        microphone = next((item for item in heard if item.codec == "opus"), None)
        return seat.meter.report(
            connected=publisher is not None or subscriber is not None,
            round_trip=subscriber.round_trip if subscriber else None,
            jitter=(
                microphone.streams[0].reception.jitter / microphone.clock_rate
                if microphone
                else None
            ),
            silent_for=(now - max(due)) / SECOND if due else None,
        )


_OFF = {"microphone": "muted", "camera": "camera_off", "screen": "screen_off"}


def _sample(seat: Seat, now: int) -> LineSample:
    upstreams = seat.publisher.upstreams if seat.publisher else []
    streams = [stream for item in upstreams for stream in item.streams]
    down = seat.subscriber.reception.values() if seat.subscriber else ()
    return LineSample(
        at=now,
        bytes_up=sum(item.bytes for item in upstreams),
        expected_up=sum(item.reception.expected for item in streams),
        received_up=sum(item.reception.received for item in streams),
        bytes_down=seat.subscriber.octets if seat.subscriber else 0,
        lost_down=max(0, sum(lost for lost, _ in down)),
        expected_down=sum(expected for _, expected in down),
    )
