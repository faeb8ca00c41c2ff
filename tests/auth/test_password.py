"""Passwords: real argon2 parameters, threads, and a constant answer for nobody."""

import asyncio

import pytest

from auth.password import AT_ONCE, LEAST, MOST, Passwords
from errors import BadInput


async def test_the_parameters_are_those_of_the_rfc() -> None:
    encoded = await Passwords().hash("a long enough one")
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_hash_matches_its_password_only() -> None:
    passwords = Passwords()
    encoded = await passwords.hash("a long enough one")
    assert await passwords.matches(encoded, "a long enough one")
    assert not await passwords.matches(encoded, "a long enough onE")
    assert not await passwords.matches("not a hash", "a long enough one")
    assert not await passwords.matches(None, "nobody has this password")
    assert not passwords.outdated(encoded)


@pytest.mark.parametrize("length", [0, LEAST - 1, MOST + 1])
async def test_lengths(length: int) -> None:
    with pytest.raises(BadInput):
        await Passwords().hash("x" * length)


async def test_the_event_loop_goes_on_while_many_sign_in() -> None:
    passwords = Passwords()
    encoded = await passwords.hash("a long enough one")
    work = asyncio.gather(
        *(passwords.matches(encoded, "wrong one here") for _ in range(AT_ONCE * 4))
    )
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await work == [False] * AT_ONCE * 4
    assert turns > 2 * AT_ONCE * 4  # on the loop it would have turned once for each hash
