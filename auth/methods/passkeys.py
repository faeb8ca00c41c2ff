"""Use cases of passkeys: add, list, remove, and check an assertion for whoever asks for one."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth.methods import passkey, store
from auth.methods.core import CEREMONY, Core
from auth.methods.passkey import Passkey, RelyingParty
from auth.methods.store import Ceremony
from auth.person import Person
from auth.session import Login
from errors import N_, BadInput, NotFound, Refusal


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is asked; `id` comes back with its answer."""

    id: str
    options: dict[str, Any]

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {"id": self.id, "publicKey": self.options}


class Passkeys:
    """Keys of accounts. One per process."""

    def __init__(self, core: Core, party: RelyingParty) -> None:
        self._core = core
        self.party = party

    # --- one's own keys --------------------------------------------------------------------------

    async def of(self, person: Person) -> list[Passkey]:
        """The keys of a person."""
        async with self._core.database.unit(write=False) as session:
            return await store.passkeys(session, person.id)

    async def begin_adding(self, login: Login) -> Question:
        """Ask an authenticator for a new key. The caller has checked that the person may."""
        async with self._core.database.unit() as session:
            known = await store.passkeys(session, login.person.id)
            if len(known) >= passkey.MOST:
                raise Refusal(
                    "passkey.too_many",
                    N_("You have %(most)s passkeys. Remove one that you no longer use."),
                    most=passkey.MOST,
                )
            asked = await self._ask(session, "add", login)
        options = passkey.creation_options(self.party, login.person, asked.challenge, known)
        return Question(asked.id, options)

    async def finish_adding(
        self, login: Login, id: str, answer: Mapping[str, Any], name: str
    ) -> Passkey:
        """Store the new key. Raises Refusal `passkey.*`, BadInput `passkey.name`."""
        name = passkey.clean_name(name)
        if not name:
            raise BadInput("passkey.name", N_("Give the passkey a name."), field="name")
        asked = await self.asked(id, "add", login)
        found = passkey.register(self.party, asked.challenge, answer)
        now = self._core.clock()
        key = Passkey(
            secrets.token_hex(8),
            login.person.id,
            found.credential,
            found.public_key,
            found.counter,
            name,
            now,
            synced=found.synced,
        )
        async with self._core.database.unit() as session:
            if await store.find_passkey(session, key.credential) is not None:
                raise Refusal("passkey.known", N_("This passkey is registered already."))
            await store.add_passkey(session, key)
            leaf = {"account": key.account, "passkey": key.id}
            await self._core.log.append(session, "account.passkey_added", leaf)
        return key

    async def remove(self, person: Person, id: str) -> None:
        """Take a key away; it signs nobody in from now on."""
        async with self._core.database.unit() as session:
            if not await store.remove_passkey(session, person.id, id):
                raise NotFound("passkey.unknown", N_("You have no such passkey."))
            leaf = {"account": person.id, "passkey": id}
            await self._core.log.append(session, "account.passkey_removed", leaf)

    # --- assertions ------------------------------------------------------------------------------

    async def begin(self, purpose: str, login: Login | None = None) -> Question:
        """Ask for an assertion: `sign_in` of anybody, or `step_up` of who is signed in."""
        async with self._core.database.unit() as session:
            known = await store.passkeys(session, login.person.id) if login else []
            asked = await self._ask(session, purpose, login)
        return Question(asked.id, passkey.request_options(self.party, asked.challenge, known))

    async def finish(
        self, purpose: str, id: str, answer: Mapping[str, Any], login: Login | None = None
    ) -> Passkey:
        """The key that answered. Raises Refusal `passkey.*`; the question is used up either way."""
        asked = await self.asked(id, purpose, login)
        async with self._core.database.unit() as session:
            account = login.person.id if login else None
            return await self.check(session, asked.challenge, answer, account)

    async def check(
        self,
        session: AsyncSession,
        challenge: bytes,
        answer: Mapping[str, Any],
        account: str | None,
    ) -> Passkey:
        """Check an assertion within the caller's unit; the key's counter goes on.

        `account`: whose key it must be. Raises Refusal `passkey.refused`.
        """
        key = await store.find_passkey(session, passkey.credential_of(answer))
        if key is None or (account is not None and key.account != account):
            raise passkey.refused()
        counter = passkey.check(self.party, challenge, answer, key)
        if not await store.passkey_used(session, key, counter, self._core.clock()):
            raise passkey.refused()
        return key

    # --- questions -------------------------------------------------------------------------------

    async def _ask(self, session: AsyncSession, purpose: str, login: Login | None) -> Ceremony:
        now = self._core.clock()
        asked = Ceremony(
            secrets.token_urlsafe(24),
            purpose,
            secrets.token_bytes(32),
            now + CEREMONY,
            login.person.id if login else None,
            login.id if login else None,
        )
        await store.add_ceremony(session, asked, now)
        return asked

    async def asked(self, id: str, purpose: str, login: Login | None) -> Ceremony:
        """Use a question up. Raises Refusal `passkey.too_late` unless it is this one."""
        async with self._core.database.unit() as session:
            found = await store.take_ceremony(session, id[:64])
        wanted = login.id if login else None
        if found is None or found.purpose != purpose or found.login != wanted:
            raise passkey.too_late()
        if found.expires_at <= self._core.clock():
            raise passkey.too_late()
        return found
