"""Use cases of the applicants: begin, invite the others, fill in, submit, pay, choose, withdraw.

Two people fill one application from two devices: each page of the wizard is saved alone, and a
page that changed meanwhile on the other device is refused instead of overwritten.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from auth import policy
from auth.person import Person
from auth.service import new_id
from errors import N_, BadInput, Refusal
from notary.history import Event
from notary.marriage import store
from notary.marriage.application import SPOUSES, Part
from notary.marriage.application import Person as Named
from notary.marriage.core import Core
from notary.marriage.file import FIELDS, SECTIONS, File, with_page
from notary.marriage.finding import Finding
from notary.marriage.gates import blocking, unacknowledged
from notary.marriage.workflow import EDITABLE, FileState, Move, lapsed

DRAFTS_MOST = 5
LINK_LIVES = timedelta(days=14)
DELIVERIES = ("collect", "courier")


class Blocked(Refusal):
    """Gates that stand in the way, all at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(
            "marriage.gates",
            N_("Not everything is in order yet. Each point says what is missing: %(rules)s."),
            rules=", ".join(dict.fromkeys(finding.rule for finding in findings)),
        )
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as one person sees it."""

    file: File
    gates: tuple[tuple[str, tuple[Finding, ...]], ...]
    history: tuple[Event, ...]


class Filing:
    """One per process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def begin(self, actor: Person, part: Part) -> File:
        """A new application of a groom or a bride. Raises Refusal `marriage.many_drafts`."""
        policy.require(actor, "marriage.begin")
        if part not in SPOUSES:
            raise BadInput(
                "marriage.part", N_("Say whether you are the groom or the bride."), field="part"
            )
        now = self._core.clock()
        made = File(new_id(), FileState.DRAFT, actor.id, now, now, 1, seats={part: actor.id})
        async with self._core.database.unit() as session:
            mine = await store.of_person(session, self._core.secret, actor.id)
            if sum(one.state is FileState.DRAFT for one in mine) >= DRAFTS_MOST:
                raise Refusal(
                    "marriage.many_drafts",
                    N_("You have several drafts already. Go on with one, or withdraw some."),
                )
            await store.add(session, self._core.secret, made)
            await self._core.write(session, made, "begun", actor.id, codes={"part": part.value})
        return made

    async def mine(self, actor: Person) -> list[File]:
        """Files in which the person has a part, newest action first."""
        policy.require(actor, "marriage.list")
        async with self._core.database.unit(write=False) as session:
            return await store.of_person(session, self._core.secret, actor.id)

    async def see(self, actor: Person, id: str) -> Seen:
        """One file with its gates and history. Raises NotFound."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.see")
            history = tuple(await store.events(session, one.id))
        return Seen(one, self._core.gates(one), history)

    async def invite(self, actor: Person, id: str, part: Part) -> str:
        """A link by which somebody takes a part, once, within 14 days; its token.

        Raises Refusal `marriage.taken` when the part has an account already.
        """
        token = secrets.token_urlsafe(24)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if part in one.seats or part is Part.OFFICIANT:
                raise _taken()
            link = store.Join(one.id, part, self._core.clock() + LINK_LIVES, "")
            await store.add_join(session, self._core.secret.tag("marriage-join", token), link)
            await self._core.write(session, one, "invited", actor.id, codes={"part": part.value})
        return token

    async def join(self, actor: Person, token: str) -> File:
        """Take the part of a link. Raises Refusal `marriage.link`, `marriage.taken`,
        `marriage.one_part` (nobody takes two parts, R-MR-01)."""
        policy.require(actor, "marriage.join")
        tag = self._core.secret.tag("marriage-join", token)
        async with self._core.database.unit() as session:
            link = await store.join(session, tag)
            if link is None or link.used_by or link.expires_at <= self._core.clock():
                raise Refusal(
                    "marriage.link",
                    N_("This link was used, has expired, or is not ours. Ask for a new one."),
                    status=404,
                )
            one = await store.get(session, self._core.secret, link.file)
            if one is None:
                raise RuntimeError("a link without its file")
            if link.part in one.seats:
                raise _taken()
            if one.part_of(actor.id) is not None:
                raise Refusal(
                    "marriage.one_part",
                    N_("You have a part in this marriage already: nobody takes two (R-MR-01)."),
                )
            await store.use_join(session, tag, actor.id)
            kept = await self._core.keep(session, one, seats={**one.seats, link.part: actor.id})
            await self._core.write(session, kept, "joined", actor.id, codes={"part": link.part})
        return kept

    async def save(
        self, actor: Person, id: str, page: str, typed: Mapping[str, Any], seen: int
    ) -> File:
        """Save one page of the wizard; `seen` is the version of the page that was shown.

        Raises Refusal `marriage.changed`, `marriage.not_editable`, BadInput `marriage.shape`.
        """
        if page not in SECTIONS:
            raise BadInput("marriage.page", N_("There is no such page."), field="page")
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if one.state not in EDITABLE:
                raise Refusal(
                    "marriage.not_editable",
                    N_("The application is with the court. Ask for it back to change it."),
                )
            if one.pages.get(page, 0) != seen:
                raise store.changed()
            try:
                typed_in = with_page(one, page, typed)
            except msgspec.ValidationError as error:
                raise BadInput(
                    "marriage.shape",
                    N_("Something typed has the wrong form. Look at the marked field."),
                    field=str(error).rpartition("$.")[2].rstrip("`"),
                ) from None
            kept = await self._core.keep(
                session,
                one,
                application=_without_forged(one, typed_in).application,
                pages=typed_in.pages,
                marks=tuple(mark for mark in one.marks if not _on_page(mark, page)),
            )
            await self._core.write(session, kept, "saved", actor.id, codes={"page": page})
        return kept

    async def acknowledge(self, actor: Person, id: str, rule: str) -> File:
        """A spouse was told of a warning. It counts when both did (R-MR-13)."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.acknowledge")
            part = one.part_of(actor.id)
            known = {f"{rule}/{part}", *one.application.acknowledged}
            if all(f"{rule}/{spouse}" in known for spouse in SPOUSES):
                known.add(rule)
            app = replace(one.application, acknowledged=frozenset(known))
            kept = await self._core.keep(session, one, application=app)
            await self._core.write(session, kept, "acknowledged", actor.id, codes={"rule": rule})
        return kept

    async def answer(self, actor: Person, id: str, consents: bool) -> File:
        """The guardian agrees or refuses; a refusal after approval brings the file back."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.answer")
            said = replace(one.application.guardianship, consents=consents)
            app = replace(one.application, guardianship=said)
            after_approval = one.state in (FileState.APPROVED, FileState.PAID, FileState.SCHEDULED)
            codes = {"consents": consents}
            if not consents and after_approval:
                return await self._core.move(
                    session,
                    one,
                    Move.RETURN,
                    actor.id,
                    reason="R-MR-09",
                    codes=codes,
                    application=app,
                    marks=("guardianship.consents",),
                    starts_at=None,
                )
            if one.state not in (*EDITABLE, FileState.SUBMITTED, FileState.POSTPONED):
                raise Refusal(
                    "marriage.too_late", N_("This cannot be answered here any more. Ask the court.")
                )
            kept = await self._core.keep(session, one, application=app)
            await self._core.write(session, kept, "guardian", actor.id, codes=codes)
        return kept

    async def submit(self, actor: Person, id: str) -> File:
        """Send it to the judge. What needs leave goes along; what is missing or fails does not.

        Raises Blocked naming the rules, Refusal `marriage.not_acknowledged`, `marriage.track`.
        """
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if self._core.track(one) is None:
                raise BadInput("marriage.track", N_("Choose a track first."), field="track")
            gates = self._core.gates(one)
            if stands := tuple(found for found in blocking(gates) if not found.leave):
                raise Blocked(stands)
            if unacknowledged(gates):
                raise Refusal(
                    "marriage.not_acknowledged",
                    N_("Both of you must confirm that you read the warnings."),
                )
            return await self._core.move(session, one, Move.SUBMIT, actor.id, marks=())

    async def pay(self, actor: Person, id: str, delivery: str, *, settled: bool) -> File:
        """The fee is paid and the way of delivery chosen. Raises Refusal `marriage.unpaid`."""
        if delivery not in DELIVERIES:
            raise BadInput(
                "marriage.delivery",
                N_("Choose how you receive the certificate."),
                field="delivery",
            )
        if not settled:
            raise Refusal("marriage.unpaid", N_("The fee is not paid yet. Pay it, then go on."))
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.pay")
            return await self._core.move(
                session, one, Move.PAY, actor.id, paid=True, delivery=delivery
            )

    async def choose(
        self,
        actor: Person,
        id: str,
        officiant: str,
        data: Named,
        starts_at: datetime,
        sitting: str,
    ) -> File:
        """The officiant, whose data the office knows, and the hour.

        Raises Refusal `marriage.too_soon`, Blocked: every gate is asked again for that day (a
        certificate may lapse before it).
        """
        days = self._core.pack.rule("R-MR-18", self._core.today()).value["days"]
        if starts_at < self._core.clock() + timedelta(days=days):
            raise Refusal(
                "marriage.too_soon",
                N_("An officiant is booked at least %(days)s days ahead."),
                days=days,
            )
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.book")
            people = {**one.application.persons, Part.OFFICIANT: data}
            chosen = replace(
                one,
                starts_at=starts_at,
                seats={**one.seats, Part.OFFICIANT: officiant},
                application=replace(one.application, persons=people),
            )
            if stands := blocking(self._core.gates(chosen)):
                raise Blocked(stands)
            return await self._core.move(
                session,
                one,
                Move.SCHEDULE,
                actor.id,
                starts_at=starts_at,
                seats=chosen.seats,
                application=chosen.application,
                sitting=sitting,
                majlis=None,
            )

    async def withdraw(self, actor: Person, id: str) -> File:
        """The applicants do not go on."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            return await self._core.move(session, one, Move.WITHDRAW, actor.id)

    async def sweep(self) -> int:
        """Let files without action for the time of R-MR-16 lapse; how many did."""
        today = self._core.today()
        months = self._core.pack.rule("R-MR-16", today).value["months"]
        gone = 0
        async with self._core.database.unit() as session:
            open_states = [state for state in FileState if lapsed(state, today, today, 0)]
            for one in await store.in_states(session, self._core.secret, open_states):
                if lapsed(one.state, one.acted_at.date(), today, months):
                    await self._core.move(session, one, Move.LAPSE, "system")
                    gone += 1
        return gone


def _without_forged(old: File, new: File) -> File:
    """Applicants cannot write what only officers find out: leaves that were given, what the
    register says of an agency, what the guardian answered, the officiant's data."""
    app, before = new.application, old.application
    agencies = {
        part: replace(
            agency,
            standing=known.standing
            if (known := before.agencies.get(part)) and known.number == agency.number
            else "unknown",
        )
        for part, agency in app.agencies.items()
    }
    persons: dict[Part, Named] = {
        part: one for part, one in app.persons.items() if part is not Part.OFFICIANT
    }
    if Part.OFFICIANT in before.persons:
        persons[Part.OFFICIANT] = before.persons[Part.OFFICIANT]
    return replace(
        new,
        application=replace(
            app,
            leaves=before.leaves,
            agencies=agencies,
            persons=persons,
            guardianship=replace(app.guardianship, consents=before.guardianship.consents),
        ),
    )


def _on_page(mark: str, page: str) -> bool:
    return mark.partition(".")[0] in (*FIELDS[page], *(part.value for part in Part))


def _taken() -> Refusal:
    return Refusal("marriage.taken", N_("This part is taken already. Nobody can take it twice."))
