"""The session: the notary's steps, each recorded on the recording's clock (FDL 20/2022 Arts 7, 8).

Every step asks that the sitting is on record and that those whom it concerns are in the hearing.
What the notary asks and what is answered, what is read, changed and consented to goes into the
sitting's journal (so the player shows it on its time line) and, as codes and commitments, into the
audit log.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit, format_time
from auth.person import Person
from errors import N_, BadInput, Refusal
from notary.deeds import agenda
from notary.deeds.act import Act, Both
from notary.deeds.body import Text, changed
from notary.deeds.core import WORDS_MOST, Core
from notary.deeds.party import Party, is_found_capable, needs_in_person
from notary.deeds.ports import Presence
from notary.deeds.request import Request
from notary.deeds.roll import Roll
from notary.deeds.state import IN_SESSION, State, Step
from notary.deeds.text import clean
from sessions import store as booked
from sessions.phase import Phase
from sessions.sitting import Sitting

DOCUMENT_NAMES: dict[str, str] = {
    "emirates_id": N_("Emirates ID"),
    "passport": N_("Passport"),
    "gcc_id": N_("GCC identity card"),
    "other": N_("Other document"),
}
DOCUMENTS = tuple(DOCUMENT_NAMES)
OATHS = ("by_god", "own_religion")
QUESTIONS: dict[str, str] = {
    "understands": N_("Tell me in your own words what you want to do with this deed."),
    "free": N_("Does anybody force you or press you? Is anybody else in the room?"),
    "well": N_("Have you taken anything that clouds your mind? Do you feel well?"),
    "standing": N_("In which capacity do you act, and by which document?"),
    "faithful": N_(
        "Do you swear to do your task with honesty and truth? Where are you registered?"
    ),
    "in_place": N_("Do you sign at this person's own wish? Do you gain anything from this act?"),
}
"""Of a party the first three, and `standing` where the act asks for it; `faithful` of interpreters
and assistants, `in_place` of whoever signs in the place of another (Art 8)."""
_OF_HELPERS = {
    "interpreter": ("faithful",),
    "assistant": ("faithful",),
    "signs_for": ("in_place",),
    "curator": ("understands", "free", "well", "standing"),
}
PARAGRAPHS_MOST, PARAGRAPH_MOST = 60, 8000

EndsCeremony = Callable[[Person, str, str], Awaitable[None]]
"""By whom, which one, and the code of the reason."""
IsSealed = Callable[[Request], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A request in session with what surrounds it."""

    request: Request
    act: Act
    sitting: Sitting
    clock_ms: int


