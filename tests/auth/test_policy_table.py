"""The whole policy against policy.csv: every permission x person x kind x phase x assurance.

The table is what a lawyer reads and reviews; this test expands it to the full product. The
answers come from the functions that pages and sockets ask: `sessions.standing.context` or
`signaling.guards.context`, then `auth.policy.decide`, then the table of phases.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from auth.assurance import Assurance, Level
from auth.delegation import Delegation
from auth.devices.device import Station
from auth.person import Person, Role, guest
from auth.policy import RULES, Context, decide
from auth.policy_words import ACTIONS, ASK, MEANS, explain
from errors import Refusal
from sessions.booking import ACCOUNT_ROLES
from sessions.kinds import KINDS
from sessions.phase import FINAL, IN_SESSION, LIVE, Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from sessions.standing import context, own_seat
from signaling import guards
from signaling.guards import Who
from signaling.state import Place, Room, SeatLive, start

DATA = Path(__file__).with_name("policy.csv")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
R = SeatRole
COURT = (R.PRESIDING_JUDGE, R.PANEL_JUDGE, R.CLERK)
HELPERS = (R.COUNSEL, R.GUARDIAN, R.INTERPRETER, R.WITNESS, R.EXPERT)
SEATS: dict[str, tuple[SeatRole, ...]] = {
    "civil_hearing": (*COURT, R.CLAIMANT, R.RESPONDENT, *HELPERS),
    "criminal_hearing": (*COURT, R.PROSECUTOR, R.ACCUSED, R.VICTIM, *HELPERS),
    "consultation": (R.COUNSEL, R.CLIENT, R.GUARDIAN, R.INTERPRETER),
    "marriage_contract": (
        R.OFFICIANT,
        R.GROOM,
        R.BRIDE,
        R.WALI,
        R.CONTRACT_WITNESS,
        R.MARRIAGE_AGENT,
        R.INTERPRETER,
    ),
    "notarial_act": (R.NOTARY, R.APPEARER, R.INTERPRETER, R.ASSISTANT, R.CURATOR),
}
DEPUTIES = {
    "presiding_judge": Role.JUDGE,
    "panel_judge": Role.JUDGE,
    "clerk": Role.CLERK,
}
TIED = {
    R.COUNSEL: {"represents": {"claimant", "respondent", "accused", "victim", "client"}},
    R.GUARDIAN: {"guardian_of": {"claimant", "victim", "client"}},
    R.WITNESS: {"screened_from": {"respondent"}},
}
STATIONS = {
    "officer": Station("device", "Screen", "room"),
    "officer:no-device": Station(),
    "officer:other-device": Station("device2", "Screen", "elsewhere"),
}
OPENED = IN_SESSION | {Phase.RECESS}
PHASES: dict[str, frozenset[Phase]] = {
    "any": frozenset(Phase),
    "before": frozenset({Phase.SCHEDULED, Phase.LOBBY}),
    "open": frozenset(Phase) - FINAL,
    "live": LIVE,
    "opened": OPENED,
    "session": IN_SESSION,
    "over": FINAL,
} | {phase.value: frozenset({phase}) for phase in Phase}
KIND_GROUPS = {
    "any": set(KINDS),
    "hearings": {"civil_hearing", "criminal_hearing"},
} | {kind: {kind} for kind in KINDS}
GIVEN = ("", "order", "leave", "leave order", "self", "signer")
NOTARIAL = ("", "applicant", "party", "its_notary")
"""How somebody stands to a notarial act; `applicant` is a party too."""
EXHIBITS = ("", "filed_it", "open")
PRESENTS = ("", "presents")
MARRIAGE = (
    "fresh",
    "fresh in_marriage",
    "fresh in_marriage spouse",
    "fresh in_marriage wali",
    "fresh in_marriage its_officiant",
    "decided",
)
"""How somebody stands to a marriage file, and whether the person decided in it before."""
SURE = {"unsure": (Level.LOW, Level.NONE), "medium": (Level.MEDIUM, Level.NONE)} | {
    "confirmed": (Level.LOW, Level.MEDIUM),
    "high": (Level.LOW, Level.HIGH),
}


def sitting(kind: str, phase: Phase) -> Sitting:
    """One with everybody that its kind can have."""
    present = {role.value for role in SEATS[kind]}
    seats = []
    for role in SEATS[kind]:
        detained = role in (R.ACCUSED, R.CLIENT)
        ties = {tie: frozenset(others & present) for tie, others in TIED.get(role, {}).items()}
        person = None if detained else f"a-{role.value}"
        seats.append(
            Seat(role.value, role, "", role.value, person, room="room" if detained else None)
        )
        seats[-1] = replace(seats[-1], **ties)  # type: ignore[arg-type]
        if role is R.WITNESS:
            seats.append(Seat("guest-witness", role, "", "Guest", None))
    return Sitting(
        "s1", kind, "1", "A v B", ("ar",), NOW, timedelta(hours=1), phase, True, tuple(seats),
        booked_by="a-booker",
    )  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """Somebody who asks, by the name that the table uses."""

    name: str
    person: Person
    seat: str = ""
    rooms: frozenset[str] = frozenset()
    removed: bool = False


def account(role: Role, id: str = "a-nobody") -> Person:
    if role is Role.GUEST:
        return guest("another", "elsewhere", "", "Guest", "en")
    return Person(id, role, "", role.value)


def subjects(kind: str) -> Iterator[Subject]:
    """Everybody who can ask in a sitting of this kind."""
    for role in SEATS[kind]:
        if role in (R.ACCUSED, R.CLIENT):
            continue
        for account_role in sorted(ACCOUNT_ROLES[role]):
            person = account(account_role, f"a-{role.value}")
            yield Subject(f"seat:{role.value}", person, role.value)
            yield Subject(f"removed:{role.value}", person, role.value, removed=True)
    if kind.endswith("_hearing"):
        person = guest("s1", "guest-witness", "", "Guest", "en")
        yield Subject("guest:witness", person, "guest-witness")
        for seat, office in DEPUTIES.items():
            held = Delegation(
                "d", f"a-{seat}", "a-deputy", NOW, NOW + timedelta(1), "", "", "x", "x", NOW
            )
            person = replace(account(office, "a-deputy"), deputy_for=(held,))
            yield Subject(f"deputy:{seat}", person, seat)
    if kind in ("consultation", "criminal_hearing"):
        seat = "client" if kind == "consultation" else "accused"
        person = account(Role.FACILITY_OFFICER, "a-officer")
        for name, station in STATIONS.items():
            yield Subject(name, replace(person, station=station), seat, frozenset({"room"}))
    for asker in Role:
        yield Subject(f"stranger:{asker.value}", account(asker))
        if asker is not Role.GUEST:
            yield Subject(f"booker:{asker.value}", account(asker, "a-booker"))


GROUPS: Mapping[str, tuple[str, ...]] = {
    "seated": ("seat:", "guest:", "deputy:", "officer"),
    "court": ("seat:presiding_judge", "seat:clerk", "deputy:presiding_judge", "deputy:clerk"),
    "bench": ("seat:presiding_judge", "seat:panel_judge", "seat:clerk", "deputy:"),
}


def is_meant(token: str, one: Subject) -> bool:
    if token == "account":
        return one.person.role is not Role.GUEST
    if token == "involved":
        return one.person.role not in (Role.GUEST, Role.AUDITOR)
    if token.startswith("role:"):
        return one.person.role.value == token.removeprefix("role:")
    if token in GROUPS:
        known = one.name.partition(":")[0] + ":" in GROUPS[token] and "device" not in one.name
        return known or one.name in GROUPS[token]
    return one.name == token


# --- the table ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    number: int
    actions: tuple[str, ...]
    who: tuple[str, ...]
    kinds: set[str]
    phases: frozenset[Phase]
    given: str
    sure: str
    answer: str


def rows() -> list[Row]:
    lines = [
        (number, line)
        for number, line in enumerate(DATA.read_text(encoding="utf-8").splitlines(), 1)
        if line and not line.startswith("#")
    ]
    found = []
    for (number, _), row in zip(lines[1:], csv.DictReader(line for _, line in lines), strict=True):
        assert row["rests on"], f"line {number} must say what it rests on"
        assert None not in row, f"line {number} has too many commas"
        phases = frozenset[Phase]().union(*(PHASES[name] for name in row["phase"].split()))
        found.append(
            Row(
                number,
                tuple(row["permission"].split()),
                tuple(row["who"].split()),
                KIND_GROUPS[row["kind"]],
                phases,
                row["given"],
                row["sure"],
                row["answer"],
            )
        )
    return found


def given_fits(wanted: str, given: str) -> bool:
    if wanted == "none":
        return not {"order", "presents"} & set(given.split())
    if wanted.endswith(" only"):
        return given == wanted.removesuffix(" only")
    return set(wanted.split()) <= set(given.split())


def sure_fits(wanted: str, sure: str, action: str) -> bool:
    match wanted:
        case "":
            return True
        case "medium":
            return sure == "medium"
        case "unconfirmed":
            return sure != "confirmed"
        case _:
            return wanted == sure


def asked(kind: str, phase: Phase) -> Iterator[tuple[Subject, str, Context, Context | None]]:
    """Everybody, each way of being sure: the contexts of pages and, with a seat, of the room."""
    booked = sitting(kind, phase)
    room = start(booked, KINDS[kind], NOW)
    for one in subjects(kind):
        seat = booked.seat(one.seat) if one.seat else None
        page = context(one.person, booked, one.rooms, seat)
        live = None
        if seat is not None:
            at = SeatLive(place=Place.REMOVED if one.removed else Place.HEARING)
            live_now = changed(room.live, seats={**room.live.seats, seat.id: at})
            inside = room.with_live(live_now)
            acts_for = seat.person or "" if one.name.startswith("deputy:") else ""
            who = Who(one.person, seat.id, one.name in STATIONS, acts_for)
            live = guards.context(inside, who)
            assert one.name in STATIONS or own_seat(one.person, booked) == seat
        for sure, (level, confirmed) in SURE.items():
            person = replace(one.person, assurance=Assurance(level))
            yield (
                replace(one, person=person),
                sure,
                replace(page, confirmed=confirmed),
                replace(live, confirmed=confirmed) if live else None,
            )


def answer(one: Subject, action: str, page: Context, live: Context | None, room: Room) -> str:
    """'yes' or the code of the refusal."""
    if not action.startswith("live."):
        found = decide(one.person, action, page)
        return "yes" if found else found.code
    found = decide(one.person, action, live or page)
    if not found:
        return found.code
    try:
        guards.check_phase(room, action.removeprefix("live."))
    except Refusal as refusal:
        return refusal.code
    return "yes"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_answer_is_the_tables(kind: str) -> None:
    by_action: dict[str, list[Row]] = {action: [] for action in RULES}
    for row in rows():
        for action in row.actions:
            by_action[action].append(row)
    wrong, cells, yes = [], 0, 0
    for phase in Phase:
        room = start(sitting(kind, phase), KINDS[kind], NOW)
        for one, sure, page, live in asked(kind, phase):
            for action, lines in by_action.items():
                if one.removed and not action.startswith("live."):
                    continue
                here = [
                    row
                    for row in lines
                    if kind in row.kinds
                    and phase in row.phases
                    and any(is_meant(token, one) for token in row.who)
                ]
                if sure == "high" and not action.startswith("signing."):
                    continue
                special = action.startswith(("recording.", "delegation.", "signing."))
                ways: tuple[str, ...] = GIVEN if special else ("",)
                ways = NOTARIAL if action.startswith("deed.") else ways
                ways = MARRIAGE if action.startswith("marriage.") else ways
                ways = EXHIBITS if action.startswith("exhibit.") else ways
                ways = PRESENTS if action in ("live.show_exhibit", "live.hide_exhibit") else ways
                for given in ways:
                    at, in_room = page, live
                    if given:
                        at = replace(
                            page,
                            has_order="order" in given,
                            has_leave="leave" in given,
                            is_self="self" in given,
                            is_signer="signer" in given,
                            is_applicant="applicant" in given,
                            is_deed_party="applicant" in given or "party" in given,
                            is_its_notary="its_notary" in given,
                            in_marriage="in_marriage" in given,
                            is_spouse="spouse" in given,
                            is_wali="wali" in given,
                            is_its_officiant="its_officiant" in given,
                            has_decided="decided" in given,
                            filed_it="filed_it" in given,
                            exhibit_open="open" in given,
                        )
                        in_room = live and replace(live, presents="presents" in given)
                    got = answer(one, action, at, in_room, room)
                    fits = [
                        row
                        for row in here
                        if given_fits(row.given, given) and sure_fits(row.sure, sure, action)
                    ]
                    expected = {row.answer for row in fits}
                    cells += 1
                    yes += got == "yes"
                    if ("yes" in expected) != (got == "yes") or expected - {got}:
                        told = [row.number for row in fits]
                        wrong.append((action, one.name, phase.value, given, sure, got, told))
    assert not wrong, f"{len(wrong)} of {cells} cells, first: {wrong[:6]}"
    assert cells > 40_000
    assert yes > 1_000


def test_every_permission_is_in_the_table() -> None:
    told = {action for row in rows() if row.answer == "yes" for action in row.actions}
    missing = sorted(set(RULES) - told)
    assert not missing, f"{missing}: say in {DATA.name} who may, and what that rests on"
    assert told <= set(RULES)


def test_every_line_says_something() -> None:
    """A line that matches nobody is a mistake of writing."""
    everybody = {kind: list(subjects(kind)) for kind in KINDS}
    for row in rows():
        for token in row.who:
            found = any(is_meant(token, one) for kind in row.kinds for one in everybody[kind])
            assert found, (row.number, token)


def test_every_role_and_seat_asks() -> None:
    names = {one.name for kind in KINDS for one in subjects(kind)}
    assert {f"stranger:{role.value}" for role in Role} <= names
    for kind, declared in KINDS.items():
        assert {rule.role for rule in declared.roles} == set(SEATS[kind]), kind


@pytest.mark.parametrize("action", sorted(RULES))
def test_every_permission_is_explained(action: str) -> None:
    assert action in ACTIONS, "give it words in auth/policy_words.py"
    for line in RULES[action]:
        assert set(line.needs) <= set(MEANS)
    assert explain(action, "policy.not_host").ways
    assert set(ASK) <= set(MEANS)


def test_nobody_signed_out_and_nobody_shut_may_anything() -> None:
    for kind, phase in product(KINDS, Phase):
        for one, _sure, page, live in asked(kind, phase):
            shut = replace(one.person, active=False)
            for action in RULES:
                assert not decide(None, action, live or page)
                assert not decide(shut, action, live or page)
