"""Demo data: people, a detention room and three sittings of today. Only in demo mode.

Seeding again changes nothing that is there; a new day gets its own sittings.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth import store as accounts
from auth.person import OPERATOR, Person, Role
from auth.service import Accounts, new_id
from clock import Clock
from database import Database
from errors import N_, Refusal
from sessions import store
from sessions.booking import STEP, Draft, SeatDraft
from sessions.detention import DetentionRoom
from sessions.phase import FINAL, Phase
from sessions.rooms import Rooms
from sessions.seat import SeatRole
from sessions.service import Sittings, SlotTaken
from settings import Settings

PASSWORD = "open-the-record"  # noqa: S105  # printed at start; the accounts exist in demo mode only
ROOM = ("غرفة الاتصال المرئي 1", "Video room 1")
FACILITY = ("منشأة الواحة الإصلاحية", "Al Waha Correctional Facility")
DETAINEE = ("يوسف إبراهيم درويش", "Yousef Ibrahim Darwish", "784-1990-1234567-1")
GUEST = ("جورج ماثيو", "George Mathew", "784-1985-7654321-8")

PEOPLE: tuple[tuple[str, Role, str, str], ...] = (
    ("judge", Role.JUDGE, "خالد راشد الكعبي", "Khalid Rashid Al Kaabi"),
    ("clerk", Role.CLERK, "مريم سعيد الشامسي", "Maryam Saeed Al Shamsi"),
    ("prosecutor", Role.PROSECUTOR, "سلطان حمد النعيمي", "Sultan Hamad Al Nuaimi"),
    ("lawyer", Role.LAWYER, "ليلى يوسف المنصوري", "Layla Yousef Al Mansoori"),
    ("lawyer2", Role.LAWYER, "عمر فاروق حداد", "Omar Farouk Haddad"),
    ("claimant", Role.PARTY, "فاطمة علي البلوشي", "Fatima Ali Al Balushi"),
    ("respondent", Role.PARTY, "راجيش كومار", "Rajesh Kumar"),
    ("interpreter", Role.INTERPRETER, "نور الهدى صديقي", "Noor Ul Huda Siddiqui"),
    ("witness", Role.WITNESS, "سمير حسن عبد الله", "Samir Hassan Abdullah"),
    ("officer", Role.FACILITY_OFFICER, "ناصر جمعة الزعابي", "Nasser Juma Al Zaabi"),
    ("admin", Role.ADMINISTRATOR, "هند محمد المرزوقي", "Hind Mohammed Al Marzooqi"),
)
"""Username, role, Arabic and English name."""
ENGLISH = frozenset({"respondent", "interpreter", "lawyer2"})
"""Whose pages are in English."""


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
    if not settings.demo:
        raise Refusal("demo.off", N_("Demo data exists in demo mode only (MAHDAR_MODE=demo)."))
    known = await _people(database, people)
    room = await _room(database, rooms, known["officer"])
    open_cases = await _open_cases(database, clock())
    for draft in _drafts(known, room, clock()):
        if (draft.kind, draft.case_number) not in open_cases:
            with suppress(SlotTaken):  # somebody booked these people by hand
                await sittings.book(known["clerk"], draft)
    return Seeded(known, room)


async def _people(database: Database, people: Accounts) -> dict[str, Person]:
    async with database.unit(write=False) as session:
        known = {person.username: person for person in await accounts.accounts(session)}
    missing = [entry for entry in PEOPLE if entry[0] not in known]
    if not missing:
        return known
    encoded = await people.hash_password(PASSWORD)
    async with database.unit() as session:
        for username, role, name_ar, name_en in missing:
            language = "en" if username in ENGLISH else "ar"
            person = Person(new_id(), role, name_ar, name_en, language, username)
            await people.add(session, person, encoded, by=OPERATOR.id)
            known[username] = person
    return known


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
    return SeatDraft(key, role, person.id, represents=represents or None)


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
