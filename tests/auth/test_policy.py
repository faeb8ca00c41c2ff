"""The whole matrix of the policy: every action, every role, every condition."""

import itertools
from dataclasses import fields, replace
from typing import Any, get_args

import pytest

from auth.assurance import Assurance, Level
from auth.person import Person, Role, guest
from auth.policy import (
    CONDITIONS,
    NEEDS,
    OVER,
    RULES,
    AssuranceNeeded,
    Can,
    Context,
    decide,
    require,
    table,
)
from errors import Forbidden
from sessions.kinds import KINDS
from sessions.phase import FINAL
from sessions.seat import SeatRole

ROLES = sorted(Role)
FLAGS = [item.name for item in fields(Context) if item.type is bool]
NO = Context()
SURE = Assurance(Level.HIGH, each_act=False)
EVERYTHING = replace(NO, **dict.fromkeys(FLAGS, True))  # type: ignore[arg-type]


def someone(role: Role) -> Person:
    if role is Role.GUEST:
        return guest("sitting", "seat", "", "A Guest", "en")
    return Person("id", role, "", "Somebody", assurance=SURE)


def allowed_roles(action: str, context: Context) -> set[Role]:
    return {role for role in ROLES if decide(someone(role), action, context)}


def seated(seat_role: str, kind: str = "criminal_hearing", **codes: Any) -> Context:
    declared = KINDS[kind]
    host = SeatRole(seat_role) in declared.hosts
    return replace(
        NO,
        kind=kind,
        phase="on_record",
        seat_role=seat_role,
        is_own_seat=True,
        is_host=host,
        recordable=kind != "consultation",
        private_consultation=declared.private_consultation,
        needs_order=declared.viewing_needs_order,
        **codes,
    )


ANY_ACCOUNT = set(Role) - {Role.GUEST}
INVOLVED = ANY_ACCOUNT - {Role.AUDITOR}
HOSTS_ONLY = {
    "open", "admit", "to_lobby", "remove", "readmit", "identity", "look", "ask_room",
    "room_seen", "recess", "resume", "delay", "mute", "unlock", "allow_screen", "lower_hand",
    "close",
}  # fmt: skip
COURT_ONLY = {
    "roll_call", "floor", "publicity", "heard", "oath", "agenda", "note", "adjourn", "reserve",
    "on_record", "off_record", "private_recall", "note_alarm", "note_absence",
}  # fmt: skip
EVERYONE = {
    "publish", "subscribe", "answer", "sources", "line", "layout", "language", "hand",
    "cannot_hear", "kit", "leave", "ack_missed", "private_answer", "private_return",
    "listen", "declare_alone",
}  # fmt: skip
OFFICER = {"attest", "officer_out"}
INTERPRETER = {"interpret"}
PRESIDING = {"admit_unproved", "rule_exhibit"}
EXHIBITS = {"allow_exhibits", "show_exhibit", "hide_exhibit"}
"""The court, and the last two by its leave: policy.csv."""
NOTARY = {"turn"}
JUDGES_ONLY = {"heard", "reserve"}
"""Of COURT_ONLY: what a notary or an officiant, who preside too, never does."""
HOUSE = {
    "account.own": ANY_ACCOUNT,
    "sitting.list": INVOLVED,
    "people.manage": {Role.ADMINISTRATOR},
    "rooms.manage": {Role.ADMINISTRATOR},
    "devices.manage": {Role.ADMINISTRATOR},
    "device.use": {Role.FACILITY_OFFICER},
    "identity.manage": {Role.ADMINISTRATOR},
    "audit.read": {Role.ADMINISTRATOR, Role.AUDITOR},
    "operations.see": {Role.ADMINISTRATOR},
    "people.choose": {Role.CLERK, Role.LAWYER},
    "delegation.list": {Role.JUDGE, Role.CLERK, Role.NOTARY, Role.ADMINISTRATOR},
    "delegation.grant": {Role.ADMINISTRATOR},
    "delegation.withdraw": {Role.ADMINISTRATOR},
    "sitting.book": {Role.CLERK},
}


OF_A_FILE = ("deed.", "marriage.", "register.", "notary.", "custody.")
"""Rooms whose actions are about a file or a book of an office, not about a seat: policy.csv."""
OF_A_SITTING = (
    "sitting.",
    "seat.",
    "recording.",
    "transcript.",
    "minutes.",
    "signing.",
    "live.",
    "exhibit.",
)


