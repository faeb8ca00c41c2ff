"""The steps of the sitting as people take them in the live room (law.md 2.2, 5-10).

Each step first looks at the room: what was noticed before it is in the majlis before it. The
officiant's hand says that a step was done; who was there, alone, heard and on record is measured.
"""

from collections.abc import Callable, Iterable, Mapping

from audit.leaf import JSON
from auth.person import Person
from errors import N_, BadInput, Refusal
from notary.deeds.text import clean
from notary.marriage.application import Part
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.majlis import Act, Event
from notary.marriage.officiating import Officiating, not_yours, track_of
from notary.marriage.ports import Live
from notary.marriage.scene import Scene, alone, take
from notary.marriage.watching import Watching
from notary.marriage.workflow import FileState
from notary.marriage.writing import Writing
from sessions.seat import SIGN, SeatRole

DOCUMENTS = ("emirates_id", "passport", "gcc_id", "other")
FORMS = ("spoken", "written", "signed")
WORDS_MOST = 500
BRIDES = frozenset({Part.BRIDE, Part.BRIDE_AGENT})


Check = Callable[[Scene], Mapping[Part, str] | None]
"""What a step asks of the room, with Refusal; pages on which identities were verified, or None."""


class Conducting:
    """One per process."""

    def __init__(
        self,
        core: Core,
        officiating: Officiating,
        live: Live,
        watching: Watching,
        writing: Writing,
    ) -> None:
        self._writing = writing
        self._core = core
        self._officiating = officiating
        self._live = live
        self._watching = watching

    # --- before the offer ------------------------------------------------------------------------

    async def open(self, actor: Person, id: str) -> File:
        """The officiant begins, from the live room. Raises Blocked naming the rules that are not
        fulfilled today, Refusal `marriage.not_in_room`."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
            scene = await take(session, self._live, one)
        if scene.seat(Part.OFFICIANT) not in scene.sight.hearing:
            raise _not_here()
        await self._officiating.open(actor, id)
        # Who signed in strongly enough to conduct is known; everybody else shows a document.
        return await self._step(actor, id, Event(Act.VERIFIED, Part.OFFICIANT))

    async def verify(self, actor: Person, id: str, part: Part, document: str, last4: str) -> File:
        """Face, document and file were compared, while this person was alone with the officiant.

        Raises Refusal `marriage.identity_differs` when the document is not the one of the file,
        `marriage.not_alone` when the person is in the hearing already.
        """
        if document not in DOCUMENTS:
            raise BadInput("marriage.document", N_("Choose the document."), field="document")

        def check(scene: Scene) -> Mapping[Part, str]:
            seat = scene.seat(part)
            number = scene.one.application.person(part).number
            plain = "".join(char for char in number.upper() if char.isalnum())
            if not last4 or last4.strip().upper() != plain[-4:]:
                raise Refusal(
                    "marriage.identity_differs",
                    N_("This is not the number in the file (R-MR-01). Compare it again."),
                )
            again = part in scene.one.devices
            if seat not in scene.sight.waiting and not (again and seat in scene.sight.hearing):
                raise Refusal(
                    "marriage.not_alone",
                    N_("Verify each person alone, in the lobby (R-MR-01). Send them there first."),
                )
            return {**scene.one.devices, part: scene.sight.pages.get(seat, "")}

        codes: dict[str, JSON] = {"document": document}
        return await self._step(actor, id, Event(Act.VERIFIED, part), check, codes=codes)

    async def consent(
        self, actor: Person, id: str, part: Part, given: bool, asked: Iterable[str]
    ) -> File:
        """What a spouse, or who acts for one, said of the own free will; the bride in the private
        room. Only the conclusion is kept, which questions of the track were put, and that it was
        answered in writing; what was written is gone with it (`writing.py`).

        Raises Refusal `marriage.not_private`, `marriage.questions_open`.
        """
        put = tuple(dict.fromkeys(asked))

        def check(scene: Scene) -> None:
            track = track_of(self._core, scene.one)
            if given and set(track.consent) - set(put):
                raise Refusal(
                    "marriage.questions_open", N_("Put every question first, then say so.")
                )
            if track.private_consent and part in BRIDES and not alone(scene, part):
                raise Refusal(
                    "marriage.not_private",
                    N_("Ask her in the private room, without guardian and groom; then write it."),
                )
            if given and not _interpreted(scene, part):
                raise Refusal(
                    "marriage.no_interpreter",
                    N_("The interpreter of this person is not with you (R-MR-21). Bring them in."),
                )
            connected = scene.sight.hearing | scene.sight.waiting
            private = any(scene.seat(part) in room for room in scene.sight.private)
            if scene.seat(part) not in connected and not private:
                raise _not_here()
            if self._writing.answered(scene, part):
                codes["written"] = True

        act = Act.CONSENTED if given else Act.REFUSED
        track_codes = [code for code in put if len(code) <= 32][:12]
        codes: dict[str, JSON] = {"asked": list(track_codes)}
        done = await self._step(actor, id, Event(act, part), check, codes=codes)
        self._writing.forget(done.sitting)
        return done

    async def unite(self, actor: Person, id: str) -> File:
        """All required persons are there at once, on record (unity of session)."""
        return await self._step(actor, id, Event(Act.UNITE))

    async def read(self, actor: Person, id: str, items: Iterable[str]) -> File:
        """Status, impediments one by one, dower and conditions were read aloud."""
        wanted = {"status", "impediments", "conditions"} | (
            {"dower"} if await self._has_dower(actor, id) else set()
        )
        if wanted - set(items):
            raise Refusal(
                "marriage.not_read", N_("Read every part aloud first, then say so for the record.")
            )
        return await self._step(actor, id, Event(Act.READ_ALOUD))

    async def _has_dower(self, actor: Person, id: str) -> bool:
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
        return "R-MR-13" in track_of(self._core, one).gates

    # --- offer and acceptance --------------------------------------------------------------------

    async def utter(self, actor: Person, id: str, act: Act, form: str, words: str = "") -> File:
        """The offer or the acceptance. The officiant stamps what was spoken or signed; who is mute
        writes it in person (28/2005 Art 41: writing, then intelligible signs).

        Raises Refusal `marriage.cannot_be_heard` while the microphone of the speaker is closed,
        `marriage.no_signs` without an interpreter of signs in the hearing.
        """
        if act not in (Act.OFFER, Act.ACCEPT) or form not in FORMS:
            raise BadInput("marriage.form", N_("Choose how it is uttered."), field="form")
        said = clean(words, WORDS_MOST, field="words")
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.see")
        if one.majlis is None:
            raise Refusal("marriage.not_open", N_("The sitting of this marriage is not open."))
        speaker = one.majlis.offeror if act is Act.OFFER else one.majlis.acceptor
        if form == "written":
            if one.part_of(actor.id) is not speaker:
                raise not_yours()
            if not said:
                raise BadInput("marriage.words", N_("Write the words."), field="words")

        def check(scene: Scene) -> None:
            seat = scene.seat(speaker)
            if form == "spoken" and seat in scene.sight.hearing - scene.sight.microphones:
                raise Refusal(
                    "marriage.cannot_be_heard",
                    N_("The microphone of who speaks is closed. Open it, or let it be written."),
                )
            if form == "signed" and not _signs(scene):
                raise Refusal(
                    "marriage.no_signs",
                    N_("Nobody here interprets signs. Call the interpreter, or let it be written."),
                )

        action = "marriage.own_step" if form == "written" else "marriage.conduct"
        texts = {"text": said} if said else {}
        event = Event(act, speaker, form)
        return await self._step(actor, id, event, check, action=action, texts=texts)

    async def heard(self, actor: Person, id: str) -> File:
        """A witness confirms to have heard and understood offer and acceptance."""
        return await self._own(actor, id, Act.HEARD)

    async def cannot_hear(self, actor: Person, id: str) -> File:
        """Somebody says to have heard nothing: the pair is void."""
        return await self._own(actor, id, Act.CANNOT_HEAR)

    async def _own(self, actor: Person, id: str, act: Act) -> File:
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.own_step")
        part = one.part_of(actor.id)
        if part is None:
            raise not_yours()
        return await self._step(actor, id, Event(act, part), action="marriage.own_step")

    # --- interruptions ---------------------------------------------------------------------------

    async def suspend(self, actor: Person, id: str, words: str) -> File:
        """It cannot go on at this moment; an open offer is void."""
        said = clean(words, WORDS_MOST, field="words")
        if not said:
            raise BadInput("reason.missing", N_("Write the reason."), field="words")
        return await self._step(actor, id, Event(Act.SUSPEND), texts={"text": said})

    async def resume(self, actor: Person, id: str) -> File:
        """It goes on where it was; an offer is uttered again."""
        return await self._step(actor, id, Event(Act.RESUME))

    # --- inside ----------------------------------------------------------------------------------

    async def scene(self, actor: Person, sitting: str) -> tuple[File, Scene | None]:
        """The marriage of a sitting, for whoever may see it. Raises NotFound."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.of_sitting(session, actor, sitting)
            try:
                return one, await take(session, self._live, one)
            except Refusal:
                return one, None

    async def look(self, one: File) -> None:
        """Bring the majlis up to what the room shows now."""
        await self._watching.settled()
        sight = self._live.sight(one.sitting) if one.sitting else None
        if sight is not None:
            await self._officiating.seen(sight)

    async def _step(
        self,
        actor: Person,
        id: str,
        event: Event,
        check: Check | None = None,
        *,
        action: str = "marriage.conduct",
        codes: Mapping[str, JSON] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> File:
        async with self._core.database.unit(write=False) as session:
            before = await self._core.load(session, actor, id, action)
        if before.state is not FileState.IN_SESSION:
            raise Refusal("marriage.not_open", N_("The sitting of this marriage is not open."))
        await self.look(before)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, action)
            scene = await take(session, self._live, one)
            devices = check(scene) if check else None
            done = await self._officiating.happen(
                session, one, (event,), actor.id, codes=codes, texts=texts, devices=devices
            )
        await self._live.nudge(done.sitting)
        return done


def _interpreted(scene: Scene, part: Part) -> bool:
    """Whoever is interpreted has the interpreter in the same room."""
    by = scene.one.majlis.helped.get(part) if scene.one.majlis else None
    if by is None:
        return True
    two = {scene.seat(part), scene.seat(by)}
    return two <= scene.sight.hearing or any(two <= room for room in scene.sight.private)


def _signs(scene: Scene) -> bool:
    return any(
        seat.role is SeatRole.INTERPRETER
        and SIGN in seat.languages
        and seat.id in scene.sight.hearing
        for seat in scene.sitting.seats
    )


def _not_here() -> Refusal:
    return Refusal(
        "marriage.not_in_room", N_("This person is not in the live room now. Wait, or call them.")
    )
