"""Demo data: people, a detention room and three sittings of today. Only in demo mode.

Seeding again changes nothing that is there; a new day gets its own sittings.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.demo import seed_people
from auth.person import OPERATOR, Person
from auth.service import Accounts
from clock import Clock
from database import Database
from sessions import store
from sessions.booking import STEP, Draft, SeatDraft
from sessions.detention import DetentionRoom
from sessions.phase import FINAL, Phase
from sessions.rooms import Rooms
from sessions.seat import SeatRole
from sessions.service import Sittings, SlotTaken
from settings import Settings

ROOM = ("غرفة الاتصال المرئي 1", "Video room 1")
FACILITY = ("منشأة الواحة الإصلاحية", "Al Waha Correctional Facility")
DETAINEE = ("يوسف إبراهيم درويش", "Yousef Ibrahim Darwish", "784-1990-1234567-1")
GUEST = ("جورج ماثيو", "George Mathew", "784-1985-7654321-8")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What is there now."""

    people: dict[str, Person]
    """By username."""
    room: DetentionRoom


async def seed(
    settings: Settings,
    database: Database,
    people: Accounts,
    rooms: Rooms,
    sittings: Sittings,
    clock: Clock,
) -> Seeded:
    """Make what is missing. Raises Refusal `demo.off` outside demo mode."""
    seeded = await seed_house(settings, database, people, rooms)
    open_cases = await _open_cases(database, clock())
    for draft in _drafts(seeded.people, seeded.room, clock()):
        if (draft.kind, draft.case_number) not in open_cases:
            with suppress(SlotTaken):  # somebody booked these people by hand
                await sittings.book(seeded.people["clerk"], draft)
    return seeded


async def seed_house(
    settings: Settings, database: Database, people: Accounts, rooms: Rooms
) -> Seeded:
    """People and the detention room, without sittings."""
    known = await seed_people(settings, database, people)
    return Seeded(known, await _room(database, rooms, known["officer"]))


async def _room(database: Database, rooms: Rooms, officer: Person) -> DetentionRoom:
    async with database.unit(write=False) as session:
        found = [room for room in await store.rooms(session) if room.name_en == ROOM[1]]
    if found:
        return found[0]
    facility = await rooms.add_facility(OPERATOR, *FACILITY)
    return await rooms.add(OPERATOR, facility.id, *ROOM, officers=[officer.id])


async def _open_cases(database: Database, now: datetime) -> set[tuple[str, str]]:
    """Kind and case number of what is booked and neither over nor of an earlier day."""
    waiting = frozenset(Phase) - FINAL
    async with database.unit(write=False) as session:
        found = await store.sittings_in(session, waiting)
    return {(one.kind, one.case_number) for one in found if one.ends_at > now}


def _drafts(people: dict[str, Person], room: DetentionRoom, now: datetime) -> list[Draft]:
    start = now.replace(minute=0, second=0, microsecond=0)
    start += ((now - start) // STEP + 1) * STEP
    return [
        _criminal(people, room, start),
        _consultation(people, room, start + timedelta(minutes=60)),
        _civil(people, start + timedelta(minutes=90)),
    ]


def _account(key: str, role: SeatRole, person: Person, represents: str = "") -> SeatDraft:
    return SeatDraft(key, role, person.id, represents=frozenset({represents} - {""}))


def _criminal(people: dict[str, Person], room: DetentionRoom, start: datetime) -> Draft:
    return Draft(
        kind="criminal_hearing",
        case_number="2026/1184",
        case_title="النيابة العامة ضد يوسف إبراهيم درويش",
        languages=("ar", "en"),
        starts_at=start,
        duration=timedelta(minutes=60),
        offence="misdemeanour",
        seats=(
            _account("judge", SeatRole.PRESIDING_JUDGE, people["judge"]),
            _account("clerk", SeatRole.CLERK, people["clerk"]),
            _account("prosecutor", SeatRole.PROSECUTOR, people["prosecutor"]),
            SeatDraft(
                "accused",
                SeatRole.ACCUSED,
                None,
                *DETAINEE[:2],
                room=room.id,
                identity_number=DETAINEE[2],
            ),
            _account("counsel", SeatRole.COUNSEL, people["lawyer"], "accused"),
            _account("interpreter", SeatRole.INTERPRETER, people["interpreter"]),
            _account("witness", SeatRole.WITNESS, people["witness"]),
            SeatDraft("guest", SeatRole.WITNESS, None, *GUEST[:2], identity_number=GUEST[2]),
        ),
    )


def _consultation(people: dict[str, Person], room: DetentionRoom, start: datetime) -> Draft:
    return Draft(
        kind="consultation",
        case_number="2026/1184",
        case_title="استشارة محامٍ مع موكله",
        languages=("ar",),
        starts_at=start,
        duration=timedelta(minutes=30),
        permit="PP-2026-0457",
        seats=(
            _account("counsel", SeatRole.COUNSEL, people["lawyer"], "client"),
            SeatDraft(
                "client",
                SeatRole.CLIENT,
                None,
                *DETAINEE[:2],
                room=room.id,
                identity_number=DETAINEE[2],
            ),
        ),
    )


def _civil(people: dict[str, Person], start: datetime) -> Draft:
    return Draft(
        kind="civil_hearing",
        case_number="2026/3307",
        case_title="فاطمة علي البلوشي ضد راجيش كومار",
        languages=("ar", "en"),
        starts_at=start,
        duration=timedelta(minutes=60),
        seats=(
            _account("judge", SeatRole.PRESIDING_JUDGE, people["judge"]),
            _account("clerk", SeatRole.CLERK, people["clerk"]),
            _account("claimant", SeatRole.CLAIMANT, people["claimant"]),
            _account("respondent", SeatRole.RESPONDENT, people["respondent"]),
            _account("counsel1", SeatRole.COUNSEL, people["lawyer"], "claimant"),
            _account("counsel2", SeatRole.COUNSEL, people["lawyer2"], "respondent"),
            _account("interpreter", SeatRole.INTERPRETER, people["interpreter"]),
        ),
    )
