"""The state as one seat may know it (docs/protocol.md, State).

What a seat may not know is not in its message; a page that hides something is no protection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import i18n
from auth import policy
from errors import Refusal
from sessions.alarm import label
from sessions.door import door, oath
from sessions.kind import Recording
from sessions.phase import IN_SESSION, Phase
from sessions.pseudonym import pseudonym
from sessions.rules import in_force
from sessions.seat import LABELS, Seat
from signaling import channels
from signaling import messages as m
from signaling.exhibits import listed, may_present, ruling, shown_to
from signaling.guards import Who, check, context
from signaling.journal import stamp
from signaling.ports import Exhibit, RecordStatus
from signaling.protecting import screened
from signaling.room import decide
from signaling.routing import leave_to_send, looked_at, looks_at, officer_near, space_of
from signaling.state import MAIN, Missed, Place, PrivateRoom, Room, clients_of

Line = Literal["good", "poor", "bad", ""]

GREYED = (
    "open",
    "on_record",
    "off_record",
    "recess",
    "resume",
    "adjourn",
    "reserve",
    "close",
    "private_invite",
    "show_exhibit",
)
"""Commands that the page shows even while they are not possible, with the reason."""

_PROBES: dict[str, m.Command] = {
    "open": m.Open(),
    "on_record": m.OnRecord(),
    "resume": m.Resume(),
    "close": m.Close(),
    "leave": m.Leave(),
    "declare_alone": m.DeclareAlone(),
    "private_return": m.PrivateReturn(),
}
"""Commands without fields: asked of the room itself, so that 'may' is exactly what it would say."""

_INSIDE = (Place.HEARING, Place.PRIVATE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not in the room's own state: the record's status now, and the lines."""

    now: datetime
    status: RecordStatus | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)
    reasons: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Why a line is not good (`line_quality.Reason`)."""


def view(room: Room, who: Who, language: str, around: Surroundings) -> dict[str, Any]:
    """The whole state for `who`, as JSON values."""
    live = room.live
    seat = room.at(who.seat)
    host = room.is_host(who.seat)
    inside = seat.place in _INSIDE
    return {
        "version": live.version,
        "sitting": _sitting(room, language),
        "phase": live.phase.value,
        "phase_since": stamp(live.phase_since),
        "delay": _delay(room),
        "recess_until": _time(live.recess_until) if live.phase is Phase.RECESS else None,
        "outcome": _outcome(room),
        "record": _record(room, around, language, host=host, inside=inside or host),
        "me": _me(room, who, language, around),
        "seats": [
            _seat(room, other, who, language, around)
            for other in room.sitting.seats
            if sees(room, who.seat, other.id)
        ],
        "floor": live.floor if inside or host else None,
        "agenda": _agenda(room, language) if inside or host else [],
        "reading": _reading(room) if inside or host else None,
        "exhibit": _exhibit(room, who.seat),
        "exhibits": [_filed(room, one, who.seat, language) for one in listed(room, who.seat)],
        "notes": _notes(room, language) if host else [],
        "private": _private(room, who.seat, host),
        "channels": _channels(room, who.seat, host=host, inside=inside),
    }


def sees(room: Room, viewer: str, other: str) -> bool:
    """Whether `viewer` may know that and where `other` is."""
    if viewer == other or room.is_host(viewer):
        return True
    if _own_side(room.seat(viewer), room.seat(other)):
        return True
    private = room.private_of(viewer)
    if private is not None and other in private.seats:
        return True
    return room.at(viewer).place in _INSIDE and room.at(other).place in _INSIDE


def _own_side(one: Seat, other: Seat) -> bool:
    return other.id in clients_of(one) or one.id in clients_of(other)


def _sitting(room: Room, language: str) -> dict[str, Any]:
    sitting = room.sitting
    return {
        "id": sitting.id,
        "case_number": sitting.case_number,
        "case_title": sitting.case_title,
        "kind": room.kind.code,
        "kind_title": i18n.translate(language, room.kind.title),
        "languages": list(sitting.languages),
        "starts_at": stamp(sitting.starts_at),
        "duration_minutes": int(sitting.duration.total_seconds() // 60),
        "recording": room.kind.recording.value,
        "public": room.live.public,
        "private_consultation": room.kind.private_consultation,
    }


def _reading(room: Room) -> dict[str, Any] | None:
    now = room.live.reading
    return {"document": now.document, "page": now.page, "pages": now.pages} if now else None


def _exhibit(room: Room, viewer: str) -> dict[str, Any] | None:
    """What is shown now, for a seat that may see it. Nobody else learns of it."""
    found, now = shown_to(room, viewer), room.live.showing
    if found is None or now is None:
        return None
    return {
        "id": found.id,
        "mark": found.mark,
        "title": found.title,
        "page": now.page,
        "pages": found.pages,
        "by": now.by,
    }


def _filed(room: Room, one: Exhibit, viewer: str, language: str) -> dict[str, Any]:
    by = room.sitting.seat(one.by)
    return {
        "id": one.id,
        "mark": one.mark,
        "title": one.title,
        "pages": one.pages,
        "by": by.name(language) if by else "",
        "mine": one.by == viewer,
        "sealed": one.named is not None,
        "ruling": ruling(room, one.id),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _delay(room: Room) -> dict[str, Any] | None:
    delay = room.live.delay
    return None if delay is None else {"minutes": delay.minutes, "until": stamp(delay.until)}


def _outcome(room: Room) -> dict[str, Any] | None:
    outcome = room.live.outcome
    if outcome is None:
        return None
    return {"reason": outcome.reason, "adjourned_to": _time(outcome.adjourned_to)}


def record(
    room: Room, around: Surroundings, language: str, *, host: bool, inside: bool
) -> dict[str, Any]:
    """The record's part of the state; also sent alone while on record."""
    live, status = room.live, around.status
    found: dict[str, Any] = {
        "state": live.record,
        "since": _time(live.record_since),
        "verified_at": None,
        "clock_ms": room.clock_ms(around.now) if inside else 0,
        "tracks": [],
        "alarms": _alarms(room, language) if host else [],
    }
    if status is not None and inside and live.record == "recording":
        found["verified_at"] = _time(status.verified_at)
    if status is not None and host:
        found["tracks"] = [
            {
                "seat": track.seat,
                "source": track.source,
                "ok": track.ok,
                "reason": track.reason,
                "reason_text": i18n.translate(language, label(track.reason))
                if track.reason
                else "",
                "level_db": track.level_db,
                "luma": track.luma,
                "verified_at": _time(track.verified_at),
            }
            for track in status.tracks
        ]
    return found


