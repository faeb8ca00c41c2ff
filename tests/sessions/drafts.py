"""Bookings for tests."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sessions.booking import Draft, SeatDraft
from sessions.seat import SeatRole
from tests.auth.house import House

DETAINEE = "784-1990-1234567-1"


def account(house: House, username: str, role: SeatRole, represents: str = "") -> SeatDraft:
    return SeatDraft(
        username, role, house.people[username].id, represents=frozenset({represents} - {""})
    )


def guest(key: str, role: SeatRole, number: str = "P1234567", room: str | None = None) -> SeatDraft:
    return SeatDraft(key, role, None, "", f"Guest {key}", room=room, identity_number=number)


def civil(house: House, start: datetime, hours: float = 1, **changes: Any) -> Draft:
    draft = Draft(
        kind="civil_hearing",
        case_number="77/2026",
        case_title="Al Balushi v Kumar",
        languages=("ar",),
        starts_at=start,
        duration=timedelta(hours=hours),
        seats=(
            account(house, "judge", SeatRole.PRESIDING_JUDGE),
            account(house, "clerk", SeatRole.CLERK),
            account(house, "claimant", SeatRole.CLAIMANT),
            account(house, "respondent", SeatRole.RESPONDENT),
            account(house, "lawyer", SeatRole.COUNSEL, "claimant"),
        ),
    )
    return replace(draft, **changes)


def criminal(house: House, start: datetime, hours: float = 1, **changes: Any) -> Draft:
    draft = Draft(
        kind="criminal_hearing",
        case_number="118/2026",
        case_title="Public Prosecution v Darwish",
        languages=("ar",),
        starts_at=start,
        duration=timedelta(hours=hours),
        offence="misdemeanour",
        seats=(
            account(house, "judge", SeatRole.PRESIDING_JUDGE),
            account(house, "clerk", SeatRole.CLERK),
            account(house, "prosecutor", SeatRole.PROSECUTOR),
            guest("accused", SeatRole.ACCUSED, DETAINEE, house.room.id),
            account(house, "lawyer", SeatRole.COUNSEL, "accused"),
            guest("witness", SeatRole.WITNESS),
        ),
    )
    return replace(draft, **changes)


def consultation(house: House, start: datetime, lawyer: str = "lawyer2") -> Draft:
    return Draft(
        kind="consultation",
        case_number="118/2026",
        case_title="Consultation",
        languages=("ar",),
        starts_at=start,
        duration=timedelta(minutes=30),
        permit="PP-1",
        seats=(
            account(house, lawyer, SeatRole.COUNSEL, "client"),
            guest("client", SeatRole.CLIENT, DETAINEE, house.room.id),
        ),
    )
