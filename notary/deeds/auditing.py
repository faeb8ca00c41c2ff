"""Use cases of the clerk who audits (law.md 3.1, data auditor): take, bind, return, approve."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from auth import policy
from auth import store as accounts
from auth.person import Person
from errors import N_, BadInput, Refusal
from i18n import Formatter
from notary.deeds import body, store
from notary.deeds.act import Act
from notary.deeds.body import Text
from notary.deeds.core import WORDS_MOST, Core
from notary.deeds.fee import of_act
from notary.deeds.party import appears, signers
from notary.deeds.request import Mark, Request
from notary.deeds.state import State, Step
from notary.deeds.text import clean
from notary.register.entry import Standing
from notary.register.service import Listed, Register
from sessions.booking import ACCOUNT_ROLES
from sessions.seat import SeatRole

SEAT_ROLES = {
    "interpreter": SeatRole.INTERPRETER,
    "assistant": SeatRole.ASSISTANT,
}
"""Seats of helpers; everybody else who appears sits as APPEARER."""
WAITING = (State.SUBMITTED, State.AUDIT, State.OVERTURNED)


def seat_role(role: str) -> SeatRole:
    """On which seat somebody of this role sits."""
    return SEAT_ROLES.get(role, SeatRole.APPEARER)


@dataclass(frozen=True, slots=True)
class Fees:
    """The order of fee and session (R-NT-01)."""

    before_session: bool = True


class Auditing:
    """One per process."""

    def __init__(self, core: Core, fees: Fees, register: Register) -> None:
        self._core = core
        self._register = register
        self._fees = fees

    async def desk(self, actor: Person) -> list[Request]:
        """What waits for an auditor, the longest waiting first."""
        policy.require(actor, "deed.audit")
        async with self._core.database.unit(write=False) as session:
            return await store.in_states(session, self._core.secret, WAITING)

    async def take(self, actor: Person, id: str) -> Request:
        """Begin the audit; an overturned refusal is audited anew."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.audit")
            step = Step.REOPEN if one.state is State.OVERTURNED else Step.TAKE
            content = replace(one.content, reasons=(), words="", session={})
            return await self._core.move(session, one, step, actor.id, content=content)

    async def candidates(self, actor: Person, id: str) -> dict[str, list[Person]]:
        """For each person who appears, the accounts that may sit on that seat."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.audit")
            everybody = [one for one in await accounts.accounts(session) if one.active]
        act = self._core.act(one)
        return {
            each.key: [
                person for person in everybody if person.role in ACCOUNT_ROLES[seat_role(each.role)]
            ]
            for each in one.content.parties
            if appears(each, act)
        }

    async def bind(self, actor: Person, id: str, chosen: Mapping[str, str]) -> Request:
        """Say whose account each person is, after comparing the papers. Keys to account ids."""
        offered = await self.candidates(actor, id)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.audit")
            if one.state is not State.AUDIT:
                raise _not_in_audit()
            bound = []
            for each in one.content.parties:
                person = chosen.get(each.key, each.person)
                if (
                    each.key in offered
                    and person
                    and person not in {one.id for one in offered[each.key]}
                ):
                    raise BadInput(
                        "deed.account",
                        N_("Choose a person from the list."),
                        field=f"person_{each.key}",
                    )
                bound.append(replace(each, person=person))
            self._check_accounts([each.person for each in bound if each.person])
            content = replace(one.content, parties=tuple(bound))
            kept = await self._core.keep(session, one, content=content)
            codes = {"people": {each.key: each.person for each in bound if each.person}}
            await self._core.write(session, kept, "bound", actor.id, codes=codes)
        return kept

    def _check_accounts(self, people: list[str]) -> None:
        if len(set(people)) < len(people):
            raise Refusal(
                "deed.account_twice",
                N_("One account stands for two people. Each of them needs an account."),
                status=400,
            )

    async def give_back(
        self, actor: Person, id: str, marks: Mapping[str, str], words: str
    ) -> Request:
        """Return it for completion, with what is wrong at each marked field."""
        made = tuple(
            Mark(field[:80], clean(text, 500, field=f"mark_{field}"))
            for field, text in marks.items()
            if text.strip()
        )
        words = clean(words, WORDS_MOST, lines=True, field="words")
        if not made and not words:
            raise BadInput(
                "deed.no_marks", N_("Mark a field or write what is missing."), field="words"
            )
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.audit")
            content = replace(one.content, marks=made, words=words)
            return await self._core.move(
                session,
                one,
                Step.RETURN,
                actor.id,
                codes={"fields": [mark.field for mark in made]},
                texts={"words": words} if words else {},
                content=content,
                step="check",
            )

    def text(self, one: Request, number: int = 1) -> Text:
        """The text that a request's values give today."""
        dates: dict[str, dict[str, str]] = {}
        for value in one.content.values.values():
            if isinstance(value, str) and _is_day(value):
                dates[value] = {language: self._day(value, language) for language in ("ar", "en")}
        act = self._core.act(one)
        return body.compose(act, one.content.values, one.content.parties, number, dates)

    def _day(self, value: str, language: str) -> str:
        form, day = Formatter(language, self._core.zone), date.fromisoformat(value)
        hijri = form.hijri(day)
        between = " الموافق " if language == "ar" else ", corresponding to "
        return form.date(day) + (between + hijri if hijri else "")

    async def approve(self, actor: Person, id: str, *, waive: bool = False) -> Request:
        """The request is in order: draft the text, reckon the fee. `waive`: government (Art 53).

        Raises Refusal `deed.unbound` while somebody who appears has no account.
        """
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.audit")
            act = self._core.act(one)
            self._check_bound(one, act)
            await self._check_named(session, one, act)
            fils = 0 if waive else of_act(act, self._core.rule("R-NT-08"), one.content.values)
            number = one.content.text.number + 1 if one.content.text else 1
            content = replace(one.content, text=self.text(one, number), marks=(), words="")
            later = waive or not self._fees.before_session
            step = Step.APPROVE_FEE_LATER if later else Step.APPROVE
            assert content.text is not None  # noqa: S101
            return await self._core.move(
                session,
                one,
                step,
                actor.id,
                codes={"fils": fils, "text": content.text.digest, "waived": waive},
                content=content,
                fee_fils=fils,
                waived=waive,
                paid=one.paid and one.fee_fils == fils,
            )

    async def _check_named(self, session: AsyncSession, one: Request, act: Act) -> None:
        """A deed of this register that the act revokes or enforces must stand, and what is revoked
        must be the principal's own. Deeds from elsewhere the notary looks at himself."""
        for rule in act.fields:
            value = one.content.values.get(rule.code)
            if rule.type != "register_number" or not value:
                continue
            found = await self._register.find(session, str(value))
            if found is None:
                continue
            if found.standing is not Standing.STANDS:
                raise Refusal(
                    "deed.named_not_standing",
                    N_("Deed %(number)s is not in force. Return the request, or refuse it."),
                    number=found.entry.name,
                )
            if rule.code == act.revokes and not await self.own(session, one, act, found):
                raise Refusal(
                    "deed.not_own_power",
                    N_("Power %(number)s was given by somebody else. Only its principal revokes."),
                    number=found.entry.name,
                )

    async def own(self, session: AsyncSession, one: Request, act: Act, found: Listed) -> bool:
        """Whether a signer of this request is a principal of that power."""
        before = await store.by_deed(session, self._core.secret, found.entry.name)
        mine = {each.identity_number for each in one.signers(act)}
        theirs = {
            each.identity_number
            for each in (before.content.parties if before else ())
            if each.role == "principal"
        }
        return bool(mine & theirs)

    def _check_bound(self, one: Request, act: Act) -> None:
        unbound = [each for each in one.content.parties if appears(each, act) and not each.person]
        if unbound:
            raise Refusal(
                "deed.unbound",
                N_("Choose the account of everybody who appears: identity and signature need one."),
                party=unbound[0].key,
            )
        if not signers(one.content.parties, act):
            raise Refusal("deed.no_signer", N_("Nobody signs this act."))


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def _not_in_audit() -> Refusal:
    return Refusal("deed.not_in_audit", N_("Take the request first; then you may change it."))
