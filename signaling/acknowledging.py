"""Decisions of hosts who take note, for the record, of an alarm or of what somebody missed."""

from datetime import datetime, timedelta

from errors import N_, NotFound
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who, find_seat
from signaling.state import Room


def alarm(room: Room, who: Who, command: m.NoteAlarm) -> list[f.Fact]:
    """Once; who noted it first stays. Raises NotFound `record.no_alarm`."""
    found = next((item for item in room.live.alarms if item.id == command.alarm), None)
    if found is None:
        raise NotFound("record.no_alarm", N_("There is no such alarm. Reload the page."))
    return [] if found.noted_by else [f.AlarmNoted(found.id, who.seat)]


def absence(room: Room, who: Who, command: m.NoteAbsence, at: datetime) -> list[f.Fact]:
    """All that the seat missed and nobody noted, what it misses at this moment among it."""
    seat, live = find_seat(room, command.seat)
    stretches = [item for item in live.absences if not item.noted_by]
    if live.missing is not None and not live.missing.noted_by:
        stretches.append(live.missing)
    if not stretches:
        return []
    missed = sum(((item.until or at) - item.since for item in stretches), timedelta())
    ms = missed // timedelta(milliseconds=1)
    return [f.AbsenceNoted(seat.id, who.seat, len(stretches), ms)]
