"""Every gate of law.md 2.1: passed, failed with the rule's id, and moved by the pack alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from notary.marriage.application import (
    Agency,
    Application,
    Dower,
    Earlier,
    Guardianship,
    Interpreter,
    Medical,
    Status,
)
from notary.marriage.application import Part as P
from notary.marriage.finding import GateState as S
from notary.marriage.gates import GATES, TITLES, blocking, evaluate, unacknowledged
from notary.marriage.track import tracks
from sessions.rules import RulePack
from tests.notary.marriage.sample import DAY, PACK, altered, change, civil, leave, sharia

Spoil = Callable[[Application], Application]


def findings(app: Application, pack: RulePack = PACK, day: date = DAY) -> Any:
    return evaluate(app, tracks()[app.track], pack, day)


def blocked(app: Application, pack: RulePack = PACK, day: date = DAY) -> set[tuple[str, str]]:
    return {(found.rule, found.state.value) for found in blocking(findings(app, pack, day))}


def bride_was(status: Status, **earlier: Any) -> Spoil:
    documents = frozenset(PACK.rule("R-MR-06", DAY).value["documents"][status])
    data = {"ended": date(2026, 1, 1), "documents": documents, **earlier}
    return lambda app: replace(
        app, status={**app.status, P.BRIDE: status}, earlier={P.BRIDE: Earlier(**data)}
    )


def with_agent(part: P, **agency: Any) -> Spoil:
    said: dict[str, Any] = {
        "number": "77",
        "special": True,
        "original_kept": True,
        "attested": True,
        "standing": "stands",
    } | agency

    def spoil(app: Application) -> Application:
        agent = replace(app.person(P.WITNESS_1), number="784-1980-7777777-7")
        return replace(app, persons={**app.persons, part: agent}, agencies={part: Agency(**said)})

    return spoil


def guardianship(**said: Any) -> Spoil:
    return lambda app: replace(app, guardianship=Guardianship(**said))


def medical(part: P, **said: Any) -> Spoil:
    base: dict[str, Any] = {"number": "M-2", "issued": date(2026, 10, 1)}
    base |= {"original_kept": True} | said
    return lambda app: replace(app, medical={**app.medical, part: Medical(**base)})


def without(part: P) -> Spoil:
    return lambda app: replace(
        app, persons={key: value for key, value in app.persons.items() if key is not part}
    )


def needing(app: Application, **needs: str) -> Application:
    return replace(app, needs={P(part): code for part, code in needs.items()})


def interpreted(app: Application, **needs: str) -> Application:
    """With an interpreter of the first language that is needed."""
    app = change(needing(app, **needs), P.INTERPRETER_1, name_ar="مترجم", number="N77")
    return replace(app, interpreters={P.INTERPRETER_1: Interpreter(next(iter(needs.values())))})


PASSES: dict[str, tuple[str, Spoil]] = {
    "a couple in order": ("R-MR-01", lambda app: app),
    "court of the bride's work": ("R-MR-02", lambda app: change(app, P.BRIDE, work="DU")),
    "leave for a younger bride": (
        "R-MR-03",
        lambda app: leave(change(app, P.BRIDE, born=date(2009, 1, 1)), "court_age"),
    ),
    "thirty years to the day": ("R-MR-04", lambda app: change(app, P.GROOM, born=date(1967, 2, 3))),
    "gap with approval": (
        "R-MR-04",
        lambda app: leave(change(app, P.GROOM, born=date(1950, 1, 1)), "court_age_gap"),
    ),
    "certificate on its last day": ("R-MR-05", medical(P.BRIDE, issued=date(2026, 8, 24))),
    "finding with the judge's leave": (
        "R-MR-05",
        lambda app: leave(medical(P.GROOM, outcome="refer")(app), "medical"),
    ),
    "divorced, waited": ("R-MR-06", bride_was(Status.DIVORCED)),
    "divorced before consummation": (
        "R-MR-06",
        bride_was(Status.DIVORCED_BEFORE_CONSUMMATION, ended=DAY),
    ),
    "widowed, waited": ("R-MR-06", bride_was(Status.WIDOWED, ended=DAY - timedelta(days=130))),
    "a fourth wife": (
        "R-MR-07",
        lambda app: replace(app, existing_wives=3, status={**app.status, P.GROOM: Status.MARRIED}),
    ),
    "a Christian bride": ("R-MR-08", lambda app: _christian_bride(app)),
    "the judge as guardian": (
        "R-MR-09",
        lambda app: leave(
            without(P.GUARDIAN)(guardianship(relation="judge")(app)), "judge_leave.no_guardian"
        ),
    ),
    "brother where the nearer are dead": (
        "R-MR-09",
        guardianship(
            relation="brother",
            consents=True,
            passed_over={"father": "dead", "grandfather": "dead", "son": "dead"},
        ),
    ),
    "refusal overruled": (
        "R-MR-09",
        lambda app: leave(
            guardianship(relation="father", consents=False)(app), "judge_leave.guardian_refuses"
        ),
    ),
    "agent with a power": ("R-MR-10", with_agent(P.GROOM_AGENT)),
    "leave for a visitor": (
        "R-MR-11",
        lambda app: leave(
            change(app, P.GROOM, resident=False, residence="", work=""), "judge_leave.not_resident"
        ),
    ),
    "embassy agrees": (
        "R-MR-12",
        lambda app: leave(
            replace(app, circumstances=frozenset({"embassy_must_consent"})),
            "embassy_no_objection",
            attested=True,
        ),
    ),
    "dower above the cap, no citizens": (
        "R-MR-13",
        lambda app: replace(app, dower=Dower(Decimal(90_000), False)),
    ),
    "no conditions is an answer": (
        "R-MR-14",
        lambda app: replace(app, conditions={P.GROOM: (), P.BRIDE: ()}),
    ),
    "a relative as witness": (
        "R-MR-15",
        lambda app: change(app, P.WITNESS_1, relation_to_bride="brother"),
    ),
    "an officiant of no relation": ("R-MR-17", lambda app: app),
    "a mute groom who writes": ("R-MR-21", lambda app: needing(app, groom="writing")),
    "a bride with an interpreter": ("R-MR-21", lambda app: interpreted(app, bride="ur")),
}

FAILS: dict[str, tuple[str, S, Spoil]] = {
    "no document": ("R-MR-01", S.MISSING, lambda app: change(app, P.GROOM, copy_kept=False)),
    "one person on two seats": (
        "R-MR-01",
        S.FAILED,
        lambda app: change(app, P.WITNESS_2, number="784 1990 44444444"),
    ),
    "a court far away": ("R-MR-02", S.FAILED, lambda app: replace(app, court="FU")),
    "a bride of seventeen": (
        "R-MR-03",
        S.NEEDS_LEAVE,
        lambda app: change(app, P.BRIDE, born=date(2008, 11, 25)),
    ),
    "born tomorrow": (
        "R-MR-03",
        S.MISSING,
        lambda app: change(app, P.BRIDE, born=DAY + timedelta(1)),
    ),
    "thirty years and a day": (
        "R-MR-04",
        S.NEEDS_LEAVE,
        lambda app: change(app, P.GROOM, born=date(1967, 2, 2)),
    ),
    "certificate a day too old": ("R-MR-05", S.FAILED, medical(P.BRIDE, issued=date(2026, 8, 23))),
    "certificate of tomorrow": ("R-MR-05", S.MISSING, medical(P.BRIDE, issued=DAY + timedelta(1))),
    "no certificate": ("R-MR-05", S.MISSING, lambda app: replace(app, medical={})),
    "a finding": ("R-MR-05", S.NEEDS_LEAVE, medical(P.GROOM, outcome="refer")),
    "waiting period": ("R-MR-06", S.FAILED, bride_was(Status.DIVORCED, ended=date(2026, 10, 1))),
    "widow's waiting period": (
        "R-MR-06",
        S.FAILED,
        bride_was(Status.WIDOWED, ended=DAY - timedelta(days=129)),
    ),
    "until the birth": ("R-MR-06", S.FAILED, bride_was(Status.DIVORCED, pregnant=True)),
    "divorce revoked": ("R-MR-06", S.FAILED, bride_was(Status.DIVORCED, revoked=True)),
    "no deed of divorce": (
        "R-MR-06",
        S.MISSING,
        bride_was(Status.DIVORCED_BY_COURT, documents=frozenset({"divorce_deed"})),
    ),
    "a married bride": (
        "R-MR-06",
        S.FAILED,
        bride_was_married := lambda app: replace(
            app, status={**app.status, P.BRIDE: Status.MARRIED}
        ),
    ),
    "a fifth wife": (
        "R-MR-07",
        S.FAILED,
        lambda app: replace(app, existing_wives=4, status={**app.status, P.GROOM: Status.MARRIED}),
    ),
    "wives not declared": (
        "R-MR-07",
        S.MISSING,
        lambda app: replace(app, existing_wives=None),
    ),
    "an impediment": (
        "R-MR-08",
        S.FAILED,
        lambda app: replace(app, impediments={**app.impediments, "breastfeeding": True}),
    ),
    "an impediment not asked": (
        "R-MR-08",
        S.MISSING,
        lambda app: replace(
            app, impediments={k: v for k, v in app.impediments.items() if k != "lian"}
        ),
    ),
    "a groom who is no Muslim": (
        "R-MR-08",
        S.FAILED,
        lambda app: change(app, P.GROOM, religion="christian"),
    ),
    "no guardian": ("R-MR-09", S.MISSING, guardianship()),
    "brother before father": (
        "R-MR-09",
        S.FAILED,
        guardianship(relation="brother", consents=True),
    ),
    "father absent": (
        "R-MR-09",
        S.NEEDS_LEAVE,
        guardianship(relation="grandfather", consents=True, passed_over={"father": "absent"}),
    ),
    "guardian withdraws": (
        "R-MR-09",
        S.NEEDS_LEAVE,
        guardianship(relation="father", consents=False),
    ),
    "guardian silent": ("R-MR-09", S.MISSING, guardianship(relation="father")),
    "judge without leave": ("R-MR-09", S.NEEDS_LEAVE, guardianship(relation="judge")),
    "a forged agency": ("R-MR-10", S.FAILED, with_agent(P.GROOM_AGENT, standing="not_found")),
    "a general power": ("R-MR-10", S.FAILED, with_agent(P.BRIDE_AGENT, special=False)),
    "power not looked up": ("R-MR-10", S.MISSING, with_agent(P.BRIDE_AGENT, standing="unknown")),
    "to himself": ("R-MR-10", S.FAILED, lambda app: _to_himself(app, stated=False)),
    "a foreign groom of a citizen": (
        "R-MR-11",
        S.NEEDS_LEAVE,
        lambda app: change(app, P.BRIDE, nationality="AE"),
    ),
    "a visitor": ("R-MR-11", S.NEEDS_LEAVE, lambda app: change(app, P.GUARDIAN, resident=False)),
    "employer silent": (
        "R-MR-12",
        S.MISSING,
        lambda app: replace(app, circumstances=frozenset({"employer_must_approve"})),
    ),
    "embassy not attested": (
        "R-MR-12",
        S.MISSING,
        lambda app: leave(
            replace(app, circumstances=frozenset({"embassy_must_consent"})), "embassy_no_objection"
        ),
    ),
    "dower not named": ("R-MR-13", S.MISSING, lambda app: replace(app, dower=Dower())),
    "bride not asked": (
        "R-MR-14",
        S.MISSING,
        lambda app: replace(app, conditions={P.GROOM: ()}),
    ),
    "one witness": ("R-MR-15", S.MISSING, without(P.WITNESS_2)),
    "a witness of seventeen": (
        "R-MR-15",
        S.FAILED,
        lambda app: change(app, P.WITNESS_1, born=date(2009, 6, 1)),
    ),
    "the guardian as witness": (
        "R-MR-15",
        S.FAILED,
        lambda app: change(app, P.WITNESS_1, number="784-1965-3333333-3"),
    ),
    "the bride's uncle as officiant": (
        "R-MR-17",
        S.FAILED,
        lambda app: change(app, P.OFFICIANT, relation_to_bride="uncle"),
    ),
    "no interpreter yet": ("R-MR-21", S.NEEDS_LEAVE, lambda app: needing(app, bride="ur")),
    "an interpreter of another language": (
        "R-MR-21",
        S.NEEDS_LEAVE,
        lambda app: replace(interpreted(app, bride="ur"), needs={P.BRIDE: "sgn"}),
    ),
    "three languages": (
        "R-MR-21",
        S.FAILED,
        lambda app: needing(app, bride="ur", groom="sgn", guardian="fr"),
    ),
    "the groom's brother as interpreter": (
        "R-MR-21",
        S.FAILED,
        lambda app: change(
            interpreted(app, bride="ur"), P.INTERPRETER_1, relation_to_groom="brother"
        ),
    ),
}


def _christian_bride(app: Application) -> Application:
    return change(app, P.BRIDE, religion="christian")


def _to_himself(app: Application, stated: bool) -> Application:
    app = with_agent(P.BRIDE_AGENT, may_marry_self=stated)(app)
    return change(app, P.BRIDE_AGENT, number=app.person(P.GROOM).number)


@pytest.mark.parametrize("name", PASSES)
def test_passes(name: str) -> None:
    rule, spoil = PASSES[name]
    found = dict(findings(spoil(sharia())))[rule]
    assert not [finding for finding in found if finding.blocks], found


@pytest.mark.parametrize("name", FAILS)
def test_fails_with_the_rules_id(name: str) -> None:
    rule, state, spoil = FAILS[name]
    assert (rule, state.value) in blocked(spoil(sharia()))


def test_a_couple_in_order_has_nothing_in_its_way() -> None:
    assert blocked(sharia()) == set()
    assert blocked(civil("civil_federal")) == set()
    assert blocked(civil("civil_abu_dhabi")) == set()


def test_an_agent_may_marry_her_to_himself_if_the_power_says_so() -> None:
    assert blocked(_to_himself(sharia(), stated=True)) == set()


MOVED_BY_THE_PACK: dict[str, tuple[Spoil, dict[str, Any]]] = {
    "R-MR-01": (lambda app: app, {"documents": ["passport"]}),
    "R-MR-02": (lambda app: app, {"of": []}),
    "R-MR-03": (lambda app: app, {"years": {"sharia_federal": 40}}),
    "R-MR-04": (lambda app: app, {"years_more_than": 1}),
    "R-MR-05": (lambda app: app, {"months": 1}),
    "R-MR-06": (
        bride_was(Status.DIVORCED, ended=date(2026, 8, 1)),
        {"waiting_days": {"divorced": 120}},
    ),
    "R-MR-07": (PASSES["a fourth wife"][1], {"most_existing": 2}),
    "R-MR-08": (_christian_bride, {"bride_religions": ["muslim"]}),
    "R-MR-09": (lambda app: app, {"order": ["grandfather", "father"]}),
    "R-MR-10": (lambda app: _to_himself(app, stated=False), {"self_only_if_stated": False}),
    "R-MR-11": (lambda app: change(app, P.BRIDE, nationality="AE"), {"cases": []}),
    "R-MR-12": (
        lambda app: replace(app, circumstances=frozenset({"embassy_must_consent"})),
        {"asked_when": {}},
    ),
    "R-MR-14": (lambda app: replace(app, conditions={P.GROOM: ()}), {"of": ["groom"]}),
    "R-MR-15": (lambda app: app, {"years": 50}),
    "R-MR-17": (FAILS["the bride's uncle as officiant"][2], {"own_relatives": True}),
    "R-MR-21": (FAILS["three languages"][2], {"languages_most": 3}),
}


@pytest.mark.parametrize("rule", MOVED_BY_THE_PACK)
def test_a_change_of_the_pack_alone_changes_the_answer(rule: str) -> None:
    spoil, value = MOVED_BY_THE_PACK[rule]
    app = spoil(sharia())
    before = {found for found in blocked(app) if found[0] == rule}
    after = {found for found in blocked(app, altered(rule, **value)) if found[0] == rule}
    assert before != after


def test_every_rule_of_a_track_has_a_gate_a_title_and_its_tests() -> None:
    for track in tracks().values():
        for rule in track.gates:
            assert rule in GATES
            assert rule in TITLES
    sharia_rules = set(tracks()["sharia_federal"].gates)
    assert {rule for rule, _ in PASSES.values()} >= sharia_rules
    assert {rule for rule, _, _ in FAILS.values()} >= sharia_rules
    assert set(MOVED_BY_THE_PACK) | {"R-MR-13"} >= sharia_rules


def test_the_dower_warns_and_never_blocks() -> None:
    citizens = change(change(sharia(), P.BRIDE, nationality="AE"), P.GROOM, nationality="AE")
    dear = replace(citizens, dower=Dower(Decimal(20_001), True))
    assert {found.rule for found in unacknowledged(findings(dear))} == {"R-MR-13"}
    assert blocked(dear) == set()
    told = replace(dear, acknowledged=frozenset({"R-MR-13"}))
    assert unacknowledged(findings(told)) == ()
    raised = altered("R-MR-13", cap_prompt_aed=50_000)
    assert unacknowledged(findings(dear, raised)) == ()


def test_what_was_valid_at_the_application_can_lapse_before_the_day() -> None:
    app = medical(P.BRIDE, issued=date(2026, 8, 30))(sharia())
    assert blocked(app, day=DAY) == set()
    assert blocked(app, day=date(2026, 12, 1)) == {("R-MR-05", "failed")}


def test_civil_tracks_have_their_own_gates() -> None:
    for code, least in (("civil_federal", 21), ("civil_abu_dhabi", 18)):
        app = civil(code)
        young = change(app, P.BRIDE, born=date(DAY.year - least, DAY.month, DAY.day + 1))
        assert blocked(young) == {("R-MR-03", "failed")}
        assert blocked(change(app, P.BRIDE, born=date(DAY.year - least, 11, 24))) == set()
        assert blocked(replace(app, disclosed=frozenset())) == {("R-MR-20", "missing")}
        married = replace(app, existing_wives=1)
        assert blocked(married) == {("R-MR-20", "failed")}
        assert blocked(change(app, P.OFFICIANT, relation_to_groom="cousin")) == {
            ("R-MR-17", "failed")
        }
        assert blocked(change(app, P.GROOM, copy_kept=False)) == {("R-MR-01", "missing")}
        assert blocked(replace(app, conditions={})) == {("R-MR-14", "missing")}
        assert ("R-MR-10", "failed") in blocked(
            with_agent(P.GROOM_AGENT, standing="revoked")(
                replace(app, persons={**app.persons, P.WITNESS_1: sharia().person(P.WITNESS_1)})
            )
        )


def test_the_disclosure_is_moved_by_the_pack() -> None:
    app = replace(civil("civil_federal"), disclosed=frozenset({P.GROOM}))
    assert blocked(app) == {("R-MR-20", "missing")}
    assert blocked(app, altered("R-MR-20", of=["groom"])) == set()


def test_a_track_is_open_to_those_whom_its_file_names() -> None:
    muslims = replace(sharia(), track="civil_federal", disclosed=frozenset({P.GROOM, P.BRIDE}))
    assert ("track", "failed") in blocked(muslims)
    others = replace(civil("civil_federal"), track="sharia_federal")
    assert ("track", "failed") in blocked(others)
    visitors = change(civil("civil_federal"), P.GROOM, resident=False)
    assert blocked(visitors) == {("track", "failed")}
    assert blocked(replace(visitors, track="civil_abu_dhabi")) == set()
    citizen = change(civil("civil_abu_dhabi"), P.BRIDE, nationality="AE")
    assert ("track", "failed") in blocked(citizen)
    assert ("track", "failed") in blocked(replace(civil("civil_abu_dhabi"), court="DU"))


def test_nothing_given_yet_is_missing_never_an_error() -> None:
    for track in tracks().values():
        found = evaluate(Application(track=track.code), track, PACK, DAY)
        assert all(len(group) >= 1 for _, group in found)
        assert blocking(found)
