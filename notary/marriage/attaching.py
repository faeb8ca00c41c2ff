"""Papers of a marriage file: uploaded by the spouses, checked by their content, kept encrypted.

What the gates need to know of papers (a copy of a document is kept, the original certificate is
there) is taken from what was really uploaded, never from what somebody typed.
"""

import asyncio
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from auth.person import Person
from auth.service import new_id
from errors import N_, BadInput, NotFound, Refusal
from notary.deeds.text import clean
from notary.marriage import store
from notary.marriage.application import OFFICE, SPOUSES, Application, Earlier, Medical, Part
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.workflow import EDITABLE
from recordings.papers import uploads
from recordings.papers.files import Papers
from recordings.papers.scanning import Scanner, scan
from recordings.papers.uploads import Limits
from sessions.rules import RulePack

DEEDS = {
    "divorce_deed": N_("Divorce deed"),
    "certificate_final": N_("Certificate that the divorce is final"),
    "death_certificate": N_("Death certificate of the former husband"),
}
TITLES = {
    "medical.groom": N_("Premarital medical certificate of the groom"),
    "medical.bride": N_("Premarital medical certificate of the bride"),
    **{f"earlier.bride.{code}": title for code, title in DEEDS.items()},
    "agency.groom_agent": N_("Power of attorney of the groom's agent"),
    "agency.bride_agent": N_("Power of attorney of the bride's agent"),
    "permission.employer_approval": N_("Approval of the employer"),
    "permission.embassy_no_objection": N_("No-objection of the embassy, attested"),
    "national_law": N_("Proof that the bride's national law needs no guardian"),
    "acceptance": N_("Written acceptance of a marriage under Sharia"),
    "other": N_("Other paper"),
}
"""Labels of papers that are of no person; `identity.<part>` is the document of each."""
PRIVATE = "medical."
"""Never shown to the guardian."""


def wanted(
    app: Application, gates: Collection[str], pack: RulePack, day: date
) -> Iterator[tuple[str, bool]]:
    """Code of each paper that this application has a place for, and whether it is needed."""
    for part in Part:
        if part not in OFFICE and (part in app.persons or part in SPOUSES):
            yield f"identity.{part}", True
    if "R-MR-05" in gates:
        yield from ((f"medical.{part}", True) for part in SPOUSES)
    needed = pack.rule("R-MR-06", day).value["documents"]
    status = app.status.get(Part.BRIDE)
    yield from ((f"earlier.bride.{code}", True) for code in needed.get(status or "", ()))
    yield from ((f"agency.{part}", True) for part in app.agencies)
    for paper, circumstance in (
        ("permission.employer_approval", "employer_must_approve"),
        ("permission.embassy_no_objection", "embassy_must_consent"),
        ("acceptance", "accepts_sharia"),
    ):
        if circumstance in app.circumstances:
            yield paper, True
    if app.guardianship.exempt_by_national_law:
        yield "national_law", True
    yield "other", False


def with_papers(app: Application, there: Collection[str]) -> Application:
    """The application with what its papers say of themselves."""
    persons = {
        part: replace(one, copy_kept=f"identity.{part}" in there or part in OFFICE)
        for part, one in app.persons.items()
    }
    deeds = frozenset(code for code in DEEDS if f"earlier.bride.{code}" in there)
    earlier = dict(app.earlier)
    if deeds or Part.BRIDE in earlier:
        earlier[Part.BRIDE] = replace(earlier.get(Part.BRIDE, Earlier()), documents=deeds)
    medical = dict(app.medical)
    for part in SPOUSES:
        kept = f"medical.{part}" in there
        if kept or part in medical:
            medical[part] = replace(medical.get(part, Medical("")), original_kept=kept)
    agencies = {
        part: replace(one, original_kept=f"agency.{part}" in there)
        for part, one in app.agencies.items()
    }
    return replace(app, persons=persons, earlier=earlier, medical=medical, agencies=agencies)


