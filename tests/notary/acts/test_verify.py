"""The page 'Verify' and deeds: by code and by file, what stands, and nothing about people."""

from urllib.parse import quote

import pytest

from errors import Refusal
from notary.register.entry import Note
from recordings.checking import codes
from tests.notary.acts.signed import Signed
from tests.recordings.test_checking import pieces

PRIVATE = ("فاطمة علي البلوشي", "Fatima", "Rajesh", "Noor Siddiqui", "1111111", "784")


async def test_a_deed_by_its_code_and_by_its_file_and_what_becomes_of_it(signed: Signed) -> None:
    for language in ("ar", "en"):
        status, text = await signed.page(f"/{language}/verify/{signed.one.code}")
        assert status == 200
        assert 'data-code="deed"' in text
        assert 'data-stands="stands"' in text
        assert signed.one.deed in text
        assert "/audit/proof/" in text
        assert not [word for word in PRIVATE if word in text]
    outcome = await signed.checking.check("192.0.2.1", pieces(signed.pdf))
    assert outcome.verdict == "holds", outcome
    assert outcome.stands is not None
    assert outcome.stands.code == "stands"
    assert outcome.finding is not None
    facts = outcome.finding.facts
    # All from the document itself: who, in which role, when, before whom.
    assert facts["s0.name"] == "فاطمة علي البلوشي"
    assert facts["s0.capacity"] == "الموكِّل / Principal"
    assert facts["before"] == signed.world.who("notary").name_ar
    # Revoked by a later deed: both ways say so at once, and by which entry.
    register = signed.world.office.register
    async with signed.world.house.database.unit() as session:
        found = await register.find(session, signed.one.deed)
        assert found is not None
        await register.note(session, found.entry, Note.REVOKED, "n1", refers_to="NOT/2026/9")
    status, text = await signed.page(f"/en/verify?code={signed.one.code.lower().replace('-', ' ')}")
    assert status == 200
    assert 'data-stands="revoked"' in text
    assert "NOT/2026/9" in text
    outcome = await signed.checking.check("192.0.2.1", pieces(signed.pdf))
    assert outcome.stands is not None
    assert (outcome.stands.code, outcome.stands.by) == ("revoked", "NOT/2026/9")


async def test_annulled_outweighs_and_the_orders_own_words_stay_inside(signed: Signed) -> None:
    director = signed.world.who("director")
    order = "Judgment 12 in the matter of Fatima"
    await signed.world.office.register.annul(director, signed.one.deed, Note.ANNULLED, order)
    _, text = await signed.page(f"/en/verify/{signed.one.code}")
    assert 'data-stands="annulled"' in text
    assert not [word for word in PRIVATE if word in text]


async def test_an_older_revision_and_a_request_that_ended(signed: Signed) -> None:
    first = await signed.ceremonies.content(signed.one.ceremony, 1)
    outcome = await signed.checking.check("192.0.2.1", pieces(first))
    assert outcome.stands is not None
    assert outcome.stands.code == "older"
    world = signed.world
    one = await world.signing()
    assert (await signed.checking.look_up_code("192.0.2.9", one.code)).found is not None
    _, text = await signed.page(f"/en/verify/{one.code}")
    assert 'data-stands="unfinished"' in text
    assert "Signed in these roles" not in text
    await world.office.convert(world.who("notary"), one.id, "The line is bad.")
    _, text = await signed.page(f"/en/verify/{one.code}")
    assert 'data-stands="cancelled"' in text


async def test_codes_guessed_in_series_are_slowed_down(signed: Signed) -> None:
    guess = signed.checking.look_up_code
    for n in range(codes.FREE_GUESSES):
        # One good code before each wipes out no guess.
        assert (await guess("192.0.2.7", signed.one.code)).found is not None
        assert (await guess("192.0.2.7", f"ABCD-EFGH-{n:04}".replace("0", "X"))).found is None
    with pytest.raises(Refusal) as wait:
        await guess("192.0.2.7", "ABCD-EFGH-JKLM")
    assert (wait.value.code, wait.value.status) == ("sign_in.wait", 429)
    assert (await guess("192.0.2.8", signed.one.code)).found is not None
    signed.world.house.clock.advance(3700)
    assert (await guess("192.0.2.7", signed.one.code)).found is not None


@pytest.mark.parametrize(
    "typed", ["", "x", "ABCD-EFGH-JKLM", "<script>alert(1)</script>", "٣" * 12, "A" * 4000]
)
async def test_what_is_no_code_is_no_code(signed: Signed, typed: str) -> None:
    status, text = await signed.page(f"/en/verify?code={quote(typed)}")
    assert status == (404 if typed else 200)
    assert "<script>alert" not in text


def test_a_network_of_one_machine_is_one_address() -> None:
    assert codes.network("2001:db8::1") == codes.network("2001:db8::ffff:1") == "2001:db8::/64"
    assert codes.network("192.0.2.1") == "192.0.2.1"
    assert codes.network("") == ""
