"""What every use case of this room shares: load, check, move, keep, write down."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy
from auth.delegation import delegators
from auth.person import Person
from auth.policy import Context
from errors import N_, NotFound, Refusal
from notary import core
from notary.deeds import store
from notary.deeds.act import Act, acts
from notary.deeds.request import Content, Request
from notary.deeds.state import State, Step, after

WORDS_MOST = 2000
KIND = "notarial_act"
OVER = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED, State.IN_PERSON})
"""What ends here is no deed, whatever was prepared."""

OnEnd = Callable[[AsyncSession, Request, str], Awaitable[None]]
"""Called in the unit that ends a request, with who ended it."""


def context(actor: Person, one: Request) -> Context:
    """Where somebody stands to a request, in the policy's codes. Who substitutes the notary by a
    delegation in force is its notary too."""
    applicant = one.applicant == actor.id
    notaries = (actor.id, *delegators(actor.deputy_for, one.sitting, KIND))
    return Context(
        kind=KIND,
        is_applicant=applicant,
        is_deed_party=applicant or one.party_of(actor.id) is not None,
        is_its_notary=bool(one.notary) and one.notary in notaries,
    )


@dataclass(frozen=True, slots=True)
class Core(core.Core):
    """One per process; the services of this room are small and share it."""

    noun = "deed"
    add_event = staticmethod(store.add_event)

    on_end: list[OnEnd] = field(default_factory=list)
    """The register settles the number of what has ended: nothing stays open in it for ever."""

    def rule(self, id: str) -> Any:
        """The value of a rule today."""
        return self.pack.rule(id, self.today()).value

    def act(self, one: Request) -> Act:
        """The act of a request. Raises Refusal `deed.act_gone` where its file was removed."""
        found = acts().get(one.act)
        if found is None:
            raise Refusal(
                "deed.act_gone", N_("This act is no longer offered. Ask the office what to do.")
            )
        return found

    async def load(
        self, session: AsyncSession, actor: Person, id: str, action: str = "deed.see"
    ) -> Request:
        """The request, when this person may do `action` with it.

        Raises NotFound to whoever may not even see it, Forbidden to others who may not.
        """
        one = await store.get(session, self.secret, id[:32])
        if one is None or not policy.decide(actor, "deed.see", context(actor, one)).possible:
            raise NotFound(
                "deed.unknown",
                N_("There is no such request, or it is not yours. Look in your requests."),
            )
        if action != "deed.see":
            need = policy.decide(actor, action, context(actor, one))
            if not need and not (need.need is not None and need.need.each_time):
                raise policy.refusal(need, action)
        return one

    async def move(
        self,
        session: AsyncSession,
        one: Request,
        taken: Step,
        by: str,
        *,
        codes: Mapping[str, JSON] | None = None,
        texts: Mapping[str, str] | None = None,
        content: Content | None = None,
        **changes: Any,
    ) -> Request:
        """Take a step of the table: the row, its history and the audit leaf, in this unit.

        `codes` go into both; of `texts` the leaf has only salted commitments.
        """
        state = after(one.state, taken)
        now = self.clock()
        moved = replace(
            one,
            **changes,
            state_since=one.state_since if state is one.state else now,
            state=state,
            content=content or one.content,
            changed_at=now,
            version=one.version + 1,
        )
        await store.save(session, self.secret, moved, one.version)
        await self.write(session, moved, taken.value, by, codes=codes, texts=texts)
        if state in OVER:
            for settle in self.on_end:
                await settle(session, moved, by)
        return moved

    async def keep(self, session: AsyncSession, one: Request, **changes: Any) -> Request:
        """Store a change that is no step."""
        kept = replace(one, **changes, changed_at=self.clock(), version=one.version + 1)
        await store.save(session, self.secret, kept, one.version)
        return kept

    def now(self) -> datetime:
        """The time of this house."""
        return self.clock()
