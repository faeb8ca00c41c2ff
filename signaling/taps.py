"""The recorder's end of the streams: opens, feeds and closes sinks, and contains their failures."""

import logging
from collections.abc import Callable

from signaling.engine import MediaPacket, RecordedTrack, Recorder, SinkRefused
from signaling.packet_cache import Incoming
from signaling.upstream import Tap, Upstream

logger = logging.getLogger(__name__)


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
        self, upstream: Upstream, name: RecordedTrack, request_keyframe: Callable[[], None]
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
            request_keyframe()
            # Audio reports come only every 5 s, so a new sink is told the last one at once.
            self.tell_clock(upstream)

    def write(self, upstream: Upstream, packet: Incoming) -> None:
        """Give the sink a packet."""
        if upstream.tap.sink is None:
            return
        try:
            upstream.tap.sink.write(
                MediaPacket(
                    packet.sequence,
                    packet.timestamp,
                    packet.marker,
                    packet.payload,
                    packet.arrival_ns,
                )
            )
        except Exception:
            self._contain(upstream)

    def tell_clock(self, upstream: Upstream) -> None:
        """Give the sink the stream's last sender report."""
        report, sink = upstream.report, upstream.tap.sink
        if sink is None or report is None:
            return
        try:
            sink.clock(report.timestamp, upstream.clock.to_local(report.ntp))
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