def test_every_action_is_in_this_file() -> None:
    named = HOSTS_ONLY | COURT_ONLY | EVERYONE | OFFICER | INTERPRETER | PRESIDING | NOTARY
    live = {f"live.{name}" for name in named | EXHIBITS} | {"live.private_invite"}
    assert {action for action in RULES if action.startswith("live.")} == live
    assert {action for action in RULES if not action.startswith(OF_A_FILE + OF_A_SITTING)} == {
        action for action in HOUSE if not action.startswith("sitting.")
    }


def test_every_live_command_of_the_protocol_has_a_line() -> None:
    from signaling import messages

    union = {cls.__struct_config__.tag for cls in get_args(messages.Command)}
    assert {f"live.{tag}" for tag in union} <= set(RULES)


@pytest.mark.parametrize("action", [*RULES, "live.nothing", "", "sitting.", "people"])
def test_nobody_signed_out_may_do_anything(action: str) -> None:
    for context in (NO, EVERYTHING):
        decision = decide(None, action, context)
        assert not decision
        assert decision.code == "policy.signed_out"


@pytest.mark.parametrize("role", ROLES)
def test_a_shut_account_may_do_nothing(role: Role) -> None:
    person = replace(someone(role), active=False)
    assert not any(decide(person, action, EVERYTHING) for action in RULES)


@pytest.mark.parametrize("role", ROLES)
def test_an_unknown_action_is_refused(role: Role) -> None:
    for action in ("", "live.nothing", "sitting.BOOK", "recording"):
        assert decide(someone(role), action, EVERYTHING).code == "policy.unknown_action"


def test_the_actions_of_the_house() -> None:
    for action, roles in HOUSE.items():
        assert allowed_roles(action, NO) == roles, action


def test_without_a_seat_nothing_of_a_sitting_is_allowed() -> None:
    stranger = replace(NO, phase="on_record", kind="criminal_hearing", recordable=True)
    for action in set(RULES) - set(HOUSE):
        if action.startswith(OF_A_SITTING):
            assert allowed_roles(action, stranger) == set(), action


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("seat_role", sorted(SeatRole))
def test_the_live_commands_of_a_seat(kind: str, seat_role: str) -> None:
    context = seated(seat_role, kind)
    person = someone(Role.LAWYER if seat_role == "counsel" else Role.PARTY)
    may = {
        action for action in RULES if action.startswith("live.") and decide(person, action, context)
    }
    expected = set(EVERYONE)
    host = SeatRole(seat_role) in KINDS[kind].hosts
    if host:
        expected |= HOSTS_ONLY
    if host and seat_role in ("presiding_judge", "clerk"):
        expected |= COURT_ONLY | EXHIBITS
    if host and seat_role == "presiding_judge":
        expected |= PRESIDING
    if host and seat_role == "notary":
        expected |= (COURT_ONLY - JUDGES_ONLY - {"private_recall"}) | NOTARY
    if host and seat_role == "officiant":
        expected |= COURT_ONLY - JUDGES_ONLY
    if seat_role == "interpreter":
        expected |= INTERPRETER
    assert may == {f"live.{name}" for name in expected}


@pytest.mark.parametrize("seat_role", ["presiding_judge", "clerk", "accused", "witness"])
def test_a_removed_seat_may_only_leave(seat_role: str) -> None:
    context = seated(seat_role, is_removed=True)
    may = {
        action
        for action in RULES
        if action.startswith("live.") and decide(someone(Role.PARTY), action, context)
    }
    assert may == {"live.leave"}


def test_the_officer_acts_for_the_detained_seat_and_hosts_nothing() -> None:
    context = replace(
        NO,
        kind="criminal_hearing",
        phase="on_record",
        seat_role="accused",
        operates_room=True,
        recordable=True,
        private_consultation=True,
    )
    officer = someone(Role.FACILITY_OFFICER)
    may = {
        action
        for action in RULES
        if action.startswith("live.") and decide(officer, action, context)
    }
    assert may == {f"live.{name}" for name in EVERYONE | OFFICER}
    assert decide(officer, "seat.enter", context)
    assert decide(officer, "sitting.see", context)
    # even if a caller mixed up whose host flag it is
    assert not decide(officer, "live.open", replace(context, is_host=True))
    for role in set(Role) - {Role.FACILITY_OFFICER}:
        for action in ("live.attest", "live.officer_out", "seat.enter", "sitting.see"):
            assert not decide(someone(role), action, context), (role, action)


