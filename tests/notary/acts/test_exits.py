"""What else can happen: returned, refused, suspended, converted, changed, lapsed, revoked."""

from datetime import timedelta

import pytest

from errors import BadInput, Forbidden, NotFound, Refusal
from notary.deeds import journal
from notary.deeds.applying import Incomplete
from notary.deeds.state import State
from sessions.phase import Phase
from tests.notary.acts.world import PDF, World


async def test_a_draft_goes_on_elsewhere_and_two_devices_do_not_overwrite(lite: World) -> None:
    me, applying = lite.who("claimant"), lite.office.applying
    one = await applying.begin(me, "declaration")
    row = {"role": "declarant", "name_ar": "فاطمة", "identity_number": "12", "language": "ar"}
    saved, errors = await applying.save_people(me, one.id, one.version, {"p0": row}, True)
    assert [error.field for error in errors] == ["party_p0_identity_number"]
    assert saved.content.parties[0].name_ar == "فاطمة"  # wrong things are kept, not lost
    with pytest.raises(Refusal) as stale:
        await applying.save_people(me, one.id, one.version, {"p0": row}, True)
    assert stale.value.code == "deed.changed"
    with pytest.raises(Incomplete) as missing:
        await applying.submit(me, one.id, saved.version)
    assert {"deed.identity_missing", "deed.field_missing"} <= {e.code for e in missing.value.errors}


async def test_strangers_see_nothing_and_parties_change_nothing(lite: World) -> None:
    one = await lite.approved()
    for stranger in ("witness", "lawyer2", "admin", "judge"):
        with pytest.raises(NotFound):
            await lite.office.applying.see(lite.who(stranger), one.id)
    party = lite.who("respondent")
    assert (await lite.office.applying.see(party, one.id)).request.id == one.id
    with pytest.raises(Forbidden):
        await lite.office.applying.cancel(party, one.id, "no")
    with pytest.raises(Forbidden):
        await lite.office.conduct.open(lite.who("notary"), one.id, True)


async def test_returned_with_marks_and_sent_again(lite: World) -> None:
    one = await lite.submitted()
    clerk, me = lite.who("clerk"), lite.who("claimant")
    await lite.office.auditing.take(clerk, one.id)
    back = await lite.office.give_back(clerk, one.id, {"field_matter": "Which case?"}, "")
    assert back.state is State.RETURNED
    assert back.content.marks[0].field == "field_matter"
    again = await lite.office.applying.submit(me, one.id, back.version)
    assert again.state is State.SUBMITTED
    assert not again.content.marks


async def test_nobody_who_appears_is_without_an_account(lite: World) -> None:
    one = await lite.submitted()
    await lite.office.auditing.take(lite.who("clerk"), one.id)
    with pytest.raises(Refusal) as refused:
        await lite.office.approve(lite.who("clerk"), one.id, waive=False)
    assert refused.value.code == "deed.unbound"


async def test_a_payment_counts_once_and_only_when_it_is_whole(lite: World) -> None:
    one = await lite.approved()
    me, scheduling = lite.who("claimant"), lite.office.scheduling
    charge = await scheduling.charge(me, one.id, "/")
    with pytest.raises(Refusal) as early:
        await lite.office.settle(me, one.id)
    assert early.value.code == "payment.not_yet"
    lite.payments.pay(charge.reference)
    first, second = await lite.office.settle(me, one.id), await lite.office.settle(me, one.id)
    assert first.version == second.version
    assert first.state is State.PAID


async def test_the_queue_says_honestly_how_long(lite: World) -> None:
    one = await lite.paid()
    queued = await lite.office.scheduling.join(lite.who("claimant"), one.id)
    waiting = await lite.office.scheduling.waiting(queued)
    assert (waiting.ahead, waiting.minutes, waiting.from_experience) == (0, None, False)
    taken = await lite.office.take_next(lite.who("notary"))
    assert (taken.id, taken.state) == (one.id, State.BOOKED)
    with pytest.raises(Refusal) as empty:
        await lite.office.take_next(lite.who("notary"))
    assert empty.value.code == "deed.queue_empty"


