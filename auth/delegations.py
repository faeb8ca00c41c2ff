"""Use cases: granting and withdrawing delegations."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit, format_time
from audit.service import AuditLog
from auth import policy, store
from auth.delegation import REASON_MOST, Delegation, check
from auth.person import DELEGABLE, Person, Role
from auth.policy import Context
from auth.service import clean_name, new_id
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """One delegation as a page shows it."""

    delegation: Delegation
    delegator: Person
    delegate: Person
    state: str
    may_withdraw: bool


class Delegations:
    """One per process."""

    def __init__(self, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def of(self, actor: Person) -> list[Listed]:
        """What the actor gave and holds; for an administrator all of them. Newest first."""
        policy.require(actor, "delegation.list")
        everything = actor.role is Role.ADMINISTRATOR
        now = self._clock()
        async with self._database.unit(write=False) as session:
            found = await store.delegations(session, None if everything else actor.id)
            people = {one.id: one for one in await store.accounts(session)}
        return [
            Listed(
                one,
                people[one.delegator],
                people[one.delegate],
                one.state(now),
                one.state(now) in ("in_force", "future")
                and bool(policy.decide(actor, "delegation.withdraw", _at(actor, one.delegator))),
            )
            for one in found
        ]

    def granting(self, actor: Person) -> policy.Decision:
        """Whether this person may delegate now, or after a step-up."""
        return policy.decide(actor, "delegation.grant", _at(actor, actor.id))

    async def choices(self, actor: Person) -> list[Person]:
        """Who can delegate or act for somebody, for the form."""
        policy.require(actor, "delegation.list")
        async with self._database.unit(write=False) as session:
            found = await store.accounts(session, DELEGABLE)
        active = [one for one in found if one.active]
        if actor.role is Role.ADMINISTRATOR:
            return active
        return [one for one in active if one.role is actor.role]

    async def grant(
        self,
        actor: Person,
        delegator: str,
        delegate: str,
        starts_at: datetime,
        ends_at: datetime,
        *,
        kind: str = "",
        sitting: str = "",
        reason: str = "",
    ) -> Delegation:
        """Let `delegate` act for `delegator`. The caller has checked `kind` and `sitting`.

        Raises Forbidden, or BadInput naming the field.
        """
        policy.require(actor, "delegation.grant", _at(actor, delegator))
        now = self._clock()
        made = Delegation(
            new_id(),
            delegator,
            delegate,
            starts_at,
            ends_at,
            kind,
            sitting,
            clean_name(reason)[:REASON_MOST],
            actor.id,
            now,
        )
        check(made, now)
        salt = secrets.token_bytes(16)
        async with self._database.unit() as session:
            await lock(session, "delegations")
            await self._check_people(session, made)
            await store.add_delegation(session, made, salt)
            leaf: dict[str, JSON] = {
                "delegation": made.id,
                "delegator": delegator,
                "delegate": delegate,
                "from": format_time(starts_at),
                "to": format_time(ends_at),
                "kind": kind,
                "reason": commit(made.reason.encode(), salt),
                "by": actor.id,
            }
            await self._log.append(session, "delegation.granted", leaf, subject=sitting or made.id)
        return made

    async def _check_people(self, session: AsyncSession, made: Delegation) -> None:
        giver = await store.get_account(session, made.delegator)
        taker = await store.get_account(session, made.delegate)
        if giver is None or giver.role not in DELEGABLE or not giver.active:
            raise BadInput(
                "delegation.no_office",
                N_("Only a judge, clerk or notary can be substituted. Choose one from the list."),
                field="delegator",
            )
        if taker is None or taker.role is not giver.role or not taker.active:
            raise BadInput(
                "delegation.other_office",
                N_("Choose somebody of the same office, such as a judge for a judge."),
                field="delegate",
            )

    async def withdraw(self, actor: Person, delegation: str) -> Delegation:
        """End it now. Twice is as good as once."""
        now = self._clock()
        async with self._database.unit() as session:
            await lock(session, "delegations")
            found = await store.get_delegation(session, delegation)
            if found is None or not policy.decide(actor, "delegation.list"):
                policy.require(actor, "delegation.list")
                raise NotFound("delegation.unknown", N_("There is no such delegation."))
            policy.require(actor, "delegation.withdraw", _at(actor, found.delegator))
            if found.state(now) not in ("in_force", "future"):
                return found
            await store.withdraw_delegation(session, found, now)
            leaf = {"delegation": found.id, "by": actor.id}
            await self._log.append(
                session, "delegation.withdrawn", leaf, subject=found.sitting or found.id
            )
        return replace(found, withdrawn_at=now)


def _at(actor: Person, delegator: str) -> Context:
    return Context(is_self=actor.id == delegator)