def test_private_consultations_need_the_kind_and_the_list() -> None:
    counsel = someone(Role.LAWYER)
    context = seated("counsel")
    assert decide(counsel, "live.private_invite", context).code == "policy.not_on_private_list"
    assert decide(counsel, "live.private_invite", replace(context, ties=frozenset({"counsel_of"})))
    never = replace(context, ties=frozenset({"counsel_of"}), private_consultation=False)
    assert decide(counsel, "live.private_invite", never).code == "policy.no_private_consultation"


def test_a_consultation_is_never_recorded_whatever_the_seat() -> None:
    for seat_role, role in itertools.product(SeatRole, ROLES):
        context = replace(seated(seat_role, "consultation"), is_host=True)
        for action in ("live.on_record", "live.off_record", "live.note", "live.agenda"):
            decision = decide(someone(role), action, replace(context, recordable=False))
            assert not decision or action in ("live.note", "live.agenda")
        assert not decide(someone(role), "live.on_record", replace(context, recordable=False))


def test_booking_by_a_lawyer_is_for_consultations() -> None:
    lawyer = someone(Role.LAWYER)
    assert decide(lawyer, "sitting.book", replace(NO, kind="consultation"))
    for kind in set(KINDS) - {"consultation"}:
        refused = decide(lawyer, "sitting.book", replace(NO, kind=kind))
        assert refused.code == "policy.consultation_only"
    for role in set(Role) - {Role.LAWYER, Role.CLERK}:
        assert not decide(someone(role), "sitting.book", replace(NO, kind="consultation"))


@pytest.mark.parametrize("action", ["sitting.reschedule", "sitting.cancel"])
def test_changing_a_booking(action: str) -> None:
    booked = replace(NO, phase="scheduled", is_booker=True)
    assert allowed_roles(action, booked) == {Role.CLERK, Role.JUDGE}
    presiding = replace(seated("presiding_judge"), phase="scheduled")
    assert allowed_roles(action, presiding) == {Role.CLERK, Role.JUDGE}
    assert decide(someone(Role.CLERK), action, replace(booked, phase="on_record")).code == (
        "policy.begun"
    )
    assert allowed_roles(action, replace(booked, kind="consultation")) == {
        Role.CLERK,
        Role.JUDGE,
        Role.LAWYER,
    }


@pytest.mark.parametrize("phase", sorted(OVER))
def test_nobody_enters_or_invites_after_the_end(phase: str) -> None:
    context = replace(seated("clerk"), phase=phase, is_booker=True)
    for action in ("seat.enter", "sitting.invite", "sitting.add_witness"):
        assert decide(someone(Role.CLERK), action, context).code == "policy.over"


def test_the_phases_after_the_end_are_those_of_the_state_machine() -> None:
    assert {phase.value for phase in FINAL} == OVER


@pytest.mark.parametrize(
    ("seat_role", "role", "given", "code"),
    [
        ("presiding_judge", Role.JUDGE, {}, "policy.order_needed"),
        ("presiding_judge", Role.JUDGE, {"has_order": True}, ""),
        ("clerk", Role.CLERK, {"has_order": True}, ""),
        ("counsel", Role.LAWYER, {"has_order": True}, "policy.leave_needed"),
        ("counsel", Role.LAWYER, {"has_leave": True}, "policy.order_needed"),
        ("counsel", Role.LAWYER, {"has_leave": True, "has_order": True}, ""),
        ("witness", Role.GUEST, {"has_leave": True, "has_order": True}, "policy.wrong_role"),
    ],
)
def test_viewing_a_criminal_record(
    seat_role: str, role: Role, given: dict[str, bool], code: str
) -> None:
    decision = decide(someone(role), "recording.view", seated(seat_role, **given))  # type: ignore[arg-type]
    assert decision.code == code
    assert bool(decision) is (code == "")


def test_a_civil_record_needs_no_order() -> None:
    assert decide(someone(Role.JUDGE), "recording.view", seated("presiding_judge", "civil_hearing"))
    clerk = seated("clerk", "civil_hearing")
    assert decide(someone(Role.CLERK), "recording.export", clerk)
    party = seated("claimant", "civil_hearing")
    assert not decide(someone(Role.PARTY), "recording.export", party)


def test_the_administrator_sees_no_sitting() -> None:
    for action in set(RULES) - set(HOUSE) - {"deed.list", "marriage.list"}:  # one's own, empty
        context = replace(NO, kind="criminal_hearing", is_booker=True, recordable=True)
        assert not decide(someone(Role.ADMINISTRATOR), action, context), action


