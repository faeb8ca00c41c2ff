"""Use cases of the second factor: enrol, remove, and check a code once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from auth.methods import store, totp
from auth.methods.core import Core
from auth.person import Person
from errors import N_, BadInput, Refusal


@dataclass(frozen=True, slots=True)
class Status:
    """What a person has."""

    since: datetime | None = None
    """None: no second factor."""
    codes_left: int = 0
    """Recovery codes that were not used."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator application needs: said once, to the person's own page."""

    secret: str
    address: str


class SecondFactors:
    """Second factors of accounts. One per process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def status(self, person: Person) -> Status:
        """Whether a person has one, and how many recovery codes are left."""
        async with self._core.database.unit(write=False) as session:
            found = await store.second_factor(session, person.id)
            if found is None or found.confirmed_at is None:
                return Status()
            return Status(found.confirmed_at, await store.recovery_codes_left(session, person.id))

    async def begin(self, person: Person) -> Enrolment:
        """A new secret; it counts once `confirm` got a code of it."""
        secret = totp.new_secret()
        async with self._core.database.unit() as session:
            found = await store.second_factor(session, person.id)
            if found is not None and found.confirmed_at is not None:
                raise Refusal(
                    "second_factor.known",
                    N_("You have a second factor. Remove it before you set up another."),
                )
            await store.set_second_factor(session, person.id, self._seal(person.id, secret))
        return Enrolment(secret, totp.address(secret, person.username))

    async def pending(self, person: Person) -> Enrolment | None:
        """The enrolment that waits for its first code."""
        async with self._core.database.unit(write=False) as session:
            found = await store.second_factor(session, person.id)
        if found is None or found.confirmed_at is not None:
            return None
        secret = self._open(person.id, found.secret)
        return Enrolment(secret, totp.address(secret, person.username))

    async def confirm(self, person: Person, code: str) -> list[str]:
        """The first code: the second factor counts, and these are its recovery codes, said once.

        Raises BadInput `second_factor.wrong`.
        """
        codes = totp.new_recovery_codes()
        async with self._core.database.unit() as session:
            found = await store.second_factor(session, person.id)
            if found is None or found.confirmed_at is not None:
                raise Refusal("second_factor.not_begun", N_("Start setting it up again."))
            if not await self._use_step(session, person.id, found, code):
                raise wrong()
            await store.confirm_second_factor(session, person.id, self._core.clock())
            await self._set_codes(session, person.id, codes)
            leaf = {"account": person.id}
            await self._core.log.append(session, "account.second_factor_added", leaf)
        return codes

    async def new_codes(self, person: Person) -> list[str]:
        """New recovery codes, said once; the old ones end."""
        codes = totp.new_recovery_codes()
        async with self._core.database.unit() as session:
            if not await self.has(session, person.id):
                raise Refusal("second_factor.none", N_("Set up a second factor first."))
            await self._set_codes(session, person.id, codes)
            leaf = {"account": person.id}
            await self._core.log.append(session, "account.recovery_codes_renewed", leaf)
        return codes

    async def remove(self, person: Person) -> None:
        """Sign in with the password alone from now on. Removing nothing is no error."""
        async with self._core.database.unit() as session:
            if await store.second_factor(session, person.id) is None:
                return
            await store.remove_second_factor(session, person.id)
            leaf = {"account": person.id}
            await self._core.log.append(session, "account.second_factor_removed", leaf)

    # --- within the caller's unit ----------------------------------------------------------------

    async def has(self, session: AsyncSession, account: str) -> bool:
        """Whether codes are asked for."""
        found = await store.second_factor(session, account)
        return found is not None and found.confirmed_at is not None

    async def check(self, session: AsyncSession, account: str, code: str) -> bool:
        """Whether the code is right, and was not used before: of the application, or recovery."""
        found = await store.second_factor(session, account)
        if found is None or found.confirmed_at is None:
            return False
        if await self._use_step(session, account, found, code):
            return True
        recovery = totp.normal_recovery_code(code)
        if not recovery:
            return False
        tag = self._tag(account, recovery)
        if not await store.use_recovery_code(session, account, tag, self._core.clock()):
            return False
        await self._core.log.append(session, "account.recovery_code_used", {"account": account})
        return True

    async def _use_step(
        self, session: AsyncSession, account: str, found: store.SecondFactor, code: str
    ) -> bool:
        secret = self._open(account, found.secret)
        step = totp.step_of(secret, code, self._core.clock(), found.last_step)
        return step is not None and await store.use_step(session, account, step)

    async def _set_codes(self, session: AsyncSession, account: str, codes: list[str]) -> None:
        tags = [self._tag(account, code) for code in codes]
        await store.set_recovery_codes(session, account, tags)

    def _tag(self, account: str, code: str) -> str:
        return self._core.secret.tag("recovery", f"{account}\n{code}")

    def _seal(self, account: str, secret: str) -> str:
        return self._core.secret.seal("totp", account, secret)

    def _open(self, account: str, sealed: str) -> str:
        return self._core.secret.open("totp", account, sealed)


def wrong() -> BadInput:
    """A code that is none, was used, or is too old."""
    return BadInput(
        "second_factor.wrong",
        N_("This code is not right or was used already. Wait for the next one."),
        field="code",
    )