class Conduct:
    """One per process. `abandon` gives up a ceremony whose text is no longer the one, `sealed`
    says whether one is complete; the closing sets both."""

    def __init__(self, core: Core, live: Presence, roll: Roll) -> None:
        self._core = core
        self._live = live
        self._roll = roll
        self.abandon: EndsCeremony | None = None
        self.sealed: IsSealed | None = None

    # --- before the reading ----------------------------------------------------------------------

    async def open(self, actor: Person, id: str, no_interest: bool) -> Request:
        """The notary begins the act and declares to have no interest in it, nor any relative."""
        if not no_interest:
            raise _own_interest()
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.BOOKED)
            await self._may_conduct(session, stage, actor)
            await self._journal(session, stage, "act.opened", None, {"no_interest": True})
            moved = await self._core.move(
                session,
                stage.request,
                Step.OPEN,
                actor.id,
                codes={"no_interest": True, **_acts_for(actor, stage.request)},
                content=self._with(stage.request, people={}, read=None, notary=actor.id),
                ceremony="",
            )
        await self.give_up(actor, stage.request.ceremony, "begun_anew")
        return await self.told(moved)

    async def _may_conduct(self, session: AsyncSession, stage: Stage, actor: Person) -> None:
        await self._roll.check(session, stage.act, actor.id)
        if stage.request.party_of(actor.id) is not None:
            raise Refusal(
                "deed.notary_is_party",
                N_("You are named in this act. Another notary takes it."),
            )

    async def identify(
        self, actor: Person, id: str, key: str, document: str, last4: str, of_age: bool
    ) -> Request:
        """Face, document and file were compared. Raises Refusal `deed.identity_differs` when the
        document is not the one in the request: then the act is refused or returned, not gone on
        with."""
        if document not in DOCUMENTS:
            raise BadInput("deed.document", N_("Choose the document."), field="document")
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.LOBBY_ID)
            one = self._appearing(stage, key)
            self._must_be_here(stage, one)
            if last4.strip().upper() != one.identity_number[-4:]:
                raise Refusal(
                    "deed.identity_differs",
                    N_("This is not the number in the request. Compare the document again."),
                )
            if not of_age:
                age = self._core.rule("R-NT-04")[stage.act.capacity]
                raise Refusal(
                    "deed.under_age",
                    N_("Whoever appears must be %(age)s years old. Refuse the act, or end it."),
                    age=age,
                )
            found = {"document": document, "of_age": of_age, **self._stamp(stage)}
            kept = await self._person(session, stage, key, "identity", found)
            codes: dict[str, JSON] = {"key": key, "document": document, "of_age": of_age}
            await self._journal(session, stage, "act.identity", one, codes)
            await self._core.write(session, kept, "identified_one", actor.id, codes=codes)
        return await self.told(kept)

    async def ask(
        self, actor: Person, id: str, key: str, question: str, words: str, answer: str
    ) -> Request:
        """A question of the notary and the answer, as they were spoken. `question` is a code of
        QUESTIONS, or `own` with `words`."""
        words = clean(words, 500, field="words")
        answer = clean(answer, WORDS_MOST, lines=True, field="answer")
        if question not in (*QUESTIONS, "own") or (question == "own" and not words):
            raise BadInput("deed.question", N_("Choose a question or write one."), field="question")
        if not answer:
            raise BadInput("deed.answer", N_("Write what was answered."), field="answer")
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.CAPACITY_CHECK)
            one = self._appearing(stage, key)
            self._must_be_here(stage, one)
            entry = {"question": question, "words": words, "answer": answer, **self._stamp(stage)}
            before = self._of(stage.request, key).get("questions", [])
            kept = await self._person(session, stage, key, "questions", [*before, entry])
            texts = {"asked": words or QUESTIONS.get(question, ""), "answer": answer}
            said = {"text": f"{words} - {answer}" if question == "own" else answer}
            await self._journal(session, stage, "act.question", one, {"question": question}, said)
            await self._core.write(
                session, kept, "asked", actor.id, codes={"key": key, "question": question},
                texts=texts,
            )  # fmt: skip
        return await self.told(kept)

    async def judge(self, actor: Person, id: str, key: str, capable: bool, free: bool) -> Request:
        """The notary finds that the person is capable and acts freely. Raises Refusal
        `deed.questions_open` before the questions, `deed.not_capable` for a no: the act is then
        refused."""
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.CAPACITY_CHECK)
            one = self._appearing(stage, key)
            if not is_found_capable(one, stage.act):
                raise BadInput("deed.who", N_("Choose a person from the list."), field="key")
            self._must_be_here(stage, one)
            if self._open_questions(stage, one):
                raise Refusal(
                    "deed.questions_open", N_("Ask every question first and write the answers.")
                )
            if not (capable and free):
                raise Refusal(
                    "deed.not_capable",
                    N_(
                        "Without capacity and free will there is no act. Refuse it with the reason."
                    ),
                )
            found = {"capable": True, "free": True, **self._stamp(stage)}
            kept = await self._person(session, stage, key, "judged", found)
            await self._journal(
                session, stage, "act.capacity", one, {"capable": True, "free": True}
            )
            await self._core.write(session, kept, "judged", actor.id, codes={"key": key})
        return await self.told(kept)

    def questions(self, act: Act, one: Party) -> tuple[str, ...]:
        """Which questions must be asked of somebody. A curator, who acts for the ward, is asked by
        which judgment."""
        if one.role in _OF_HELPERS:
            return _OF_HELPERS[one.role]
        rule = act.role(one.role)
        if rule is None:
            return ()
        return ("understands", "free", "well", *(("standing",) if rule.standing else ()))

    async def go_on(self, actor: Person, id: str) -> Request:
        """To the next step, once everybody is through this one. Raises Refusal
        `deed.not_all` naming the first who is not."""
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, *_GOES_ON)
            step, wanted = _GOES_ON[stage.request.state]
            self._check_all(stage, wanted)
            if stage.request.state is State.CAPACITY_CHECK:
                self._check_ways(stage)
            codes = {"clock_ms": stage.clock_ms}
            moved = await self._core.move(session, stage.request, step, actor.id, codes=codes)
        return await self.told(moved)

    def _check_all(self, stage: Stage, wanted: str) -> None:
        for one in stage.request.appearing(stage.act):
            self._must_be_here(stage, one)
            done = wanted in self._of(stage.request, one.key)
            if wanted in ("oath", "judged") and not is_found_capable(one, stage.act):
                done = wanted == "oath" or not self._open_questions(stage, one)
            if not done:
                raise Refusal(
                    "deed.not_all",
                    N_("This step is not done for everybody: %(name)s is missing."),
                    name=one.names,
                )

    def _open_questions(self, stage: Stage, one: Party) -> set[str]:
        asked = self._of(stage.request, one.key).get("questions", [])
        return set(self.questions(stage.act, one)) - {each["question"] for each in asked}

    def _check_ways(self, stage: Stage) -> None:
        one = needs_in_person(stage.request.content.parties, stage.act, self._core.rule("R-NT-11"))
        if one is not None:
            raise Refusal(
                "deed.in_person_only",
                N_("%(name)s cannot sign at a distance. Convert the act to in-person."),
                name=one.names,
            )

    # --- reading and changing --------------------------------------------------------------------

    async def read(self, actor: Person, id: str, explained: bool) -> Request:
        """The text was read aloud, every page of it was shown, and its effects were explained.

        Raises Refusal `deed.not_read` naming the first page that was not turned to since this
        version of the text, `deed.not_explained`.
        """
        if not explained:
            raise Refusal(
                "deed.not_explained",
                N_("Explain the legal effects to everybody, then say so for the record."),
            )
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.READING)
            for one in stage.request.appearing(stage.act):
                self._must_be_here(stage, one)
            text = _text(stage.request)
            turned = await self.turned(session, stage.sitting.id, text)
            missing = [n for n in range(1, len(text.pages) + 1) if n not in turned]
            if missing:
                raise Refusal(
                    "deed.not_read",
                    N_("Page %(page)s has not been shown and read since the text changed."),
                    page=missing[0],
                )
            step = Step.READ_OATH if stage.act.oath else Step.READ
            read = {"digest": text.digest, "pages": len(text.pages), **self._stamp(stage)}
            codes: dict[str, JSON] = {
                "text": text.digest,
                "pages": len(text.pages),
                "explained": True,
            }
            await self._journal(session, stage, "act.read", None, codes)
            moved = await self._core.move(
                session, stage.request, step, actor.id, codes=codes,
                content=self._with(stage.request, read=read),
            )  # fmt: skip
        return await self.told(moved)

    async def pages_read(self, stage: Stage) -> frozenset[int]:
        """Pages of the text as it is now that count as read aloud."""
        text = stage.request.content.text
        if text is None:
            return frozenset()
        async with self._core.database.unit(write=False) as session:
            return frozenset(await self.turned(session, stage.sitting.id, text))

    async def turned(self, session: AsyncSession, sitting: str, text: Text) -> set[int]:
        """Pages of this text that were on the shared view while the sitting was on record, since
        the act was begun or begun anew."""
        found: set[int] = set()
        on_record = False
        for event in await booked.events(session, sitting):
            if event.type.startswith("phase."):
                on_record = event.type == f"phase.{Phase.ON_RECORD.value}"
            if event.type == "act.resumed":
                found.clear()
            same = event.data.get("document") == text.digest[:32]
            if event.type == "turn" and on_record and same:
                found.add(int(event.data.get("page", 0)))
        return found

    async def change(
        self, actor: Person, id: str, paragraphs: Sequence[Mapping[str, str]], why: str
    ) -> Request:
        """Another wording, agreed in the session. It is tracked and read again from the start;
        signatures on the text before are given up."""
        why = clean(why, 500, field="why")
        if not 1 <= len(paragraphs) <= PARAGRAPHS_MOST:
            raise BadInput("deed.paragraphs", N_("Write at least one paragraph."), field="text")
        made = tuple(
            Both(
                clean(str(one.get("ar", "")), PARAGRAPH_MOST, lines=True, field=f"ar_{place}"),
                clean(str(one.get("en", "")), PARAGRAPH_MOST, lines=True, field=f"en_{place}"),
            )
            for place, one in enumerate(paragraphs)
        )
        made = tuple(one for one in made if one.ar or one.en)
        for place, one in enumerate(made):
            if not one.ar:
                raise BadInput(
                    "deed.arabic", N_("The Arabic text counts. Write it."), field=f"ar_{place}"
                )
        if not made:
            raise BadInput("deed.paragraphs", N_("Write at least one paragraph."), field="text")
        await self.check_open(actor, id)
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, *IN_SESSION)
            before = _text(stage.request)
            differences = changed(before, made)
            if not differences:
                raise BadInput("deed.no_change", N_("Nothing was changed."), field="text")
            after = Text(before.number + 1, made, before.warnings)
            track = [
                {
                    "place": place,
                    "before": [old.ar, old.en] if old else None,
                    "after": [new.ar, new.en] if new else None,
                }
                for place, old, new in differences
            ]
            changes = [*stage.request.content.session.get("changes", [])]
            entry = {"number": after.number, "why": why, "track": track, **self._stamp(stage)}
            kept = self._with(stage.request, changes=[*changes, entry], read=None)
            people = {
                key: {name: value for name, value in one.items() if name not in ("oath", "consent")}
                for key, one in stage.request.content.session.get("people", {}).items()
            }
            kept = replace(kept, text=after, session={**kept.session, "people": people})
            codes: dict[str, JSON] = {
                "from": before.digest,
                "to": after.digest,
                "number": after.number,
            }
            await self._journal(
                session, stage, "act.changed", None, {"number": after.number}, {"text": why}
            )
            ceremony = stage.request.ceremony
            moved = await self._core.move(
                session, stage.request, Step.CHANGE, actor.id, codes=codes,
                texts={"why": why} if why else {}, content=kept, ceremony="",
            )  # fmt: skip
        await self.give_up(actor, ceremony, "text_changed")
        return await self.told(moved)

    # --- oath and consent ------------------------------------------------------------------------

    async def swear(self, actor: Person, id: str, key: str, form: str, words: str) -> Request:
        """The oath was read aloud and taken: by R-NT-09, or by one's own religion on request."""
        words = clean(words, 500, field="words")
        if form not in OATHS or (form == "own_religion" and not words):
            raise BadInput("deed.oath", N_("Write the words of the oath."), field="words")
        rule = self._core.rule("R-NT-09")
        spoken = rule["ar"] if form == "by_god" else words
        return await self._each(actor, id, key, State.OATH, "oath", {"form": form}, spoken)

    async def consent(self, actor: Person, id: str, key: str, words: str) -> Request:
        """What the person said: that the deed is as wanted and is signed of free will."""
        words = clean(words, 500, field="words")
        if not words:
            raise BadInput("deed.consent", N_("Write how consent was given."), field="words")
        return await self._each(actor, id, key, State.CONSENT, "consent", {}, words)

    async def _each(
        self,
        actor: Person,
        id: str,
        key: str,
        state: State,
        name: str,
        codes: Mapping[str, Any],
        words: str,
    ) -> Request:
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, state)
            one = self._appearing(stage, key)
            self._must_be_here(stage, one)
            found = {**codes, "words": words, **self._stamp(stage)}
            kept = await self._person(session, stage, key, name, found)
            await self._journal(session, stage, f"act.{name}", one, dict(codes), {"text": words})
            await self._core.write(
                session, kept, f"{name}_given", actor.id, codes={"key": key, **codes},
                texts={"words": words},
            )  # fmt: skip
        return await self.told(kept)

    # --- interruptions ---------------------------------------------------------------------------

    async def suspend(self, actor: Person, id: str, words: str) -> Request:
        """The session cannot go on: unintelligible, interrupted, somebody left."""
        return await self._interrupt(actor, id, Step.SUSPEND, words)

    async def convert(self, actor: Person, id: str, words: str) -> Request:
        """The act goes on at the office. What was recorded here stays."""
        return await self._interrupt(actor, id, Step.CONVERT, words)

    async def _interrupt(self, actor: Person, id: str, step: Step, words: str) -> Request:
        words = clean(words, WORDS_MOST, lines=True, field="words")
        if not words:
            raise BadInput("reason.missing", N_("Write the reason."), field="words")
        await self.check_open(actor, id)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.conduct")
            content = replace(one.content, words=words)
            moved = await self._core.move(
                session, one, step, actor.id, texts={"words": words}, content=content
            )
            await self._note(session, moved, f"act.{step.value}", words)
        return await self.told(moved)

    async def resume(self, actor: Person, id: str, no_interest: bool = False) -> Request:
        """Go on: with the signatures where the signing is open, else from the identity check on.

        One notary conducts an act from the identity check to the seal, because that notary attests
        all of it: another one (a substitute, or the notary again) begins it anew, with the
        declaration of `open`, and signatures are given up.
        """
        async with self._core.database.unit() as session:
            stage = await self._stage(session, actor, id, State.SUSPENDED)
            one = stage.request
            before = conducts(one)
            codes = _acts_for(actor, one)
            kept = bool(one.ceremony) and before == actor.id
            if before != actor.id:
                if not no_interest:
                    raise _own_interest()
                await self._may_conduct(session, stage, actor)
                codes |= {"no_interest": True, "after": before}
            content = one.content
            if not kept:
                content = self._with(one, people={}, read=None, notary=actor.id)
            if before != actor.id:
                await self._journal(session, stage, "act.opened", None, {"no_interest": True})
            await self._journal(session, stage, "act.resumed", None, {})
            step = Step.RESUME_SIGNING if kept else Step.RESUME
            moved = await self._core.move(
                session, one, step, actor.id, codes=codes, content=content,
                ceremony=one.ceremony if kept else "",
            )  # fmt: skip
        if not kept:
            await self.give_up(actor, one.ceremony, "another_notary")
        return await self.told(moved)

    async def check_open(self, actor: Person, id: str) -> None:
        """Raises Refusal `deed.sealed`: what the notary has sealed is not stopped any more."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.conduct")
        if one.ceremony and self.sealed is not None and await self.sealed(one):
            raise Refusal(
                "deed.sealed",
                N_("The deed is sealed. Press 'Sign and seal' again, so that it is registered."),
            )

    async def give_up(self, actor: Person, ceremony: str, reason: str) -> None:
        """Nobody signs this any more. `reason` is a code."""
        if ceremony and self.abandon is not None:
            await self.abandon(actor, ceremony, reason)

    # --- what the signing asks -------------------------------------------------------------------

    async def ready_to_sign(self, session: AsyncSession, actor: Person, id: str) -> Stage:
        """The act in which everybody has consented, on record. Raises Refusal."""
        stage = await self._stage(session, actor, id, State.CONSENT)
        self._check_all(stage, "consent")
        return stage

    async def signing_stage(
        self, session: AsyncSession, one: Request, party: Party | None
    ) -> Stage:
        """The act while it is signed: on record, and the signer in the hearing."""
        if one.state is not State.PARTIES_SIGNING or not one.ceremony:
            raise Refusal("deed.not_signing", N_("There is nothing to sign at this moment."))
        stage = await self.surround(session, one)
        if stage.sitting.phase is not Phase.ON_RECORD:
            raise _off_record()
        if party is not None:
            self._must_be_here(stage, party)
        return stage

    async def note_signature(
        self, session: AsyncSession, one: Request, party: Party | None
    ) -> None:
        """Stamp a signature on the record's clock."""
        stage = await self.surround(session, one)
        await self._journal(session, stage, "act.signed", party, {})

    async def note_seal(self, session: AsyncSession, one: Request) -> None:
        """Stamp the notary's signature and seal on the record's clock."""
        await self._note(session, one, "act.sealed", "")

    # --- inside ----------------------------------------------------------------------------------

    async def stage(self, actor: Person, id: str) -> Stage:
        """What the room's page shows, to whoever sees the request."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id)
            return await self.surround(session, one)

    async def surround(self, session: AsyncSession, one: Request) -> Stage:
        """A request with its act, its sitting and the clock. Raises Refusal `deed.no_session`."""
        sitting = await booked.get_sitting(session, one.sitting) if one.sitting else None
        if sitting is None:
            raise Refusal("deed.no_session", N_("This act has no session. Book one first."))
        return Stage(one, self._core.act(one), sitting, self._live.clock_ms(sitting.id))

    async def _stage(self, session: AsyncSession, actor: Person, id: str, *states: State) -> Stage:
        """The act in session, on record, in one of these states; by its notary."""
        one = await self._core.load(session, actor, id, "deed.conduct")
        if one.state not in states:
            raise Refusal(
                "deed.wrong_state",
                N_("That is not possible at this point of the request. The page shows what is."),
                state=one.state.value,
            )
        check_conducts(one, actor)
        stage = await self.surround(session, one)
        if stage.sitting.phase is not Phase.ON_RECORD:
            raise _off_record()
        return stage

    def _appearing(self, stage: Stage, key: str) -> Party:
        found = next((one for one in stage.request.appearing(stage.act) if one.key == key), None)
        if found is None:
            raise BadInput("deed.who", N_("Choose a person from the list."), field="key")
        return found

    def _must_be_here(self, stage: Stage, one: Party) -> None:
        seat = stage.sitting.seat_of(one.person)
        if seat is None or seat.id not in self._live.present(stage.sitting.id):
            raise Refusal(
                "deed.not_here",
                N_("%(name)s is not in the hearing now. Wait, or suspend the session."),
                name=one.names,
            )

    def _of(self, one: Request, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = one.content.session.get("people", {}).get(key, {})
        return found

    def _with(self, one: Request, **members: Any) -> Any:
        return replace(one.content, session={**one.content.session, **members})

    async def _person(
        self, session: AsyncSession, stage: Stage, key: str, name: str, value: Any
    ) -> Request:
        people = dict(stage.request.content.session.get("people", {}))
        people[key] = {**people.get(key, {}), name: value}
        content = self._with(stage.request, people=people)
        return await self._core.keep(session, stage.request, content=content)

    def _stamp(self, stage: Stage) -> dict[str, Any]:
        return {"at": format_time(self._core.clock()), "clock_ms": stage.clock_ms}

    async def _journal(
        self,
        session: AsyncSession,
        stage: Stage,
        type: str,
        one: Party | None,
        codes: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Into the sitting's journal and its own chain of leaves, so that the evidence has it."""
        seat = stage.sitting.seat_of(one.person) if one else None
        salt = secrets.token_bytes(16)
        texts = {name: text for name, text in (texts or {}).items() if text}
        data = {**codes, **texts, **({"salt": salt.hex()} if texts else {})}
        await booked.add_event(
            session, stage.sitting.id, self._core.clock(), type, seat.id if seat else None, data
        )
        leaf = {
            **codes,
            **{name: commit(text.encode(), salt) for name, text in texts.items()},
            **({"seat": seat.id} if seat else {}),
        }
        await self._core.log.append(session, f"live.{type}", leaf, subject=stage.sitting.id)

    async def _note(self, session: AsyncSession, one: Request, type: str, words: str) -> None:
        if one.sitting:
            stage = await self.surround(session, one)
            texts = {"text": words} if words else None
            await self._journal(session, stage, type, None, {}, texts)

    async def told(self, one: Request, *, all_signed: bool = False) -> Request:
        """The pages of the sitting hear that something changed, and the agenda goes with it."""
        if one.sitting:
            await self._follow(one, all_signed)
            await self._live.nudge(one.sitting)
        return one

    async def _follow(self, one: Request, all_signed: bool) -> None:
        steps = agenda.states(one.state, oath=self._core.act(one).oath, all_signed=all_signed)
        if steps is None:
            return
        async with self._core.database.unit(write=False) as session:
            sitting = await booked.get_sitting(session, one.sitting)
        seat = sitting.seat_of(one.notary) if sitting else None
        if seat is not None:
            await self._live.agenda(one.sitting, seat.id, steps)


