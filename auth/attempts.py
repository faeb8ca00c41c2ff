"""Failed attempts, counted at the database so that a restart forgives nobody (`auth.throttle`).

An attempt is counted as failed before it is made, so that many at once do not slip by, and
forgiven when it succeeds.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from auth import known_browser, store, throttle
from auth.devices import network
from auth.methods.core import Core
from auth.store import Credentials
from database import lock

Keys = tuple[tuple[str, int], ...]
"""Key and how many failures cost nothing; the first is the account's own."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted, with the account it is for."""

    keys: Keys
    known: Credentials | None


class Attempts:
    """Counts attempts. One per process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def keys(self, address: str, username: str) -> Keys:
        """Of a browser that we do not know: account and address together, and the address."""
        tag, address = self._core.secret.tag, network.block(address)
        return (
            (tag("throttle", f"{address}\n{username}"), throttle.PAIR_FREE),
            (tag("throttle", address), throttle.ADDRESS_FREE),
        )

    async def begin(self, address: str, username: str, browser: str = "") -> Attempt:
        """Count an attempt to sign in. Raises Refusal `sign_in.wait`.

        `browser` is the cookie of `auth.known_browser`: whoever signed in here before is not held
        up by what others try from the same address.
        """
        async with self._core.database.unit() as session:
            known = await store.credentials(session, username)
            keys = self.keys(address, username)
            account = known.person.id if known else ""
            if account and known_browser.knows(self._core.secret, browser, account):
                seed = known_browser.seed(browser)  # the rest of the cookie can be varied
                mine = self._core.secret.tag("throttle", f"browser\n{seed}\n{username}")
                keys = ((mine, throttle.PAIR_FREE),)
            await self._count(session, keys)
        return Attempt(keys, known)

    async def begin_again(self, session: str, username: str) -> Attempt:
        """Count an attempt of somebody who is signed in at a method of their own account.

        Counted for the session, and much later for all sessions of the account: whoever guesses
        without one, from the same court or with a found password, holds up nobody's confirmation
        in a running sitting. Raises Refusal `sign_in.wait`.
        """
        tag = self._core.secret.tag
        async with self._core.database.unit() as unit:
            known = await store.credentials(unit, username)
            keys = (
                (tag("throttle", f"session\n{session}"), throttle.PAIR_FREE),
                (tag("throttle", f"sessions\n{username}"), throttle.ADDRESS_FREE),
            )
            await self._count(unit, keys)
        return Attempt(keys, known)

    async def begin_code(self, account: str) -> Attempt:
        """Count an attempt at the second factor of an account, at sign-in.

        Counted for the account alone: whoever gets here has its password already, so an attacker
        cannot hold up a judge with it, and guessing from many addresses does not help.
        """
        keys = ((self._core.secret.tag("throttle", f"code\n{account}"), throttle.PAIR_FREE),)
        async with self._core.database.unit() as session:
            await self._count(session, keys)
        return Attempt(keys, None)

    async def begin_guess(self, what: str, address: str, free: int) -> Attempt:
        """Count an attempt from an address at `what`, something else that can be guessed: a short
        code. The first `free` in a row cost nothing. Raises Refusal `sign_in.wait`."""
        address = network.block(address)
        keys = ((self._core.secret.tag("throttle", f"{what}\n{address}"), free),)
        async with self._core.database.unit() as session:
            await self._count(session, keys)
        return Attempt(keys, None)

    async def right(self, attempt: Attempt) -> None:
        """What was tried there is no guess. Earlier ones stay counted: whoever knows one code
        must not be able to wipe out a hundred guesses with it."""
        async with self._core.database.unit() as session:
            await lock(session, "sign_in_failures")
            for key, _ in attempt.keys:
                known = await store.failures(session, key)
                forgiven = throttle.forgiven(known, self._core.clock())
                await store.set_failures(session, key, forgiven)

    async def _count(self, session: AsyncSession, keys: Keys) -> None:
        await lock(session, "sign_in_failures")
        now = self._core.clock()
        await store.forget_failures(session, now - throttle.FORGET_AFTER)
        for key, free in keys:
            known = await store.failures(session, key)
            throttle.check(known, free, now)
            await store.set_failures(session, key, throttle.failed(known, now))

    async def forgive(self, session: AsyncSession, attempt: Attempt) -> None:
        """The attempt succeeded: it was no failure. Within the caller's unit."""
        await lock(session, "sign_in_failures")
        (own, _), *others = attempt.keys
        await store.clear_failures(session, own)
        for key, _ in others:
            known = await store.failures(session, key)
            forgiven = throttle.forgiven(known, self._core.clock())
            await store.set_failures(session, key, forgiven)
