"""Bad input over the pages: refused with the rule's name, and the file as it was."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from notary.marriage.application import Part
from notary.marriage.workflow import FileState
from tests.notary.marriage.pages import Town, running
from tests.support.clock import SettableClock

DAY_S = 86_400


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    async with running(tmp_path, clock) as made:
        yield made


async def blocked(town: Town, id: str, path: str, name: str = "groom") -> str:
    """What a refused submit or approval says; the state is as before."""
    before = await town.file(id)
    if path.startswith("/api"):
        answer = await town.api(name, path, {})
    else:
        answer = await town.post(name, path)
    said = str(await answer.get_data(as_text=True))
    assert answer.status_code == 409, said
    assert (await town.file(id)) == before
    return said


async def test_a_witness_who_is_the_guardian(town: Town) -> None:
    id = await town.gather()
    await town.save("bride", id, "people", **{"witness_1.number": "784-1965-3333333-3"})
    said = await blocked(town, id, f"/marriages/{id}/submit")
    assert "R-MR-15" in said
    assert "R-MR-01" in said


async def test_one_person_on_two_seats(town: Town) -> None:
    id = await town.begin()
    assert (await town.join(id, "witness_1", "witness1")).status_code == 303
    page = await town.post("groom", f"/marriages/{id}/invite", {"part": "witness_2"})
    token = str(await page.get_data(as_text=True)).split("/marriages/join/")[1].split('"')[0]
    assert await town.code("witness1", f"/marriages/join/{token}") == "marriage.one_part"
    assert set((await town.file(id)).seats) == {Part.GROOM, Part.WITNESS_1}
    assert await town.code("groom", f"/marriages/{id}/invite", {"part": "witness_1"}) == (
        "marriage.taken"
    )
    await town.post("witness2", f"/marriages/join/{token}")
    assert await town.code("bride", f"/marriages/join/{token}") == "marriage.link"


async def test_a_certificate_that_was_valid_at_the_application(town: Town) -> None:
    """Issued 85 days before: valid when the judge accepts it, too old on a day after that."""
    id = await town.gather()
    old = (town.today - timedelta(days=85)).isoformat()
    await town.save("groom", id, "papers", **{"medical.bride.issued": old})
    assert (await town.post("groom", f"/marriages/{id}/submit")).status_code == 303
    accepted = await town.api("family_judge", f"/api/marriages/{id}/approve", {})
    assert accepted.status_code == 200
    await town.post("groom", f"/marriages/{id}/pay", {"delivery": "courier"})
    await town.post("groom", f"/marriages/{id}/stand-in")
    slots = await town.slots(id)
    form = {"slot": slots[-1], "relation_to_groom": "none", "relation_to_bride": "none"}
    answer = await town.post("groom", f"/marriages/{id}/book", form)
    assert "R-MR-05" in str(await answer.get_data(as_text=True))
    one = await town.file(id)
    assert (one.state, one.starts_at, one.sitting) == (FileState.PAID, None, "")


async def test_a_waiting_period_that_is_edited_later(town: Town) -> None:
    id = await town.gather()
    ended = town.today - timedelta(days=200)
    fields = {"status.bride": "divorced", "earlier.bride.ended": ended.isoformat()}
    fields |= {"earlier.bride.pregnant": "no", "earlier.bride.revoked": "no"}
    await town.save("bride", id, "status", **fields)
    assert "R-MR-06" in await blocked(town, id, f"/marriages/{id}/submit")  # no deed yet
    assert (await town.upload("bride", id, "earlier.bride.divorce_deed")).status_code == 303
    assert (await town.post("groom", f"/marriages/{id}/submit")).status_code == 303
    late = (town.today - timedelta(days=20)).isoformat()
    locked = await town.code(
        "bride", f"/marriages/{id}/status", {"earlier.bride.ended": late, "before": "{}"}
    )
    assert locked == "marriage.not_editable"
    words = {"words": "صححوا تاريخ الطلاق", "mark": "earlier.bride.ended"}
    await town.post("family_judge", f"/marriages/{id}/return", words)
    page = await town.get("bride", f"/marriages/{id}/status")
    assert "The judge asks you to correct this" in page
    await town.save("bride", id, "status", **{"earlier.bride.ended": late})
    assert "R-MR-06" in await blocked(town, id, f"/marriages/{id}/submit", "bride")


async def test_a_guardian_who_withdraws_after_the_approval(town: Town) -> None:
    id = await town.approved()
    await town.post("guardian", f"/marriages/{id}/answer", {"consents": "no"})
    one = await town.file(id)
    assert (one.state, one.reason) == (FileState.RETURNED, "R-MR-09")
    assert one.marks == ("guardianship.consents",)
    sent = await town.post("groom", f"/marriages/{id}/submit")
    assert sent.status_code == 303  # the court decides whether the refusal is just
    said = await blocked(town, id, f"/api/marriages/{id}/approve", "family_judge")
    assert "R-MR-09" in said
    assert await town.code("groom", f"/marriages/{id}/answer", {"consents": "yes"}) == (
        "policy.not_wali"
    )


async def test_a_forged_agency(town: Town) -> None:
    id = await town.gather()
    agent = {
        "name_ar": "وكيل", "born": "1985-02-02", "document": "emirates_id", "sex": "male",
        "number": "784-1985-7777777-7", "religion": "muslim", "nationality": "JO",
    }  # fmt: skip
    fields = {f"groom_agent.{name}": value for name, value in agent.items()}
    fields |= {f"agencies.groom_agent.{name}": "1" for name in ("special", "attested")}
    fields |= {"agencies.groom_agent.number": "NOT/2026/9", "agencies.groom_agent.standing": "x"}
    await town.save("groom", id, "guardian", **fields)
    for what in ("identity.groom_agent", "agency.groom_agent"):
        assert (await town.upload("groom", id, what)).status_code == 303
    assert (await town.post("groom", f"/marriages/{id}/submit")).status_code == 303
    said = await blocked(town, id, f"/api/marriages/{id}/approve", "family_judge")
    assert "R-MR-10" in said
    noted = {"part": "groom_agent", "standing": "not_found"}
    assert (await town.post("clerk", f"/marriages/{id}/agency", noted)).status_code == 303
    assert "R-MR-10" in await blocked(town, id, f"/api/marriages/{id}/approve", "family_judge")
    assert await town.code("groom", f"/marriages/{id}/agency", noted) == "policy.wrong_role"


async def test_an_officiant_who_is_a_relative(town: Town) -> None:
    id = await town.paid()
    slot = (await town.slots(id))[0]
    form = {"slot": slot, "relation_to_groom": "none", "relation_to_bride": "uncle"}
    answer = await town.post("bride", f"/marriages/{id}/book", form)
    assert answer.status_code == 409
    assert "R-MR-17" in str(await answer.get_data(as_text=True))
    one = await town.file(id)
    assert (one.state, one.seats.get(Part.OFFICIANT)) == (FileState.PAID, None)
    bad = form | {"relation_to_bride": ""}
    assert (await town.post("bride", f"/marriages/{id}/book", bad)).status_code == 400


async def test_two_devices_keep_what_the_other_typed(town: Town) -> None:
    id = await town.begin()
    await town.join(id, "bride", "bride")
    mine = town.fields(await town.get("groom", f"/marriages/{id}/terms"))
    hers = town.fields(await town.get("bride", f"/marriages/{id}/terms"))
    path = f"/marriages/{id}/terms"
    await town.post("groom", path, mine | {"dower.prompt": "5000", "conditions.groom.none": "1"})
    both = await town.post(
        "bride", path, hers | {"dower.prompt": "9000", "conditions.bride": "أن تكمل دراستها"}
    )
    assert both.status_code == 409  # only of the field that both wrote
    text = str(await both.get_data(as_text=True))
    assert "5000" in text
    assert 'value="9000"' in text
    app = (await town.file(id)).application
    assert str(app.dower.prompt) == "5000"
    assert app.conditions == {Part.GROOM: (), Part.BRIDE: ("أن تكمل دراستها",)}
    again = town.fields(text) | {"dower.prompt": "9000"}
    assert (await town.post("bride", path, again)).status_code == 303
    assert str((await town.file(id)).application.dower.prompt) == "9000"


async def test_what_cannot_be_read_is_marked_and_the_rest_is_kept(town: Town) -> None:
    id = await town.begin()
    answer = await town.save(
        "groom", id, "people",
        **{"groom.born": "yesterday", "groom.name_ar": "سيف", "groom.residence": "XX"},
    )  # fmt: skip
    assert answer.status_code == 400
    text = str(await answer.get_data(as_text=True))
    assert "Write the date as year, month and day." in text
    groom = (await town.file(id)).application.person(Part.GROOM)
    assert (groom.name_ar, groom.born, groom.residence) == ("سيف", None, "")
    forged: dict[str, Any] = {"groom.copy_kept": "1", "disclosed.bride": "1", "leaves": "x"}
    await town.save("groom", id, "status", **forged)
    app = (await town.file(id)).application
    assert not app.person(Part.GROOM).copy_kept
    assert not app.disclosed


async def test_a_warning_is_confirmed_by_both_and_never_blocks(town: Town) -> None:
    id = await town.gather()
    for part in ("groom", "bride"):
        await town.save("groom", id, "track", **{f"{part}.nationality": "AE"})
    await town.save("groom", id, "terms", **{"dower.prompt": "50000"})
    assert await town.code("groom", f"/marriages/{id}/submit") == "marriage.not_acknowledged"
    for name in ("groom", "bride"):
        await town.post(name, f"/marriages/{id}/acknowledge", {"rule": "R-MR-13"})
    assert "R-MR-13" in (await town.file(id)).application.acknowledged
    await town.save("groom", id, "terms", **{"dower.prompt": "60000"})
    assert "R-MR-13" not in (await town.file(id)).application.acknowledged
    for name in ("groom", "bride"):
        await town.post(name, f"/marriages/{id}/acknowledge", {"rule": "R-MR-13"})
    assert (await town.post("groom", f"/marriages/{id}/submit")).status_code == 303


async def test_who_is_sent_elsewhere_is_told_where(town: Town) -> None:
    id = await town.begin()
    page = await town.get("groom", f"/marriages/{id}/track")
    assert "Not open to you" in page
    data = {f"{part}.religion": "christian" for part in ("groom", "bride")}
    data |= {f"{part}.nationality": "FR" for part in ("groom", "bride")}
    await town.save("groom", id, "track", **data, track="sharia_federal")
    page = await town.get("groom", f"/marriages/{id}/track")
    assert "Look at the civil tracks." in page
    assert (await town.file(id)).application.track == ""
    await town.save("groom", id, "track", track="civil_abu_dhabi", court="AZ")
    assert (await town.file(id)).application.track == "civil_abu_dhabi"


async def test_a_stranger_learns_nothing_and_a_witness_little(town: Town) -> None:
    id = await town.submitted()
    for name in ("claimant", "notary", "director", "lawyer", "admin", "prosecutor"):
        browser = await town.who(name)
        answer = await browser.get(f"/en/marriages/{id}")
        assert answer.status_code == 404, name
    page = await town.get("witness1", f"/marriages/{id}")
    assert "10000" not in page
    assert "784-1997-2222222-2" not in page
    guardian = await town.get("guardian", f"/marriages/{id}")
    assert "Premarital medical certificate of the bride" not in guardian
    assert "medical certificate of the bride" in (
        await town.get("family_judge", f"/marriages/{id}/review")
    )


async def test_a_harmful_or_wrong_file_is_not_kept(town: Town) -> None:
    id = await town.begin()
    for data, code in ((b"", "upload.empty"), (b"MZ\x90", "upload.type"),
                       (b"%PDF-1.7 broken", "upload.damaged")):  # fmt: skip
        answer = await town.upload("groom", id, "identity.groom", data)
        assert answer.status_code == 400, code
    assert (await town.upload("groom", id, "made.up")).status_code == 400
    assert not (await town.file(id)).application.person(Part.GROOM).copy_kept


async def test_a_refusal_has_reasons_and_another_judge_hears_the_appeal(town: Town) -> None:
    id = await town.submitted()
    none = await town.api("family_judge", f"/api/marriages/{id}/refuse", {"words": ""})
    assert none.status_code == 400
    said = {"words": "لم يطمئن القاضي إلى الرضا"}
    done = await town.api("family_judge", f"/api/marriages/{id}/refuse", said)
    assert done.status_code == 200
    assert said["words"] in await town.get("groom", f"/marriages/{id}")
    await town.post("bride", f"/marriages/{id}/appeal", {"words": "نطلب إعادة النظر"})
    decision = {"decision": "overturned", "words": "يعاد النظر"}
    own = await town.api("family_judge", f"/api/marriages/{id}/appeal", decision)
    assert own.status_code == 403
    assert (await town.api("judge", f"/api/marriages/{id}/appeal", decision)).status_code == 200
    assert (await town.file(id)).state is FileState.SUBMITTED


async def test_a_file_without_action_lapses(town: Town) -> None:
    id = await town.begin()
    town.clock.advance(62 * DAY_S)
    assert await town.house.marriages.filing.sweep() == 1
    assert (await town.file(id)).state is FileState.LAPSED
    town.browsers.clear()  # sessions ended long ago
    await town.post("groom", f"/marriages/{id}/submit")
    assert (await town.file(id)).state is FileState.LAPSED
