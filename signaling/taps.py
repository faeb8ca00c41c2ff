"""The recorder's end of the streams: opens, feeds and closes sinks, and contains their failures."""

import logging
from collections.abc import Callable
from typing import Final

from signaling.engine import MediaPacket, RecordedTrack, Recorder, SinkRefused
from signaling.feedback import SECOND
from signaling.numbering import Numbering
from signaling.packet_cache import Incoming
from signaling.stream import Stream, sampled_apart
from signaling.upstream import Tap, Upstream

logger: Final = logging.getLogger(__name__)

STEADY: Final = 3 * SECOND
"""A better layer must flow so long before the record goes on with it: each change of size is a
new segment."""
BEGINNING: Final = SECOND // 2
"""The layers of a camera that is switched on come one after the other."""


class Taps:
    """At most one recorder. Who may be recorded is decided by the forwarder, which calls `open`
    and `write` only for streams that flow in the hearing."""

    def __init__(self) -> None:
        self.failed = 0
        """Exceptions of the recorder and its sinks."""
        self._recorder: Recorder | None = None

    @property
    def attached(self) -> bool:
        """Whether a recorder is there."""
        return self._recorder is not None

    def attach(self, recorder: Recorder) -> None:
        """Take a recorder. Raises SinkRefused while there is one."""
        if self._recorder is not None:
            raise SinkRefused("a recorder is attached already")
        self._recorder = recorder

    def detach(self) -> None:
        """Let the recorder go; the caller closes its sinks."""
        self._recorder = None

    def open(
        self,
        upstream: Upstream,
        name: RecordedTrack,
        request_keyframe: Callable[[], None],
        now: int,
    ) -> None:
        """Ask the recorder for a sink, once until the next `close`. `name`: the track's name in
        the record."""
        if self._recorder is None or upstream.tap.asked:
            return
        upstream.tap.asked = True
        try:
            upstream.tap.sink = self._recorder.open(name, upstream.codec, request_keyframe)
        except Exception:
            self._contain(upstream)
        if upstream.tap.sink is not None:
            flowing = upstream.flowing(now)
            young = not flowing or now - min(item.began for item in flowing) < BEGINNING
            upstream.tap.stream = upstream.streams[-1] if young else flowing[-1]
            request_keyframe()
            # Audio reports come only every 5 s, so a new sink is told the last one at once.
            self.tell_clock(upstream.tap.stream)

    def follow(self, upstream: Upstream, now: int) -> None:
        """Record the best layer that flows: a lower one as soon as it is switched off, a better
        one when it is steady. The change is made at a keyframe, which is asked for. Call it every
        200 ms."""
        tap = upstream.tap
        if tap.sink is None or tap.stream is None or len(upstream.streams) == 1:
            return
        flowing = upstream.flowing(now)
        if not flowing:
            return
        began = min(item.began for item in flowing)
        steady = [
            item
            for item in flowing
            if item is tap.stream or now - item.began >= STEADY or item.began - began < BEGINNING
        ]
        best = steady[-1]
        tap.next = None if best is tap.stream else best
        if tap.next is not None and upstream.open:
            upstream.request_keyframe(tap.next, now)

    def write(self, stream: Stream, packet: Incoming) -> None:
        """Give the sink a packet of the layer that is recorded, in one unbroken numbering."""
        tap = stream.upstream.tap
        if tap.sink is None:
            return
        if stream is not tap.stream:
            if stream is not tap.next or packet.vp8 is None or not packet.vp8.keyframe:
                return
            self._go_on(tap, stream, packet)
        sequence, timestamp = packet.sequence, packet.timestamp
        if len(stream.upstream.streams) > 1:
            if tap.numbering is None:
                tap.numbering = Numbering(stream.upstream.codec, stream.upstream.clock_rate)
                tap.numbering.keep(packet)
            moved = tap.numbering.move(packet)
            if moved is None:
                return
            sequence, timestamp = moved
        try:
            tap.sink.write(
                MediaPacket(sequence, timestamp, packet.marker, packet.payload, packet.arrival_ns)
            )
        except Exception:
            self._contain(stream.upstream)

    def _go_on(self, tap: Tap, stream: Stream, packet: Incoming) -> None:
        old, tap.stream, tap.next = tap.stream, stream, None
        if tap.numbering is not None:
            last = tap.numbering.last_timestamp - tap.numbering.timestamp
            tap.numbering.begin(packet, sampled_apart(old, last, stream, packet))
        self.tell_clock(stream)

    def tell_clock(self, stream: Stream) -> None:
        """Give the sink the last sender report of the layer that is recorded."""
        upstream = stream.upstream
        report, tap = stream.report, upstream.tap
        if tap.sink is None or report is None or tap.stream is not stream:
            return
        timestamp = report.timestamp
        if tap.numbering is not None:
            timestamp = (timestamp + tap.numbering.timestamp) & 0xFFFFFFFF
        try:
            tap.sink.clock(timestamp, upstream.clock.to_local(report.ntp))
        except Exception:
            self._contain(upstream)

    def close(self, upstream: Upstream, reason: str) -> None:
        """End the sink; the recorder is asked anew if the stream flows again."""
        sink = upstream.tap.sink
        upstream.tap = Tap()
        if sink is None:
            return
        try:
            sink.close(reason)
        except Exception:
            self._contain(upstream)

    def _contain(self, upstream: Upstream) -> None:
        self.failed += 1
        if self.failed < 100:
            logger.exception(
                "the recorder failed on %s of seat %s", upstream.track.source, upstream.track.seat
            )
