"""Use cases of the applicant: begin, fill in step by step, upload, send, cancel, file a grievance.

Every step of the wizard is saved as it is typed, wrong things too, and can be gone on with on
another device. What is wrong is said at the step and stops the sending, never the saving.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from auth import policy
from auth.person import Person
from auth.service import new_id
from errors import N_, BadInput, Refusal
from notary.deeds import fields, party, store
from notary.deeds.act import Act, acts
from notary.deeds.core import WORDS_MOST, Core
from notary.deeds.party import Party
from notary.deeds.request import WIZARD, Content, Request
from notary.deeds.state import LAPSING, State, Step
from notary.deeds.text import clean
from notary.history import Event
from recordings.papers import uploads
from recordings.papers.files import Papers
from recordings.papers.scanning import Scanner, scan
from recordings.papers.uploads import Limits

OPEN = frozenset({State.DRAFT, State.RETURNED})
DRAFTS_MOST = 20
PARTIES_MOST = 30


class Incomplete(Refusal):
    """Everything that keeps a request from being sent, at once. `step` is where the first is."""

    def __init__(self, errors: list[BadInput], step: str) -> None:
        super().__init__("deed.incomplete", N_("Please correct what is marked below."), status=400)
        self.errors = tuple(errors)
        self.step = step


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as one person sees it."""

    request: Request
    act: Act
    files: tuple[store.File, ...]
    history: tuple[Event, ...]


