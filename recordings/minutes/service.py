"""Use cases of minutes: each checks the policy and the table of states, stores, and logs.

minutes = await desk.begin(clerk, sitting, "ar")           # drafted from the record
number = await desk.save(clerk, sitting, base=1, content=written(...))
await desk.approve(judge, sitting)                         # printed, frozen, open for signatures
await desk.sign(login, sitting, authorisation)             # the clerk, then the presiding judge
pdf = await desk.file(person, sitting)
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import i18n
from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy
from auth.person import Person
from auth.policy import Context
from auth.session import Login
from clock import Clock
from database import Database
from errors import N_, BadInput, Forbidden, NotFound, Refusal
from recordings import envelope, keys
from recordings import store as records
from recordings.access import check
from recordings.access.scope import Scope
from recordings.exhibits import store as exhibits
from recordings.keys import KeyStore
from recordings.manifest import Happening
from recordings.minutes import drafting, store
from recordings.minutes.minutes import (
    CLERK_FIELD,
    JUDGE_FIELD,
    LANGUAGES,
    Content,
    Minutes,
    State,
    Step,
    after,
    can_approve,
)
from recordings.minutes.ports import Signer, Signing, Standing
from recordings.minutes.store import Session
from recordings.playback import Playback
from sessions import store as sessions
from sessions.phase import Phase
from sessions.seat import LABELS, Seat, SeatRole
from sessions.sitting import Sitting

PURPOSE = "minutes"
SIGNING_ROLES = {CLERK_FIELD: SeatRole.CLERK, JUDGE_FIELD: SeatRole.PRESIDING_JUDGE}


@dataclass(frozen=True, slots=True)
class Opened:
    """All that the page shows."""

    sitting: Sitting
    minutes: Minutes | None
    content: Content
    may: frozenset[str]
    """Steps that this person can take now; `sign` when it is their turn."""
    signing: Standing | None
    signers: Sequence[Signer]
    revisions: Sequence[tuple[int, datetime, str]]


class MinutesDesk:
    """One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        playback: Playback,
        signing: Signing,
        key_store: KeyStore,
        clock: Clock,
        zone: str,
    ) -> None:
        self._database = database
        self._log = log
        self._playback = playback
        self._signing = signing
        self._keys = key_store
        self._clock = clock
        self._zone = zone

    # --- seeing -----------------------------------------------------------------------------------

    async def open(self, person: Person, sitting_id: str) -> Opened:
        """The page of a sitting's minutes. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting, at = await self._seen(session, person, sitting_id)
            found = await store.of_sitting(session, sitting_id)
            bench = check.on_bench(person, sitting)
            if found is None or (not bench and found[0].state is not State.SIGNED):
                found = None
            sealed = await store.content(session, *_newest(found)) if found else b""
            revisions = await store.revisions(session, found[0].id) if found and bench else []
        may = {
            step.value
            for step in Step
            if found
            and _possible(found[0].state, step)
            and policy.decide(person, f"minutes.{step.value}", at)
        }
        if found is None:
            content = Content()
            may = {"begin"} if policy.decide(person, "minutes.write", at) else set()
            return Opened(sitting, None, content, frozenset(may), None, (), ())
        minutes, wrapped = found
        content = await self._unsealed(minutes, wrapped, sealed)
        signing = None
        if minutes.ceremony:
            signing = await self._signing.state(sitting_id, minutes.ceremony)
            if minutes.state is State.SIGNING and turn_of(person, sitting, signing):
                may.add("sign")
        signers = _signers(sitting) if bench else ()
        return Opened(sitting, minutes, content, frozenset(may), signing, signers, revisions)

    async def file(self, person: Person, sitting_id: str) -> bytes:
        """The PDF as it is now: signed, or for the bench on its way there. Raises NotFound,
        Forbidden."""
        async with self._database.unit() as session:
            sitting, _ = await self._seen(session, person, sitting_id)
            minutes = await self._get(session, sitting_id)
            if not minutes.ceremony or (
                minutes.state is not State.SIGNED and not check.on_bench(person, sitting)
            ):
                raise _unknown()
            await self._leaf(session, minutes, "taken", person)
        return await self._signing.document(sitting_id, minutes.ceremony)

    async def files(self, session: Session, sitting: Sitting) -> dict[str, bytes]:
        """What the evidence bundle holds: the signed file, whose hash is in the log."""
        found = await store.of_sitting(session, sitting.id)
        if found is None or found[0].state is not State.SIGNED:
            return {}
        return {
            "minutes/minutes.pdf": await self._signing.document(sitting.id, found[0].ceremony),
            "minutes/minutes.json": await self._plain(session, *found),
        }

    async def _seen(
        self, session: Session, person: Person, sitting_id: str
    ) -> tuple[Sitting, Context]:
        sitting, at = await self._playback.context(session, person, sitting_id)
        bench = check.on_bench(person, sitting)
        scope = Scope((check.WHOLE,)) if bench else Scope()
        if not bench:
            scope = await check.scope_of(session, person, sitting, self._clock())
        at = replace(at, has_leave=bool(scope) and not bench, has_order=bool(scope))
        policy.require(person, "minutes.see", at)
        if scope.sealed or not any(part.whole for part in scope.parts):
            raise Forbidden(
                "minutes.not_whole",
                N_("Minutes tell of the whole sitting, and your order does not open all of it."),
            )
        return sitting, at

    # --- the words --------------------------------------------------------------------------------

    async def begin(self, person: Person, sitting_id: str, language: str) -> Minutes:
        """Draft them from the record. Raises NotFound, Forbidden, BadInput, Refusal."""
        if language not in LANGUAGES:
            raise BadInput("minutes.bad_language", N_("Choose a language."), field="language")
        key, id, now = keys.new_key(), secrets.token_hex(8), self._clock()
        wrapped = await asyncio.to_thread(self._keys.wrap, key)
        async with self._database.unit() as session:
            sitting, at = await self._seen(session, person, sitting_id)
            policy.require(person, "minutes.write", at)
            _signers(sitting)
            if await store.of_sitting(session, sitting_id):
                raise Refusal(
                    "minutes.exist", N_("This sitting has minutes. Reload the page."), status=409
                )
            await self._ended(session, sitting)
            journal = [
                Happening(item.at, item.type, item.seat, item.data)
                for item in await sessions.events(session, sitting_id)
            ]
            closed = await exhibits.sealed(session, sitting_id)
            content = drafting.drafted(sitting, journal, language, self._zone, closed)
            made = Minutes(
                id=id,
                sitting=sitting_id,
                language=language,
                state=State.DRAFT,
                revision=1,
                begun_by=person.id,
                begun_at=now,
            )
            await store.add(session, made, wrapped, _sealed(key, id, 1, content))
            await self._leaf(session, made, "begun", person)
        return made

    async def _ended(self, session: Session, sitting: Sitting) -> None:
        row = await records.get(session, sitting.id)
        over = (Phase.CLOSED, Phase.ADJOURNED, Phase.RESERVED)
        if (row is None or row.sealed_at is None) and sitting.phase not in over:
            raise Refusal(
                "minutes.not_ended",
                N_("The record is not closed yet. Minutes are drawn up when the sitting is over."),
                status=409,
            )

    async def save(self, person: Person, sitting_id: str, *, base: int, content: Content) -> int:
        """Save the words over revision `base`; the new revision's number. Raises Refusal
        `minutes.changed` when somebody saved since."""
        async with self._database.unit(write=False) as session:
            await self._may(session, person, sitting_id, Step.WRITE)
            found = await store.of_sitting(session, sitting_id)
        if found is None:
            raise _unknown()
        key = await asyncio.to_thread(self._keys.unwrap, found[1])
        async with self._database.unit() as session:
            minutes = await self._may(session, person, sitting_id, Step.WRITE)
            if base != minutes.revision:
                raise _changed()
            number = base + 1
            sealed = _sealed(key, minutes.id, number, content)
            if not await store.save(session, minutes, sealed, person.id, self._clock()):
                raise _changed()
            written = replace(minutes, revision=number)
            await self._leaf(session, written, "written", person)
        return number

    # --- approving and signing --------------------------------------------------------------------

    async def approve(self, person: Person, sitting_id: str) -> None:
        """The presiding judge has read them: they are printed and wait for both signatures.
        Raises Refusal."""
        async with self._database.unit(write=False) as session:
            minutes = await self._may(session, person, sitting_id, Step.APPROVE)
            found = await store.of_sitting(session, sitting_id)
            content = await self._content(session, *found) if found else Content()
            sitting, _ = await self._seen(session, person, sitting_id)
            times = await self._times(session, sitting_id)
        can_approve(content)
        now = self._clock()
        data = drafting.printed(minutes, sitting, content, times, self._zone)
        ceremony = await self._signing.prepare(person, sitting_id, data, _signers(sitting), now)
        async with self._database.unit() as session:
            state = after(minutes.state, Step.APPROVE)
            done = {"approved_by": person.id, "approved_at": now, "ceremony": ceremony}
            if not await store.change(session, minutes, state=state, **done):
                raise _changed()
            await self._leaf(session, minutes, "approved", person, ceremony=ceremony)

    async def give_back(self, person: Person, sitting_id: str) -> None:
        """The presiding judge wants something else in them: a draft again, and what was signed
        counts for nothing. Raises Refusal."""
        async with self._database.unit(write=False) as session:
            minutes = await self._may(session, person, sitting_id, Step.RETURN)
        await self._signing.abandon(person, minutes.ceremony, "returned")
        async with self._database.unit() as session:
            state = after(minutes.state, Step.RETURN)
            done = {"approved_by": "", "approved_at": None, "ceremony": ""}
            if not await store.change(session, minutes, state=state, **done):
                raise _changed()
            await self._leaf(session, minutes, "returned", person, ceremony=minutes.ceremony)

    async def sign(self, login: Login, sitting_id: str, authorisation: str = "") -> State:
        """The clerk's signature, then the presiding judge's, which the court's seal follows and
        which makes them an official instrument (R-CV-07). Raises Forbidden with what is to be
        confirmed, Refusal; then nothing is signed."""
        person = login.person
        async with self._database.unit(write=False) as session:
            sitting, _ = await self._seen(session, person, sitting_id)
            minutes = await self._get(session, sitting_id)
            state = after(minutes.state, Step.COMPLETE)
        judge = _seat(sitting, SeatRole.PRESIDING_JUDGE)
        if judge.person != person.id:
            await self._signing.sign(login, minutes.ceremony, authorisation)
            return minutes.state
        await self._signing.close(login, minutes.ceremony, authorisation)
        pdf = await self._signing.document(sitting_id, minutes.ceremony)
        sha256 = hashlib.sha256(pdf).hexdigest()
        async with self._database.unit() as session:
            done = {"signed_at": self._clock(), "sha256": sha256}
            if not await store.change(session, minutes, state=state, **done):
                raise _changed()
            await self._leaf(session, minutes, "signed", person, sha256=sha256)
        return state

    # --- what all share ---------------------------------------------------------------------------

    async def _may(self, session: Session, person: Person, sitting_id: str, step: Step) -> Minutes:
        _, at = await self._seen(session, person, sitting_id)
        policy.require(person, f"minutes.{step.value}", at)
        minutes = await self._get(session, sitting_id)
        after(minutes.state, step)
        return minutes

    async def _get(self, session: Session, sitting_id: str) -> Minutes:
        found = await store.of_sitting(session, sitting_id)
        if found is None:
            raise _unknown()
        return found[0]

    async def _times(
        self, session: Session, sitting_id: str
    ) -> tuple[datetime | None, datetime | None]:
        row = await records.get(session, sitting_id)
        if row is None or row.epoch is None:
            return None, None
        ends = [one.end_ms or one.start_ms for one in await records.stretches(session, sitting_id)]
        return row.epoch, row.epoch + timedelta(milliseconds=max(ends, default=0))

    async def _plain(self, session: Session, minutes: Minutes, wrapped: bytes) -> bytes:
        key = await asyncio.to_thread(self._keys.unwrap, wrapped)
        sealed = await store.content(session, minutes.id, minutes.revision)
        binding = f"{minutes.id}|{minutes.revision}"
        return envelope.unseal(key, PURPOSE, binding, sealed)

    async def _content(self, session: Session, minutes: Minutes, wrapped: bytes) -> Content:
        return Content.of(json.loads(await self._plain(session, minutes, wrapped)))

    async def _unsealed(self, minutes: Minutes, wrapped: bytes, sealed: bytes) -> Content:
        key = await asyncio.to_thread(self._keys.unwrap, wrapped)
        binding = f"{minutes.id}|{minutes.revision}"
        return Content.of(json.loads(envelope.unseal(key, PURPOSE, binding, sealed)))

    async def _leaf(
        self, session: Session, minutes: Minutes, what: str, person: Person, **more: JSON
    ) -> None:
        data: dict[str, JSON] = {"minutes": minutes.id, "by": person.id}
        data |= {"revision": minutes.revision, **more}
        await self._log.append(session, f"minutes.{what}", data, subject=minutes.sitting)


def _sealed(key: bytes, id: str, number: int, content: Content) -> bytes:
    plain = json.dumps(content.body(), ensure_ascii=False).encode()
    return envelope.seal(key, PURPOSE, f"{id}|{number}", plain)


def _newest(found: tuple[Minutes, bytes]) -> tuple[str, int]:
    return found[0].id, found[0].revision


def _seat(sitting: Sitting, role: SeatRole) -> Seat:
    for seat in sitting.seats:
        if seat.role is role and seat.person:
            return seat
    raise Refusal(
        "minutes.no_signers",
        N_("Minutes are signed by the clerk and the presiding judge. Book both with accounts."),
        status=409,
    )


def _signers(sitting: Sitting) -> list[Signer]:
    """The clerk, then the presiding judge (R-CV-07). Raises Refusal `minutes.no_signers`."""
    found = []
    for field, role in SIGNING_ROLES.items():
        seat = _seat(sitting, role)
        ar, en = (i18n.translate(language, LABELS[role]) for language in LANGUAGES)
        found.append(Signer(field, seat.person or "", seat.name_ar, seat.name_en, ar, en))
    return found


def turn_of(person: Person, sitting: Sitting, signing: Standing) -> bool:
    """Whether this person is the next to sign; the judge also when only the seal is missing."""
    waiting = [one for one in _signers(sitting) if one.field not in signing.done]
    if not waiting:
        return not signing.sealed and _seat(sitting, SeatRole.PRESIDING_JUDGE).person == person.id
    return waiting[0].person == person.id


def _possible(state: State, step: Step) -> bool:
    try:
        after(state, step)
    except Refusal:
        return False
    return step is not Step.COMPLETE


def _changed() -> Refusal:
    return Refusal(
        "minutes.changed",
        N_("Somebody else saved these minutes meanwhile. Copy your words, then reload the page."),
        status=409,
    )


def _unknown() -> NotFound:
    return NotFound("minutes.unknown", N_("There are no such minutes."))
