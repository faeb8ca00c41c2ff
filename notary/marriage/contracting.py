"""The contract's document and its signatures, in the sitting and in the track's order.

The signing keeps the truth of who signed; the majlis follows it. A signature is begun only when the
majlis would take it, and one that was made while somebody dropped out counts when all are back.
"""

from dataclasses import dataclass

from auth.person import Person
from auth.session import Login
from errors import N_, Refusal
from notary.documents.codes import new_code
from notary.marriage import papers, store
from notary.marriage.application import Part
from notary.marriage.conducting import Conducting
from notary.marriage.core import Core
from notary.marriage.desk import Desk
from notary.marriage.file import File
from notary.marriage.majlis import Act, Event, Stage, after
from notary.marriage.officiating import Officiating, track_of
from notary.marriage.ports import Live
from notary.marriage.workflow import FileState
from notary.signing.ceremony import Signer, Sort
from notary.signing.desk import Signed


@dataclass(frozen=True, slots=True)
class Turn:
    """How far the signing is. `next` is None when nobody signs now."""

    signed: tuple[Part, ...]
    next: Part | None
    digest: str


class Contracting:
    """One per process."""

    def __init__(
        self,
        core: Core,
        officiating: Officiating,
        conducting: Conducting,
        desk: Desk,
        live: Live,
        address: str,
    ) -> None:
        self._core = core
        self._officiating = officiating
        self._conducting = conducting
        self._desk = desk
        self._live = live
        self._address = address

    async def begin(self, actor: Person, id: str) -> File:
        """Offer, acceptance and confirmation stand: print the contract and open its signing.

        Raises Refusal `marriage.wrong_stage`, `marriage.signing_open`.
        """
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
        await self._conducting.look(one)
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
        self._takes(one, one.majlis.signers[0] if one.majlis else Part.GROOM)
        if one.ceremony:
            raise Refusal("marriage.signing_open", N_("The contract is being signed already."))
        code = one.code or new_code()
        number = one.number or one.reference
        data, signers = self._printed(one, code, number)
        made = await self._desk.prepare(
            actor, one.id, "marriage_contract", data, signers, self._core.clock()
        )
        async with self._core.database.unit() as session:
            now = await self._core.load(session, actor, id, "marriage.conduct")
            if now.contracted_at != one.contracted_at or now.ceremony:
                raise store.changed()
            kept = await self._core.keep(session, now, ceremony=made, code=code, number=number)
            await self._core.write(session, kept, "signing", actor.id, codes={"ceremony": made})
        await self._live.nudge(kept.sitting)
        return kept

    def _takes(self, one: File, part: Part) -> None:
        """Whether the majlis would take this part's signature now. Raises Refusal."""
        if one.state is not FileState.IN_SESSION or one.majlis is None:
            raise Refusal("marriage.not_open", N_("The sitting of this marriage is not open."))
        after(one.majlis, Event(Act.SIGN, part))

    def _printed(self, one: File, code: str, number: str) -> tuple[dict[str, object], list[Signer]]:
        assert one.majlis is not None  # noqa: S101
        assert one.contracted_at is not None  # noqa: S101
        track = track_of(self._core, one)
        done = concluded(self._core, one, code, number, f"{self._address}/verify/{code}")
        signers = []
        for place, part in enumerate(one.majlis.signers, 1):
            person = one.application.person(part)
            title = papers.title(part, track)
            sort = Sort.OFFICIANT if part is Part.OFFICIANT else Sort.PARTY
            name_ar, name_en = person.name_ar or person.name_en, person.name_en or person.name_ar
            signers.append(
                Signer(
                    f"S{place}", one.seats[part], sort, name_ar, name_en, title["ar"], title["en"]
                )
            )
        return papers.contract(one.application, track, done), signers

    async def turn(self, one: File) -> Turn:
        """How far the signing of a file is."""
        if not one.ceremony or one.majlis is None:
            return Turn((), None, "")
        state = await self._desk.state(one.id, one.ceremony)
        done = one.majlis.signers[: len(state.done)]
        waiting = one.majlis.signers[len(done) :]
        running = one.state is FileState.IN_SESSION and one.majlis.stage is Stage.CONFIRMED
        return Turn(done, waiting[0] if waiting and running else None, state.digest)

    async def sign(self, login: Login, id: str, token: str) -> File:
        """One's own signature: at one's turn, with all required persons there, on record, by a
        step-up bound to the very file.

        Raises Refusal `marriage.not_your_turn`, `marriage.no_unity`, `signing.*`,
        `policy.confirmation_needed`.
        """
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "marriage.sign")
        await self._conducting.look(one)
        one = await self.follow(id)
        part = one.part_of(login.person.id)
        if part is None or not one.ceremony:
            raise Refusal("marriage.not_signing", N_("There is nothing to sign at this moment."))
        self._takes(one, part)
        await self._desk.sign(login, one.ceremony, token)
        done = await self.follow(id)
        await self._live.nudge(one.sitting)
        return done

    async def follow(self, id: str) -> File:
        """Tell the majlis of signatures that were made; what it does not take now (somebody is
        away) it takes at the next look."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.known(session, id)
        if one.state is not FileState.IN_SESSION or one.majlis is None or not one.ceremony:
            return one
        state = await self._desk.state(one.id, one.ceremony)
        for part in one.majlis.signers[len(one.majlis.signed) : len(state.done)]:
            try:
                one = await self._follow(id, part, state)
            except Refusal:
                break
        return one

    async def _follow(self, id: str, part: Part, state: Signed) -> File:
        async with self._core.database.unit() as session:
            one = await self._core.known(session, id)
            by = one.seats.get(part, "")
            return await self._officiating.signed(session, one, part, by, self._core.clock())

    async def break_off(self, actor: Person, id: str, reason: str) -> File:
        """No contract today; a document that was begun is withdrawn."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
        done = await self._officiating.break_off(actor, id, reason)
        if one.ceremony:
            await self._desk.abandon(actor, one.ceremony, "broken_off")
        await self._live.nudge(one.sitting)
        return done

    async def document(self, actor: Person, id: str) -> bytes:
        """The contract as it is now, for those of the file and the court."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.see")
        if not one.ceremony:
            raise Refusal("marriage.no_document", N_("There is no document yet."), status=404)
        return await self._desk.document(one.id, one.ceremony)


def concluded(core: Core, one: File, code: str, number: str, address: str) -> papers.Concluded:
    """What the sitting adds to the application. Raises ValueError before the acceptance."""
    if one.majlis is None or one.contracted_at is None:
        raise ValueError("nothing was concluded")
    officiant = one.application.person(Part.OFFICIANT)
    return papers.Concluded(
        number=number,
        court=papers.court(one.application.court, track_of(core, one)),
        zone=core.zone,
        at=one.contracted_at,
        offeror=one.majlis.offeror,
        restarts=one.majlis.restarts,
        officiant_licence=officiant.number if officiant.document == "licence" else "",
        signers=one.majlis.signers,
        code=code,
        address=address,
    )
