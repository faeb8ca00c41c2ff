"""Who should hear the sitting and gets nothing of it, told from what their connections say. Pure.

A seat that takes in the hearing answers on its subscribe connection at least every second: reports,
checks of its own, or answers to ours (`media_room.PING_AFTER`). When nothing came for `CUT_AFTER`,
the person has heard nothing since the last sign, whatever the signalling socket says.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sessions.phase import IN_SESSION
from signaling.engine import LineReport
from signaling.routing import space_of
from signaling.state import Place, Room

CUT_AFTER = timedelta(seconds=2)
"""With a look each second, noticed at most 3 s after the last sign. Two questions were not
answered by then."""
BACK = timedelta(seconds=1.5)
"""A sign of life this young: the line is back."""


class Change(NamedTuple):
    """A seat's line was cut, or is back, at a moment that may lie in the past."""

    seat: str
    cut: bool
    at: datetime


class Listening:
    """The last moment at which each seat heard the sitting, or need not."""

    def __init__(self) -> None:
        self._heard: dict[str, datetime] = {}

    def look(self, room: Room, report: Mapping[str, LineReport], now: datetime) -> Iterator[Change]:
        """What changed since the last look. Look once a second."""
        for seat, live in room.live.seats.items():
            if not _should_hear(room, seat):
                self._heard[seat] = now
                if live.cut and live.present:
                    yield Change(seat, False, now)
                continue
            line = report.get(seat)
            if line is None or line.unheard_for is None:  # never had media here
                continue
            sign = now - timedelta(seconds=line.unheard_for)
            heard = self._heard[seat] = max(self._heard.get(seat, sign), sign)
            if live.cut:
                if now - sign < BACK:
                    yield Change(seat, False, sign)
            elif now - heard >= CUT_AFTER:
                yield Change(seat, True, heard)


def is_deaf(line: LineReport | None) -> bool:
    """Whether a seat had media and gets none now."""
    return (
        line is not None
        and line.unheard_for is not None
        and line.unheard_for >= CUT_AFTER.total_seconds()
    )


def _should_hear(room: Room, seat: str) -> bool:
    live = room.at(seat)
    return (
        live.present
        and live.place is Place.HEARING
        and room.live.phase in IN_SESSION
        and space_of(room, seat) is not None
    )
