"""Use cases of transcripts: each checks the policy and the table of states, stores, and logs.

transcript = await transcripts.request(person, sitting, language="ar", reason="appeal")
await transcripts.authorise(person, sitting, id)
await transcripts.assign(person, sitting, id, typist)
number = await transcripts.save(person, sitting, id, base=0, lines=[...])
await transcripts.approve(person, sitting, id)
await transcripts.certify(login, sitting, id, authorisation)
data = await transcripts.file(person, sitting, id, "pdf")
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import i18n
from audit.leaf import JSON, format_time
from audit.service import AuditLog
from auth import policy
from auth.assurance import Level
from auth.person import Person
from auth.policy import Context
from auth.session import Login
from auth.stepup import StepUp
from clock import Clock
from database import Database
from errors import N_, BadInput, Forbidden, NotFound, Refusal
from recordings import store as records
from recordings.access import check
from recordings.access.mark import mark_text
from recordings.access.scope import Scope
from recordings.manifest import Timeline
from recordings.playback import Playback
from recordings.transcripts import documents, store, webvtt, words
from recordings.transcripts.documents import Page, Said
from recordings.transcripts.store import Session
from recordings.transcripts.transcript import (
    LANGUAGES,
    STATES,
    Line,
    State,
    Step,
    Transcript,
    after,
    can_approve,
    checked,
    digest,
    document,
)
from sessions.kinds import KINDS
from sessions.pseudonym import pseudonym
from sessions.seat import LABELS, Seat, SeatRole
from sessions.sitting import Sitting
from sessions.standing import BENCH

CERTIFY = "transcript.certify"
ENDINGS = ("vtt", "docx", "pdf")
LONGEST_REASON = 500
MACHINE = N_("Machine draft, not checked")


class Rendered(Protocol):
    """What a printer gives."""

    @property
    def pdf(self) -> bytes: ...


class Printer(Protocol):
    """Makes a PDF of a template and data (notary.documents); wired by app.py."""

    async def render(self, template: str, data: Mapping[str, Any], at: datetime) -> Rendered: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A transcript with all that its page shows."""

    sitting: Sitting
    transcript: Transcript
    lines: Sequence[Line]
    names: Mapping[str, str]
    """Of the seats, in the asked language."""
    revisions: Sequence[tuple[int, datetime, str]]
    may: frozenset[str]
    """Steps that this person can take now."""
    typists: Sequence[tuple[str, str]]
    """Account and name of those who can be assigned."""


