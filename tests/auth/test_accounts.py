"""Signing in and out, sessions, throttle, accounts and tickets, on both databases."""

import asyncio
import logging
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from auth import session as sessions
from auth import store, throttle
from auth.demo import PASSWORD
from auth.password import Passwords
from auth.person import OPERATOR
from errors import BadInput, Forbidden, NotFound, Refusal
from tests.auth.house import House

ELSEWHERE = "198.51.100.7"


async def refused(house: House, username: str, password: str, address: str = "192.0.2.1") -> str:
    with pytest.raises(Refusal) as caught:
        await house.accounts.sign_in(username, password, address=address)
    return caught.value.code


async def test_signing_in_and_out(house: House) -> None:
    signed_in = await house.sign_in(" Clerk ")
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    assert login.person == house.people["clerk"]
    await house.accounts.sign_out(signed_in.token)
    assert await house.accounts.login(signed_in.token) is None
    await house.accounts.sign_out(signed_in.token)  # again is no error


async def test_unknown_wrong_and_shut_are_told_alike(house: House) -> None:
    admin = house.people["admin"]
    await house.accounts.set_active(admin, house.people["witness"].id, False)
    assert await refused(house, "nobody", PASSWORD) == "sign_in.wrong"
    assert await refused(house, "clerk", "a wrong password") == "sign_in.wrong"
    assert await refused(house, "witness", PASSWORD) == "sign_in.wrong"
    assert await refused(house, "clerk", "x" * 100_000) == "sign_in.wrong"


async def test_the_database_holds_no_token(house: House) -> None:
    signed_in = await house.sign_in("clerk")
    async with house.database.unit(write=False) as session:
        rows = (await session.execute(text("SELECT * FROM logins"))).all()
    assert len(rows) == 1
    assert signed_in.token not in repr(rows)
    assert await house.accounts.login(rows[0].token_hash) is None
    assert await house.accounts.login(rows[0].id) is None


async def test_signing_in_again_ends_the_session_before(house: House) -> None:
    first = await house.sign_in("clerk")
    second = await house.accounts.sign_in(
        "judge", PASSWORD, address="192.0.2.1", old_token=first.token
    )
    assert await house.accounts.login(first.token) is None
    assert await house.accounts.login(second.token) is not None


async def test_an_idle_session_ends_and_a_used_one_goes_on_to_the_limit(house: House) -> None:
    signed_in = await house.sign_in("clerk")
    for _ in range(11):
        house.clock.advance(3600)
        assert await house.accounts.login(signed_in.token) is not None
    house.clock.advance(3600)
    assert await house.accounts.login(signed_in.token) is None  # 12 hours old
    idle = await house.sign_in("clerk")
    house.clock.advance(sessions.IDLE.total_seconds())
    assert await house.accounts.login(idle.token) is None


async def test_a_page_in_a_sitting_keeps_the_session(house: House) -> None:
    signed_in = await house.sign_in("clerk")
    for _ in range(5):
        house.clock.advance(6000)
        assert await house.accounts.keep_alive(signed_in.login.id)
    assert await house.accounts.login(signed_in.token) is not None
    house.clock.advance(7200)
    assert not await house.accounts.keep_alive(signed_in.login.id)


async def test_sign_out_everywhere_and_a_new_password_end_all_sessions(house: House) -> None:
    here, there = await house.sign_in("clerk"), await house.sign_in("clerk")
    other = await house.sign_in("judge")
    await house.accounts.sign_out_everywhere(house.people["clerk"])
    assert await house.accounts.login(here.token) is None
    assert await house.accounts.login(there.token) is None
    assert await house.accounts.login(other.token) is not None

    judge = house.people["judge"]
    with pytest.raises(BadInput) as caught:
        await house.accounts.change_password(judge, "wrong password", "a new long one", address="")
    assert caught.value.field == "old_password"
    with pytest.raises(BadInput):
        await house.accounts.change_password(judge, PASSWORD, "short", address="")
    await house.accounts.change_password(judge, PASSWORD, "a new long one", address="")
    assert await house.accounts.login(other.token) is None
    assert await refused(house, "judge", PASSWORD) == "sign_in.wrong"
    assert await house.accounts.sign_in("judge", "a new long one", address="")


