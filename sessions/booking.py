"""Booking: what may be booked, and who or what is held for which time.

A hold is one person, one detention room or one detainee for the booked time. Two holds of the
same subject may not overlap; times are half-open, so a sitting may begin when another one ends.
Nothing here asks the clock or the database: the service passes in what it needs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from auth.person import Role
from errors import N_, BadInput, Refusal
from sessions.kind import Kind
from sessions.seat import SIGN, SeatRole
from sessions.sitting import Offence

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
FARTHEST = timedelta(days=730)
STEP = timedelta(minutes=15)
"""Free times are offered on this grid, as court lists are printed."""
LANGUAGES = ("ar", "en", "ur", "hi", "fa", "fr", "ru", "zh", "tl", "bn")
"""BCP 47 tags that a sitting may be spoken in; the first two have pages."""
MOST_SEATS = 40

ACCOUNT_ROLES: dict[SeatRole, frozenset[Role]] = {
    SeatRole.PRESIDING_JUDGE: frozenset({Role.JUDGE}),
    SeatRole.PANEL_JUDGE: frozenset({Role.JUDGE}),
    SeatRole.CLERK: frozenset({Role.CLERK}),
    SeatRole.PROSECUTOR: frozenset({Role.PROSECUTOR}),
    SeatRole.CLAIMANT: frozenset({Role.PARTY}),
    SeatRole.RESPONDENT: frozenset({Role.PARTY}),
    SeatRole.ACCUSED: frozenset({Role.PARTY}),
    SeatRole.VICTIM: frozenset({Role.PARTY}),
    SeatRole.CLIENT: frozenset({Role.PARTY}),
    SeatRole.COUNSEL: frozenset({Role.LAWYER}),
    SeatRole.GUARDIAN: frozenset({Role.PARTY}),
    SeatRole.INTERPRETER: frozenset({Role.INTERPRETER}),
    SeatRole.WITNESS: frozenset({Role.WITNESS, Role.PARTY}),
    SeatRole.EXPERT: frozenset({Role.EXPERT}),
    SeatRole.NOTARY: frozenset({Role.NOTARY}),
    SeatRole.APPEARER: frozenset({Role.PARTY, Role.LAWYER, Role.WITNESS}),
    SeatRole.ASSISTANT: frozenset({Role.EXPERT}),
    SeatRole.CURATOR: frozenset({Role.PARTY, Role.LAWYER}),
    SeatRole.OFFICIANT: frozenset({Role.OFFICIANT, Role.JUDGE}),
    **dict.fromkeys(
        (
            SeatRole.GROOM,
            SeatRole.BRIDE,
            SeatRole.WALI,
            SeatRole.CONTRACT_WITNESS,
            SeatRole.MARRIAGE_AGENT,
        ),
        frozenset({Role.PARTY, Role.LAWYER, Role.WITNESS}),
    ),
    SeatRole.WALI: frozenset({Role.PARTY, Role.LAWYER, Role.WITNESS, Role.JUDGE}),
}
"""Which accounts may sit where."""
NEEDS_ACCOUNT = frozenset(
    {SeatRole.PRESIDING_JUDGE, SeatRole.PANEL_JUDGE, SeatRole.CLERK, SeatRole.PROSECUTOR}
    | {SeatRole.COUNSEL}
    | {SeatRole.NOTARY, SeatRole.APPEARER, SeatRole.ASSISTANT, SeatRole.CURATOR}
    | {SeatRole.OFFICIANT, SeatRole.GROOM, SeatRole.BRIDE, SeatRole.WALI}
    | {SeatRole.CONTRACT_WITNESS, SeatRole.MARRIAGE_AGENT}
)
"""Never a guest."""
CAN_BE_DETAINED = frozenset({SeatRole.ACCUSED, SeatRole.CLIENT, SeatRole.WITNESS})
REPRESENTED = frozenset(
    {SeatRole.CLAIMANT, SeatRole.RESPONDENT, SeatRole.ACCUSED, SeatRole.VICTIM, SeatRole.CLIENT}
)
"""Whom counsel may represent, and whose guardian may be booked."""
CAN_BE_SCREENED = frozenset({SeatRole.WITNESS, SeatRole.VICTIM, SeatRole.EXPERT})
"""Who may be protected from others (R-CR-05: evidence that endangers life or basic interests)."""
NEVER_SCREENED_FROM = frozenset({SeatRole.PRESIDING_JUDGE, SeatRole.PANEL_JUDGE, SeatRole.CLERK})
"""The court knows who gives evidence (R-CR-22: identity verified)."""


@dataclass(frozen=True, slots=True)
class SeatDraft:
    """One place as the clerk typed it. `key` names it within the form (`0`, `1`, ...)."""

    key: str
    role: SeatRole
    person: str | None = None
    """Account id; None for a guest or a detainee."""
    name_ar: str = ""
    name_en: str = ""
    represents: frozenset[str] = frozenset()
    """For counsel: `key`s of the clients' seats."""
    room: str | None = None
    """Detention room."""
    identity_number: str = ""
    """Of a guest or a detainee: compared at the lobby, never stored as it is."""
    guardian_of: frozenset[str] = frozenset()
    """For a guardian: `key`s of the wards' seats."""
    interpreter_for: frozenset[str] = frozenset()
    """For an interpreter: `key`s of those who are interpreted; empty for everybody."""
    screened_from: frozenset[str] = frozenset()
    """For a protected person: `key`s of those who may not learn who it is."""
    languages: tuple[str, ...] = ()
    """Of an interpreter: between which languages. Empty: those of the sitting."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A booking before it is checked. `starts_at` is aware."""

    kind: str
    case_number: str
    case_title: str
    languages: tuple[str, ...]
    starts_at: datetime
    duration: timedelta
    seats: tuple[SeatDraft, ...]
    offence: str = ""
    permit: str = ""

    @property
    def ends_at(self) -> datetime:
        """When the booked time ends."""
        return self.starts_at + self.duration


