"""What people are told of a session that does not come as they expected, and of marked fields."""

from email.message import EmailMessage
from pathlib import Path

from database import Database
from notary.deeds import web_views
from notary.mail.message import Letter, build
from tests.auth.house import build as build_house
from tests.notary.acts.world import World, make
from tests.support.clock import SettableClock


class Kept:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def send(self, mail: EmailMessage) -> None:
        self.mails.append(whole(mail))


def whole(mail: EmailMessage) -> str:
    """Subject, words and calendar."""
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    words = "".join(part.decode() for part in parts if isinstance(part, bytes))
    return f"{mail['Subject']}\n{words}"


async def _office(database: Database, clock: SettableClock, folder: Path) -> tuple[World, Kept]:
    kept = Kept()
    return await make(await build_house(database, clock), folder, kept), kept


async def test_whoever_waits_for_the_next_notary_has_no_reminder_of_the_time_given_up(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    world, kept = await _office(sqlite_database, clock, tmp_path)
    one = await world.booked()
    await world.office.outbox.send_due()
    kept.mails.clear()
    assert (await world.office.outbox.states())["waiting"] >= 2, "the reminders of the booked time"
    await world.office.wait_for_next(world.who("claimant"), one.id)
    assert await world.office.outbox.send_due() == 2
    assert {mail.partition(":")[0] for mail in kept.mails} == {
        "You wait for the next notary", "أنت بانتظار أول كاتب عدل متاح",
    }  # fmt: skip
    assert all("STATUS:CANCELLED" in mail for mail in kept.mails)
    assert "waiting" not in await world.office.outbox.states()


async def test_a_suspension_is_told_to_who_has_left(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    world, kept = await _office(sqlite_database, clock, tmp_path)
    one = await world.reading()
    await world.office.outbox.send_due()
    kept.mails.clear()
    await world.office.suspend(world.who("notary"), one.id, "A secret reason.")
    assert await world.office.outbox.send_due() == 2
    assert all(f"/deeds/{one.id}" in mail for mail in kept.mails)
    assert not any("secret" in mail for mail in kept.mails)


def test_a_time_that_is_no_more_rings_no_alarm(clock: SettableClock) -> None:
    def event(what: str) -> str:
        letter = Letter("f@example.com", "en", what, "T-1", "x", clock(), uid="s1")
        return whole(build(letter, "office@mahdar.example", "Asia/Dubai", clock()))

    booked, gone = event("booked"), event("queued")
    assert "BEGIN:VALARM" in booked
    assert "SEQUENCE:0" in booked
    assert "BEGIN:VALARM" not in gone
    assert "SEQUENCE:1" in gone
    assert "UID:s1@mahdar" in gone


async def test_each_mark_says_where_it_is_and_on_which_page_it_is_mended(lite: World) -> None:
    one = await lite.submitted()
    clerk = lite.who("clerk")
    await lite.office.auditing.take(clerk, one.id)
    marks = {
        "field_matter": "Which case?",
        "party_p1_name_ar": "As in the passport.",
        "attachment_identity": "It cannot be read.",
    }
    await lite.office.give_back(clerk, one.id, marks, "")
    seen = await lite.office.applying.see(lite.who("claimant"), one.id)
    told = {mark.words: (mark.page, mark.where) for mark in web_views.marks(seen)}
    assert told["Which case?"][0] == "content"
    assert told["Which case?"][1].code == "matter"
    assert told["As in the passport."][0] == "people"
    assert told["As in the passport."][1].key == "p1"
    assert told["It cannot be read."] == ("papers", "Identity document")
