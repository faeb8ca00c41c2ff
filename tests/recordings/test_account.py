"""What people read of a record's life: alarms and absences, and that the court took note."""

from datetime import UTC, datetime, timedelta

from recordings.account import AWAY, STATES, WHYS, absences, alarms
from recordings.manifest import Happening, chapters
from recordings.state import State
from sessions.alarm import Alarm, label

EPOCH = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def missed(seat: str, start: float, end: float) -> Happening:
    data = {
        "from": at(start).isoformat(),
        "until": at(end).isoformat(),
        "ms": round((end - start) * 1000),
        "why": "disconnected",
    }
    return Happening(at(end), "missed", seat, data)


NOTED = Happening(at(35), "missed.noted", "counsel", {"by": "clerk", "stretches": 1, "ms": 10_000})


def test_a_note_counts_for_what_had_begun() -> None:
    journal = [
        missed("counsel", 10, 20),
        missed("victim", 12, 14),
        NOTED,
        missed("counsel", 30, 40),  # it lasted while the clerk noted it
        missed("counsel", 50, 52),
    ]
    found = list(absences(journal, str.title))
    assert [(one.name, one.seconds, one.noted_by) for one in found] == [
        ("Counsel", 10, "Clerk"),
        ("Victim", 2, ""),
        ("Counsel", 10, "Clerk"),
        ("Counsel", 2, ""),
    ]
    assert found[0].noted_at == at(35)
    assert (found[0].start, found[0].end, found[0].why) == (at(10), at(20), AWAY["disconnected"])


def test_the_bundle_s_chapters_tell_it_too() -> None:
    one, two = chapters([missed("counsel", 10, 20), NOTED], EPOCH, 60_000, {})
    assert one == {"clock_ms": 20_000, "type": "missed", "seat": "counsel", "seconds": 10,
                   "from_ms": 10_000, "to_ms": 20_000}  # fmt: skip
    assert two == {"clock_ms": 35_000, "type": "missed.noted", "seat": "counsel", "by": "clerk"}


def test_alarms_and_who_noted_them() -> None:
    journal = [
        Happening(at(1), "recording.warning", None,
                  {"alarm": 1, "code": "record.black", "tracks": ["counsel-camera"]}),
        Happening(at(2), "recording.alarm", None, {"alarm": 2, "code": "record.disk_full"}),
        Happening(at(3), "recording.noted", None, {"alarm": 2, "by": "judge"}),
    ]  # fmt: skip
    black, full = alarms(journal, str.title)
    assert (black.what, black.suspended, black.tracks) == (label(Alarm.BLACK), False, ("Counsel",))
    assert (black.noted_by, black.noted_at) == ("", None)
    assert (full.suspended, full.tracks, full.noted_by) == (True, (), "Judge")
    assert full.noted_at == at(3)


def test_everything_has_words() -> None:
    assert set(STATES) == set(State)
    assert all(WHYS.values())