def conducts(one: Request) -> str:
    """Account of the notary who conducts an act that was begun: the one who has it, or a
    substitute. The deed bears this notary's name."""
    return str(one.content.session.get("notary", "") or one.notary)


def check_conducts(one: Request, actor: Person) -> None:
    """Raises Refusal `deed.another_notary` while somebody else conducts the act."""
    if one.state in IN_SESSION and conducts(one) != actor.id:
        raise Refusal(
            "deed.another_notary",
            N_("Another notary began this act. Suspend it and go on: it begins anew with you."),
        )


def _own_interest() -> Refusal:
    return Refusal(
        "deed.own_interest",
        N_("Declare that you and your relatives have no interest, or refuse the act."),
    )


def _acts_for(actor: Person, one: Request) -> dict[str, JSON]:
    return {} if actor.id == one.notary else {"acts_for": one.notary}


def _off_record() -> Refusal:
    return Refusal(
        "deed.not_on_record", N_("Go on record first: what is done off record does not count.")
    )


def _text(one: Request) -> Text:
    if one.content.text is None:
        raise Refusal(
            "deed.no_text", N_("This request has no text yet. It is drafted at the audit.")
        )
    return one.content.text


_GOES_ON: dict[State, tuple[Step, str]] = {
    State.LOBBY_ID: (Step.IDENTIFIED, "identity"),
    State.CAPACITY_CHECK: (Step.CAPABLE, "judged"),
    State.OATH: (Step.SWORN, "oath"),
}
"""State: the step, and what everybody must have."""