class Attaching:
    """One per process."""

    def __init__(self, core: Core, papers: Papers, scanner: Scanner | None = None) -> None:
        self._core = core
        self._papers = papers
        self._scanner = scanner

    def limits(self) -> Limits:
        """What may be uploaded (R-MR-31)."""
        rule = self._core.pack.rule("R-MR-31", self._core.today()).value
        return Limits(rule["bytes"], rule["pages"], rule["pixels"], rule["files"])

    async def upload(
        self, actor: Person, id: str, what: str, name: str, data: bytes
    ) -> store.Paper:
        """Check a paper, keep it encrypted, and note it. Raises BadInput `upload.*`, Refusal."""
        field = f"file_{what}"
        async with self._core.database.unit(write=False) as session:
            one = await self._editable(session, actor, id)
            if what not in TITLES and what not in {f"identity.{part}" for part in Part}:
                raise BadInput("upload.what", N_("Choose from the list."), field=field)
            await self._room_for_one(session, one)
        checked = await uploads.check(data, self.limits(), field)
        await scan(self._scanner, data, field)
        paper, sha256 = new_id(), hashlib.sha256(data).hexdigest()
        key = await asyncio.to_thread(self._papers.write, one.id, paper, data)
        made = store.Paper(
            paper, one.id, what,
            self._core.secret.seal("marriage-paper", paper, clean(name, 4000)[:120] or what),
            checked.type, len(data), checked.pages, sha256, key, self._core.clock(), actor.id,
        )  # fmt: skip
        try:
            async with self._core.database.unit() as session:
                one = await self._editable(session, actor, id)
                await self._room_for_one(session, one)
                await store.add_paper(session, made)
                kept = await self._derive(session, one)
                codes = {"paper": paper, "what": what, "sha256": sha256}
                await self._core.write(session, kept, "paper_added", actor.id, codes=codes)
        except BaseException:
            await asyncio.to_thread(self._papers.remove, one.id, paper)
            raise
        return made

    async def take_back(self, actor: Person, id: str, paper: str) -> None:
        """The paper is no part of the file any more; what leaned on it is open again."""
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id)
            if not await store.take_back(session, one.id, paper[:32], self._core.clock()):
                raise gone()
            kept = await self._derive(session, one)
            codes = {"paper": paper[:32]}
            await self._core.write(session, kept, "paper_removed", actor.id, codes=codes)

    async def listed(self, actor: Person, id: str) -> list[store.Paper]:
        """The papers that this person may read."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.read")
            return self._open_to(actor, one, await store.papers(session, one.id))

    async def read(self, actor: Person, id: str, paper: str) -> tuple[store.Paper, bytes]:
        """A paper as it came, for whoever may read it. Logged."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.read")
            there = self._open_to(actor, one, await store.papers(session, one.id))
            found = next((each for each in there if each.id == paper), None)
            if found is None:
                raise gone()
            codes = {"paper": found.id, "what": found.what}
            await self._core.write(session, one, "paper_read", actor.id, codes=codes)
        return found, await asyncio.to_thread(self._papers.read, one.id, found.id, found.key)

    def name_of(self, paper: store.Paper) -> str:
        """What the applicant called the file."""
        return self._core.secret.open("marriage-paper", paper.id, paper.name)

    def _open_to(self, actor: Person, one: File, there: list[store.Paper]) -> list[store.Paper]:
        guardian = one.part_of(actor.id) is Part.GUARDIAN
        return [each for each in there if not (guardian and each.what.startswith(PRIVATE))]

    async def _derive(self, session: AsyncSession, one: File) -> File:
        there = {each.what for each in await store.papers(session, one.id)}
        return await self._core.keep(session, one, application=with_papers(one.application, there))

    async def _editable(self, session: AsyncSession, actor: Person, id: str) -> File:
        one = await self._core.load(session, actor, id, "marriage.edit")
        if one.state not in EDITABLE:
            raise not_editable()
        return one

    async def _room_for_one(self, session: AsyncSession, one: File) -> None:
        if len(await store.papers(session, one.id)) >= self.limits().files:
            raise Refusal(
                "upload.many", N_("There are too many files. Take one back first."), status=400
            )


def not_editable() -> Refusal:
    """The court has it."""
    return Refusal(
        "marriage.not_editable",
        N_("The application is with the court. Ask for it back to change it."),
    )


def gone() -> NotFound:
    """No such paper, or not for you."""
    return NotFound("upload.gone", N_("This file is no longer there."))
