"""Use cases of the court before the sitting: review, leave, refusal, appeal.

The judge accepts, returns with marked fields, postpones, gives leave or refuses with reasons (Min.
Res. 761/2016 Art 12); a refusal goes to the court's president (Art 13), who is another person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from auth import policy
from auth.person import Person
from auth.session import Login
from errors import N_, BadInput, Refusal
from notary.marriage import store
from notary.marriage.application import Agency, Leave, Part
from notary.marriage.application import Person as Named
from notary.marriage.core import REASON_MOST, Core, reason_of
from notary.marriage.file import File
from notary.marriage.filing import Blocked
from notary.marriage.gates import blocking
from notary.marriage.workflow import FileState, Move, after

QUEUE = (
    FileState.SUBMITTED,
    FileState.POSTPONED,
    FileState.APPEALED,
    FileState.CONTRACTED,
    FileState.RATIFIED,
)
"""What waits for the court."""
LEAVES = frozenset(
    {"court_age", "court_age_gap", "medical"}
    | {
        f"judge_leave.{case}"
        for case in (
            "not_resident",
            "outside_area",
            "guardian_refuses",
            "citizen_bride_foreign_groom",
            "no_guardian",
            "guardianship",
        )
    }
)
"""Permissions that only the court gives."""
APPROVALS = frozenset({"employer_approval", "embassy_no_objection"})
"""Permissions of others, which the court's clerk saw in the original."""
STANDINGS = frozenset({"stands", "revoked", "not_found"})


