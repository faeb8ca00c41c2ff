"""Who speaks, in every space, from the levels that publishers send along (RFC 6464)."""

from collections.abc import Callable, Iterable, Mapping

from signaling.choosing import Importance
from signaling.engine import MediaEvent, Space, Speaking
from signaling.feedback import loudest
from signaling.media_seat import Seat
from signaling.upstream import Upstream


class Speech:
    """Who spoke in the last half second."""

    def __init__(
        self,
        seats: Mapping[str, Seat],
        importance: Importance,
        emit: Callable[[MediaEvent], None],
    ) -> None:
        self._seats = seats
        self._importance = importance
        self._emit = emit
        self._spoke: dict[Space, tuple[str, ...]] = {}

    def listen(self, upstreams: Iterable[Upstream]) -> bool:
        """Tell of each space where others speak than before. True when somebody began to. Call
        every half second, with all upstreams."""
        levels: dict[Space, list[tuple[str, float]]] = {}
        for upstream in upstreams:
            level = upstream.level.take()
            seat = self._seats[upstream.track.seat]
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
        began = bool(speaking - set(self._importance.speaking))
        self._importance.speaking = tuple(speaking)
        return began
