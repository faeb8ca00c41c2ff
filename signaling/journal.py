"""What the record keeps of a fact: a journal entry and an audit leaf.

The journal is the sitting's own (it holds texts); the leaf is public for ever, so it holds ids and
codes, and each text only as a salted commitment whose salt is in the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sessions.seat import Identity
from signaling import facts as f
from signaling.ports import Exhibit

LEGAL = frozenset(
    {
        "open",
        "on_record",
        "off_record",
        "recess",
        "resume",
        "adjourn",
        "reserve",
        "close",
        "admit",
        "to_lobby",
        "remove",
        "readmit",
        "identity",
        "admit_unproved",
        "declare_alone",
        "room_seen",
        "oath",
        "heard",
        "roll_call",
        "attest",
        "publicity",
        "private_invite",
        "private_answer",
        "private_return",
        "officer_out",
        "note",
        "rule_exhibit",
    }
)
"""Commands that are answered only when a signed checkpoint covers what they wrote."""


FLOOR = "floor"
"""What the journal calls the sound of the room itself, where a channel is a language tag."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `codes` is for both; `texts` is committed to in the leaf."""

    type: str
    seat: str | None = None
    codes: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def stamp(at: datetime) -> str:
    """RFC 3339 UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry(fact: f.Fact) -> Entry | None:
    """The entry of a fact; None for what is no event of the sitting."""
    make = _ENTRIES.get(type(fact))
    found = make(fact) if make else None
    if found is None:
        return None
    texts = {name: text for name, text in found.texts.items() if text}
    codes = {name: value for name, value in found.codes.items() if value not in (None, "")}
    return Entry(found.type, found.seat, codes, texts)


def _phase(fact: f.PhaseChanged) -> Entry:
    codes = {
        "by": fact.by,
        "until": stamp(fact.until) if fact.until else None,
        "to": stamp(fact.to) if fact.to else None,
    }
    return Entry(f"phase.{fact.phase.value}", None, codes, {"reason": fact.reason})


def _seat_joined(fact: f.SeatJoined) -> Entry:
    codes = {"place": fact.place.value}
    if fact.deputy:
        codes |= {"deputy": fact.deputy.person, "acts_for": fact.deputy.acts_for}
    return Entry("seat.joined", fact.seat, codes)


def _proven(fact: f.RecordProven) -> Entry:
    tracks = [f"{seat}-{source}" for seat, source in fact.tracks]
    return Entry("recording.started", None, {"by": fact.by, "tracks": tracks})


def _stopped(fact: f.RecordStopped) -> Entry | None:
    if fact.how == "suspended":
        return None  # the alarm before it says so
    name = {"off": "stopped", "interrupted": "interrupted"}[fact.how]
    return Entry(f"recording.{name}", None, {"by": fact.by, "code": fact.code})


def _alarmed(fact: f.RecordAlarmed) -> Entry:
    name = "alarm" if fact.suspends else "warning"
    tracks = [f"{seat}-{source}" for seat, source in fact.tracks]
    codes = {"alarm": fact.alarm, "code": fact.code, "tracks": tracks or None}
    return Entry(f"recording.{name}", None, codes)


def _absence_noted(fact: f.AbsenceNoted) -> Entry:
    return Entry(
        "missed.noted", fact.seat, {"by": fact.by, "stretches": fact.stretches, "ms": fact.ms}
    )


def _attested(fact: f.Attested) -> Entry:
    found = fact.attestation
    codes = {
        "by": found.by,
        "identity": found.identity,
        "restraints_off": found.restraints_off,
        **({"device": found.device} if found.device else {}),
    }
    return Entry("attestation", fact.seat, codes, {"others": found.others})


def _identity(fact: f.IdentityChecked) -> Entry:
    codes = {"by": fact.by, "result": fact.result.value, "document": fact.document}
    proved = fact.result is Identity.VERIFIED
    name = "identity" if proved else "identity.not_proved"
    return Entry(name, fact.seat, codes, {"last4": fact.last4})


def _looked(fact: f.Looked) -> Entry | None:
    """The beginning of a look; it ends with the check, or with the waiting."""
    return Entry("look", fact.seat, {"by": fact.by}) if fact.seat else None


def _private_ended(fact: f.PrivateEnded) -> Entry | None:
    """Invitations that came to nothing are nobody's business."""
    if fact.opened_at is None:
        return None
    return Entry("private.ended", None, {"private": fact.room, "how": fact.how})


def _missed(fact: f.MissedUntil) -> Entry:
    codes = {
        "from": stamp(fact.since),
        "until": stamp(fact.until),
        "ms": round((fact.until - fact.since).total_seconds() * 1000),
        "why": fact.why,
    }
    return Entry("missed", fact.seat, codes)


def _exhibit_shown(fact: f.ExhibitShown) -> Entry:
    one = fact.exhibit
    codes = {"by": fact.hand, "exhibit": one.id, "page": fact.page, "sha256": one.sha256}
    name = "exhibit.page" if fact.turned else "exhibit.shown"
    return Entry(name, None, codes | _sealed(one.named), {"text": _called(one)})