class Transcripts:
    """One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        playback: Playback,
        stepup: StepUp,
        printer: Printer,
        clock: Clock,
        zone: str,
    ) -> None:
        self._database = database
        self._log = log
        self._playback = playback
        self._stepup = stepup
        self._printer = printer
        self._clock = clock
        self._zone = zone

    # --- seeing -----------------------------------------------------------------------------------

    async def of_sitting(
        self, person: Person, sitting_id: str
    ) -> tuple[Sitting, list[Transcript], bool]:
        """The sitting, its transcripts as far as the person may know of them, and whether the
        person may ask for one. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting, at, _ = await self._at(session, person, sitting_id)
            may_ask = bool(policy.decide(person, "transcript.request", at))
            if not may_ask:
                policy.require(person, "transcript.see", at)
            found = await store.of_sitting(session, sitting_id)
        sees = bool(policy.decide(person, "transcript.see", at))
        bench = check.on_bench(person, sitting)
        known = [
            one
            for one in found
            if bench or one.requested_by == person.id or (sees and one.state is State.CERTIFIED)
        ]
        return sitting, known, may_ask

    async def open(self, person: Person, sitting_id: str, id: str, language: str) -> Opened:
        """A transcript's page. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting, at, scope, transcript = await self._seen(session, person, sitting_id, id)
            lines = await self._words(session, transcript)
            revisions = await store.revisions(session, id)
        bench = check.on_bench(person, sitting)
        return Opened(
            sitting,
            transcript,
            _within(lines, scope),
            {seat.id: _name(sitting, seat, language, bench=bench) for seat in sitting.seats},
            revisions if bench else (),
            frozenset(
                step.value
                for step in Step
                if _possible(transcript.state, step)
                and policy.decide(person, f"transcript.{step.value}", at).possible
                and (step is not Step.WRITE or transcript.assigned_to == person.id)
            ),
            [
                (seat.person, seat.name(language))
                for seat in sitting.seats
                if seat.person and seat.role in BENCH
            ],
        )

    async def _seen(
        self, session: Session, person: Person, sitting_id: str, id: str
    ) -> tuple[Sitting, Context, Scope, Transcript]:
        sitting, at, scope = await self._at(session, person, sitting_id)
        policy.require(person, "transcript.see", at)
        transcript = await self._get(session, sitting_id, id)
        if transcript.state is not State.CERTIFIED and not check.on_bench(person, sitting):
            raise _unknown()
        return sitting, at, scope, transcript

    async def captions(
        self, person: Person, sitting_id: str, viewing: str, language: str
    ) -> list[dict[str, Any]]:
        """Certified transcripts as captions of what this viewing opens. Raises Refusal."""
        async with self._database.unit(write=False) as session:
            granted = await self._playback.granted(session, person, sitting_id, viewing)
            certified = [
                one
                for one in await store.of_sitting(session, sitting_id)
                if one.state is State.CERTIFIED
            ]
            said = [await self._words(session, one) for one in certified]
        sitting: Sitting = granted.sitting
        bench = check.on_bench(person, sitting)
        names = {seat.id: _name(sitting, seat, language, bench=bench) for seat in sitting.seats}
        return [
            {
                "id": one.id,
                "language": one.language,
                "lines": [
                    {
                        "start_ms": line.start_ms,
                        "end_ms": line.end_ms,
                        "speaker": names.get(line.seat, line.speaker),
                        "text": line.text,
                    }
                    for line in _within(lines, granted.scope)
                ],
            }
            for one, lines in zip(certified, said, strict=True)
        ]

    # --- the workflow -----------------------------------------------------------------------------

    async def request(
        self, person: Person, sitting_id: str, *, language: str, reason: str
    ) -> Transcript:
        """Ask for a transcript. Raises NotFound, Forbidden, BadInput, Refusal."""
        if language not in LANGUAGES:
            raise BadInput("transcript.bad_language", N_("Choose a language."), field="language")
        reason = _reason(reason)
        async with self._database.unit() as session:
            _, at, _ = await self._at(session, person, sitting_id)
            policy.require(person, "transcript.request", at)
            await self._playback.sealed(session, sitting_id)
            made = Transcript(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                language=language,
                state=State.REQUESTED,
                reason=reason,
                requested_by=person.id,
                requested_at=self._clock(),
            )
            await store.add(session, made)
            await self._leaf(session, made, "requested", person)
        return made

    async def authorise(self, person: Person, sitting_id: str, id: str) -> None:
        """The court lets it be typed. Raises Refusal."""
        await self._step(person, sitting_id, id, Step.AUTHORISE)

    async def refuse(self, person: Person, sitting_id: str, id: str, reason: str) -> None:
        """The court refuses it, with reasons. Raises Refusal."""
        await self._step(person, sitting_id, id, Step.REFUSE, reason=_reason(reason))

    async def assign(self, person: Person, sitting_id: str, id: str, typist: str) -> None:
        """Somebody of the bench types it. Raises BadInput, Refusal."""
        async with self._database.unit(write=False) as session:
            sitting, _, _ = await self._at(session, person, sitting_id)
        if not any(seat.person == typist and seat.role in BENCH for seat in sitting.seats):
            raise BadInput(
                "transcript.bad_typist",
                N_("Choose somebody of the bench of this sitting."),
                field="typist",
            )
        await self._step(person, sitting_id, id, Step.ASSIGN, assigned_to=typist)

    async def approve(self, person: Person, sitting_id: str, id: str) -> None:
        """The presiding judge has compared it. Raises Refusal."""
        async with self._database.unit() as session:
            _, transcript = await self._may(session, person, sitting_id, id, Step.APPROVE)
            can_approve(await self._words(session, transcript))
            await self._move(session, transcript, Step.APPROVE, person, approved_by=person.id)

    async def give_back(self, person: Person, sitting_id: str, id: str) -> None:
        """An approved transcript becomes a draft again. Raises Refusal."""
        await self._step(person, sitting_id, id, Step.RETURN, approved_by="")

    async def _step(
        self, person: Person, sitting_id: str, id: str, step: Step, **values: Any
    ) -> None:
        async with self._database.unit() as session:
            _, transcript = await self._may(session, person, sitting_id, id, step)
            await self._move(session, transcript, step, person, **values)

    async def certify(
        self, login: Login, sitting_id: str, id: str, authorisation: str = ""
    ) -> Transcript:
        """Certify an approved transcript: from now on nothing of it changes. The confirmation is of
        exactly this document. Raises Forbidden (with what is to be confirmed), Refusal."""
        person = login.person
        async with self._database.unit() as session:
            sitting, at, _ = await self._at(session, person, sitting_id)
            policy.require(person, CERTIFY, replace(at, confirmed=Level.HIGH))
            transcript = await self._get(session, sitting_id, id)
            new = after(transcript.state, Step.CERTIFY)
            data = await self._document(session, sitting, transcript)
            sha256 = digest(data)
            await self._stepup.require(session, login, CERTIFY, id, sha256, authorisation, at)
            done = {"certified_by": person.id, "certified_at": self._clock(), "sha256": sha256}
            if not await store.change(session, id, transcript.state, state=new, **done):
                raise _changed()
            more: dict[str, JSON] = {"sha256": sha256, "revision": transcript.revision}
            await self._leaf(session, transcript, "certified", person, **more)
        return replace(transcript, state=new, **done)  # type: ignore[arg-type]

    async def question(self, person: Person, sitting_id: str, id: str) -> str:
        """The digest that the confirmation of certifying binds; empty where none is asked."""
        async with self._database.unit(write=False) as session:
            sitting, at, _ = await self._at(session, person, sitting_id)
            policy.require(person, CERTIFY, replace(at, confirmed=Level.HIGH))
            transcript = await self._get(session, sitting_id, id)
            after(transcript.state, Step.CERTIFY)
            data = await self._document(session, sitting, transcript)
        return digest(data) if policy.confirms(person, CERTIFY) else ""

    # --- the words --------------------------------------------------------------------------------

    async def save(
        self, person: Person, sitting_id: str, id: str, *, base: int, lines: Sequence[Line]
    ) -> int:
        """Save the words over revision `base`; the new revision's number.

        Raises BadInput (names the line), Refusal `transcript.changed` when somebody saved since.
        """
        async with self._database.unit() as session:
            sitting, transcript = await self._mine(session, person, sitting_id, id)
            if base != transcript.revision:
                raise _changed()
            kept = await self._checked(session, sitting, lines)
            await self._keep(session, transcript, kept, person)
        return transcript.revision + 1

    async def take_in(self, person: Person, sitting_id: str, id: str, data: bytes) -> int:
        """A machine's WebVTT becomes the draft, every line unchecked. Raises BadInput, Refusal."""
        found = await asyncio.to_thread(webvtt.parse, data)
        async with self._database.unit() as session:
            sitting, transcript = await self._mine(session, person, sitting_id, id)
            if transcript.revision:
                raise Refusal(
                    "transcript.has_words",
                    N_("There are words already. A machine's draft can only be the beginning."),
                    status=409,
                )
            named = _with_seats(found, sitting)
            kept = await self._checked(session, sitting, named)
            await self._keep(session, transcript, kept, person)
            more: dict[str, JSON] = {"lines": len(kept), "file": digest(data)}
            await self._leaf(session, transcript, "imported", person, **more)
        return len(kept)

    async def _mine(
        self, session: Session, person: Person, sitting_id: str, id: str
    ) -> tuple[Sitting, Transcript]:
        sitting, transcript = await self._may(session, person, sitting_id, id, Step.WRITE)
        if transcript.assigned_to != person.id:
            raise Forbidden(
                "transcript.not_assigned",
                N_("Somebody else types this transcript. Ask the clerk to assign it to you."),
            )
        return sitting, transcript

    async def _checked(
        self, session: Session, sitting: Sitting, lines: Sequence[Line]
    ) -> list[Line]:
        line: Timeline = await self._playback.line(session, sitting)
        return checked(lines, frozenset(s.id for s in sitting.seats), last_ms=line.duration_ms)

    async def _keep(
        self, session: Session, transcript: Transcript, lines: Sequence[Line], person: Person
    ) -> None:
        new, now = after(transcript.state, Step.WRITE), self._clock()
        number, unchecked = transcript.revision + 1, sum(line.machine for line in lines)
        key = await self._key(session, transcript.sitting)
        sealed = await asyncio.to_thread(words.seal, key, transcript.id, number, lines)
        if not await store.save(session, transcript, sealed, unchecked, new, person.id, now):
            raise _changed()
        if new is not transcript.state:
            await self._leaf(session, transcript, "begun", person)

    # --- taking away ------------------------------------------------------------------------------

    async def file(self, person: Person, sitting_id: str, id: str, ending: str) -> bytes:
        """A transcript as a file of ENDINGS, logged. Raises NotFound, Forbidden."""
        if ending not in ENDINGS:
            raise _unknown()
        async with self._database.unit() as session:
            sitting, _, scope, transcript = await self._seen(session, person, sitting_id, id)
            lines = _within(await self._words(session, transcript), scope)
            more: dict[str, JSON] = {"format": ending, "revision": transcript.revision}
            await self._leaf(session, transcript, "taken", person, **more)
        mark = mark_text(person, self._clock(), transcript.language, self._zone)
        return await self._print(self._page(sitting, transcript, lines, mark), ending)

    async def _print(self, page: Page, ending: str) -> bytes:
        if ending == "vtt":
            return documents.vtt(page)
        if ending == "docx":
            return await asyncio.to_thread(documents.docx, page)
        made = await self._printer.render("transcript", documents.data(page), self._clock())
        return made.pdf

    async def files(self, session: Session, sitting: Sitting) -> dict[str, bytes]:
        """What the evidence bundle holds of certified transcripts, by name."""
        found: dict[str, bytes] = {}
        row = await records.get(session, sitting.id)
        if row is None or row.wrapped_key is None:
            return found  # the words went with the key
        for one in await store.of_sitting(session, sitting.id):
            if one.state is not State.CERTIFIED:
                continue
            lines = await self._words(session, one)
            page = self._page(sitting, one, lines, "")
            name = f"minutes/transcript-{one.id}"
            found[f"{name}.json"] = await self._document(session, sitting, one)
            found[f"{name}.vtt"] = await self._print(page, "vtt")
            found[f"{name}.pdf"] = await self._print(page, "pdf")
        return found

    async def _document(self, session: Session, sitting: Sitting, transcript: Transcript) -> bytes:
        lines = await self._words(session, transcript)
        facts = {
            "case_number": sitting.case_number,
            "starts_at": format_time(sitting.starts_at),
            "speakers": [
                {
                    "seat": seat.id,
                    "role": seat.role.value,
                    "name": _name(sitting, seat, transcript.language, bench=False),
                }
                for seat in sitting.seats
            ],
        }
        return document(transcript, facts, lines)

    def _page(
        self, sitting: Sitting, transcript: Transcript, lines: Sequence[Line], mark: str
    ) -> Page:
        language = transcript.language
        names = {seat.id: _name(sitting, seat, language, bench=False) for seat in sitting.seats}
        format = i18n.Formatter(language, self._zone)

        def say(text: str, **params: object) -> str:
            return i18n.translate(language, text, **params)

        facts = [
            (say(N_("Case number")), sitting.case_number),
            (say(N_("Sitting")), say(KINDS[sitting.kind].title)),
            (say(N_("Date")), format.datetime(sitting.starts_at)),
        ]
        facts += [
            (say(LABELS[seat.role]), names[seat.id])
            for seat in sitting.seats
            if seat.role in (SeatRole.PRESIDING_JUDGE, SeatRole.CLERK)
        ]
        if transcript.certified_at:
            facts.append((say(N_("Certified at")), format.datetime(transcript.certified_at)))
        if mark:
            facts.append((say(N_("Copy")), mark))
        status = STATES[transcript.state]
        return Page(
            language,
            say(N_("Transcript of the sitting %(number)s"), number=sitting.case_number),
            say(N_("Certified transcript")) if transcript.state is State.CERTIFIED else say(status),
            say(MACHINE) if transcript.is_machine else "",
            say(MACHINE),
            tuple(facts),
            tuple(
                Said(
                    line.start_ms,
                    line.end_ms,
                    names.get(line.seat, line.speaker),
                    line.text,
                    line.machine,
                )
                for line in lines
            ),
            transcript.sha256,
        )

    # --- what all share ---------------------------------------------------------------------------

    async def _at(
        self, session: Session, person: Person, sitting_id: str
    ) -> tuple[Sitting, Context, Scope]:
        sitting, at = await self._playback.context(session, person, sitting_id)
        scope = await check.scope_of(session, person, sitting, self._clock())
        bench = check.on_bench(person, sitting)
        whole = check.WHOLE
        opened = Scope((whole,)) if bench else scope  # the bench reads its own words
        leave = bool(scope) and not bench
        return sitting, replace(at, has_leave=leave, has_order=bool(scope)), opened

    async def seal_old(self) -> int:
        """Encrypt what a house of before kept in the clear; how many revisions. For the start."""
        async with self._database.unit(write=False) as session:
            waiting = await store.unsealed(session)
        for sitting, id, number, lines in waiting:
            async with self._database.unit() as session:
                row = await records.get(session, sitting)
                sealed = b""
                if row is not None and row.wrapped_key is not None:
                    key = await self._playback.key(row)
                    sealed = words.seal(key, id, number, [Line(**line) for line in lines])
                await store.seal(session, id, number, sealed)
        return len(waiting)

    async def _key(self, session: Session, sitting_id: str) -> bytes:
        """Raises Refusal: the record was erased, or the key store does not answer."""
        return await self._playback.key(await self._playback.sealed(session, sitting_id))

    async def _words(self, session: Session, transcript: Transcript) -> list[Line]:
        """Raises Refusal when the record was erased: the words went with its key."""
        if not transcript.revision:
            return []
        sealed = await store.words(session, transcript.id, transcript.revision)
        key = await self._key(session, transcript.sitting)
        number = transcript.revision
        return await asyncio.to_thread(words.unseal, key, transcript.id, number, sealed)

    async def _get(self, session: Session, sitting_id: str, id: str) -> Transcript:
        found = await store.get(session, id)
        if found is None or found.sitting != sitting_id:
            raise _unknown()
        return found

    async def _may(
        self, session: Session, person: Person, sitting_id: str, id: str, step: Step
    ) -> tuple[Sitting, Transcript]:
        sitting, at, _ = await self._at(session, person, sitting_id)
        policy.require(person, f"transcript.{step.value}", at)
        transcript = await self._get(session, sitting_id, id)
        after(transcript.state, step)
        return sitting, transcript

    async def _move(
        self, session: Session, transcript: Transcript, step: Step, person: Person, **values: Any
    ) -> None:
        new = after(transcript.state, step)
        if not await store.change(session, transcript.id, transcript.state, state=new, **values):
            raise _changed()
        more: dict[str, JSON] = {"revision": transcript.revision}
        if step is Step.ASSIGN:
            more["to"] = str(values["assigned_to"])
        await self._leaf(session, transcript, _PAST[step], person, **more)

    async def _leaf(
        self, session: Session, transcript: Transcript, what: str, person: Person, **more: JSON
    ) -> None:
        data: dict[str, JSON] = {"transcript": transcript.id, "by": person.id, **more}
        await self._log.append(session, f"transcript.{what}", data, subject=transcript.sitting)


