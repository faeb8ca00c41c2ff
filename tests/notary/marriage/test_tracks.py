"""Every gate of every track: a file passes it, another fails it under the rule's id, and a change
of the pack alone moves it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from notary.marriage.application import Application, Dower
from notary.marriage.application import Part as P
from notary.marriage.filing import Blocked, Filing
from notary.marriage.finding import GateState
from notary.marriage.gates import evaluate
from notary.marriage.track import tracks
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sample import DAY, PACK, altered, change, civil, sharia
from tests.notary.marriage.test_gates import FAILS, MOVED_BY_THE_PACK, interpreted, with_agent

Spoil = Callable[[Application], Application]
CIVIL = ("civil_federal", "civil_abu_dhabi")


def same(app: Application) -> Application:
    return app


def _undated(app: Application) -> Application:
    return change(app, P.BRIDE, born=DAY)


def agent(**said: Any) -> Spoil:
    """A groom's agent on a civil track, where there are no witnesses to borrow one from."""

    def spoil(app: Application) -> Application:
        stands_in = sharia().person(P.WITNESS_1)
        app = replace(app, persons={**app.persons, P.WITNESS_1: stands_in})
        app = with_agent(P.GROOM_AGENT, **said)(app)
        return replace(app, persons={k: v for k, v in app.persons.items() if k is not P.WITNESS_1})

    return spoil


CIVIL_FAILS: dict[str, Spoil] = {
    "R-MR-01": lambda app: change(app, P.GROOM, copy_kept=False),
    "R-MR-03": _undated,
    "R-MR-10": agent(standing="revoked"),
    "R-MR-14": lambda app: replace(app, conditions={}),
    "R-MR-17": lambda app: change(app, P.OFFICIANT, relation_to_groom="cousin"),
    "R-MR-20": lambda app: replace(app, disclosed=frozenset()),
    "R-MR-21": lambda app: replace(app, needs={P.BRIDE: "ur"}),
}
CIVIL_MOVED: dict[str, tuple[Spoil, dict[str, Any]]] = {
    "R-MR-01": (same, {"documents": ["passport"]}),
    "R-MR-03": (same, {"years": dict.fromkeys((*CIVIL, "sharia_federal"), 40)}),
    "R-MR-10": (agent(special=False), {"special": False}),
    "R-MR-14": (lambda app: replace(app, conditions={P.GROOM: ()}), {"of": ["groom"]}),
    "R-MR-17": (CIVIL_FAILS["R-MR-17"], {"own_relatives": True}),
    "R-MR-20": (lambda app: replace(app, disclosed=frozenset({P.GROOM})), {"of": ["groom"]}),
    "R-MR-21": (
        lambda app: change(interpreted(app, bride="ur"), P.INTERPRETER_1,
                           relation_to_groom="brother"),
        {"own_relatives": True},
    ),
}  # fmt: skip


def _dear(app: Application) -> Application:
    """Citizens whose dower is above the cap: a warning."""
    app = change(change(app, P.BRIDE, nationality="AE"), P.GROOM, nationality="AE")
    return replace(app, dower=Dower(Decimal(20_001), True))


SHARIA_MOVED = {**MOVED_BY_THE_PACK, "R-MR-13": (_dear, {"cap_prompt_aed": 50_000})}


def base(track: str) -> Application:
    return sharia() if track == "sharia_federal" else civil(track)


def states(app: Application, rule: str, pack: Any = PACK, day: date = DAY) -> set[GateState]:
    found = dict(evaluate(app, tracks()[app.track], pack, day))
    return {one.state for one in found[rule]}


BLOCKS = {GateState.FAILED, GateState.MISSING, GateState.NEEDS_LEAVE}
GATES = [(track.code, rule) for track in tracks().values() for rule in track.gates]


@pytest.mark.parametrize(("track", "rule"), GATES)
def test_passes(track: str, rule: str) -> None:
    assert not states(base(track), rule) & BLOCKS


@pytest.mark.parametrize(("track", "rule"), GATES)
def test_fails_under_its_id(track: str, rule: str) -> None:
    """What stands in the way is named by the rule: people and programs read the id."""
    spoil = (
        next(spoil for of, _, spoil in FAILS.values() if of == rule)
        if track == "sharia_federal"
        else CIVIL_FAILS[rule]
    )
    found = dict(evaluate(spoil(base(track)), tracks()[track], PACK, DAY))[rule]
    closed = [one for one in found if one.blocks]
    assert closed
    assert {one.rule for one in closed} == {rule}
    assert Blocked(tuple(closed)).params["rules"] == rule
    assert all(one.reason and one.remedy for one in closed)


@pytest.mark.parametrize(("track", "rule"), GATES)
def test_a_change_of_the_pack_alone_moves_it(track: str, rule: str) -> None:
    moved = SHARIA_MOVED if track == "sharia_federal" else CIVIL_MOVED
    spoil, value = moved[rule]
    app = spoil(base(track))
    assert states(app, rule) != states(app, rule, altered(rule, **value))


@pytest.mark.parametrize(("months", "gone"), [(2, 1), (3, 0)])
async def test_the_clock_of_a_file_is_the_packs(lite: Court, months: int, gone: int) -> None:
    """R-MR-16 is no gate: after its months without action a file lapses."""
    await lite.gathered()
    lite.house.clock.advance(70 * 86_400)
    pack = PACK if months == 2 else altered("R-MR-16", months=months)
    assert await Filing(replace(lite.core, pack=pack)).sweep() == gone
