"""A first draft of minutes out of a sitting's journal, in the minutes' language. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import i18n
from errors import N_
from recordings.manifest import Happening
from recordings.minutes.minutes import CLERK_FIELD as CLERK
from recordings.minutes.minutes import JUDGE_FIELD as JUDGE
from recordings.minutes.minutes import SEAL_FIELD as SEAL
from recordings.minutes.minutes import Content, Entry, Minutes
from sessions.kinds import KINDS
from sessions.pseudonym import masked, pseudonym
from sessions.seat import LABELS, Seat, SeatRole
from sessions.sitting import Sitting

PLAIN = {
    "phase.on_record": N_("The sitting is opened and on record."),
    "phase.off_record": N_("The sitting goes off record."),
    "phase.recess": N_("The sitting is in recess."),
    "phase.tech_suspended": N_("The sitting is suspended for a technical fault."),
    "phase.adjourned": N_("The sitting is adjourned."),
    "phase.reserved_for_judgment": N_("The case is reserved for judgment."),
    "phase.closed": N_("The sitting is closed."),
    "private.opened": N_("A private consultation begins; nothing of it is recorded."),
    "private.ended": N_("The private consultation ends."),
    "recording.alarm": N_("The record was not proven, and the sitting was suspended."),
    "recording.interrupted": N_("The record was interrupted."),
    "exhibit.shown": N_("An exhibit is shown."),
    "exhibit.admitted": N_("The court admits an exhibit in evidence."),
    "exhibit.refused": N_("The court refuses an exhibit."),
}
NAMED = {
    "identity": N_("The identity of %(name)s was checked."),
    "identity.not_proved": N_("The identity of %(name)s was checked and not proved."),
    "identity.leave": N_("The presiding judge admitted %(name)s, whose identity is not proved."),
    "attestation": N_("The officer attested the identity of %(name)s."),
    "seat.admitted": N_("%(name)s came into the hearing."),
    "seat.removed": N_("%(name)s was removed from the hearing."),
    "seat.heard": N_("%(name)s has been heard and was released."),
    "oath.taken": N_("%(name)s took the oath."),
    "oath.affirmed": N_("%(name)s affirmed instead of an oath."),
    "oath.refused": N_("%(name)s refused the oath."),
    "oath.not_sworn": N_("%(name)s was heard without an oath, too young for it."),
    "alone.confirmed": N_("The court saw that %(name)s is alone in the room."),
    "alone.not_alone": N_("%(name)s is not alone in the room."),
}
MISSED = N_("%(name)s missed %(seconds)s seconds; the line was cut or away.")
ROLL = N_("The roll was called.")
PUBLIC, SECRET = N_("The sitting is held in public."), N_("The sitting is held in secret.")
STEP = N_("Step of the sitting: %(step)s")
ROLES_FIRST = (
    SeatRole.PRESIDING_JUDGE,
    SeatRole.PANEL_JUDGE,
    SeatRole.PROSECUTOR,
    SeatRole.CLERK,
)
Say = Callable[..., str]


def drafted(
    sitting: Sitting,
    journal: Iterable[Happening],
    language: str,
    zone: str,
    sealed: frozenset[str] = frozenset(),
) -> Content:
    """The steps and notes of the record, each with its time of day; what ends it below. What a
    sealed exhibit (ids) is called is not for everybody who reads minutes."""

    def say(text: str, **params: object) -> str:
        return i18n.translate(language, text, **params)

    clock = i18n.Formatter(language, zone).local
    titles = {step.id: step.title for step in KINDS[sitting.kind].agenda}
    entries: list[Entry] = []
    for item in journal:
        text = _told(item, sitting, language, titles, say, sealed)
        if text:
            entries.append(Entry(clock(item.at).strftime("%H:%M:%S"), text))
    return Content(tuple(entries), "", _ending(sitting, language, zone, say))


def _told(
    item: Happening,
    sitting: Sitting,
    language: str,
    titles: Mapping[str, str],
    say: Say,
    sealed: frozenset[str],
) -> str:
    words = str(item.data.get("text") or item.data.get("reason") or "")
    words = masked(sitting, " ".join(words.split()), language)
    if item.data.get("exhibit") in sealed:
        words = ""
    seat = sitting.seat(item.seat) if item.seat else None
    name = named(sitting, seat, language) if seat else ""
    if item.type == "note":
        return words
    if item.type == "roll_call":
        return say(ROLL)
    if item.type == "publicity":
        return " ".join(filter(None, (say(PUBLIC if item.data.get("public") else SECRET), words)))
    if item.type == "agenda":
        title = titles.get(str(item.data.get("step", "")))
        done = item.data.get("state") in (None, "current", "done")
        return say(STEP, step=say(title)) if title and done else ""
    if item.type == "missed" and name:
        seconds = max(1, round(int(item.data.get("ms", 0)) / 1000))
        return say(MISSED, name=name, seconds=seconds)
    if item.type in NAMED and name:
        text = say(NAMED[item.type], name=name)
    elif item.type in PLAIN:
        text = say(PLAIN[item.type])
    else:
        return ""
    return " ".join(filter(None, (text, words)))


def _ending(sitting: Sitting, language: str, zone: str, say: Say) -> str:
    reason = masked(sitting, sitting.outcome_reason, language)
    if sitting.adjourned_to is None:
        return reason
    until = i18n.Formatter(language, zone).datetime(sitting.adjourned_to)
    return f"{say(N_('The sitting is adjourned to %(time)s.'), time=until)} {reason}".strip()


def named(sitting: Sitting, seat: Seat, language: str) -> str:
    """The name in minutes: of a protected person the pseudonym."""
    return pseudonym(sitting, seat, language) if seat.screened_from else seat.name(language)


def printed(
    minutes: Minutes, sitting: Sitting, content: Content, times: tuple[Any, Any], zone: str
) -> dict[str, Any]:
    """The data of templates/documents/minutes.typ. `times`: when it was on record, from and to."""
    language = minutes.language
    format = i18n.Formatter(language, zone)

    def say(text: str, **params: object) -> str:
        return i18n.translate(language, text, **params)

    began, ended = times
    day = format.date(began or sitting.starts_at)
    hijri = format.hijri(began or sitting.starts_at)
    facts = [
        (say(N_("Case number")), sitting.case_number),
        (say(N_("Case")), masked(sitting, sitting.case_title, language)),
        (say(N_("Sitting")), say(KINDS[sitting.kind].title)),
        (say(N_("Date")), f"{day} · {hijri}" if hijri else day),
    ]
    if began and ended:
        span = f"{format.local(began):%H:%M:%S} - {format.local(ended):%H:%M:%S}"
        facts.append((say(N_("On record")), span))
    facts.append((say(N_("Held")), say(N_("in public") if sitting.public else N_("in secret"))))
    seats = sorted(
        sitting.seats,
        key=lambda seat: ROLES_FIRST.index(seat.role) if seat.role in ROLES_FIRST else 9,
    )
    sections = [
        (say(N_("Applications and decisions")), content.decisions),
        (say(N_("Operative part")), content.operative),
    ]
    signing = [(CLERK, SeatRole.CLERK), (JUDGE, SeatRole.PRESIDING_JUDGE)]
    return {
        "language": language,
        "title": say(N_("Minutes of the sitting %(number)s"), number=sitting.case_number),
        "void": say(
            N_("These minutes are void unless the clerk and the presiding judge have signed them.")
        ),
        "facts": [{"name": name, "value": value} for name, value in facts if value],
        "people_title": say(N_("Present, and those summoned")),
        "people": [
            {"role": say(LABELS[seat.role]), "name": named(sitting, seat, language)}
            for seat in seats
        ],
        "proceedings_title": say(N_("What happened")),
        "entries": [{"time": one.time, "text": one.text} for one in content.entries],
        "sections": [{"title": title, "text": text} for title, text in sections if text],
        "signatures_title": say(N_("Signatures")),
        "signatures": [
            {
                "field": field,
                "capacity": say(LABELS[role]),
                "name": next(named(sitting, s, language) for s in sitting.seats if s.role is role),
            }
            for field, role in signing
        ],
        "seal": {"field": SEAL, "capacity": say(N_("Seal of the court"))},
    }
