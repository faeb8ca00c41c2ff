"""Mails of a marriage at each turn, through a real SMTP server, in the reader's language."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
from aiosmtpd.controller import Controller

from errors import BadInput
from notary.mail.service import Smtp
from notary.marriage.application import Part
from notary.marriage.workflow import FileState
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sitting import World, make
from tests.support.smtp import Box

DAY_S = 86_400
SECRETS = ("784", "Name", "اسم", "10,000", "10000", "إكمال", "groom@", "bride@")


@pytest.fixture
def world(lite: Court, tmp_path: Path, server: Controller) -> World:
    return make(lite, tmp_path, Smtp("127.0.0.1", server.port, timeout=5))


def subjects(box: Box, to: str = "") -> list[str]:
    return [str(mail["Subject"]) for mail in box.mails if not to or mail["To"] == to]


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(mail["Subject"]) + str(body.get_content())


async def filled(world: World) -> str:
    """A draft whose spouses and guardian gave an address."""
    one = await world.court.gathered()
    world.id = one.id
    for part in (Part.GROOM, Part.BRIDE, Part.GUARDIAN):
        await world.court.filing.contact(world.court.who(part), one.id, f"{part}@example.com")
    return one.id


async def test_who_is_asked_to_take_a_part_gets_the_link(world: World, box: Box) -> None:
    groom = world.court.who(Part.GROOM)
    one = await world.court.filing.begin(groom, Part.GROOM)
    token = await world.court.filing.invite(groom, one.id, Part.BRIDE, "bride@example.com")
    with pytest.raises(BadInput):
        await world.court.filing.invite(groom, one.id, Part.GUARDIAN, "no address")
    await world.outbox.send_due()
    mail = next(mail for mail in box.mails if mail["To"] == "bride@example.com")
    assert f"/marriages/join/{token}" in words(mail)
    joined = await world.court.filing.join(world.court.who(Part.BRIDE), token)
    assert joined.contacts[Part.BRIDE].email == "bride@example.com"


async def test_from_the_return_to_the_certificate(world: World, box: Box) -> None:
    id, court = await filled(world), world.court
    await court.filing.submit(court.who(Part.BRIDE), id)
    await court.reviewing.return_(court.judge, id, "The name is not whole", ["groom.name_ar"])
    await court.filing.submit(court.who(Part.BRIDE), id)
    await court.reviewing.approve(court.login(court.judge), id, "")
    await court.filing.pay(court.who(Part.GROOM), id, "collect", settled=True)
    one = await world.slot(id)
    await world.outbox.send_due()
    told = subjects(box, "bride@example.com")
    assert len(told) == 3, told  # returned, accepted with the fee, booked
    assert len(subjects(box, "guardian@example.com")) == 1  # the day, nothing of the review
    for mail in box.mails:
        assert not [secret for secret in SECRETS if secret in words(mail)], words(mail)
        assert f"/marriages/{id}" in words(mail)
    booked = next(mail for mail in box.mails if mail.is_multipart())
    attached = next(iter(booked.iter_attachments())).get_content()
    text = attached if isinstance(attached, bytes) else attached.encode()
    event: Any = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    assert event["DTSTART"].dt == one.starts_at
    assert (event["DTEND"].dt - event["DTSTART"].dt).total_seconds() == 3600

    box.mails.clear()
    assert one.starts_at is not None
    court.house.clock.advance((one.starts_at - court.core.clock()).total_seconds() - 1800)
    await world.outbox.send_due()
    assert len(subjects(box, "groom@example.com")) == 2  # a day and an hour before


async def test_both_languages(world: World, box: Box) -> None:
    id, court = await filled(world), world.court
    speaks = {part: court.who(part).language for part in (Part.GROOM, Part.GUARDIAN)}
    await court.filing.submit(court.who(Part.BRIDE), id)
    await court.reviewing.refuse(court.login(court.judge), id, "An impediment", "")
    await world.outbox.send_due()
    mail = next(mail for mail in box.mails if mail["To"] == "groom@example.com")
    arabic = "قرّر القاضي" in words(mail) or "تستأنف" in words(mail) or "التظلم" in words(mail)
    assert arabic == (speaks[Part.GROOM] == "ar")
    assert "An impediment" not in words(mail)
    assert subjects(box, "guardian@example.com") == []


async def test_a_day_that_is_given_up_is_cancelled_in_the_calendar(world: World, box: Box) -> None:
    id, court = await filled(world), world.court
    await court.filing.submit(court.who(Part.BRIDE), id)
    await court.reviewing.approve(court.login(court.judge), id, "")
    await court.filing.pay(court.who(Part.GROOM), id, "collect", settled=True)
    await world.slot(id)
    await world.outbox.send_due()
    box.mails.clear()
    await world.services.booking.decline(
        world.officiant, id, "I am ill", relative="none", of="bride"
    )
    court.house.clock.advance(40 * DAY_S)
    await world.outbox.send_due()
    cancelled = [mail for mail in box.mails if mail["To"] == "guardian@example.com"]
    assert len(cancelled) == 1  # and no reminder of a day that is gone
    attached = next(iter(cancelled[0].iter_attachments())).get_content()
    assert "CANCELLED" in (attached.decode() if isinstance(attached, bytes) else attached)


async def test_before_it_lapses_once(world: World, box: Box) -> None:
    id, court = await filled(world), world.court
    court.house.clock.advance(55 * DAY_S)
    assert await court.filing.sweep() == 0
    assert await court.filing.sweep() == 0
    await world.outbox.send_due()
    assert len(subjects(box, "groom@example.com")) == 1
    court.house.clock.advance(8 * DAY_S)
    assert await court.filing.sweep() == 1
    await world.outbox.send_due()
    assert len(subjects(box, "groom@example.com")) == 2
    assert (await court.file(id)).state is FileState.LAPSED


async def test_the_certificate_is_ready(world: World, box: Box) -> None:
    await world.contracted()
    for part in (Part.GROOM, Part.BRIDE):
        await world.court.filing.contact(world.court.who(part), world.id, f"{part}@example.com")
    judge = world.court.login(world.court.judge)
    await world.services.ratifying.ratify(judge, world.id, "")
    await world.services.ratifying.issue(judge, world.id, "")
    await world.outbox.send_due()
    one = await world.file()
    assert all(one.register in subject for subject in subjects(box, "bride@example.com"))
    assert len(subjects(box, "bride@example.com")) == 1