def _alarms(room: Room, language: str) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "at": stamp(item.at),
            "code": item.code,
            "text": i18n.translate(language, label(item.code)),
            "tracks": [{"seat": seat, "source": source} for seat, source in item.tracks],
            "suspends": item.suspends,
            "noted_by": item.noted_by,
            "noted_at": _time(item.noted_at),
        }
        for item in room.live.alarms
    ]


_record = record


def _me(room: Room, who: Who, language: str, around: Surroundings) -> dict[str, Any]:
    seat = room.at(who.seat)
    may, why_not = may_and_why_not(room, who, around.now)
    private = room.private_of(who.seat)
    return {
        "seat": who.seat,
        "role": room.seat(who.seat).role.value,
        "host": room.is_host(who.seat),
        "operates_room": who.operates_room,
        "place": seat.place.value,
        "locked": seat.locked,
        "may": may,
        "why_not": why_not,
        "private": private.id if private else None,
        "missed": [_missed(stretch) for stretch in seat.missed],
        "missing_since": _time(seat.missing.since) if seat.missing else None,
        "hears": space_of(room, who.seat) is not None,
        "looks_at": looks_at(room, who.seat),
        "looked_at": looked_at(room, who.seat),
        "files_exhibits": bool(policy.decide(who.person, "exhibit.file", context(room, who))),
    }


