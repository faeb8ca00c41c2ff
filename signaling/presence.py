"""Coming, going and coming back: a seat outlives its connections.

A person whose socket and media are both gone for `AWAY` is not present any more. Shorter losses
are still told and written down as missed, from `NOTICED` on.
"""

from datetime import datetime, timedelta

from errors import N_, Forbidden, Refusal
from sessions.kind import Admission
from sessions.phase import FINAL, IN_SESSION, Phase, Step
from signaling import facts as f
from signaling.missing import why_away
from signaling.room import settle
from signaling.state import Deputy, Place, Room

AWAY = timedelta(seconds=15)
NOTICED = timedelta(seconds=3)
LOBBY_OPENS = timedelta(minutes=60)
"""Before the booked time (law.md R-LW-01: counsel are in the waiting room before the time)."""


def open_lobby(room: Room, now: datetime) -> list[f.Fact]:
    """The lobby of a sitting that nobody has entered. Raises Refusal `sitting.too_early`."""
    phase = room.live.phase
    if phase in FINAL:
        raise over()
    if phase is not Phase.SCHEDULED:
        return []
    opens = room.sitting.starts_at - LOBBY_OPENS
    if now < opens:
        raise Refusal(
            "sitting.too_early",
            N_("The lobby opens 60 minutes before the sitting. Come back then."),
            opens_at=opens.isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
    return [f.PhaseChanged(Step.OPEN_LOBBY, Phase.LOBBY, "")]


def arrive(
    room: Room,
    seat_id: str,
    now: datetime,
    *,
    client: str,
    gone_since: datetime | None,
    deaf: bool = False,
    deputy: Deputy | None = None,
) -> list[f.Fact]:
    """A page came in on a seat. Raises Refusal `sitting.over`, Forbidden `seat.removed`.

    `client`: the page, another one than before or the same. `gone_since`: since when the seat had
    neither socket nor media, though it still counts as present; None where it had one. `deaf`: its
    media is not back yet, so that it goes on missing what is said.
    """
    if room.live.phase in FINAL:
        raise over()
    seat = room.at(seat_id)
    if seat.place is Place.REMOVED:
        raise removed()
    place = _arrival(room, seat_id)
    facts: list[f.Fact] = []
    same = client == seat.client and deputy == seat.deputy
    if not seat.present or not same or place is not seat.place:
        facts.append(f.SeatJoined(seat_id, place, client, deputy))
    if deaf and not seat.present and place is Place.HEARING and seat.admitted:
        facts.append(f.LineCut(seat_id, True))
    if seat.present and gone_since is not None and now - gone_since >= NOTICED:
        hears = seat.admitted and seat.place is Place.HEARING and room.live.phase in IN_SESSION
        if hears and why_away(room, seat_id) is None:
            since = max(gone_since, room.live.phase_since)
            facts.append(f.MissedUntil(seat_id, since, now, "disconnected"))
    return settle(room, facts, now)


def _arrival(room: Room, seat_id: str) -> Place:
    place = room.at(seat_id).place
    opened = room.live.phase in IN_SESSION or room.live.phase is Phase.RECESS
    enters = opened and room.admission(seat_id) is Admission.SELF
    if enters and place in (Place.OUTSIDE, Place.LOBBY):
        return Place.HEARING
    return room.waiting_place(seat_id) if place is Place.OUTSIDE else place


def lost(room: Room, seat_id: str, last_seen: datetime) -> list[f.Fact]:
    """A seat has had neither socket nor media for `AWAY`. It keeps its place."""
    if not room.at(seat_id).present:
        return []
    since = last_seen
    if room.live.phase in IN_SESSION:
        since = max(last_seen, room.live.phase_since)
    return settle(room, [f.SeatLeft(seat_id, "lost")], since)


def line_cut(room: Room, seat_id: str, since: datetime) -> list[f.Fact]:
    """No media reaches a seat in the hearing, since a moment that may lie in the past."""
    since = max(since, room.live.phase_since)
    return settle(room, [f.LineCut(seat_id, True)], since)


def line_back(room: Room, seat_id: str, at: datetime) -> list[f.Fact]:
    """Media reaches the seat again."""
    return settle(room, [f.LineCut(seat_id, False)], at)


def restored(room: Room, seen_at: datetime) -> list[f.Fact]:
    """What a killed process leaves: nobody is connected, nothing is recorded.

    `seen_at` is the last sign of life of that process.
    """
    facts: list[f.Fact] = []
    if room.live.record == "starting":
        facts.append(f.RecordNotStarted("restart"))
    if room.live.phase is Phase.ON_RECORD:
        facts.append(f.RecordStopped("interrupted", "restart"))
        facts.append(f.PhaseChanged(Step.SUSPEND, Phase.TECH_SUSPENDED, ""))
    facts += [
        f.SeatLeft(seat.id, "lost") for seat in room.sitting.seats if room.at(seat.id).present
    ]
    return settle(room, facts, max(seen_at, room.live.phase_since))


def removed() -> Forbidden:
    """Somebody whom a host removed."""
    return Forbidden(
        "seat.removed", N_("You were removed from the hearing. Only a host can let you back in.")
    )


def over() -> Refusal:
    """Nobody comes into a sitting that has ended."""
    return Refusal("sitting.over", N_("This sitting is over. Nothing can be changed."))