_PAST = {
    Step.AUTHORISE: "authorised",
    Step.REFUSE: "refused",
    Step.ASSIGN: "assigned",
    Step.APPROVE: "approved",
    Step.RETURN: "returned",
}


def _possible(state: State, step: Step) -> bool:
    try:
        after(state, step)
    except Refusal:
        return False
    return True


def _name(sitting: Sitting, seat: Seat, language: str, *, bench: bool) -> str:
    if seat.screened_from and not bench:
        return pseudonym(sitting, seat, language)
    return seat.name(language)


def _within(lines: Sequence[Line], scope: Scope) -> list[Line]:
    """The lines that somebody may read: those of moments that are open to them."""
    if scope.whole:
        return list(lines)
    return [line for line in lines if scope.has_moment(line.start_ms, line.seat)]


def _with_seats(lines: Sequence[Line], sitting: Sitting) -> list[Line]:
    """A machine's speakers that bear the name of somebody in the sitting become that seat."""
    seats = {
        name.casefold(): seat.id
        for seat in sitting.seats
        for name in (seat.name_ar, seat.name_en, seat.id)
        if name
    }
    return [
        replace(line, seat=found, speaker="")
        if (found := seats.get(line.speaker.casefold(), ""))
        else line
        for line in lines
    ]


def _reason(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > LONGEST_REASON:
        raise BadInput(
            "transcript.bad_reason",
            N_("Say why, in at most %(most)s characters."),
            field="reason",
            most=LONGEST_REASON,
        )
    return text


def _changed() -> Refusal:
    return Refusal(
        "transcript.changed",
        N_("Somebody else saved this draft meanwhile. Copy your words, then reload the page."),
        status=409,
    )


def _unknown() -> NotFound:
    return NotFound("transcript.unknown", N_("There is no such transcript."))