def may_and_why_not(
    room: Room, who: Who, now: datetime
) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Commands that are possible now, by the same guards that decide them.

    One that first asks for a step-up or a confirmation is offered: the answer asks for it.
    """
    who = who.once_sure()
    may: list[str] = []
    why_not: dict[str, dict[str, Any]] = {}
    for name in m.COMMANDS:
        try:
            _ask(room, who, name, now)
        except Refusal as refusal:
            if name in GREYED:
                why_not[name] = {
                    "code": refusal.code,
                    "message": refusal.message,
                    "params": refusal.params,
                }
        else:
            may.append(name)
    return may, why_not


def _ask(room: Room, who: Who, name: str, now: datetime) -> None:
    probe = _PROBES.get(name)
    if probe is not None:
        decide(room, who, probe, now)
    else:
        check(room, who, name)


def _missed(stretch: Missed) -> dict[str, Any]:
    until = stretch.until or stretch.since
    return {
        "from": stamp(stretch.since),
        "to": stamp(until),
        "seconds": round((until - stretch.since).total_seconds()),
        "why": stretch.why,
    }


def _absence(stretch: Missed) -> dict[str, Any]:
    noted = {"noted_by": stretch.noted_by, "noted_at": _time(stretch.noted_at)}
    return _missed(stretch) | noted


def _seat(room: Room, seat: Seat, who: Who, language: str, around: Surroundings) -> dict[str, Any]:
    live = room.at(seat.id)
    found: dict[str, Any] = {
        "id": seat.id,
        "role": seat.role.value,
        "role_title": i18n.translate(language, LABELS[seat.role]),
        "name": (live.deputy or seat).name(language),
        "acts_for": seat.name(language) if live.deputy else "",
        "represents": sorted(seat.represents),
        "place": live.place.value,
        "present": live.present,
        "sources": {
            "microphone": live.microphone,
            "camera": live.camera,
            "screen": live.screen,
        },
        "silent": sorted(live.silent),
        "permitted": sorted(leave_to_send(room, seat.id)),
        "locked": live.locked,
        "presents": live.presents if may_present(room, seat) else None,
        "hand": _time(live.hand),
        "floor": room.live.floor == seat.id,
        "cannot_hear": live.cannot_hear,
        "roll": live.roll,
        "heard": live.heard,
        "oath": live.oath,
        "interprets": list(channels.languages_of(room, seat.id)),
        "speaks": live.speaks,
        "screened": False,
        "guest": seat.person is None and seat.room is None,
    }
    found |= _known_to(room, seat, who, around)
    return found | (_protected(room, seat, language) if screened(room, who.seat, seat) else {})


def _protected(room: Room, seat: Seat, language: str) -> dict[str, Any]:
    """What a screened seat is told instead of the name, and that nothing comes."""
    return {
        "name": pseudonym(room.sitting, seat, language),
        "acts_for": "",
        "sources": {"microphone": False, "camera": False, "screen": False},
        "silent": [],
        "screened": True,
    }


def _known_to(room: Room, seat: Seat, who: Who, around: Surroundings) -> dict[str, Any]:
    """What hosts know of everybody, and each of the own seat."""
    live = room.at(seat.id)
    host = room.is_host(who.seat)
    own = seat.id == who.seat
    attestation, kit = live.attestation, live.kit
    found: dict[str, Any] = {
        "identity": live.identity.value,
        "attestation": None,
        "kit": None,
        "line": around.lines.get(seat.id, ""),
        "line_why": list(around.reasons.get(seat.id, ())),
        # For who compares it with a document: hosts, and the officer of that seat's room. Not for
        # the guest, whom it is to be compared with.
        "id_last4": seat.id_last4 if host or (own and who.operates_room) else "",
        "room": seat.room,
        "document": live.document,
        "unproved": live.unproved,
        "alone": live.alone,
        "shows_room": False,
        "oath_rule": None,
        "missed_seconds": live.missed_seconds,
        "missing_since": _time(live.missing.since) if live.missing else None,
        "missing_noted": live.missing is not None and bool(live.missing.noted_by),
        "absences": [_absence(stretch) for stretch in live.absences] if host else [],
        "listens": live.listens,
    }
    if not (host or own):
        nothing: dict[str, Any] = {
            "identity": "",
            "line": "",
            "line_why": [],
            "room": None,
            "missed_seconds": 0,
        }
        nothing |= {"document": "", "unproved": False, "alone": ""}
        return found | nothing | {"missing_since": None, "listens": None}
    found |= _at_the_door(seat, around.now.date())
    if attestation:
        found["attestation"] = {
            "at": stamp(attestation.at),
            "identity": attestation.identity,
            "restraints_off": attestation.restraints_off,
            "others": attestation.others,
        }
    if kit:
        found["kit"] = {
            "at": stamp(kit.at),
            "camera": kit.camera,
            "microphone": kit.microphone,
            "speaker": kit.speaker,
            "round_trip_ms": kit.round_trip_ms,
            "loss": kit.loss,
            "result": kit.result,
        }
    return found


def _at_the_door(seat: Seat, day: date) -> dict[str, Any]:
    """What the rules ask of this role: whether to show the room, and which oath."""
    rule = oath(in_force(), seat.role, day)
    shows = seat.role in door(in_force(), day).shows_room
    return {"shows_room": shows, "oath_rule": asdict(rule) if rule else None}


def _agenda(room: Room, language: str) -> list[dict[str, Any]]:
    found = []
    for step in room.kind.agenda:
        state = room.live.agenda.get(step.id)
        found.append(
            {
                "id": step.id,
                "title": i18n.translate(language, step.title),
                "source": step.source,
                "state": state.state if state else "open",
                "at": stamp(state.at) if state else None,
            }
        )
    return found


def _notes(room: Room, language: str) -> list[dict[str, Any]]:
    return [
        {
            "at": stamp(note.at),
            "clock_ms": room.clock_ms(note.at),
            "by": room.seat(note.by).name(language),
            "text": note.text,
        }
        for note in room.live.notes
    ]


def _channels(room: Room, viewer: str, *, host: bool, inside: bool) -> list[dict[str, Any]]:
    """What may be chosen to be heard, also by who still waits; who speaks into it and how many
    hear it is for hosts and interpreters to know."""
    knows = host or (inside and bool(channels.languages_of(room, viewer)))
    at = room.live.seats
    return [
        {
            "language": language,
            "seats": [
                seat
                for seat, live in at.items()
                if inside and live.speaks == language and live.place is Place.HEARING
            ],
            "listeners": sum(live.present and live.listens == language for live in at.values())
            if knows
            else None,
        }
        for language in channels.offered(room)
    ]


def _private(room: Room, viewer: str, host: bool) -> list[dict[str, Any]]:
    """Members see their own; hosts see that one is open or waits for the officer, and nothing of
    an invitation that may come to nothing."""
    found = []
    for private in room.live.private.values():
        state = _private_state(private)
        if viewer in private.seats or (host and state != "invited"):
            found.append(
                {
                    "id": private.id,
                    "seats": list(private.seats),
                    "state": state,
                    "since": stamp(private.opened_at or private.since),
                    "by": private.inviter,
                    "accepted": sorted(private.accepted),
                    "officers_out": sorted(private.officers_out),
                }
            )
    return found + _officer_waits(room, viewer, host)


def _private_state(private: PrivateRoom) -> str:
    if private.opened_at is not None:
        return "open"
    return "waiting_officer" if private.accepted == frozenset(private.seats) else "invited"


def _officer_waits(room: Room, viewer: str, host: bool) -> list[dict[str, Any]]:
    """Where recording is forbidden, a detained client hears once the officer cannot (R-DT-04)."""
    if room.kind.recording is not Recording.FORBIDDEN or room.live.phase not in IN_SESSION:
        return []
    return [
        {
            "id": MAIN,
            "seats": [seat.id],
            "state": "waiting_officer",
            "since": stamp(room.live.phase_since),
            "by": seat.id,
            "accepted": [seat.id],
            "officers_out": [],
        }
        for seat in room.sitting.seats
        if (host or viewer == seat.id)
        and room.at(seat.id).place is Place.HEARING
        and officer_near(room, seat.id)
    ]
