"""Links with which one person sets a password once: the invitation of a new account, and a reset.

An administrator issues one and hands it over; it is shown once and only its hash is kept. Using it
ends every session of the account and keeps its second factor: whoever finds the link does not get
past that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auth import session as sessions
from auth import store
from auth.methods import store as methods
from auth.methods.core import Core
from auth.password import Passwords, check_length
from auth.person import Person
from auth.policy import require
from errors import N_, NotFound, Refusal

LIFETIME = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Link:
    """A new link; the token is said once."""

    token: str
    person: Person
    expires_at: datetime


class PasswordLinks:
    """One per process."""

    def __init__(self, core: Core, passwords: Passwords) -> None:
        self._core = core
        self._passwords = passwords

    async def issue(self, actor: Person, account: str) -> Link:
        """A new link for an account; its older ones end. Raises Forbidden, NotFound."""
        require(actor, "people.manage")
        now, token = self._core.clock(), sessions.new_token()
        async with self._core.database.unit() as session:
            person = await store.get_account(session, account)
            if person is None or not person.active:
                raise NotFound("people.unknown", N_("There is no such account."))
            hashed, until = sessions.token_hash(token), now + LIFETIME
            await methods.add_password_link(session, hashed, account, now, until)
            leaf = {"account": account, "by": actor.id}
            await self._core.log.append(session, "account.password_link", leaf)
        return Link(token, person, until)

    async def see(self, token: str) -> Person:
        """Whose link it is. Raises Refusal `password_link.over`, status 410."""
        async with self._core.database.unit(write=False) as session:
            hashed, now = sessions.token_hash(token[:100]), self._core.clock()
            account = await methods.find_password_link(session, hashed, now)
            person = await store.get_account(session, account) if account else None
        if person is None or not person.active:
            raise _over()
        return person

    async def use(self, token: str, password: str) -> Person:
        """Set the password. Raises BadInput, or Refusal `password_link.over`."""
        person = await self.see(token)
        check_length(password)
        encoded = await self._passwords.hash(password)
        async with self._core.database.unit() as session:
            hashed, now = sessions.token_hash(token[:100]), self._core.clock()
            if not await methods.use_password_link(session, hashed, now):
                raise _over()
            await store.set_password(session, person.id, encoded)
            await store.end_logins(session, person.id)
            await self._core.log.append(session, "account.password_set", {"account": person.id})
        return person


def _over() -> Refusal:
    return Refusal(
        "password_link.over",
        N_("This link was used, is too old or is not complete. Ask the administrator for another."),
        status=410,
    )