def test_the_auditor_reads_the_log_and_nothing_else() -> None:
    """Not with a seat of an earlier office, a leave, or a part in a file."""
    against = {"is_removed", "lacks_device", "other_room", "has_decided"}
    given = replace(EVERYTHING, phase="lobby", **dict.fromkeys(against, False))  # type: ignore[arg-type]
    for action, seat, kind in itertools.product(RULES, ["", *SeatRole], ["", *KINDS]):
        found = decide(someone(Role.AUDITOR), action, replace(given, seat_role=seat, kind=kind))
        assert bool(found) is (action in {"account.own", "audit.read"}), (action, seat, kind)


def test_one_condition_more_never_takes_a_permission_away() -> None:
    """Except the reasons against: removed, an order or a device is needed, decided before, and a
    part in the marriage for who decides on it."""
    against = {"is_removed", "needs_order", "lacks_device", "other_room", "has_decided"}
    for action, role in itertools.product(RULES, ROLES):
        for seat_role in ("clerk", "counsel", "accused"):
            context = replace(NO, seat_role=seat_role, phase="scheduled", kind="consultation")
            for flag in [name for name in FLAGS if name not in against]:
                more = replace(context, **{flag: True})  # type: ignore[arg-type]
                decides = flag == "in_marriage" and action.startswith("marriage.")
                if not decides and decide(someone(role), action, context):
                    assert decide(someone(role), action, more), (action, role, flag)
                context = more


def test_every_refusal_says_what_to_do() -> None:
    for condition in CONDITIONS.values():
        assert condition.code.startswith("policy.")
        assert condition.message.endswith(".")


def test_every_condition_is_used_and_known() -> None:
    used = {name for lines in RULES.values() for line in lines for name in line.needs}
    assert used == set(CONDITIONS)
    words = " ".join(fields_text for _, fields_text in table())
    assert all(f"+{name}" in words for name in used)


def test_templates_ask_by_codes() -> None:
    can = Can(someone(Role.LAWYER))
    assert can("sitting.book", kind="consultation")
    assert not can("sitting.book")
    assert not Can(None)("sitting.list")


def test_require_raises_the_decision() -> None:
    with pytest.raises(Forbidden) as caught:
        require(someone(Role.PARTY), "people.manage")
    assert caught.value.code == "policy.wrong_role"
    require(someone(Role.ADMINISTRATOR), "people.manage")


# --- how sure we are ---------------------------------------------------------------------------


def as_sure(role: Role, level: Level, *, each_act: bool = True) -> Person:
    return replace(someone(role), assurance=Assurance(level, each_act=each_act))


def test_what_asks_for_a_level_is_an_action() -> None:
    assert set(NEEDS) <= set(RULES)
    words = dict(table())
    assert words["people.manage"].endswith("signed in at level medium")
    assert words["live.admit"].endswith("confirmed at level medium")


@pytest.mark.parametrize("level", list(Level))
def test_an_administrator_needs_the_level(level: Level) -> None:
    decision = decide(as_sure(Role.ADMINISTRATOR, level), "people.manage")
    enough = level >= Level.MEDIUM
    assert bool(decision) is enough
    assert decision.possible
    assert decision.code == ("" if enough else "policy.assurance_needed")


def test_no_level_helps_whoever_may_not() -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        decision = decide(as_sure(role, Level.HIGH), "people.manage")
        assert not decision.possible
        assert decision.code == "policy.wrong_role"


@pytest.mark.parametrize("confirmed", list(Level))
def test_a_legal_act_needs_its_own_confirmation(confirmed: Level) -> None:
    at = replace(seated("presiding_judge"), confirmed=confirmed)
    decision = decide(as_sure(Role.JUDGE, Level.HIGH), "live.off_record", at)
    enough = confirmed >= Level.MEDIUM
    assert bool(decision) is enough
    assert decision.code == ("" if enough else "policy.confirmation_needed")


def test_where_acts_are_not_confirmed_the_session_must_be_strong() -> None:
    at = seated("presiding_judge")
    assert decide(as_sure(Role.JUDGE, Level.MEDIUM, each_act=False), "live.off_record", at)
    weak = decide(as_sure(Role.JUDGE, Level.LOW, each_act=False), "live.off_record", at)
    assert weak.code == "policy.assurance_needed"


def test_whoever_was_only_looked_up_proves_nothing() -> None:
    person = Person("id", Role.ADMINISTRATOR, "", "Somebody")
    with pytest.raises(AssuranceNeeded) as caught:
        require(person, "people.manage")
    assert caught.value.params == {"level": "medium"}
    assert Can(person)("people.manage")  # the link is shown: it leads to the step-up