def _exhibit_ruled(fact: f.ExhibitRuled) -> Entry:
    one = fact.exhibit
    codes = {"by": fact.by, "exhibit": one.id, "sha256": one.sha256}
    return Entry(f"exhibit.{fact.ruling}", None, codes | _sealed(one.named), {"text": _called(one)})


def _called(exhibit: Exhibit) -> str:
    return f"{exhibit.mark} {exhibit.title}"


def _sealed(named: tuple[str, ...] | None) -> dict[str, Any]:
    """Of a sealed exhibit only those who may see it learn that it was shown."""
    return {} if named is None else {"sealed": True}


_ENTRIES: dict[type, Callable[[Any], Entry | None]] = {
    f.PhaseChanged: _phase,
    f.RecordProven: _proven,
    f.RecordStopped: _stopped,
    f.RecordAlarmed: _alarmed,
    f.AlarmNoted: lambda x: Entry("recording.noted", None, {"by": x.by, "alarm": x.alarm}),
    f.SeatJoined: _seat_joined,
    f.SeatLeft: lambda x: Entry("seat.left", x.seat, {"how": x.how}),
    f.Admitted: lambda x: Entry("seat.admitted", x.seat, {"by": x.by}),
    f.ToLobby: lambda x: Entry("seat.to_lobby", x.seat, {"by": x.by, "place": x.place.value}),
    f.Removed: lambda x: Entry("seat.removed", x.seat, {"by": x.by}, {"reason": x.reason}),
    f.Readmitted: lambda x: Entry("seat.readmitted", x.seat, {"by": x.by}),
    f.IdentityChecked: _identity,
    f.UnprovedAdmitted: lambda x: Entry(
        "identity.leave", x.seat, {"by": x.by}, {"reason": x.reason}
    ),
    f.RoomShown: lambda x: Entry(f"alone.{x.step}", x.seat, {"by": x.by}, {"others": x.others}),
    f.OathDone: lambda x: Entry(f"oath.{x.result}", x.seat, {"by": x.by}),
    f.Looked: _looked,
    f.Attested: _attested,
    f.WitnessHeard: lambda x: Entry("seat.heard", x.seat, {"by": x.by}),
    f.MediaSilent: lambda x: Entry(
        "media.silent" if x.silent else "media.back", x.seat, {"source": x.source}
    ),
    f.LineCut: lambda x: Entry("line.cut" if x.cut else "line.back", x.seat, {}),
    f.MediaInterrupted: lambda _: Entry("media.interrupted"),
    f.MediaRestored: lambda x: Entry("media.restored", None, {"ms": x.ms}),
    f.RollCalled: lambda x: Entry("roll_call", None, {"by": x.by, "entries": x.entries}),
    f.FloorGiven: lambda x: Entry("floor", x.seat, {"by": x.by}),
    f.Muted: lambda x: Entry("mute", x.seat, {"by": x.by, "lock": x.lock}),
    f.Unlocked: lambda x: Entry("unlock", x.seat, {"by": x.by}),
    f.ScreenAllowed: lambda x: Entry("screen", x.seat, {"by": x.by, "allowed": x.allowed}),
    f.CannotHearSet: lambda x: Entry("cannot_hear", x.seat, {"on": x.on}),
    f.Interpreting: lambda x: Entry("interpreting", x.seat, {"channel": x.channel or FLOOR}),
    f.Listening: lambda x: Entry("listening", x.seat, {"channel": x.channel or FLOOR}),
    f.PublicitySet: lambda x: Entry(
        "publicity", None, {"by": x.by, "public": x.public}, {"reason": x.reason}
    ),
    f.AgendaSet: lambda x: Entry("agenda", None, {"by": x.by, "step": x.step, "state": x.state}),
    f.Turned: lambda x: Entry(
        "turn", None, {"by": x.by, "document": x.document, "page": x.page, "pages": x.pages}
    ),
    f.ExhibitShown: _exhibit_shown,
    f.ExhibitHidden: lambda x: Entry(
        "exhibit.withdrawn", None, {"by": x.by, "exhibit": x.exhibit} | _sealed(x.named)
    ),
    f.ExhibitRuled: _exhibit_ruled,
    f.ExhibitsAllowed: lambda x: Entry("exhibit.leave", x.seat, {"by": x.by, "allowed": x.allowed}),
    f.Noted: lambda x: Entry("note", None, {"by": x.by}, {"text": x.text}),
    f.DelaySet: lambda x: Entry("delay", None, {"by": x.by, "minutes": x.minutes}),
    f.PrivateOpened: lambda x: Entry(
        "private.opened", None, {"private": x.room, "seats": sorted(x.before)}
    ),
    f.PrivateLeft: lambda x: Entry("private.ended", None, {"private": x.room, "seats": [x.seat]}),
    f.PrivateEnded: _private_ended,
    f.MissedUntil: _missed,
    f.AbsenceNoted: _absence_noted,
}
