"""The account of a record, for people: its life with who and why, its alarms, who missed what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.person import Person
from errors import N_
from recordings import store
from recordings.access.scope import Scope
from recordings.manifest import Happening
from recordings.playback import Playback, is_on_bench, seat_name
from recordings.recovery import NOBODY
from recordings.state import Move, State, Step
from sessions import store as sessions
from sessions.alarm import LABELS, label

STATES: dict[State, str] = {
    State.STANDBY: N_("Not recording"),
    State.INITIALISING: N_("Starting the record and proving it"),
    State.RECORDING: N_("Recording"),
    State.SUSPENDED: N_("The record is suspended"),
    State.INTERRUPTED: N_("The record was interrupted"),
    State.PROCESSING: N_("Closed, being compared with the log"),
    State.AVAILABLE: N_("Closed, every part is as it was recorded"),
    State.FAILED: N_("Closed, a part is missing or altered"),
    State.NO_RECORDING: N_("Never on record"),
}
DESTROYED = N_("Sound and picture were destroyed by order of the court")
REFUSED = N_("The proof failed, nothing was kept")
WHYS = {
    "off_record": N_("Off record"),
    "recess": N_("Recess"),
    "closed": N_("End of the sitting"),
    "interrupted": N_("The server stopped"),
    "record.stopped": N_("Stopped during the proof"),
    "record.no_tracks": N_("Nobody sent sound or picture"),
    "recording.damaged": N_("A part is missing or altered"),
}
AWAY = {
    "private": N_("in a private consultation"),
    "disconnected": N_("connection lost"),
    "lobby": N_("in the lobby"),
    "removed": N_("taken out of the sitting"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the life of a record. `what` and `why` are message ids, `by` a name or empty."""

    at: datetime
    what: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm. `tracks` are names, `noted_by` too."""

    at: datetime
    what: str
    suspended: bool
    tracks: tuple[str, ...]
    noted_by: str
    noted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody missed these seconds. `why` is a message id."""

    name: str
    start: datetime
    end: datetime
    seconds: int
    why: str
    noted_by: str
    noted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """All of it; `state` is a message id."""

    state: str
    life: list[Line]
    alarms: list[Raised]
    absences: list[Absence]


Names = Callable[[str], str]


async def account(
    playback: Playback, person: Person, sitting_id: str, viewing: str, language: str
) -> Account:
    """What a person who has a viewing may read of it. Raises Forbidden, NotFound."""
    async with playback.database.unit(write=False) as session:
        granted = await playback.granted(session, person, sitting_id, viewing)
        moves = await store.moves(session, sitting_id)
        journal = [
            Happening(item.at, item.type, item.seat, item.data)
            for item in await sessions.events(session, sitting_id)
        ]
    sitting = granted.sitting
    bench = is_on_bench(person, sitting)

    def name(seat_id: str) -> str:
        seat = sitting.seat(seat_id)
        return seat_name(sitting, seat, language, bench=bench) if seat else ""

    epoch = granted.row.epoch or granted.row.created_at
    told = [item for item in journal if _may_be_told(item, epoch, granted.scope)]
    gone = granted.row.sealed_at is not None and granted.row.wrapped_key is None
    return Account(
        DESTROYED if gone else STATES[State(granted.row.state)],
        [_line(item, name) for item in moves],
        list(alarms(told, name)),
        list(absences(told, name)),
    )


def _may_be_told(item: Happening, epoch: datetime, scope: Scope) -> bool:
    ms = max(0, (item.at - epoch) // timedelta(milliseconds=1))
    return scope.has_moment(ms, item.seat or "")


def _line(item: Move, name: Names) -> Line:
    what = REFUSED if item.step is Step.REFUSE else STATES[item.after]
    why = WHYS.get(item.why) or (label(item.why) if item.why else "")
    return Line(item.at, what, "" if item.by == NOBODY else name(item.by), why)


def alarms(journal: Iterable[Happening], name: Names) -> Iterable[Raised]:
    """Alarms and warnings with what a host noted of them."""
    found = list(journal)
    noted = {item.data.get("alarm"): item for item in found if item.type == "recording.noted"}
    for item in found:
        if item.type not in ("recording.alarm", "recording.warning"):
            continue
        note = noted.get(item.data.get("alarm"))
        code = str(item.data.get("code", ""))
        seats = (str(track).rpartition("-")[0] for track in item.data.get("tracks", ()))
        yield Raised(
            item.at,
            LABELS.get(code, label(code)),
            item.type == "recording.alarm",
            tuple(dict.fromkeys(name(seat) for seat in seats)),
            name(str(note.data.get("by", ""))) if note else "",
            note.at if note else None,
        )


def absences(journal: Iterable[Happening], name: Names) -> Iterable[Absence]:
    """What was missed; a note counts for all that had begun before it."""
    found = list(journal)
    for item in found:
        if item.type != "missed" or not item.seat:
            continue
        start = datetime.fromisoformat(str(item.data["from"]))
        end = datetime.fromisoformat(str(item.data["until"]))
        notes = (
            other
            for other in found
            if other.type == "missed.noted" and other.seat == item.seat and other.at > start
        )
        note = next(notes, None)
        yield Absence(
            name(item.seat),
            start,
            end,
            max(1, round((end - start).total_seconds())),
            AWAY.get(str(item.data.get("why")), AWAY["disconnected"]),
            name(str(note.data.get("by", ""))) if note else "",
            note.at if note else None,
        )