@dataclass(frozen=True, slots=True)
class Reviewing:
    """One per process."""

    core: Core

    async def queue(self, actor: Person) -> list[File]:
        """Files that wait for the court, the longest waiting first."""
        policy.require(actor, "marriage.queue")
        async with self.core.database.unit(write=False) as session:
            return await store.in_states(session, self.core.secret, QUEUE)

    async def checked_agency(self, actor: Person, id: str, part: Part, standing: str) -> File:
        """What the register says of an agent's power (R-MR-10)."""
        if standing not in STANDINGS:
            raise BadInput("marriage.standing", N_("Say what the register shows."), field="part")
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.check")
            known: Agency | None = one.application.agencies.get(part)
            if known is None:
                raise BadInput(
                    "marriage.no_agency", N_("There is no such agent in this file."), field="part"
                )
            agencies = {**one.application.agencies, part: replace(known, standing=standing)}
            app = replace(one.application, agencies=agencies)
            kept = await self.core.keep(session, one, application=app)
            codes = {"part": part.value, "standing": standing}
            await self.core.write(session, kept, "agency", actor.id, codes=codes)
        return kept

    async def saw_approval(
        self, actor: Person, id: str, code: str, reference: str, *, attested: bool
    ) -> File:
        """An approval of an employer or an embassy was seen in the original (R-MR-12)."""
        if code not in APPROVALS:
            raise BadInput("marriage.leave", N_("Choose the permission."), field="code")
        return await self._leave(actor, id, "marriage.check", code, reference, attested=attested)

    async def give_leave(
        self, login: Login, id: str, code: str, reference: str, token: str
    ) -> File:
        """The judge's leave in a case of R-MR-03, 04, 05, 09 or 11. A legal act."""
        if code not in LEAVES:
            raise BadInput("marriage.leave", N_("Choose the permission."), field="code")
        return await self._leave(
            login.person, id, "marriage.leave", code, reference, attested=True,
            confirmed_by=(login, token),
        )  # fmt: skip

    async def _leave(
        self,
        actor: Person,
        id: str,
        action: str,
        code: str,
        reference: str,
        *,
        attested: bool,
        confirmed_by: tuple[Login, str] | None = None,
    ) -> File:
        said = " ".join(reference.split())
        if not 1 <= len(said) <= 60:
            raise BadInput(
                "marriage.reference", N_("Give the reference of the decision."), field="reference"
            )
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, action)
            if one.state not in (FileState.SUBMITTED, FileState.POSTPONED):
                raise Refusal(
                    "marriage.wrong_state",
                    N_("That is not possible at this point of the application. "
                       "The page shows what is."),
                )  # fmt: skip
            if confirmed_by is not None:
                login, token = confirmed_by
                await self.core.confirmed(
                    session, login, one, action, token, code=code, reference=said
                )
            kept_others = tuple(item for item in one.application.leaves if item.code != code)
            given = Leave(code, said, self.core.today(), attested)
            app = replace(one.application, leaves=(*kept_others, given))
            kept = await self.core.keep(session, one, application=app)
            await self.core.write(
                session, kept, "leave", actor.id, codes={"code": code}, texts={"reference": said}
            )
        return kept

    async def approve(self, login: Login, id: str, token: str) -> File:
        """Accept; a legal act. Raises Blocked while a gate is closed: the judge gives leave or
        returns it. The confirmation is bound to the application as it stands."""
        async with self.core.database.unit() as session:
            one = await self.core.load(session, login.person, id, "marriage.approve")
            if stands := blocking(self.core.gates(one)):
                raise Blocked(stands)
            after(one.state, Move.APPROVE)
            await self.core.confirmed(
                session, login, one, "marriage.approve", token, version=one.version
            )
            changes = _judge_as_guardian(one, login.person)
            return await self.core.move(
                session, one, Move.APPROVE, login.person.id, judge=login.person.id, **changes
            )

    async def return_(self, actor: Person, id: str, reason: str, marks: Sequence[str]) -> File:
        """Give it back with marked fields."""
        clean = tuple(dict.fromkeys(mark[:60] for mark in marks))[:50]
        return await self._decide(actor, id, Move.RETURN, reason, marks=clean)

    async def postpone(self, actor: Person, id: str, reason: str) -> File:
        """Leave it open until something is known."""
        return await self._decide(actor, id, Move.POSTPONE, reason)

    async def refuse(self, login: Login, id: str, reason: str, token: str) -> File:
        """Refuse with reasons, a legal act; the applicants may appeal (Art 13)."""
        return await self._act(login, id, "marriage.refuse", Move.REFUSE, reason, token)

    async def appeal(self, actor: Person, id: str, words: str = "") -> File:
        """An applicant turns to the president of the court; the refusal's reason stays."""
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.edit")
            return await self.core.move(
                session, one, Move.APPEAL, actor.id, appeal=" ".join(words.split())[:REASON_MOST]
            )

    async def decide_appeal(
        self, login: Login, id: str, *, uphold: bool, reason: str, token: str
    ) -> File:
        """By somebody who did not refuse it: the policy's condition `fresh`. A legal act."""
        move = Move.UPHOLD if uphold else Move.OVERTURN
        return await self._act(login, id, "marriage.appeal", move, reason, token)

    async def _act(
        self, login: Login, id: str, action: str, move: Move, reason: str, token: str
    ) -> File:
        """A decision with reasons that is confirmed with what it says."""
        said = reason_of(reason)
        by = login.person.id
        async with self.core.database.unit() as session:
            one = await self.core.load(session, login.person, id, action)
            after(one.state, move)
            await self.core.confirmed(
                session, login, one, action, token, move=move.value, reason=said
            )
            return await self.core.move(
                session, one, move, by, reason=said, judge="" if move is Move.OVERTURN else by
            )

    async def _decide(
        self,
        actor: Person,
        id: str,
        move: Move,
        reason: str,
        *,
        marks: Sequence[str] = (),
    ) -> File:
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.review")
            return await self.core.move(
                session,
                one,
                move,
                actor.id,
                reason=reason,
                marks=tuple(marks),
                judge=actor.id,
                starts_at=None,
            )


def _judge_as_guardian(one: File, judge: Person) -> dict[str, Any]:
    """Who accepts a marriage in which the judge is guardian takes that part (R-MR-09)."""
    app = one.application
    if app.guardianship.relation != "judge" or one.seats.get(Part.GUARDIAN) is not None:
        return {}
    data = Named(judge.name_ar, judge.name_en, capable=True, relation_to_bride="judge")
    return {
        "seats": {**one.seats, Part.GUARDIAN: judge.id},
        "application": replace(app, persons={**app.persons, Part.GUARDIAN: data}),
    }