class Invalid(Refusal):
    """Everything that is wrong with a booking, at once. `errors` name the form's fields."""

    def __init__(self, errors: Sequence[BadInput]) -> None:
        super().__init__("booking.invalid", N_("Please correct what is marked below."), status=400)
        self.errors = tuple(errors)


class Hold(NamedTuple):
    """`subject` (`person:<id>`, `room:<id>`, `identity:<tag>`) is taken for [start, end)."""

    subject: str
    start: datetime
    end: datetime


def overlap(one: Hold, other: Hold) -> bool:
    """Whether the two cannot both be kept."""
    return one.subject == other.subject and one.start < other.end and other.start < one.end


def conflicts(wanted: Iterable[Hold], taken: Iterable[Hold]) -> list[Hold]:
    """The holds among `wanted` that meet one of `taken`, in order."""
    by_subject: dict[str, list[Hold]] = {}
    for hold in taken:
        by_subject.setdefault(hold.subject, []).append(hold)
    return [
        hold
        for hold in wanted
        if any(overlap(hold, other) for other in by_subject.get(hold.subject, ()))
    ]


def next_free(taken: Iterable[Hold], start: datetime, duration: timedelta) -> datetime:
    """The first time from `start` on, on the grid of STEP, that meets no hold of `taken`.

    `taken` are the holds of everything that is wanted together.
    """
    found = _on_grid(start)
    for hold in sorted(taken, key=lambda hold: hold.start):
        if hold.start < found + duration and found < hold.end:
            found = _on_grid(hold.end)
    return found


