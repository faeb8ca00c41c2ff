"""Which account an identity belongs to.

Only two things link: the provider's own name for the person (issuer and `sub`), which an
administrator confirms once, and the Emirates ID number that an administrator or a registry gave
to the account. Never a name, never an e-mail. Where two accounts would claim one identity, or two
identities one account, both are written into the log and nobody is signed in.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.service import AuditLog
from auth import store as accounts_store
from auth.assurance import Level
from auth.identity import store
from auth.identity.profile import Claimed
from auth.identity.provider import Provider
from auth.identity.refusals import IdentityRefused, NoAccount, refused
from auth.identity.store import Identity, Waiting
from auth.person import Person
from auth.policy import require
from auth.secret import Secret
from auth.service import new_id
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal

_logger = structlog.get_logger(__name__)
WAITS = timedelta(days=14)
"""How long an identity without an account stays on the administrator's page."""
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are taken for one another when read out."""
_NUMBER = re.compile(r"784\d{12}")


@dataclass(frozen=True, slots=True)
class Overview:
    """For the administrator's page."""

    waiting: list[Waiting]
    linked: list[Identity]
    numbered: set[str]


class Linking:
    """Identities and accounts. One per process."""

    def __init__(self, database: Database, log: AuditLog, secret: Secret, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._secret = secret
        self._clock = clock

    # --- at sign-in ----------------------------------------------------------------------------

    async def resolve(self, provider: Provider, claimed: Claimed, *, only: str = "") -> str:
        """The account of a proved identity, with the provider's names written to it.

        `only`: the account that it must be. Raises NoAccount (the identity then waits for an
        administrator) or IdentityRefused `identity.conflict`, `identity.another_person`,
        `identity.account_shut`; nothing is linked or renamed then. The refusal is raised after the
        unit: what it logs is kept.
        """
        async with self._database.unit() as session:
            await lock(session, "identities")
            found = await self._resolve(session, provider, claimed, only)
            if isinstance(found, str):
                await self._take_names(session, provider, found, claimed)
        if isinstance(found, IdentityRefused):
            raise found
        return found

    async def _resolve(
        self, session: AsyncSession, provider: Provider, claimed: Claimed, only: str
    ) -> str | IdentityRefused:
        linked = await store.find_identity(session, provider.issuer, claimed.subject)
        numbered = await self._by_number(session, provider, claimed)
        if linked is not None:
            if numbered not in (None, linked.account):
                return await self._conflict(session, provider, [linked.account, numbered])
            if refusal := await self._not_for(session, linked.account, only):
                return refusal
            if linked.kind != claimed.kind:
                await store.set_kind(session, linked.id, claimed.kind)
            return linked.account
        if numbered is None:
            return await self._wait(session, provider, claimed)
        for other in await store.identities(session, numbered):
            if other.issuer == provider.issuer:  # a second identity claims the same account
                return await self._conflict(session, provider, [numbered])
        if refusal := await self._not_for(session, numbered, only):
            return refusal
        await self._link(session, provider, claimed.subject, claimed.kind, numbered, by="number")
        return numbered

    async def _not_for(
        self, session: AsyncSession, account: str, only: str
    ) -> IdentityRefused | None:
        """Why this account is not to be signed in: nothing of it may change then."""
        if only and account != only:
            _logger.warning("identity.another_person", account=only, other=account)
            return refused("identity.another_person")
        known = await accounts_store.get_account(session, account)
        return refused("identity.account_shut") if known is None or not known.active else None

    async def _by_number(
        self, session: AsyncSession, provider: Provider, claimed: Claimed
    ) -> str | None:
        """The account of the number, if the provider has proved it (SOP2 or SOP3)."""
        if not claimed.number or provider.profile.ceiling(claimed.kind) < Level.MEDIUM:
            return None
        return await store.account_of_number(session, self._tag(claimed.number))

    def _tag(self, number: str) -> str:
        return self._secret.tag("identity", number)  # as sessions does for a seat's number

    async def _conflict(
        self, session: AsyncSession, provider: Provider, accounts: list[str | None]
    ) -> IdentityRefused:
        claimants = [account for account in accounts if account]
        await self._log.append(
            session, "identity.conflict", {"accounts": claimants, "provider": provider.id}
        )
        return refused("identity.conflict")

    async def _wait(self, session: AsyncSession, provider: Provider, claimed: Claimed) -> NoAccount:
        now = self._clock()
        await store.forget_waiting(session, now - WAITS)
        known = await store.find_waiting(session, issuer=provider.issuer, subject=claimed.subject)
        entry = Waiting(
            known.id if known else new_id(),
            known.code if known else "".join(secrets.choice(_LETTERS) for _ in range(8)),
            provider.id,
            provider.issuer,
            claimed.subject,
            claimed.kind,
            claimed.name_ar,
            claimed.name_en,
            now,
        )
        await store.put_waiting(session, entry)
        return NoAccount(entry.code)

    async def _link(
        self,
        session: AsyncSession,
        provider: Provider,
        subject: str,
        kind: str,
        account: str,
        *,
        by: str,
    ) -> None:
        entry = Identity(new_id(), account, provider.issuer, subject, kind, self._clock())
        await store.add_identity(session, entry, by=by)
        data: Mapping[str, str] = {
            "account": account,
            "identity": entry.id,
            "provider": provider.id,
            "by": by,
        }
        await self._log.append(session, "identity.linked", data)

    async def _take_names(
        self, session: AsyncSession, provider: Provider, account: str, claimed: Claimed
    ) -> None:
        """The provider's names become the account's, in the languages that it has."""
        if provider.profile.ceiling(claimed.kind) < Level.MEDIUM:
            return  # a name that its bearer typed at the provider proves nothing
        known = await accounts_store.get_account(session, account)
        if known is None or not (claimed.name_ar or claimed.name_en):
            return
        names = (claimed.name_ar or known.name_ar, claimed.name_en or known.name_en)
        if (*names, provider.id) == (known.name_ar, known.name_en, known.names_from):
            return
        await store.set_names(session, account, *names, provider.id)
        await self._log.append(
            session, "account.names_verified", {"account": account, "provider": provider.id}
        )

    async def tell_ended(
        self, session: AsyncSession, provider: str, accounts: Iterable[str]
    ) -> None:
        """The provider ended sessions of these accounts; within the caller's unit."""
        for account in sorted(set(accounts)):
            leaf = {"account": account, "by": "provider", "provider": provider}
            await self._log.append(session, "account.sessions_ended", leaf)

    async def may_sign(self, person: Person, providers: Mapping[str, Provider]) -> tuple[bool, ...]:
        """For each identity of this account, whether it may sign at all; `providers` by issuer.

        UAE Pass: SOP1 signs nothing. An identity of a provider that is gone signs nothing either.
        """
        async with self._database.unit(write=False) as session:
            linked = await store.identities(session, person.id)
        return tuple(
            one.issuer in providers and providers[one.issuer].profile.may_sign(one.kind)
            for one in linked
        )

    # --- the administrator ---------------------------------------------------------------------

    async def overview(self, actor: Person) -> Overview:
        """Who waits for an account, what is linked, and which accounts have a number."""
        require(actor, "identity.manage")
        async with self._database.unit(write=False) as session:
            return Overview(
                [
                    one
                    for one in await store.waiting(session)
                    if one.seen_at > self._clock() - WAITS
                ],
                await store.identities(session),
                await store.accounts_with_number(session),
            )

    async def link(
        self,
        actor: Person,
        waiting: str,
        account: str,
        code: str,
        providers: Mapping[str, Provider],
    ) -> None:
        """Give an identity that waits to an account, by the reference that the person read out.

        `providers` by issuer: one that is no longer in the settings cannot be linked to.

        Raises Refusal `identity.conflict` when either side is taken; both are in the log.
        """
        require(actor, "identity.manage")
        async with self._database.unit() as session:
            await lock(session, "identities")
            entry = await store.find_waiting(session, id=waiting)
            person = await accounts_store.get_account(session, account)
            provider = providers.get(entry.issuer) if entry else None
            if entry is None or provider is None:
                raise NotFound("identity.not_waiting", N_("This identity does not wait any more."))
            if person is None:
                raise BadInput("people.unknown", N_("There is no such account."), field="account")
            if code.strip().upper() != entry.code:
                raise BadInput(
                    "identity.reference",
                    N_(
                        "This is not the reference of this identity. Ask the person to read it out."
                    ),
                    field="code",
                )
            taken = await self._taken(session, entry, account)
            if taken:
                refusal: Refusal | None = await self._conflict(session, provider, taken)
            else:
                refusal = None
                await self._link(session, provider, entry.subject, entry.kind, account, by=actor.id)
                await store.remove_waiting(session, entry.id)
        if refusal is not None:
            raise refusal

    async def _taken(self, session: AsyncSession, entry: Waiting, account: str) -> list[str | None]:
        linked = await store.find_identity(session, entry.issuer, entry.subject)
        if linked is not None:
            return [linked.account, account]
        mine = await store.identities(session, account)
        return [account] if any(one.issuer == entry.issuer for one in mine) else []

    async def unlink(self, actor: Person, identity: str) -> None:
        """Take an identity from its account; the account's sessions end."""
        require(actor, "identity.manage")
        async with self._database.unit() as session:
            await lock(session, "identities")
            gone = await store.remove_identity(session, identity)
            if gone is None:
                raise NotFound("identity.unknown", N_("This identity is not linked any more."))
            await accounts_store.end_logins(session, gone.account)
            data = {"account": gone.account, "identity": gone.id, "by": actor.id}
            await self._log.append(session, "identity.unlinked", data)

    async def give_number(self, actor: Person, account: str, number: str) -> None:
        """Write down which Emirates ID number an account's person has; only an HMAC is kept.

        Raises BadInput for what is no number, Refusal `identity.conflict` when another account has
        it: both are in the log.
        """
        require(actor, "identity.manage")
        digits = number.replace("-", "").replace(" ", "")
        if not (_NUMBER.fullmatch(digits) and digits.isascii()):
            raise BadInput(
                "identity.number",
                N_("Write the 15 digits of the Emirates ID number; it begins with 784."),
                field="number",
            )
        tag, refusal = self._tag(digits), None
        async with self._database.unit() as session:
            await lock(session, "identities")
            if await accounts_store.get_account(session, account) is None:
                raise NotFound("people.unknown", N_("There is no such account."))
            other = await store.account_of_number(session, tag)
            if other not in (None, account):
                data = {"accounts": [other, account], "provider": "", "by": actor.id}
                await self._log.append(session, "identity.conflict", data)
                refusal = refused("identity.conflict")
            else:
                await store.set_number(session, account, tag)
                data = {"account": account, "by": actor.id}
                await self._log.append(session, "identity.number_given", data)
        if refusal is not None:
            raise refusal
