"""What a live room shows to rooms on its right: who is there, who hears, whether it is recorded.

Measured, never said by a page: a seat counts as deaf when no media reaches it, when its microphone
should send and does not, or when its line has been measured as too bad for speech.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sessions.phase import Phase
from signaling.line_quality import LineMeter, Reason
from signaling.state import WAITING, Place, Room, SeatLive

SPEECH: Final[frozenset[Reason]] = frozenset({"loss_up", "loss_down", "delay", "no_media"})
"""Reasons of a bad line for which speech is not understood; jitter and pictures are not."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One live sitting at one moment. Seats by id."""

    sitting: str
    kind: str
    phase: Phase
    at: datetime
    clock_ms: int
    hearing: frozenset[str]
    """In the hearing and connected."""
    waiting: frozenset[str]
    """Connected, in the lobby: out of hearing, alone with whoever looks."""
    deaf: Mapping[str, datetime | None]
    """Who cannot hear or be heard, and since when where that is known."""
    gone: Mapping[str, datetime | None]
    """Who misses the sitting, and since when."""
    microphones: frozenset[str]
    """Seats whose microphone is open."""
    private: tuple[frozenset[str], ...]
    """Who is together in each open private room."""
    pages: Mapping[str, str]
    """Seat to the page that holds it."""
    sworn: frozenset[str] = frozenset()
    """Who took the oath, or affirmed."""

    @property
    def on_record(self) -> bool:
        """What is said now is recorded."""
        return self.phase is Phase.ON_RECORD

    def same(self, other: "Sight | None") -> bool:
        """Whether nothing changed but the time."""
        return other is not None and all(
            getattr(self, name) == getattr(other, name)
            for name in (
                "phase",
                "hearing",
                "waiting",
                "deaf",
                "gone",
                "microphones",
                "private",
                "sworn",
            )
        )


Watch = Callable[[Sight], None]
"""Told after each change of a live room, in order, under its lock. Never waits."""


def sight(room: Room, lines: Mapping[str, LineMeter], now: datetime) -> Sight:
    """What there is to see of `room` at `now`."""
    seats = room.live.seats
    hearing = {id for id, seat in seats.items() if seat.place is Place.HEARING and seat.present}
    return Sight(
        sitting=room.sitting.id,
        kind=room.kind.code,
        phase=room.live.phase,
        at=now,
        clock_ms=room.clock_ms(now),
        hearing=frozenset(hearing),
        waiting=frozenset(
            id for id, seat in seats.items() if seat.place in WAITING and seat.present
        ),
        deaf={
            id: seats[id].missing.since if seats[id].missing else None  # type: ignore[union-attr]
            for id in sorted(hearing)
            if _deaf(seats[id], lines.get(id))
        },
        gone={
            id: seat.missing.since if seat.missing else None
            for id, seat in seats.items()
            if id not in hearing
        },
        microphones=frozenset(id for id in hearing if seats[id].microphone),
        private=tuple(
            frozenset(id for id in one.seats if seats[id].place is Place.PRIVATE)
            for one in room.live.private.values()
            if one.opened_at is not None
        ),
        pages={id: seat.client for id, seat in seats.items() if seat.present},
        sworn=frozenset(id for id, seat in seats.items() if seat.oath in ("taken", "affirmed")),
    )


def _deaf(seat: SeatLive, line: LineMeter | None) -> bool:
    if seat.cut or (seat.microphone and "microphone" in seat.silent):
        return True
    return (
        line is not None and line.grade == "bad" and bool(SPEECH & {*line.reasons[:1]})
    )  # worst first