def _on_grid(moment: datetime) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    steps = -((midnight - moment) // STEP)  # rounded up
    return midnight + steps * STEP


def check(
    draft: Draft, kind: Kind, now: datetime, people: Mapping[str, Role], rooms: Iterable[str]
) -> None:
    """Raise Invalid with all that is wrong. `people`: active accounts; `rooms`: active rooms."""
    errors = [
        *_check_case(draft, kind),
        *check_time(draft.starts_at, draft.duration, now),
        *_check_numbers(draft, kind),
        *_check_twice(draft),
    ]
    for seat in draft.seats:
        errors += check_seat(seat, draft.seats, people, frozenset(rooms))
    if errors:
        raise Invalid(errors)


def _check_case(draft: Draft, kind: Kind) -> Iterable[BadInput]:
    if not draft.case_number:
        yield BadInput("booking.case_number", N_("Write the case number."), field="case_number")
    if not draft.case_title:
        yield BadInput("booking.case_title", N_("Write the title of the case."), field="case_title")
    if not draft.languages or set(draft.languages) - set(LANGUAGES):
        yield BadInput(
            "booking.languages", N_("Choose the languages of the sitting."), field="languages"
        )
    if kind.asks_offence and draft.offence not in set(Offence):
        yield BadInput("booking.offence", N_("Choose the class of the offence."), field="offence")
    detained = any(seat.room for seat in draft.seats)
    if kind.asks_permit and detained and not draft.permit:
        yield BadInput(
            "booking.permit",
            N_("Write the reference of the prosecution's permission to meet the detainee."),
            field="permit",
        )


def check_time(starts_at: datetime, duration: timedelta, now: datetime) -> Iterable[BadInput]:
    """What is wrong with a time."""
    if starts_at + duration <= now:
        yield BadInput(
            "booking.past", N_("This time has passed. Choose a later one."), field="starts_at"
        )
    elif starts_at > now + FARTHEST:
        yield BadInput(
            "booking.too_far", N_("Choose a day within the next two years."), field="starts_at"
        )
    if not SHORTEST <= duration <= LONGEST:
        yield BadInput(
            "booking.duration",
            N_("A sitting is booked for 5 minutes to 12 hours."),
            field="duration",
        )


def _check_numbers(draft: Draft, kind: Kind) -> Iterable[BadInput]:
    if len({seat.key for seat in draft.seats}) < len(draft.seats):
        yield BadInput("booking.keys", N_("Two rows have the same name. Reload the page."))
    if len(draft.seats) > MOST_SEATS:
        yield BadInput("booking.seats", N_("There are too many seats."), field="seats")
    for rule in kind.roles:
        found = sum(seat.role is rule.role for seat in draft.seats)
        if found < rule.least:
            yield BadInput(
                "booking.role_missing",
                N_("Someone is missing: %(least)s or more are needed here."),
                field=f"role_{rule.role.value}",
                least=rule.least,
            )
        elif found > rule.most:
            yield BadInput(
                "booking.role_many",
                N_("These are too many: at most %(most)s may be booked here."),
                field=f"role_{rule.role.value}",
                most=rule.most,
            )
    for seat in draft.seats:
        if kind.rule(seat.role) is None:
            yield _wrong(seat, "role", N_("This kind of sitting has no such role."))


def _check_twice(draft: Draft) -> Iterable[BadInput]:
    seen: set[str] = set()
    for seat in draft.seats:
        if seat.person and seat.person in seen:
            yield _wrong(seat, "person", N_("This person has another seat already."))
        seen |= {seat.person} if seat.person else set()


def check_seat(
    seat: SeatDraft, seats: Sequence[SeatDraft], people: Mapping[str, Role], rooms: frozenset[str]
) -> Iterable[BadInput]:
    """What is wrong with one seat among `seats`."""
    if seat.person:
        if people.get(seat.person) not in ACCOUNT_ROLES[seat.role]:
            yield _wrong(seat, "person", N_("Choose a person from the list."))
    elif seat.role in NEEDS_ACCOUNT:
        yield _wrong(seat, "person", N_("Choose a person from the list."))
    else:
        if not (seat.name_ar or seat.name_en):
            yield _wrong(seat, "name", N_("Write the name in Arabic or English."))
        if not valid_identity_number(seat.identity_number):
            yield _wrong(
                seat,
                "identity_number",
                N_("Write the identity or passport number: 4 to 20 letters and digits."),
            )
    yield from _check_room(seat, rooms)
    yield from _check_languages(seat)
    yield from _check_ties(seat, {other.key: other for other in seats})


def _check_room(seat: SeatDraft, rooms: frozenset[str]) -> Iterable[BadInput]:
    if not seat.room:
        return
    if seat.room not in rooms:
        yield _wrong(seat, "room", N_("Choose a detention room from the list."))
    if seat.role not in CAN_BE_DETAINED:
        yield _wrong(seat, "room", N_("Nobody in this role comes from a detention room."))
    if seat.person:
        yield _wrong(
            seat, "room", N_("A detained person comes by the officer's device, not by an account.")
        )


def _check_languages(seat: SeatDraft) -> Iterable[BadInput]:
    if not seat.languages:
        return
    if seat.role is not SeatRole.INTERPRETER:
        yield _wrong(seat, "language", N_("Only an interpreter has languages here."))
    elif len(set(seat.languages)) < 2 or set(seat.languages) - {*LANGUAGES, SIGN}:
        yield _wrong(
            seat,
            "language",
            N_("Choose two different languages between which this person interprets."),
        )


def _check_ties(seat: SeatDraft, seats: Mapping[str, SeatDraft]) -> Iterable[BadInput]:
    def roles(keys: frozenset[str]) -> set[SeatRole | None]:
        return {seats[key].role if key in seats else None for key in keys}

    if seat.role is SeatRole.COUNSEL and not _all_in(roles(seat.represents), REPRESENTED):
        yield _wrong(seat, "represents", N_("Choose whom this lawyer represents."))
    if seat.role is SeatRole.GUARDIAN and not _all_in(roles(seat.guardian_of), REPRESENTED):
        yield _wrong(seat, "of", N_("Choose whose guardian this is."))
    if seat.interpreter_for and (
        seat.role is not SeatRole.INTERPRETER or None in roles(seat.interpreter_for)
    ):
        yield _wrong(seat, "of", N_("Choose for whom this person interprets."))
    if seat.screened_from and (
        seat.role not in CAN_BE_SCREENED
        or roles(seat.screened_from) & {None, *NEVER_SCREENED_FROM}
        or seat.key in seat.screened_from
    ):
        yield _wrong(
            seat,
            "screened",
            N_("Only witnesses, victims and experts are screened, and never from the court."),
        )


def _all_in(found: set[SeatRole | None], allowed: frozenset[SeatRole]) -> bool:
    return bool(found) and found <= allowed


def _wrong(seat: SeatDraft, field: str, message: str) -> BadInput:
    return BadInput(f"booking.{field}", message, field=f"seat_{seat.key}_{field}")


def normal_identity_number(text: str) -> str:
    """The form in which identity numbers are compared: capitals and digits only."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def valid_identity_number(text: str) -> bool:
    """Emirates ID (15 digits), passport and foreign numbers."""
    return 4 <= len(normal_identity_number(text)) <= 20


def subjects(seat: SeatDraft, tag: Callable[[str], str]) -> list[str]:
    """What a seat holds. `tag` makes an identity number unreadable and comparable."""
    found = []
    if seat.person:
        found.append(f"person:{seat.person}")
    if seat.room:
        found.append(f"room:{seat.room}")
    if seat.identity_number:
        found.append(f"identity:{tag(normal_identity_number(seat.identity_number))}")
    return found


def holds(draft: Draft, tag: Callable[[str], str]) -> list[tuple[str, Hold]]:
    """All that the booking holds, with the key of the seat that needs it first.

    A room with two detainees is held once.
    """
    found: dict[str, tuple[str, Hold]] = {}
    for seat in draft.seats:
        for name in subjects(seat, tag):
            found.setdefault(name, (seat.key, Hold(name, draft.starts_at, draft.ends_at)))
    return list(found.values())
