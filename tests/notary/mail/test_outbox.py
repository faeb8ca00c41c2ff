"""The outbox against a real SMTP server: down, refusing; nothing lost, no data leaked."""

from pathlib import Path
from typing import Any

import icalendar
import pytest
from aiosmtpd.controller import Controller

from database import Database
from notary.mail.service import Smtp
from tests.auth.house import build
from tests.notary.acts.world import World, make
from tests.support.clock import SettableClock
from tests.support.smtp import Box, free_port


async def office(database: Database, clock: SettableClock, folder: Path, port: int) -> World:
    return await make(await build(database, clock), folder, Smtp("127.0.0.1", port, timeout=5))


async def test_a_booking_is_told_with_a_calendar_file(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path, box: Box, server: Controller
) -> None:
    world = await office(sqlite_database, clock, tmp_path, server.port)
    one = await world.booked()
    await world.office.outbox.send_due()
    booked = [mail for mail in box.mails if one.reference in str(mail["Subject"])]
    assert {str(mail["To"]) for mail in booked} == {"f@example.com", "r@example.com"}
    english = next(m for m in box.mails if m["To"] == "r@example.com" and m.is_multipart())
    assert str(english["Subject"]).startswith("Your session with the notary")
    arabic = next(m for m in box.mails if m["To"] == "f@example.com" and m.is_multipart())
    assert "جلستك" in str(arabic["Subject"])
    attached = next(iter(english.iter_attachments())).get_content()
    text = attached if isinstance(attached, bytes) else attached.encode()
    event: Any = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    sitting = await world.office.sitting_of(one)
    assert sitting is not None
    assert event["DTSTART"].dt == sitting.starts_at
    for mail in box.mails:
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        whole = str(mail["Subject"]) + "".join(map(str, parts))
        for secret in ("784-19", "78419", "Fatima", "Rajesh", "فاطمة", "Claim 77"):
            assert secret not in whole


async def test_reminders_come_at_their_time_and_not_for_what_was_cancelled(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path, box: Box, server: Controller
) -> None:
    world = await office(sqlite_database, clock, tmp_path, server.port)
    one = await world.booked()
    await world.office.outbox.send_due()
    before = len(box.mails)
    sitting = await world.office.sitting_of(one)
    assert sitting is not None
    clock.now = sitting.starts_at
    await world.office.cancel(world.who("claimant"), one.id, "")
    await world.office.outbox.send_due()
    new = [str(mail["Subject"]) for mail in box.mails[before:]]
    assert not any("Reminder" in subject or "تذكير" in subject for subject in new)
    assert any("cancelled" in subject for subject in new)


async def test_a_server_that_is_down_loses_nothing(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path, box: Box
) -> None:
    port = free_port()
    world = await office(sqlite_database, clock, tmp_path, port)
    await world.approved()
    assert await world.office.outbox.send_due() == 0
    assert (await world.office.outbox.states()) == {"waiting": 2}
    assert await world.office.outbox.send_due() == 0  # not before its time
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    clock.advance(61)
    assert await world.office.outbox.send_due() == 2
    assert await world.office.outbox.send_due() == 0
    controller.stop(no_assert=True)
    assert len(box.mails) == 2


@pytest.mark.parametrize(
    ("answer", "state"), [("451 try later", "waiting"), ("554 never", "refused")]
)
async def test_later_and_never_are_two_things(
    sqlite_database: Database, clock: SettableClock, tmp_path: Path, box: Box, server: Controller,
    answer: str, state: str,
) -> None:  # fmt: skip
    box.answer = answer
    world = await office(sqlite_database, clock, tmp_path, server.port)
    await world.approved()
    await world.office.outbox.send_due()
    assert (await world.office.outbox.states()) == {state: 2}
