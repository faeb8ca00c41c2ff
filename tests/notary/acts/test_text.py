"""What people type, act by act: markup is text, overrides are gone, too much is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInput
from notary.deeds import fields
from notary.deeds.act import ActsError, acts, load
from notary.deeds.body import compose
from notary.deeds.party import Party, check, needs_in_person, signers
from notary.deeds.text import clean

TODAY = date(2026, 11, 22)
MARKUP = '<script>alert(1)</script> #let x = 1; *bold* {principal} "quote" \\ $x$ [link](a)'


def party(key: str, role: str, number: str, **more: str) -> Party:
    return Party(key, role, "اسم", "Name", number, **more)


def test_every_act_of_the_issue_is_there() -> None:
    groups = {act.group for act in acts().values()}
    assert len(acts()) >= 17
    assert groups == {
        "power_of_attorney", "revocation", "declaration", "authentication", "contract", "notice",
        "will",
    }  # fmt: skip
    for act in acts().values():
        assert act.source
        assert act.warnings


@pytest.mark.parametrize("code", sorted(acts()))
def test_an_act_composes_in_both_languages(code: str) -> None:
    act = acts()[code]
    people = [party(f"p{n}", role.code, f"78419880000{n}") for n, role in enumerate(act.roles)]
    values = {field.code: "2027-01-01" if field.type == "date" else _sample(field.type, field)
              for field in act.fields}  # fmt: skip
    text = compose(act, values, people)
    assert text.paragraphs
    for part in text.paragraphs:
        assert "{" not in part.ar
        assert "{" not in part.en
    assert sum(len(page) for page in text.pages) == len(text.paragraphs) + len(text.warnings)


def _sample(type: str, field: object) -> object:
    choices = getattr(field, "choices", ())
    samples = {
        "number": 3,
        "money": 15_000,
        "yes_no": True,
        "choice": choices[0][0] if choices else "",
        "register_number": "NOT/2026/1",
    }
    return samples.get(type, "Text")


def test_a_value_is_never_looked_at_for_places_again() -> None:
    act = acts()["declaration"]
    text = compose(act, {"content": MARKUP}, [party("p0", "declarant", "784")])
    assert MARKUP in text.paragraphs[0].ar


@given(st.text(max_size=400))
def test_cleaning_leaves_nothing_hidden_and_is_done_once(raw: str) -> None:
    found = clean(raw, 5000, lines=True)
    assert not set(found) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\x00\x1b"
    )
    assert clean(found, 5000, lines=True) == found


def test_an_override_cannot_turn_a_name_around() -> None:
    assert clean("Ali \u202e7654321\u202c", 50) == "Ali 7654321"


def test_ten_thousand_characters_are_refused_with_their_field() -> None:
    act = acts()["declaration"]
    _, errors = fields.read(act, {"field_content": "ك" * 10_000}, TODAY, whole=True)
    assert [(error.code, error.field) for error in errors] == [("deed.too_long", "field_content")]


@pytest.mark.parametrize("amount", ["0", "-5", "1e9", "NaN", "٪", "9" * 20, "1.005"])
def test_strange_amounts_are_refused(amount: str) -> None:
    with pytest.raises(BadInput):
        fields.fils(amount)


def test_arabic_digits_are_digits() -> None:
    assert fields.fils("١٬٥٠٠٫٥٠") == 150_050


def test_what_is_not_the_notarys_is_refused_with_its_reason() -> None:
    act = acts()["contract"]
    typed = {"field_subject": "Sale", "field_terms": "Terms", "field_about_land": "yes"}
    _, errors = fields.read(act, typed, TODAY, whole=True)
    assert [error.code for error in errors] == ["deed.forbidden_real_estate"]
    will = acts()["will_non_muslim"]
    typed = {"field_not_muslim": "no", "field_bequests": "All to my children"}
    _, errors = fields.read(will, typed, TODAY, whole=True)
    assert "deed.forbidden_personal_status" in [error.code for error in errors]


def test_ways_to_take_part_and_who_signs() -> None:
    act = acts()["declaration"]
    cannot = party("p0", "declarant", "1111", path="cannot_sign")
    for_him = party("h0", "signs_for", "2222", helps="p0")
    assert [one.key for one in signers((cannot, for_him), act)] == ["h0"]
    assert not check((cannot, for_him), act)
    assert [e.code for e in check((cannot,), act)] == ["deed.helper_missing"]
    ward = party("p0", "declarant", "1111", path="curator")
    curator = party("h0", "curator", "2222", helps="p0")
    assert [one.key for one in signers((ward, curator), act)] == ["h0"]
    foreign = party("p0", "declarant", "1111", path="language")
    interpreter = party("h0", "interpreter", "2222", helps="p0")
    assert [one.key for one in signers((foreign, interpreter), act)] == ["p0", "h0"]
    illiterate = party("p0", "declarant", "1111", path="illiterate")
    assert needs_in_person((illiterate,), act, {"illiterate": "in_person"}) is illiterate
    twice = (party("p0", "declarant", "1111"), party("p1", "declarant", "1111"))
    assert [e.code for e in check(twice, act)] == ["deed.party_twice"]


def test_a_wrong_file_of_an_act_is_named(tmp_path: "object") -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "bad.toml").write_text("title_ar = 'x'\n", "utf-8")
    with pytest.raises(ActsError, match=r"bad\.toml"):
        load(folder)
