"""What every use case of this room shares: load, check, move, keep, write down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy, stepup
from auth.person import Person
from auth.policy import Context
from auth.session import Login
from errors import N_, BadInput, NotFound
from notary import core
from notary.marriage import store
from notary.marriage.application import SPOUSES, Part
from notary.marriage.file import File
from notary.marriage.finding import Finding
from notary.marriage.gates import evaluate
from notary.marriage.telling import Telling
from notary.marriage.track import Track, tracks
from notary.marriage.workflow import WITH_REASON, Move, after

REASON_MOST = 2000


def context(actor: Person, one: File) -> Context:
    """Where somebody stands to a marriage file, in the policy's codes."""
    part = one.part_of(actor.id)
    return Context(
        kind="marriage_contract",
        in_marriage=part is not None,
        is_spouse=part in SPOUSES,
        is_wali=part is Part.GUARDIAN,
        is_its_officiant=part is Part.OFFICIANT,
        has_decided=one.judge == actor.id,
    )


@dataclass(frozen=True, slots=True)
class Core(core.Core):
    """One per process; the services of this room are small and share it."""

    noun = "marriage"
    add_event = staticmethod(store.add_event)

    step_up: stepup.StepUp
    telling: Telling | None = None
    """Mails to the parties; None: nobody is told."""

    def contract_day(self, one: File) -> date:
        """The day on which the gates must be passed: the sitting's, else today."""
        if one.starts_at is None:
            return self.today()
        return one.starts_at.astimezone(ZoneInfo(self.zone)).date()

    def track(self, one: File) -> Track | None:
        """The track that was chosen; None while none is."""
        return tracks().get(one.application.track)

    def gates(self, one: File) -> tuple[tuple[str, tuple[Finding, ...]], ...]:
        """Every gate of the track with its findings, for the day of the contract."""
        track = self.track(one)
        if track is None:
            return ()
        return evaluate(one.application, track, self.pack, self.contract_day(one))

    async def load(self, session: AsyncSession, actor: Person, id: str, action: str) -> File:
        """The file, when this person may do `action` with it (or may after a confirmation).

        Raises NotFound to whoever may not even see it (its existence is private), Forbidden to
        others who may not.
        """
        one = await store.get(session, self.secret, id[:32])
        if one is None or not policy.decide(actor, "marriage.see", context(actor, one)).possible:
            raise unknown()
        need = policy.decide(actor, action, context(actor, one))
        if not need and not (need.need is not None and need.need.each_time):
            raise policy.refusal(need, action)
        return one

    async def known(self, session: AsyncSession, id: str) -> File:
        """A file for what goes on by itself, after the policy was asked. Raises NotFound."""
        one = await store.get(session, self.secret, id)
        if one is None:
            raise unknown()
        return one

    async def of_sitting(self, session: AsyncSession, actor: Person, sitting: str) -> File:
        """The marriage of a sitting. Raises NotFound to whoever may not see it."""
        found = await store.by_sitting(session, self.secret, sitting[:32]) if sitting else None
        if found is None:
            raise unknown()
        return await self.load(session, actor, found.id, "marriage.see")

    async def confirmed(
        self,
        session: AsyncSession,
        login: Login,
        one: File,
        act: str,
        token: str,
        **members: JSON,
    ) -> None:
        """Take the step-up of this very legal act, where the profile asks for one. `members`: what
        it is bound to, besides the file.

        Raises Refusal `policy.confirmation_needed` with what to confirm, `confirmation.refused`.
        """
        at, bound = context(login.person, one), core.digest(marriage=one.id, **members)
        await self.step_up.require(session, login, act, one.id, bound, token, at)

    async def move(
        self,
        session: AsyncSession,
        one: File,
        move: Move,
        by: str,
        *,
        reason: str = "",
        codes: Mapping[str, JSON] | None = None,
        **changes: Any,
    ) -> File:
        """Take a move of the table: the row, its history and the audit leaf, in this unit.

        Raises Refusal `marriage.wrong_state`, BadInput `marriage.reason`.
        """
        state = after(one.state, move)
        text = reason_of(reason) if move in WITH_REASON else " ".join(reason.split())[:REASON_MOST]
        moved = await self.keep(session, one, state=state, reason=text or one.reason, **changes)
        await self.write(session, moved, move.value, by, codes=codes, texts={"reason": text})
        if self.telling is not None:
            await self.telling.moved(session, one, moved, move, self.clock())
        return moved

    async def keep(self, session: AsyncSession, one: File, **changes: Any) -> File:
        """Store a change; an action, so that the file does not lapse."""
        kept = replace(one, **changes, acted_at=self.clock(), version=one.version + 1)
        await store.save(session, self.secret, kept, one.version)
        return kept


def reason_of(text: str) -> str:
    """The words of a reason on one line. Raises BadInput `marriage.reason`."""
    said = " ".join(text.split())
    if not 3 <= len(said) <= REASON_MOST:
        raise BadInput("marriage.reason", N_("Give the reason in a few words."), field="reason")
    return said


def unknown() -> NotFound:
    """No such file, or not yours: the two look the same."""
    return NotFound(
        "marriage.unknown",
        N_("There is no such marriage file, or it is not yours. Look in your own list."),
    )
