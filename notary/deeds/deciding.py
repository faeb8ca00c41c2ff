"""Refusal with reasons, and the director's decision on a grievance (FDL 20/2022 Art 16)."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy, stepup
from auth.person import Person
from auth.session import Login
from errors import N_, BadInput
from notary.core import digest
from notary.deeds import store
from notary.deeds.conduct import Conduct
from notary.deeds.core import WORDS_MOST, Core, context
from notary.deeds.request import Request
from notary.deeds.state import State, Step
from notary.deeds.text import clean

REASONS: dict[str, str] = {
    "no_capacity": N_("No capacity"),
    "no_standing": N_("No standing (capacity to represent)"),
    "no_consent": N_("No consent"),
    "void_or_illegal": N_("The act is void or against the law"),
    "public_order": N_("Against public order or morals"),
    "fraud": N_("Fraud"),
    "personal_status": N_("Personal status of Muslims"),
    "waqf": N_("Waqf"),
    "real_estate": N_("Rights in real estate"),
    "reserved_elsewhere": N_("Reserved to another authority"),
    "official_in_office": N_("Signature of a government employee in office"),
    "own_interest": N_("The notary's own or relatives' interest"),
    "identity_not_proved": N_("Identity is not proved"),
    "language_not_served": N_("The language cannot be served"),
    "coercion": N_("Coercion, drugs or threat"),
    "line_quality": N_("The line does not let the notary be sure"),
}


class Deciding:
    """One per process."""

    def __init__(self, core: Core, conduct: Conduct, step_up: stepup.StepUp) -> None:
        self._core = core
        self._conduct = conduct
        self._step_up = step_up

    async def refuse(
        self, login: Login, id: str, reasons: list[str], words: str, token: str
    ) -> Request:
        """The notary refuses, with reasons of R-NT-06 and in words. Applicants learn both."""
        allowed = self._core.rule("R-NT-06")["reasons"]
        words = clean(words, WORDS_MOST, lines=True, field="words")
        chosen = tuple(dict.fromkeys(reasons))
        if not chosen or set(chosen) - set(allowed):
            raise BadInput("deed.reasons", N_("Choose at least one reason."), field="reasons")
        if not words:
            raise BadInput("reason.missing", N_("Write the reason."), field="words")
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "deed.refuse")
        if one.ceremony:
            await self._conduct.check_open(login.person, id)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, login.person, id, "deed.refuse")
            await self._confirmed(
                session, login, one, "deed.refuse", token, reasons=list(chosen), words=words
            )
            content = replace(one.content, reasons=chosen, words=words)
            moved = await self._core.move(
                session, one, Step.REFUSE, login.person.id, codes={"reasons": list(chosen)},
                texts={"words": words}, content=content,
            )  # fmt: skip
        await self._conduct.give_up(login.person, moved.ceremony, "refused")
        return await self._conduct.told(moved)

    async def desk(self, actor: Person) -> list[Request]:
        """Grievances that wait for the director, the longest waiting first."""
        found = policy.decide(actor, "deed.decide")
        if not found.possible:
            raise policy.refusal(found, "deed.decide")
        async with self._core.database.unit(write=False) as session:
            return await store.in_states(session, self._core.secret, (State.GRIEVANCE,))

    async def decide(
        self, login: Login, id: str, overturn: bool, words: str, token: str
    ) -> Request:
        """The director's decision, with reasons. It is final."""
        words = clean(words, WORDS_MOST, lines=True, field="words")
        if not words:
            raise BadInput("reason.missing", N_("Write the reason."), field="words")
        step = Step.OVERTURN if overturn else Step.UPHOLD
        async with self._core.database.unit() as session:
            one = await self._core.load(session, login.person, id, "deed.decide")
            await self._confirmed(
                session, login, one, "deed.decide", token, overturn=overturn, words=words
            )
            content = replace(one.content, decision=words)
            return await self._core.move(
                session, one, step, login.person.id, texts={"decision": words}, content=content,
                sitting="", ceremony="", deed="" if overturn else one.deed,
            )  # fmt: skip

    async def _confirmed(
        self,
        session: AsyncSession,
        login: Login,
        one: Request,
        act: str,
        token: str,
        **members: JSON,
    ) -> None:
        """Take the step-up of this very act, where the profile asks for one."""
        at, bound = context(login.person, one), digest(request=one.id, **members)
        await self._step_up.require(session, login, act, one.id, bound, token, at)
