"""What a person typed into this room's forms, as values (docs/interface.md lists the fields).

Nothing raises at the first mistake: a parser returns what it could read, and a list of what it
could not, so that all mistakes of a form are shown together.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from errors import N_, BadInput
from pages import Form
from sessions.booking import SHORTEST, Draft, SeatDraft
from sessions.kinds import KINDS
from sessions.seat import SeatRole

BENCH = ("judge", "clerk", "prosecutor")
"""Rows that the page always has; a kind without such a role takes no notice of them."""
_UNREAD = datetime(2999, 1, 1, tzinfo=UTC)
"""Stands for a time that could not be read; its own error is in the list."""


def booking(form: Form, zone: str) -> tuple[Draft, list[BadInput]]:
    """The draft of `sessions/book.html`."""
    errors: list[BadInput] = []
    starts_at = moment(form, zone, errors)
    duration = length(form, errors)
    kind = KINDS.get(form.value("kind"))
    seats = []
    for key, row in form.rows("seat").items():
        role = row.get("role", "")
        if role not in set(SeatRole):
            errors.append(BadInput("booking.role", N_("Choose a role."), field=f"seat_{key}_role"))
        elif key not in BENCH or kind is None or kind.rule(SeatRole(role)):
            seats.append(_seat(key, SeatRole(role), row))
    draft = Draft(
        kind=form.value("kind"),
        case_number=form.value("case_number"),
        case_title=form.value("case_title"),
        languages=_languages(form),
        starts_at=starts_at,
        duration=duration,
        seats=tuple(_one_seat_each(seats)),
        offence=form.value("offence") if kind and kind.asks_offence else "",
        permit=form.value("permit") if kind and kind.asks_permit else "",
    )
    return draft, errors


def _one_seat_each(seats: list[SeatDraft]) -> list[SeatDraft]:
    """A lawyer who is chosen for several parties has one seat and represents all of them."""
    found: dict[str, SeatDraft] = {}
    for seat in seats:
        mine = seat.person if seat.role is SeatRole.COUNSEL and seat.person else f"row {seat.key}"
        first = found.setdefault(mine, seat)
        if first is not seat:
            found[mine] = replace(first, represents=first.represents | seat.represents)
    return list(found.values())


def _languages(form: Form) -> tuple[str, ...]:
    """The languages of the sitting, the court's first."""
    spoken = list(dict.fromkeys(form.values("languages")))
    return tuple(sorted(spoken, key=lambda tag: tag != form.value("court_language")))


def _keys(*keys: str | None) -> frozenset[str]:
    return frozenset(key for key in keys if key)


def _seat(key: str, role: SeatRole, row: Mapping[str, str]) -> SeatDraft:
    person = row.get("person") or None
    typed = {} if person else row  # an account's own name and identity count
    of = _keys(row.get("of"))
    return SeatDraft(
        key,
        role,
        person,
        typed.get("name_ar", ""),
        typed.get("name_en", ""),
        _keys(row.get("represents")),
        row.get("room") or None,
        typed.get("identity_number", ""),
        guardian_of=of if role is SeatRole.GUARDIAN else _keys(),
        interpreter_for=of if role is SeatRole.INTERPRETER else _keys(),
        screened_from=_keys(row.get("screened")),
        languages=_interpreted(row) if role is SeatRole.INTERPRETER else (),
    )


def _interpreted(row: Mapping[str, str]) -> tuple[str, ...]:
    """Between which languages; `language` and `language2`, both empty for those of the sitting."""
    return tuple(tag for tag in (row.get("language"), row.get("language2")) if tag)


def guest(form: Form) -> SeatDraft:
    """A person without an account, from `role name_ar name_en identity_number`.

    An unknown role becomes a witness's: the use case knows who may be added.
    """
    role = form.value("role")
    return SeatDraft(
        "new",
        SeatRole(role) if role in set(SeatRole) else SeatRole.WITNESS,
        None,
        form.value("name_ar"),
        form.value("name_en"),
        identity_number=form.value("identity_number").strip(),
    )


def moment(form: Form, zone: str, errors: list[BadInput]) -> datetime:
    """`date` and `time` in the zone of the sittings, in UTC."""
    try:
        found = datetime.fromisoformat(f"{form.value('date')}T{form.value('time')}")
        if found.tzinfo is None:
            return found.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    errors.append(BadInput("booking.time", N_("Choose a date and a time."), field="starts_at"))
    return _UNREAD


def instant(form: Form, name: str, zone: str, errors: list[BadInput]) -> datetime:
    """A field of date and time in the zone of the sittings, in UTC."""
    try:
        found = datetime.fromisoformat(form.value(name))
        if found.tzinfo is None:
            return found.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    errors.append(BadInput("booking.time", N_("Choose a date and a time."), field=name))
    return _UNREAD


def length(form: Form, errors: list[BadInput]) -> timedelta:
    """`duration`, in minutes."""
    text = form.value("duration")
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return timedelta(minutes=int(text))
    errors.append(
        BadInput("booking.duration", N_("Choose how long the sitting is."), field="duration")
    )
    return SHORTEST


def merged(read: list[BadInput], checked: tuple[BadInput, ...]) -> list[BadInput]:
    """Both lists, where for one field the first one counts."""
    found: dict[str, BadInput] = {}
    for error in (*read, *checked):
        found.setdefault(error.field, error)
    return list(found.values())
