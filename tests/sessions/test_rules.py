"""The rule pack: strict to load, and every rule that code names is there."""

import copy
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sessions.kinds import KINDS
from sessions.rules import FOLDER, RulesError, load, parse
from sessions.sitting import Offence
from settings import ROOT

TODAY = date(2026, 11, 21)


@pytest.fixture
def data() -> Any:
    return json.loads((FOLDER / "uae.json").read_text("utf-8"))


def test_the_pack_loads() -> None:
    pack = load()
    assert pack.jurisdiction == "AE"
    assert len(pack.rules) == 96
    assert all(rule.holds(TODAY) for rule in pack.rules)


def test_every_rule_that_a_kind_names_is_there() -> None:
    pack = load()
    for kind in KINDS.values():
        named = set(kind.sources) | {step.source for step in kind.agenda if step.source}
        assert named <= pack.ids, kind.code
        assert named


def test_every_rule_that_code_or_pages_name_is_there() -> None:
    named = set()
    for folder in ("sessions", "signaling", "recordings", "auth", "templates"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".py", ".html"):
                named |= set(re.findall(r"R-[A-Z]{2,3}-\d{2}", path.read_text("utf-8")))
    assert "R-CR-20" in named
    assert named <= load().ids


def test_the_agenda_of_a_trial_is_the_rules() -> None:
    order = load().rule("R-CR-21", TODAY).value["order"]
    assert [step.id for step in KINDS["criminal_hearing"].agenda] == order


def test_values_that_code_reads() -> None:
    pack = load()
    hours = pack.rule("R-CR-20", TODAY).value
    assert set(hours) == {"contravention", "misdemeanour", "felony", "witness"}
    assert set(pack.rule("R-CR-19", TODAY).value["mandatory"]) <= set(Offence)


def test_a_rule_holds_between_its_dates() -> None:
    pack = load()
    assert pack.rule("R-CR-20", date(2023, 3, 1))
    with pytest.raises(RulesError, match="no rule R-CR-20"):
        pack.rule("R-CR-20", date(2023, 2, 28))
    with pytest.raises(RulesError):
        pack.rule("R-XX-01", TODAY)


def change(data: Any, **values: Any) -> Any:
    data = copy.deepcopy(data)
    data["rules"][0].update(values)
    return data


@pytest.mark.parametrize(
    "values",
    [
        {"id": "CR-1"},
        {"id": None},
        {"title": " "},
        {"source": ""},
        {"source": None},
        {"jurisdiction": 5},
        {"verified": "X"},
        {"from": "yesterday"},
        {"from": 2023},
        {"from": "2024-01-01", "until": "2023-01-01"},
        {"extra": 1},
    ],
)
def test_a_wrong_rule_is_named(data: Any, values: dict[str, Any]) -> None:
    with pytest.raises(RulesError, match="test"):
        parse(change(data, **values), "test")


def test_a_missing_member_is_refused(data: Any) -> None:
    for member in list(data["rules"][0]):
        broken = copy.deepcopy(data)
        del broken["rules"][0][member]
        with pytest.raises(RulesError):
            parse(broken, "test")


@pytest.mark.parametrize("wrong", [[], {}, {"version": 2, "jurisdiction": "AE", "rules": []}, 5])
def test_another_form_is_refused(wrong: Any) -> None:
    with pytest.raises(RulesError):
        parse(wrong, "test")


def test_one_id_may_return_with_other_dates_only(data: Any) -> None:
    first = data["rules"][0]
    with pytest.raises(RulesError, match="twice"):
        parse({**data, "rules": [first, first]}, "test")
    old = {**first, "from": None, "until": "2023-02-28", "value": "old"}
    pack = parse({**data, "rules": [first, old]}, "test")
    assert pack.rule(first["id"], date(2022, 1, 1)).value == "old"
    assert pack.rule(first["id"], TODAY).value == first["value"]


@pytest.mark.parametrize("content", ["", "{", '{"version": 1, "version": 1}', "\xff"])
def test_a_file_that_is_no_pack(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "latin-1")
    with pytest.raises(RulesError, match=r"x\.json"):
        load(path)
    with pytest.raises(RulesError):
        load(tmp_path / "missing.json")
