"""A new key for tickets and forms: it takes over, and nobody notices."""

import stat
from pathlib import Path

import pytest

from audit.errors import KeyFileError
from auth import secret, ticket
from auth.keyring import ACCEPTED_FOR, FIRST, START_AFTER, Keyring, open_keyring
from auth.ticket import Ticket, Tickets
from errors import Refusal
from tests.auth.house import Browser, House
from tests.support.clock import SettableClock

TICKET = Ticket("person", "sitting", "seat", "session", "1" * 32)


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return open_keyring(secret.load_or_create(tmp_path), tmp_path)


def test_the_new_key_signs_a_little_later_and_the_old_one_stays_good(
    ring: Keyring, clock: SettableClock
) -> None:
    kid = ring.rotate(clock())
    assert ring.current(clock()).kid == FIRST
    assert list(ring.accepted(clock())) == [FIRST, kid]
    clock.advance(START_AFTER.total_seconds())
    assert ring.current(clock()).kid == kid
    clock.advance(ACCEPTED_FOR.total_seconds() - 1)
    assert list(ring.accepted(clock())) == [FIRST, kid]
    clock.advance(1)
    assert list(ring.accepted(clock())) == [kid]


def test_a_ticket_of_the_old_key_opens_until_it_is_too_old(
    ring: Keyring, clock: SettableClock
) -> None:
    tickets = Tickets(ring, "https://court.example")
    old = tickets.sign(TICKET, clock())
    ring.rotate(clock() - START_AFTER)
    assert tickets.read(old, clock()) == TICKET
    new = tickets.sign(TICKET, clock())
    assert tickets.read(new, clock()) == TICKET
    assert new.split(".")[0] != old.split(".")[0]
    with pytest.raises(Refusal, match=r"ticket\.expired"):
        tickets.read(old, clock() + ticket.LIFETIME)
    clock.advance(ACCEPTED_FOR.total_seconds())
    with pytest.raises(Refusal, match=r"ticket\.not_ours"):
        tickets.read(old, clock())


def test_a_ticket_cannot_choose_another_key(ring: Keyring, clock: SettableClock) -> None:
    kid = ring.rotate(clock())
    first = ring.accepted(clock())[FIRST]
    for claimed in (kid, "", "../auth", "9"):
        forged = ticket.sign(
            ticket.issuer(first, "https://court.example", claimed), TICKET, clock()
        )
        with pytest.raises(Refusal, match=r"ticket\.not_ours"):
            Tickets(ring, "https://court.example").read(forged, clock())


def test_another_process_finds_the_key(tmp_path: Path, clock: SettableClock) -> None:
    first = secret.load_or_create(tmp_path, "a passphrase")
    one, two = (open_keyring(first, tmp_path, "a passphrase") for _ in range(2))
    kid = one.rotate(clock())
    [path] = tmp_path.glob("auth-*.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    assert [known.kid for known in two.generations] == [FIRST]
    two.reload()
    assert two.accepted(clock())[kid] == one.accepted(clock())[kid]
    assert "root" not in repr(two.generations)
    with pytest.raises(KeyFileError):
        open_keyring(first, tmp_path, "another one")


def test_other_files_are_no_keys(tmp_path: Path, clock: SettableClock) -> None:
    (tmp_path / "auth-copy.key").write_bytes(b"x")
    ring = open_keyring(secret.load_or_create(tmp_path), tmp_path)
    assert [known.kid for known in ring.generations] == [FIRST]


async def test_a_page_opened_before_the_change_still_sends(lite: House, tmp_path: Path) -> None:
    lite.accounts.keys._folder = tmp_path
    browser = Browser(lite.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/account")
    before = browser.token
    lite.accounts.keys.rotate(lite.clock() - START_AFTER)
    assert (await browser.post("/en/account/language", {"language": "en"})).status_code == 303
    await browser.sees("/en/account")
    assert browser.token != before
    assert (await browser.post("/en/account/language", {"language": "en"})).status_code == 303
    lite.clock.advance(ACCEPTED_FOR.total_seconds())
    fresh = Browser(lite.app())
    await fresh.sign_in("clerk")
    fresh.token = before
    assert (await fresh.post("/en/account/language", {"language": "en"})).status_code == 403
