"""From RTP timestamps to the server's monotonic time. Pure.

Until the first sender report the arrival of packets is all there is: the packet that travelled
fastest sets the relation. Sender reports then give it exactly, so that sound and picture of one
seat agree and the drift of the sender's crystal is followed. A correction is applied slowly (5 %
of the time that passes), so that nothing jumps; only one of more than a second forward is taken
at once.
"""

from signaling.engine import Codec

RATES: dict[Codec, int] = {"opus": 48_000, "vp8": 90_000}
SECOND = 1_000_000_000
SLEW = 0.05
STEP_NS = SECOND
"""A correction forward of more than this is taken at once."""
BREAK_NS = 5 * SECOND
"""A timestamp this far from its arrival has no relation to the ones before it."""


class TrackClock:
    """Time of one sink. Timestamps are unwrapped and in units of `rate` per second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._offset = 0.0
        self._known = False
        self._target = 0.0
        self._reported = False
        self._last_ns = 0.0

    def report(self, timestamp: int, at_ns: int) -> None:
        """A sender report: `timestamp` was sampled at monotonic `at_ns`."""
        target = at_ns - self._ns(timestamp)
        if self._known and abs(target - self._offset) > BREAK_NS:
            return  # nonsense, or of a stream that is gone: keep to what arrivals say
        self._target = target
        self._reported = True
        if not self._known:
            self._offset, self._known = target, True

    def at(self, timestamp: int, arrival_ns: int) -> tuple[int, bool]:
        """When a frame was sampled, and whether that starts a new time line."""
        media = self._ns(timestamp)
        if not self._known or abs(media + self._offset - arrival_ns) > BREAK_NS:
            broken, self._known = self._known, True
            self._offset = self._target = arrival_ns - media
            self._reported = False
            self._last_ns = media
            return arrival_ns, broken
        if not self._reported:
            self._target = min(self._target, arrival_ns - media)
        stepped = self._approach(media)
        return round(media + self._offset), stepped

    def restart(self) -> None:
        """The sender began anew: the next frame sets the relation."""
        self._known = self._reported = False

    def _approach(self, media: float) -> bool:
        missing = self._target - self._offset
        if missing > STEP_NS:
            self._offset = self._target
            return True
        most = max(media - self._last_ns, 0.0) * SLEW
        self._offset += max(-most, min(most, missing))
        self._last_ns = max(media, self._last_ns)
        return False

    def _ns(self, timestamp: int) -> float:
        return timestamp * SECOND / self._rate
