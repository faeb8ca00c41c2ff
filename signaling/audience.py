"""The pages of a live room and what they are told: states, events, the record's status, goodbye."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from signaling import facts as f
from signaling.change import Changes
from signaling.engine import Picture, Space, TrackId
from signaling.journal import stamp
from signaling.line_quality import LineMeter
from signaling.notices import notices
from signaling.page import NORMAL, OVER, REMOVED, RESTART, TAKEN_OVER, Page
from signaling.routing import space_of
from signaling.state import Place, Room
from signaling.view import Surroundings, record, view


class Audience:
    """One page for each seat that has one. Nothing here waits."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.pages: dict[str, Page] = {}
        self.lines: dict[str, LineMeter] = {}
        self.know_seats()

    @property
    def _room(self) -> Room:
        return self._changes.room

    def know_seats(self) -> None:
        """Seats may have been booked since."""
        for seat in self._room.sitting.seats:
            self.lines.setdefault(seat.id, LineMeter())

    # --- coming and going ------------------------------------------------------------------------

    def welcome(self, page: Page, facts: list[f.Fact]) -> None:
        """Let a page in, in the place of an older one of its seat."""
        old = self.pages.get(page.seat)
        self.pages[page.seat] = page
        if old is not None and old.client == page.client:
            old.socket.close(NORMAL)  # the same page came back before its loss was noticed
        elif old is not None:
            old.bye("taken_over", TAKEN_OVER)
        now = self._changes.tools.clock()
        state = self._view(page, now)
        page.shown = _lasting(state)
        page.socket.send({"type": "welcome", "you": page.seat, "now": stamp(now), "state": state})
        for notice in notices(self._room, facts):
            if page.seat in notice.to:
                page.event(notice.name, notice.params)

    def drop(self, page: Page) -> bool:
        """A page is gone; False where another one has its seat already."""
        if self.pages.get(page.seat) is not page:
            return False
        del self.pages[page.seat]
        return True

    def say_goodbye(self) -> None:
        """After the answer to whoever ended the sitting: all pages go."""
        self._dismiss("closed", OVER)

    def say_restart(self) -> None:
        """The process ends; pages come back to the next one."""
        self._dismiss("restart", RESTART)

    def _dismiss(self, reason: str, code: int) -> None:
        for page in list(self.pages.values()):
            page.bye(reason, code)
        self.pages.clear()

    # --- telling ---------------------------------------------------------------------------------

    def _around(self, now: datetime) -> Surroundings:
        lines = {seat: meter.grade for seat, meter in self.lines.items()}
        reasons = {seat: meter.reasons for seat, meter in self.lines.items()}
        status = self._changes.tools.desk.status(self._room.sitting.id)
        return Surroundings(now, status, lines, reasons)

    def _view(self, page: Page, now: datetime) -> dict[str, Any]:
        return view(self._room, page.who, page.language, self._around(now))

    def show(self, page: Page) -> None:
        """Send the whole state to one page (its language has changed)."""
        state = self._view(page, self._changes.tools.clock())
        page.shown = _lasting(state)
        page.socket.send({"type": "state", "state": state})

    def tell(self, facts: list[f.Fact]) -> None:
        """States to all for whom something changed, then what is worth saying aloud."""
        now = self._changes.tools.clock()
        for page in list(self.pages.values()):
            state = self._view(page, now)
            lasting = _lasting(state)
            if lasting != page.shown:
                page.shown = lasting
                page.socket.send({"type": "state", "state": state})
        for notice in notices(self._room, facts):
            for page in list(self.pages.values()):
                if page.seat in notice.to:
                    page.event(notice.name, notice.params)
        for fact in facts:
            if isinstance(fact, f.Removed) and (removed := self.pages.pop(fact.seat, None)):
                removed.bye("removed", REMOVED)

    def tell_status(self, now: datetime) -> None:
        """The record's part alone, to those who are in."""
        around = self._around(now)
        for page in self.pages.values():
            host = self._room.is_host(page.seat)
            if host or self._room.at(page.seat).place in (Place.HEARING, Place.PRIVATE):
                found = record(self._room, around, page.language, host=host, inside=True)
                page.socket.send({"type": "record", "record": found})

    def tell_speaking(self, space: Space, seats: tuple[str, ...]) -> None:
        """Who speaks, to those of that space: what is said in a private room stays there."""
        for page in self.pages.values():
            if space_of(self._room, page.seat) == space:
                page.socket.send({"type": "speaking", "seats": list(seats)})


def slots_message(connection: str, slots: Any) -> dict[str, Any]:
    """The `slots` message of a subscribe connection."""
    return {
        "type": "slots",
        "connection": connection,
        "slots": {
            mid: {"seat": track.seat, "source": track.source} for mid, track in slots.items()
        },
    }


def pictures_message(pictures: Mapping[TrackId, Picture]) -> dict[str, Any]:
    """The `pictures` message: what a page is sent of each camera and screen, and why not more."""
    return {
        "type": "pictures",
        "pictures": [
            {"seat": track.seat, "source": track.source, "layer": item.layer, "why": item.why}
            for track, item in pictures.items()
        ],
    }


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """What of a state is worth sending: not the version, and no clock."""
    lasting = {name: value for name, value in state.items() if name != "version"}
    lasting["record"] = {
        name: value
        for name, value in state["record"].items()
        if name not in ("clock_ms", "verified_at")
    }
    measured = ("level_db", "luma", "verified_at")
    lasting["record"]["tracks"] = [
        {name: value for name, value in track.items() if name not in measured}
        for track in state["record"]["tracks"]
    ]
    return lasting
