"""Use cases of the applicants: begin, invite the others, fill in, submit, pay, choose, withdraw.

Two people fill one application from two devices: each page of the wizard is saved alone, and a
page that changed meanwhile on the other device is refused instead of overwritten.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from auth import policy
from auth.person import Person
from auth.service import new_id
from errors import N_, BadInput, Refusal
from notary.history import Event
from notary.marriage import questions, store, wizard
from notary.marriage.application import (
    OFFICE,
    SPOUSES,
    Application,
    Earlier,
    Medical,
    Part,
)
from notary.marriage.application import Person as Named
from notary.marriage.attaching import not_editable, with_papers
from notary.marriage.core import Core, unknown
from notary.marriage.file import FIELDS, SECTIONS, Contact, File, with_page
from notary.marriage.finding import Finding
from notary.marriage.gates import blocking, unacknowledged
from notary.marriage.telling import WARNED, address
from notary.marriage.track import serves, tracks
from notary.marriage.workflow import EDITABLE, FileState, Move, lapsed, lapses_on

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


@dataclass(frozen=True, slots=True)
class Filled:
    """A page after somebody typed into it: what stands now, where two people differ, and what
    could not be read."""

    file: File
    fields: Mapping[str, str]
    conflicts: frozenset[str]
    errors: tuple[BadInput, ...]


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

    async def invite(self, actor: Person, id: str, part: Part, email: str = "") -> str:
        """A link by which somebody takes a part, once, within 14 days; its token. With an address
        it is sent there too.

        Raises Refusal `marriage.taken` when the part has an account already.
        """
        token, to = secrets.token_urlsafe(24), Contact(address(email), actor.language)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if part in one.seats or part in OFFICE:
                raise _taken()
            link = store.Join(one.id, part, self._core.clock() + LINK_LIVES, "")
            await store.add_join(session, self._core.secret.tag("marriage-join", token), link)
            if to.email and self._core.telling is not None:
                contacts = {**one.contacts, part: to}
                one = await self._core.keep(session, one, contacts=contacts)
                there = f"{self._core.telling.address}/marriages/join/{token}"
                await self._core.telling.invited(session, one, to, there, f"{one.version}")
            await self._core.write(session, one, "invited", actor.id, codes={"part": part.value})
        return token

    async def contact(self, actor: Person, id: str, email: str) -> File:
        """Where this person wants to be told by mail; empty: nowhere. Raises BadInput
        `marriage.email`."""
        said = address(email)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.own_step")
            part = one.part_of(actor.id)
            if part is None:
                raise unknown()
            contacts = {known: to for known, to in one.contacts.items() if known is not part}
            if said:
                contacts[part] = Contact(said, actor.language)
            kept = await self._core.keep(session, one, contacts=contacts)
            await self._core.write(session, kept, "contact", actor.id, codes={"part": part.value})
        return kept

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
                raise not_editable()
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
                application=_without_forged(one, typed_in, one.part_of(actor.id)).application,
                pages=typed_in.pages,
                marks=tuple(mark for mark in one.marks if not _on_page(mark, page)),
            )
            await self._core.write(session, kept, "saved", actor.id, codes={"page": page})
        return kept

    async def fill(
        self, actor: Person, id: str, page: str, typed: wizard.Flat, before: wizard.Flat
    ) -> Filled:
        """Save what was typed into a page's form; `before` is what the form had shown.

        What the other device changed meanwhile stays; where both changed one field, nothing is
        taken of it and it is named. A field in a wrong form keeps what it had. Raises Refusal
        `marriage.not_editable`.
        """
        pack, today = self._core.pack, self._core.today()
        if page not in dict(questions.PAGES):
            raise BadInput("marriage.page", N_("There is no such page."), field="page")
        groups = questions.page(page, pack, today)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if one.state not in EDITABLE:
                raise not_editable()
            merged = wizard.merge(wizard.shown(one.application, groups), before, typed)
            read = wizard.fill_in(one.application, groups, merged.fields)
            there = {paper.what for paper in await store.papers(session, one.id)}
            candidate = replace(one, application=with_papers(read.application, there))
            app = _without_forged(one, candidate, one.part_of(actor.id)).application
            app = with_papers(app, there)
            names = questions.names(groups)
            marks = tuple(mark for mark in one.marks if mark not in names)
            if app != one.application or marks != one.marks:
                pages = {**one.pages, page: one.pages.get(page, 0) + 1}
                one = await self._core.keep(session, one, application=app, pages=pages, marks=marks)
                await self._core.write(session, one, "saved", actor.id, codes={"page": page})
        return Filled(one, wizard.shown(app, groups), merged.conflicts, read.errors)

    async def choose_track(self, actor: Person, id: str, code: str) -> File:
        """The track, which must be open to these spouses. Raises BadInput `marriage.track`,
        `marriage.track_closed`."""
        track = tracks().get(code)
        if track is None:
            raise BadInput("marriage.track", N_("Choose a track first."), field="track")
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if one.state not in EDITABLE:
                raise not_editable()
            if not serves(track, one.application, self._core.pack.jurisdiction):
                raise BadInput(
                    "marriage.track_closed",
                    N_("This track is not open to you. The page says where to turn."),
                    field="track",
                )
            if one.application.track == code:
                return one
            app = replace(one.application, track=code)
            kept = await self._core.keep(session, one, application=app)
            await self._core.write(session, kept, "track", actor.id, codes={"track": code})
        return kept

    async def release(self, actor: Person, id: str, part: Part) -> File:
        """Give a part free, so that another person can take it. Never a spouse's."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.edit")
            if one.state not in EDITABLE:
                raise not_editable()
            if part in (*SPOUSES, *OFFICE) or part not in one.seats:
                raise BadInput("marriage.part", N_("Choose from the list."), field="part")
            seats = {known: who for known, who in one.seats.items() if known is not part}
            app = one.application
            if part is Part.GUARDIAN:
                app = replace(app, guardianship=replace(app.guardianship, consents=None))
            contacts = {known: to for known, to in one.contacts.items() if known is not part}
            kept = await self._core.keep(
                session, one, seats=seats, application=app, contacts=contacts
            )
            await self._core.write(session, kept, "released", actor.id, codes={"part": part.value})
        return kept

    async def acknowledge(self, actor: Person, id: str, rule: str) -> File:
        """A spouse was told of a warning. It counts when both did (R-MR-13)."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.acknowledge")
            part = one.part_of(actor.id)
            if rule not in {found.rule for found in unacknowledged(self._core.gates(one))}:
                raise Refusal("marriage.no_warning", N_("There is no such warning any more."))
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

    def chosen(self, one: File, officiant: str, data: Named, starts_at: datetime) -> File:
        """The file with this officiant and hour, if every gate is passed on that day.

        Raises Refusal `marriage.too_soon`, Blocked (a certificate may lapse before it).
        """
        days = self._core.pack.rule("R-MR-18", self._core.today()).value["days"]
        if starts_at < self._core.clock() + timedelta(days=days):
            raise Refusal(
                "marriage.too_soon",
                N_("An officiant is booked at least %(days)s days ahead."),
                days=days,
            )
        people = {**one.application.persons, Part.OFFICIANT: data}
        found = replace(
            one,
            starts_at=starts_at,
            seats={**one.seats, Part.OFFICIANT: officiant},
            application=replace(one.application, persons=people),
        )
        if stands := blocking(self._core.gates(found)):
            raise Blocked(stands)
        return found

    async def choose(
        self,
        actor: Person,
        id: str,
        officiant: str,
        data: Named,
        starts_at: datetime,
        sitting: str,
    ) -> File:
        """The officiant, whose data the office knows, and the hour. Raises as `chosen`."""
        async with self._core.database.unit() as session:
            return await self.choose_in(session, actor, id, officiant, data, starts_at, sitting)

    async def choose_in(
        self,
        session: AsyncSession,
        actor: Person,
        id: str,
        officiant: str,
        data: Named,
        starts_at: datetime,
        sitting: str,
    ) -> File:
        """`choose` in the unit that books the sitting."""
        one = await self._core.load(session, actor, id, "marriage.book")
        found = self.chosen(one, officiant, data, starts_at)
        return await self._core.move(
            session,
            one,
            Move.SCHEDULE,
            actor.id,
            codes={"sitting": sitting, "officiant": officiant},
            starts_at=starts_at,
            seats=found.seats,
            application=found.application,
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
                acted = one.acted_at.astimezone(ZoneInfo(self._core.zone)).date()
                waits = one.starts_at is not None and one.starts_at > self._core.clock()
                if waits:
                    continue
                if lapsed(one.state, acted, today, months):
                    await self._core.move(session, one, Move.LAPSE, "system")
                    gone += 1
                elif self._core.telling is not None and lapsed(
                    one.state, acted, today + WARNED, months
                ):
                    await self._core.telling.lapsing(session, one, lapses_on(acted, months))
        return gone


def _without_forged(old: File, new: File, by: Part | None) -> File:
    """Applicants cannot write what only officers find out or the papers show, nor what another
    says: leaves that were given, what the register says of an agency, the guardian's answer, the
    officiant's data, kept originals, the other spouse's disclosure."""
    app, before = new.application, old.application
    agencies = {}
    for part, agency in app.agencies.items():
        known = before.agencies.get(part)
        same = known is not None and known.number == agency.number
        agencies[part] = replace(
            agency,
            standing=known.standing if known and same else "unknown",
            original_kept=known.original_kept if known else False,
        )
    persons: dict[Part, Named] = {
        part: _as_applicants_may(before.person(part), one)
        for part, one in app.persons.items()
        if part not in OFFICE
    }
    persons |= {part: before.persons[part] for part in OFFICE if part in before.persons}
    medical = {
        part: replace(one, original_kept=before.medical.get(part, Medical("")).original_kept)
        for part, one in app.medical.items()
    }
    earlier = {
        part: replace(one, documents=before.earlier.get(part, Earlier()).documents)
        for part, one in app.earlier.items()
    }
    changed = {part for part in SPOUSES if (part in app.disclosed) != (part in before.disclosed)}
    forged = changed - {by}
    disclosed = (app.disclosed - forged) | (before.disclosed & forged)
    return replace(
        new,
        application=replace(
            app,
            leaves=before.leaves,
            agencies=agencies,
            persons=persons,
            medical=medical,
            earlier=earlier,
            disclosed=disclosed,
            acknowledged=_still_acknowledged(before, app),
            guardianship=replace(app.guardianship, consents=_still_consents(before, app)),
        ),
    )


def _as_applicants_may(known: Named, typed: Named) -> Named:
    relation = "" if typed.relation_to_bride == "judge" else typed.relation_to_bride
    if known.relation_to_bride == "judge" and typed.name_ar == known.name_ar and not typed.number:
        relation = "judge"
    return replace(typed, copy_kept=known.copy_kept, relation_to_bride=relation)


def _still_acknowledged(before: Application, app: Application) -> frozenset[str]:
    """A warning about another dower is another warning."""
    if before.dower == app.dower:
        return before.acknowledged
    return frozenset(rule for rule in before.acknowledged if not rule.startswith("R-MR-13"))


def _still_consents(before: Application, app: Application) -> bool | None:
    """The answer of a guardian is no answer of another one."""
    known = before.guardianship.relation, before.person(Part.GUARDIAN).key
    now = app.guardianship.relation, app.person(Part.GUARDIAN).key
    if before.guardianship.consents is not None and known != now and before.guardianship.relation:
        return None
    return before.guardianship.consents


def _on_page(mark: str, page: str) -> bool:
    return mark.partition(".")[0] in (*FIELDS[page], *(part.value for part in Part))


def _taken() -> Refusal:
    return Refusal("marriage.taken", N_("This part is taken already. Nobody can take it twice."))