async def test_no_session_begins_with_a_password_that_was_just_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was right when it was checked: what ended all sessions must end this one too."""
    mine = await house.sign_in("judge")
    matches = Passwords.matches

    async def slow(self: Passwords, encoded: str | None, password: str) -> bool:
        right = await matches(self, encoded, password)
        monkeypatch.setattr(Passwords, "matches", matches)
        new = "another long password"
        person, keep = mine.login.person, mine.login.id
        await house.accounts.change_password(person, PASSWORD, new, address="a", keep=keep)
        return right

    monkeypatch.setattr(Passwords, "matches", slow)
    with pytest.raises(Refusal) as caught:
        await house.sign_in("judge")
    assert caught.value.code == "sign_in.wrong"


async def test_a_shut_account_is_out_at_once(house: House) -> None:
    signed_in = await house.sign_in("lawyer")
    await house.accounts.set_active(house.people["admin"], house.people["lawyer"].id, False)
    assert await house.accounts.login(signed_in.token) is None
    with pytest.raises(Refusal) as caught:
        await house.accounts.set_active(house.people["admin"], house.people["admin"].id, False)
    assert caught.value.code == "people.yourself"
    with pytest.raises(NotFound):
        await house.accounts.set_active(house.people["admin"], "nobody", False)


async def test_guessing_from_one_address_never_locks_the_judge_out(house: House) -> None:
    for _ in range(throttle.PAIR_FREE):
        assert await refused(house, "judge", "guess guess guess", ELSEWHERE) == "sign_in.wrong"
    assert await refused(house, "judge", "guess guess guess", ELSEWHERE) == "sign_in.wait"
    assert await refused(house, "judge", PASSWORD, ELSEWHERE) == "sign_in.wait"
    assert await house.sign_in("judge")  # from the judge's own address
    assert await house.sign_in("clerk", ELSEWHERE)  # and a neighbour of the attacker
    house.clock.advance(
        throttle.wait(throttle.Failures(throttle.PAIR_FREE), throttle.PAIR_FREE).total_seconds()
    )
    assert await house.sign_in("judge", ELSEWHERE)


async def test_many_attempts_at_once_do_not_slip_by(house: House) -> None:
    codes = await asyncio.gather(
        *(refused(house, "judge", "guess guess guess", ELSEWHERE) for _ in range(12))
    )
    assert codes.count("sign_in.wrong") == throttle.PAIR_FREE
    assert codes.count("sign_in.wait") == 12 - throttle.PAIR_FREE


async def test_an_address_that_tries_many_accounts_waits_as_a_whole(lite: House) -> None:
    for number in range(throttle.ADDRESS_FREE):
        async with lite.database.unit() as session:  # what a failed attempt writes
            for key, _ in lite.accounts.attempts.keys(ELSEWHERE, f"name{number}"):
                known = await store.failures(session, key)
                await store.set_failures(session, key, throttle.failed(known, lite.clock()))
    assert await refused(lite, "clerk", PASSWORD, ELSEWHERE) == "sign_in.wait"
    assert await lite.sign_in("clerk")


async def test_failures_are_forgotten_and_hold_no_address(house: House) -> None:
    for _ in range(throttle.PAIR_FREE + 1):
        await refused(house, "judge", "guess guess guess", ELSEWHERE)
    async with house.database.unit(write=False) as session:
        rows = (await session.execute(text("SELECT * FROM sign_in_failures"))).all()
    assert rows
    assert ELSEWHERE not in repr(rows)
    assert "judge" not in repr(rows)
    house.clock.advance(throttle.FORGET_AFTER.total_seconds() + 1)
    assert await refused(house, "judge", "guess guess guess", ELSEWHERE) == "sign_in.wrong"
    async with house.database.unit(write=False) as session:
        assert await session.scalar(select(func.count()).select_from(store.FailureRow)) == 2


def test_waiting_grows_and_has_an_end() -> None:
    waits = [throttle.wait(throttle.Failures(count), throttle.PAIR_FREE) for count in range(200)]
    assert waits == sorted(waits)
    assert waits[throttle.PAIR_FREE - 1] == timedelta(0)
    assert waits[throttle.PAIR_FREE] == timedelta(seconds=1)
    assert waits[-1] == throttle.LONGEST


async def test_opening_accounts(house: House) -> None:
    values = {"username": "New.One", "password": "long enough now", "role": "expert"}
    names = {"name_ar": "", "name_en": "Ne\u202ew\u0000 One \n"}
    made = await house.accounts.create(OPERATOR, **values, **names)
    assert (made.username, made.name_en) == ("new.one", "New One")
    assert await house.accounts.sign_in("new.one", "long enough now", address="")
    for change, code in (
        ({"username": "new.one"}, "people.taken"),
        ({"username": "no spaces"}, "people.username"),
        ({"username": "x", "role": "guest"}, "people.role"),
        ({"username": "x", "password": "short"}, "password.short"),
        ({"username": "x", "password": "x" * 129}, "password.long"),
        ({"username": "x", "name_en": " "}, "people.name"),
    ):
        with pytest.raises(Refusal) as caught:
            await house.accounts.create(OPERATOR, **{**values, **names, **change})
        assert caught.value.code == code
    with pytest.raises(Forbidden):
        await house.accounts.create(house.people["clerk"], **values, **names)
    with pytest.raises(Forbidden):
        await house.accounts.people(house.people["judge"])


async def test_a_hash_of_weak_parameters_is_made_anew(house: House) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=2).hash(PASSWORD)
    async with house.database.unit() as session:
        await store.set_password(session, house.people["clerk"].id, weak)
    assert await house.sign_in("clerk")
    async with house.database.unit(write=False) as session:
        found = await store.credentials(session, "clerk")
    assert found is not None
    assert found.password_hash != weak
    assert await house.sign_in("clerk")


async def test_leaves_of_accounts_hold_no_names(house: House) -> None:
    async with house.database.unit(write=False) as session:
        entries = (await session.execute(text("SELECT entry FROM audit_leaves"))).scalars().all()
    everything = b"".join(bytes(entry) for entry in entries)
    assert b"account.created" in everything
    for person in house.people.values():
        assert person.name_en.encode() not in everything
        assert b'"' + person.username.encode() + b'"' not in everything.replace(
            b'"role":"' + person.role.encode() + b'"', b""
        )


# --- join tickets ------------------------------------------------------------------------------


async def ticket_refused(house: House, token: str) -> str:
    with pytest.raises(Refusal) as caught:
        await house.accounts.redeem(token)
    assert caught.value.status == 401
    return caught.value.code


async def test_a_ticket_opens_once(house: House) -> None:
    login = (await house.sign_in("clerk")).login
    token = house.accounts.ticket(login, "sitting1", "seat1")
    ticket, person = await house.accounts.redeem(token)
    assert (ticket.sitting, ticket.seat, ticket.session) == ("sitting1", "seat1", login.id)
    assert person == house.people["clerk"]
    assert await ticket_refused(house, token) == "ticket.used"


async def test_of_two_sockets_with_one_ticket_one_opens(house: House) -> None:
    login = (await house.sign_in("clerk")).login
    for _ in range(10):
        token = house.accounts.ticket(login, "sitting1", "seat1")
        results = await asyncio.gather(
            *(house.accounts.redeem(token) for _ in range(4)), return_exceptions=True
        )
        assert sum(not isinstance(result, Refusal) for result in results) == 1


async def test_a_ticket_is_too_old_after_a_minute_and_stays_so(house: House) -> None:
    login = (await house.sign_in("clerk")).login
    token = house.accounts.ticket(login, "sitting1", "seat1")
    house.clock.advance(61)
    assert await ticket_refused(house, token) == "ticket.expired"
    house.clock.advance(3600)
    assert await ticket_refused(house, token) == "ticket.expired"


async def test_a_used_ticket_is_remembered_as_long_as_it_could_live(house: House) -> None:
    login = (await house.sign_in("clerk")).login
    token = house.accounts.ticket(login, "sitting1", "seat1")
    await house.accounts.redeem(token)
    house.clock.advance(59)
    assert await ticket_refused(house, token) == "ticket.used"
    house.clock.advance(600)
    fresh = house.accounts.ticket(login, "sitting1", "seat1")
    await house.accounts.redeem(fresh)
    async with house.database.unit(write=False) as session:
        assert await session.scalar(select(func.count()).select_from(store.UsedTicketRow)) == 1


async def test_a_ticket_dies_with_its_session(house: House) -> None:
    signed_in = await house.sign_in("clerk")
    token = house.accounts.ticket(signed_in.login, "sitting1", "seat1")
    await house.accounts.sign_out(signed_in.token)
    assert await ticket_refused(house, token) == "ticket.signed_out"


async def test_noise_is_not_our_ticket(house: House) -> None:
    for token in ("", "x", "a.b.c", "é" * 100, "." * 5000):
        assert await ticket_refused(house, token) == "ticket.not_ours"


async def test_nothing_secret_is_logged(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    signed_in = await house.sign_in("clerk", ELSEWHERE)
    token = house.accounts.ticket(signed_in.login, "sitting1", "seat1")
    await house.accounts.redeem(token)
    await refused(house, "judge", "guess guess guess", ELSEWHERE)
    shown = capsys.readouterr()
    written = caplog.text + shown.out + shown.err
    for secret in (signed_in.token, token, ELSEWHERE, PASSWORD, "Maryam", "guess"):
        assert secret not in written