async def test_off_record_and_absent_people_do_not_count(lite: World) -> None:
    one = await lite.booked()
    notary, conduct = lite.who("notary"), lite.office.conduct
    await lite.sit(one, Phase.ROLL_CALL)
    with pytest.raises(Refusal) as off:
        await conduct.open(notary, one.id, True)
    assert off.value.code == "deed.not_on_record"
    await lite.sit(one)
    one = await conduct.open(notary, one.id, True)
    lite.room.seats[one.sitting] = frozenset()
    with pytest.raises(Refusal) as gone:
        await conduct.identify(notary, one.id, "p0", "passport", "1111", True)
    assert gone.value.code == "deed.not_here"


async def test_identity_questions_and_reading_are_not_skipped(lite: World) -> None:
    one = await lite.reading()
    notary, conduct = lite.who("notary"), lite.office.conduct
    await lite.turn_pages(one, but=1)
    with pytest.raises(Refusal) as unread:
        await conduct.read(notary, one.id, True)
    assert unread.value.code == "deed.not_read"
    assert unread.value.params["page"] == 1
    with pytest.raises(Refusal) as unexplained:
        await conduct.read(notary, one.id, False)
    assert unexplained.value.code == "deed.not_explained"
    with pytest.raises(Refusal):
        await lite.office.closing.begin_signing(notary, one.id)


async def test_another_document_is_not_gone_on_with(lite: World) -> None:
    one = await lite.booked()
    await lite.sit(one)
    notary, conduct = lite.who("notary"), lite.office.conduct
    await conduct.open(notary, one.id, True)
    with pytest.raises(Refusal) as differs:
        await conduct.identify(notary, one.id, "p0", "passport", "9999", True)
    assert differs.value.code == "deed.identity_differs"
    last4 = one.content.parties[0].identity_number[-4:]
    with pytest.raises(Refusal) as young:
        await conduct.identify(notary, one.id, "p0", "passport", last4, False)
    assert young.value.code == "deed.under_age"


async def test_a_change_is_tracked_read_again_and_gives_up_the_signing(lite: World) -> None:
    one = await lite.signing()
    notary, conduct = lite.who("notary"), lite.office.conduct
    await lite.office.closing.sign(lite.login("claimant"), one.id, "")
    assert one.content.text is not None
    texts = [{"ar": part.ar, "en": part.en} for part in one.content.text.paragraphs]
    texts[1]["ar"] += " وما يتفرع عنها."
    changed = await conduct.change(notary, one.id, texts, "asked for by the principal")
    assert changed.state is State.READING
    assert changed.content.text is not None
    assert changed.content.text.number == one.content.text.number + 1
    assert changed.content.session["changes"][0]["track"][0]["place"] == 1
    assert lite.ceremonies.papers[one.ceremony].abandoned
    with pytest.raises(Refusal) as unread:
        await conduct.read(notary, one.id, True)
    assert unread.value.code == "deed.not_read"
    await lite.turn_pages(changed)
    again = await conduct.read(notary, one.id, True)
    assert again.deed == one.deed  # the number stays the deed's
    assert again.state is State.CONSENT
    with pytest.raises(Refusal) as unagreed:
        await lite.office.closing.begin_signing(notary, one.id)
    assert unagreed.value.code == "deed.not_all"


async def test_signatures_in_order_and_the_notary_last(lite: World) -> None:
    one = await lite.signing()
    closing = lite.office.closing
    with pytest.raises(Refusal) as order:
        await closing.sign(lite.login("respondent"), one.id, "")
    assert order.value.code == "signing.not_your_turn"
    with pytest.raises(Refusal) as early:
        await closing.seal(lite.login("notary"), one.id, "")
    assert early.value.code == "deed.not_all_signed"


async def test_suspended_resumed_and_converted(lite: World) -> None:
    one = await lite.signing()
    notary, conduct = lite.who("notary"), lite.office.conduct
    await conduct.suspend(notary, one.id, "The line broke.")
    resumed = await conduct.resume(notary, one.id)
    assert resumed.state is State.PARTIES_SIGNING
    ended = await lite.office.convert(notary, one.id, "The line keeps breaking.")
    assert ended.state is State.IN_PERSON
    assert (await lite.office.register.standing_of(one.deed)).value == "not_completed"