class Applying:
    """One per process."""

    def __init__(self, core: Core, papers: Papers, scanner: Scanner | None = None) -> None:
        self._core = core
        self._papers = papers
        self._scanner = scanner

    async def begin(self, actor: Person, act: str) -> Request:
        """A new draft. Raises Refusal `deed.many_drafts`, BadInput `deed.act`."""
        policy.require(actor, "deed.apply")
        if act not in acts():
            raise BadInput("deed.act", N_("Choose an act."), field="act")
        now = self._core.clock()
        own = Party(
            "p0",
            acts()[act].signing_roles[0].code,
            actor.name_ar,
            actor.name_en,
            language=actor.language,
            person=actor.id,
        )
        made = Request(
            new_id(), act, State.DRAFT, actor.id, now, now, now, 1, "people",
            content=Content(parties=(own,)),
        )  # fmt: skip
        async with self._core.database.unit() as session:
            found = await store.of_person(session, self._core.secret, actor.id)
            mine = [one for one in found if one.state is State.DRAFT and one.applicant == actor.id]
            if len(mine) >= DRAFTS_MOST:
                raise Refusal(
                    "deed.many_drafts",
                    N_("You have many drafts already. Go on with one, or cancel some."),
                )
            await store.add(session, self._core.secret, made)
            await self._core.write(session, made, "begun", actor.id, codes={"act": act})
        return made

    async def mine(self, actor: Person) -> list[Request]:
        """Requests that the person made or is named in, newest first."""
        policy.require(actor, "deed.list")
        async with self._core.database.unit(write=False) as session:
            return await store.of_person(session, self._core.secret, actor.id)

    async def see(self, actor: Person, id: str) -> Seen:
        """One request with its papers and history. Raises NotFound."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id)
            return Seen(
                one,
                self._core.act(one),
                tuple(await store.files(session, one.id)),
                tuple(await store.events(session, one.id)),
            )

    # --- the wizard ------------------------------------------------------------------------------

    async def save_people(
        self,
        actor: Person,
        id: str,
        version: int,
        rows: Mapping[str, dict[str, str]],
        bilingual: bool,
    ) -> tuple[Request, list[BadInput]]:
        """Keep the people as typed; what is wrong is returned. Raises Refusal `deed.changed`."""
        if len(rows) > PARTIES_MOST:
            raise Refusal("deed.many_people", N_("There are too many people."), status=400)
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id, version)
            act = self._core.act(one)
            found, errors = [], []
            bound = {known.key: known for known in one.content.parties}
            for key, row in rows.items():
                made, wrong = party.parse(key, {**row, "person": ""}, act)
                found.append(self._bound(made, bound.get(key), actor))
                errors += wrong
            parties = tuple(found)
            errors += party.check(parties, act)
            content = replace(one.content, parties=parties, bilingual=bilingual)
            step = "people" if errors else "content"  # another device goes on where this ended
            saved = await self._core.keep(session, one, content=content, step=step)
        return saved, errors

    def _bound(self, made: Party, known: Party | None, actor: Person) -> Party:
        """An account stays bound to a person only while the identity number is the same."""
        if known is None or not known.person:
            return made
        same = known.identity_number in ("", made.identity_number) or known.person == actor.id
        return replace(made, person=known.person) if same else made

    async def save_content(
        self, actor: Person, id: str, version: int, typed: Mapping[str, str]
    ) -> tuple[Request, list[BadInput]]:
        """Keep the fields as typed; what is wrong or missing is returned."""
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id, version)
            act = self._core.act(one)
            known = {f"field_{field.code}": field for field in act.fields}
            kept = {name: text[:20_000] for name, text in typed.items() if name in known}
            values, errors = fields.read(act, kept, self._core.today(), whole=True)
            content = replace(one.content, typed=kept, values=values)
            step = "content" if errors else "papers"
            saved = await self._core.keep(session, one, content=content, step=step)
        return saved, errors

    async def go_to(self, actor: Person, id: str, step: str) -> Request:
        """The wizard is at this step from now on."""
        if step not in WIZARD:
            raise BadInput("deed.step", N_("Choose from the list."))
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id, None)
            return one if one.step == step else await self._core.keep(session, one, step=step)

    async def _editable(
        self, session: AsyncSession, actor: Person, id: str, version: int | None
    ) -> Request:
        one = await self._core.load(session, actor, id, "deed.edit")
        if one.state not in OPEN:
            raise Refusal(
                "deed.not_open", N_("This request was sent and cannot be changed any more.")
            )
        if version is not None and version != one.version:
            raise store.stale()
        return one

    # --- papers ----------------------------------------------------------------------------------

    def limits(self) -> Limits:
        """What may be uploaded (R-NT-13)."""
        rule = self._core.rule("R-NT-13")
        return Limits(rule["bytes"], rule["pages"], rule["pixels"], rule["files"])

    async def upload(
        self, actor: Person, id: str, attachment: str, name: str, data: bytes
    ) -> store.File:
        """Check a file, keep it encrypted, and note it. Raises BadInput `upload.*`, Refusal."""
        field = f"file_{attachment}"
        async with self._core.database.unit(write=False) as session:
            one = await self._editable(session, actor, id, None)
            known = {rule.code for rule in self._core.act(one).attachments}
            if attachment not in known | {"identity", "other"}:
                raise BadInput("upload.what", N_("Choose from the list."), field=field)
            self._room_for_one(len(await store.files(session, one.id)))
        checked = await uploads.check(data, self.limits(), field)
        await scan(self._scanner, data, field)
        file, sha256 = new_id(), hashlib.sha256(data).hexdigest()
        key = await asyncio.to_thread(self._papers.write, one.id, file, data)
        made = store.File(
            file, one.id, attachment,
            self._core.secret.seal("deed-file", file, clean(name, 4000)[:120] or checked.type),
            checked.type, len(data), checked.pages, sha256, key, self._core.clock(), actor.id,
        )  # fmt: skip
        try:
            async with self._core.database.unit() as session:
                one = await self._editable(session, actor, id, None)
                self._room_for_one(len(await store.files(session, one.id)))
                await store.add_file(session, made)
                codes = {"file": file, "attachment": attachment, "sha256": sha256}
                await self._core.write(session, one, "paper_added", actor.id, codes=codes)
        except BaseException:
            await asyncio.to_thread(self._papers.remove, one.id, file)
            raise
        return made

    def _room_for_one(self, count: int) -> None:
        if count >= self.limits().files:
            raise Refusal(
                "upload.many", N_("There are too many files. Take one back first."), status=400
            )

    async def take_back(self, actor: Person, id: str, file: str) -> None:
        """The file is no part of the request any more."""
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id, None)
            await store.take_back(session, one.id, file[:32], self._core.clock())
            await self._core.write(
                session, one, "paper_removed", actor.id, codes={"file": file[:32]}
            )

    async def paper(self, actor: Person, id: str, file: str) -> tuple[store.File, str, bytes]:
        """A file with its name and bytes, for whoever sees the request. Logged."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id)
            found = await store.file(session, one.id, file[:32])
            if found is None:
                raise BadInput("upload.gone", N_("This file is no longer there."))
            await self._core.write(session, one, "paper_read", actor.id, codes={"file": found.id})
        data = await asyncio.to_thread(self._papers.read, one.id, found.id, found.key)
        return found, self.name_of(found), data

    def name_of(self, file: store.File) -> str:
        """What the applicant called the file."""
        return self._core.secret.open("deed-file", file.id, file.name)

    # --- sending and ending ----------------------------------------------------------------------

    async def problems(self, actor: Person, id: str) -> list[tuple[str, BadInput]]:
        """What keeps the request from being sent: step of the wizard and what is wrong there."""
        seen = await self.see(actor, id)
        return self._problems(seen.request, seen.act, {file.attachment for file in seen.files})

    def _problems(self, one: Request, act: Act, attached: set[str]) -> list[tuple[str, BadInput]]:
        found: list[tuple[str, BadInput]] = []
        for each in one.content.parties:
            row = {name: str(getattr(each, name)) for name in Party.__slots__}
            found += [("people", error) for error in party.parse(each.key, row, act)[1]]
        found += [("people", error) for error in party.check(one.content.parties, act)]
        errors = fields.read(act, one.content.typed, self._core.today(), whole=True)[1]
        found += [("content", error) for error in errors]
        for rule in act.attachments:
            if rule.required and rule.code not in attached:
                missing = BadInput(
                    "deed.paper_missing", N_("This paper is missing."), field=f"file_{rule.code}"
                )
                found.append(("papers", missing))
        if not attached & {"identity"}:
            found.append(
                (
                    "papers",
                    BadInput(
                        "deed.identity_missing",
                        N_("Add a copy of the identity document."),
                        field="file_identity",
                    ),
                )
            )
        return found

    async def submit(self, actor: Person, id: str, version: int) -> Request:
        """Send it to the office. Raises Incomplete with everything that is wrong."""
        async with self._core.database.unit() as session:
            one = await self._editable(session, actor, id, version)
            attached = {file.attachment for file in await store.files(session, one.id)}
            wrong = self._problems(one, self._core.act(one), attached)
            if wrong:
                raise Incomplete([error for _, error in wrong], wrong[0][0])
            content = replace(one.content, marks=())
            return await self._core.move(session, one, Step.SUBMIT, actor.id, content=content)

    async def cancel(self, actor: Person, id: str, words: str) -> Request:
        """The applicant does not want it any more. A booked session is cancelled by the caller."""
        words = clean(words, WORDS_MOST, lines=True, field="words")
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.cancel")
            content = replace(one.content, words=words)
            return await self._core.move(
                session, one, Step.CANCEL, actor.id, texts={"words": words}, content=content
            )

    async def grieve(self, actor: Person, id: str, words: str) -> Request:
        """A grievance to the director, within the days of R-NT-02. Raises Refusal
        `deed.grievance_late`, BadInput."""
        words = clean(words, WORDS_MOST * 2, lines=True, field="words")
        if not words:
            raise BadInput("reason.missing", N_("Write the reason."), field="words")
        days = int(self._core.rule("R-NT-02")["grievance_days"])
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.grieve")
            late = self._core.clock() > one.state_since + timedelta(days=days)
            if one.state is State.REFUSED and late:
                raise Refusal(
                    "deed.grievance_late",
                    N_("A grievance is filed within %(days)s days of the refusal. They are over."),
                    days=days,
                )
            content = replace(one.content, grievance=words)
            return await self._core.move(
                session, one, Step.GRIEVE, actor.id, texts={"grievance": words}, content=content
            )

    async def lapse(self) -> int:
        """Let requests lapse that nobody went on with (R-NT-12); how many did."""
        days = self._core.rule("R-NT-12")
        now = self._core.clock()
        count = 0
        async with self._core.database.unit() as session:
            for one in await store.in_states(session, self._core.secret, LAPSING, most=500):
                end = one.lapses_at(days)
                if end is not None and end <= now:
                    await self._core.move(session, one, Step.EXPIRE, "house")
                    count += 1
        return count
