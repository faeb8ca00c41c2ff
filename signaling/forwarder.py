"""Who hears and sees whom: seats, spaces, permissions, slots, taps. No sockets, no clock.

Every packet of a publisher passes `receive_burst`. Whether it goes anywhere was decided when a
seat was last placed or permitted, by the plain methods, before they returned: a stream holds the
slots that it feeds, and none while its seat is in no space or its source is not permitted. The one
exception is `show`: a host sees the camera of one seat that waits.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from signaling.engine import (
    Codec,
    HearingSpace,
    LineReport,
    MediaEvent,
    PrivateSpace,
    RecordedTrack,
    Recorder,
    SinkRefused,
    SlotsChanged,
    Source,
    Space,
    TrackId,
    TrackSilent,
    TrackStarted,
    Wish,
    channel_track,
)
from signaling.feedback import MS, SECOND
from signaling.media_seat import Seat, report, sample
from signaling.packet_cache import Incoming, Run
from signaling.publisher import Publisher
from signaling.rtp import MalformedPacket
from signaling.speech import Speech
from signaling.stream import Output, Stream
from signaling.subscriber import Subscriber
from signaling.switching import Switching
from signaling.taps import Taps
from signaling.upstream import Upstream

logger: Final = logging.getLogger(__name__)

SILENCE: Final = 2 * SECOND
AUDIO_HOLD = 300 * MS
SPEAKING_INTERVAL: Final = SECOND // 2
DECIDE_INTERVAL: Final = 200 * MS
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


class Forwarder:
    """The routing of one sitting. All times are monotonic nanoseconds."""

    def __init__(self, sitting: str, emit: Callable[[MediaEvent], None], now: int) -> None:
        self.sitting = sitting
        self.counters = Counters()
        self.seats: dict[str, Seat] = {}
        self._emit = emit
        self._now = now
        self._taps = Taps()
        self._switching = Switching(self.seats, emit)
        self._speech = Speech(self.seats, self._switching.importance, emit)
        self._decide_due = now
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
        self._switching.route(now)

    def permit(self, name: str, sources: frozenset[Source], reason: str, now: int) -> None:
        """See `MediaRoom.permit`."""
        seat = self.seat(name)
        seat.permitted = frozenset(sources)
        self._apply(seat, reason)
        self._switching.route(now)

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
        self._switching.route(now)

    def watch(
        self, name: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool, now: int
    ) -> None:
        """See `MediaRoom.watch`."""
        viewer = self.seat(name).viewer
        viewer.wishes = None if wishes is None else dict(wishes)
        viewer.audio_only = audio_only
        viewer.pictures = None  # the answer comes even where nothing changes
        self._switching.route(now)

    def floor(self, name: str | None, now: int) -> None:
        """See `MediaRoom.floor`."""
        self._switching.importance.floor = name
        self._switching.route(now)

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
        self._switching.route(now)

    def withhold(self, name: str, tracks: frozenset[TrackId], now: int) -> None:
        """See `MediaRoom.withhold`."""
        self.seat(name).withheld = frozenset(tracks)
        self._switching.route(now)

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
        for upstream in self._switching.upstreams():
            if upstream.live and upstream.open:
                self._open_tap(upstream, now)

    def detach(self, reason: str) -> None:
        """See `MediaRoom.detach`."""
        self._taps.detach()
        for upstream in self._switching.upstreams():
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
        self._switching.route(now)

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
        self._switching.route(now)

    def connected(self, subscriber: Subscriber, now: int) -> Subscriber | None:
        """A subscribe connection is up; returns the older one that it replaces."""
        seat = self.seat(subscriber.seat)
        older, seat.subscriber = seat.subscriber, subscriber
        self._switching.route(now)
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
            item.track: item.codec
            for item in self._switching.upstreams()
            if item.last_packet is not None
        }

    def report(self, now: int) -> dict[str, LineReport]:
        """See `MediaRoom.report`."""
        return {seat.id: report(seat, now) for seat in self.seats.values()}

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
            self._switching.route(now)
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
        run = Run(packets) if len(packets) > 1 else None
        for output in outputs:
            try:
                if run is None:
                    output.forward_one(packets[0])
                else:
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
        if (
            fell
            and seat is not None
            and seat.subscriber is subscriber
            and self._switching.decide(seat, now)
        ):
            self._switching.connect()

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
        self._switching.route(now)

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
            if self._speech.listen(self._switching.upstreams()):
                self._switching.route(now)
        if now >= self._second_due:
            self._second_due = now + SECOND
            for seat in self.seats.values():
                if seat.subscriber is not None:
                    seat.subscriber.send_reports(now)
                seat.meter.add(sample(seat, now))

    def _adapt(self, now: int) -> None:
        """Choose layers anew, for listeners and for the recorder, and try what lines carry."""
        for seat in self.seats.values():
            if seat.subscriber is not None:
                seat.subscriber.pad(seat.viewer.demand, now)
        if now < self._decide_due:
            return
        self._decide_due = now + DECIDE_INTERVAL
        for upstream in self._switching.upstreams():
            for stream in upstream.streams:
                stream.sample(now)
            self._taps.follow(upstream, now)
        changed = [self._switching.decide(seat, now) for seat in self.seats.values()]
        if any(changed):
            self._switching.connect()

    def _watch(self, now: int) -> None:
        """Tell of streams that fell silent, and write the gap."""
        silent = [
            item
            for item in self._switching.upstreams()
            if item.live and item.last_packet is not None and now - item.last_packet > SILENCE
        ]
        for upstream in silent:
            upstream.live = False
            publisher = self.seats[upstream.track.seat].publisher
            gone = publisher is None or now - publisher.last_heard > SILENCE
            self._taps.close(upstream, "disconnected" if gone else _OFF[upstream.track.source])
            self._emit(TrackSilent(upstream.track))
        if silent:
            self._switching.route(now)

    # --- state ----------------------------------------------------------------------------

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


_OFF: Final = {"microphone": "muted", "camera": "camera_off", "screen": "screen_off"}