async def test_refusal_grievance_and_decision(lite: World) -> None:
    one = await lite.reading()
    office = lite.office
    with pytest.raises(BadInput):
        await office.refuse(lite.login("notary"), one.id, ["no_such_reason"], "x", "")
    refused = await office.refuse(lite.login("notary"), one.id, ["coercion"], "Pressed.", "")
    assert refused.state is State.REFUSED
    assert refused.content.reasons == ("coercion",)
    lite.house.clock.advance(6 * 86400)
    grieved = await office.applying.grieve(lite.who("claimant"), one.id, "I was not pressed.")
    assert grieved.state is State.GRIEVANCE
    decided = await office.decide(lite.login("director"), one.id, True, "Hear her again.", "")
    assert decided.state is State.OVERTURNED
    assert (await office.auditing.take(lite.who("clerk"), one.id)).state is State.AUDIT


async def test_a_grievance_comes_within_seven_days(lite: World) -> None:
    one = await lite.reading()
    await lite.office.refuse(lite.login("notary"), one.id, ["fraud"], "Forged.", "")
    lite.house.clock.advance(7 * 86400 + 1)
    with pytest.raises(Refusal) as late:
        await lite.office.applying.grieve(lite.who("claimant"), one.id, "Too late.")
    assert late.value.code == "deed.grievance_late"


async def test_a_draft_lapses_by_itself(lite: World) -> None:
    one = await lite.draft()
    lite.house.clock.advance(timedelta(days=91).total_seconds())
    assert await lite.office.applying.lapse() == 1
    assert (await lite.office.applying.see(lite.who("claimant"), one.id)).request.state is (
        State.EXPIRED
    )


async def test_cancelling_frees_the_notary(lite: World) -> None:
    one = await lite.booked()
    me = lite.who("claimant")
    await lite.office.cancel(me, one.id, "Not needed.")
    async with lite.house.database.unit(write=False) as session:
        from sessions import store as booked

        sitting = await booked.get_sitting(session, one.sitting)
    assert sitting is not None
    assert sitting.phase is Phase.CANCELLED


async def test_copies_and_the_journal(lite: World) -> None:
    one = await lite.delivered()
    closing = lite.office.closing
    name, data = await closing.copy(lite.who("respondent"), one.id)
    assert name == one.deed
    assert data.startswith(b"%PDF")
    with pytest.raises(Refusal) as none:
        await lite.office.issuing.executory_copy(lite.who("claimant"), one.id)
    assert none.value.code == "deed.not_executory"
    with pytest.raises(NotFound):
        await closing.copy(lite.who("witness"), one.id)
    lines = (await journal.read(lite.office.core, lite.who("notary"))).lines
    assert lines[0].entry["register"] == one.deed
    assert lines[0].keep_until.year == lines[0].at.year + 10
    assert await journal.kept_until(lite.office.core, one.sitting) == lines[0].keep_until


async def test_a_dead_process_finishes_what_was_sealed(lite: World) -> None:
    one = await lite.signing()
    for username in ("claimant", "respondent", "interpreter"):
        await lite.office.closing.sign(lite.login(username), one.id, "")
    await lite.ceremonies.close(lite.login("notary"), one.ceremony, "")
    # Here the process died: sealed, and the register knows nothing.
    assert (await lite.office.register.standing_of(one.deed)).value == "pending"
    assert await lite.office.closing.recover() == 1
    assert (await lite.office.register.standing_of(one.deed)).value == "stands"


async def test_an_upload_is_encrypted_on_disk(lite: World) -> None:
    one = await lite.draft()
    made = await lite.office.applying.upload(
        lite.who("claimant"), one.id, "other", "../../etc/passwd\u202e.pdf", PDF
    )
    path = lite.office.closing._papers.path(one.id, made.id)
    assert b"%PDF" not in path.read_bytes()
    _, name, data = await lite.office.applying.paper(lite.who("claimant"), one.id, made.id)
    assert data == PDF
    assert "\u202e" not in name
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Exception, match=made.id):
        await lite.office.applying.paper(lite.who("claimant"), one.id, made.id)
