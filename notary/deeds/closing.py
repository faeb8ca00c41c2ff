"""From consent to the delivered deed: number, document, signatures, seal, register, copies.

The register's number is given when the text is fixed for signing, because the deed carries it. What
comes of it is noted in the margin. A process that dies between the seal and its note finds the
sealed document at the next start and goes on (`recover`).
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth.person import Person
from auth.service import new_id
from auth.session import Login
from errors import N_, NotFound, Refusal
from notary.deeds import journal, printed, store
from notary.deeds.act import Act
from notary.deeds.auditing import Auditing
from notary.deeds.conduct import Conduct, Stage, check_conducts, conducts
from notary.deeds.core import Core, context
from notary.deeds.party import Party
from notary.deeds.ports import Ceremonies
from notary.deeds.request import Request
from notary.deeds.state import State, Step
from notary.documents.codes import new_code
from notary.register.entry import Note, Standing
from notary.register.service import Listed, Register
from notary.signing.desk import Signed
from recordings.papers.files import Papers

_logger = structlog.get_logger(__name__)

Tell = Callable[[Request, str], Awaitable[None]]
"""Tells the people of a request what happened: the outbox."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How far the signing is, and whose turn it is. `next` is empty when the notary's turn is."""

    signed: tuple[str, ...]
    next: str
    digest: str
    all_signed: bool
    sealed: bool


class Closing:
    """One per process."""

    def __init__(
        self,
        core: Core,
        conduct: Conduct,
        register: Register,
        ceremonies: Ceremonies,
        papers: Papers,
        tell: Tell,
        address: str,
        auditing: Auditing,
    ) -> None:
        self._core = core
        self._auditing = auditing
        self._conduct = conduct
        self._register = register
        self._ceremonies = ceremonies
        self._papers = papers
        self._tell = tell
        self._address = address
        conduct.abandon, conduct.sealed = self._abandoned, self._is_sealed
        core.on_end.append(self._not_completed)

    # --- to the signing --------------------------------------------------------------------------

    async def begin_signing(self, actor: Person, id: str) -> Request:
        """Everybody has consented: give the number, print the deed, open the signing."""
        async with self._core.database.unit() as session:
            stage = await self._conduct.ready_to_sign(session, actor, id)
            one = stage.request
            entered = await self._number(session, one, actor)
            code: dict[str, JSON] = {"consented": True, "register": entered}
            moved = await self._core.move(
                session, one, Step.CONSENTED, actor.id, codes=code, deed=entered
            )
        return await self._prepare(moved, stage, actor)

    async def _number(self, session: AsyncSession, one: Request, actor: Person) -> str:
        """The number of a text that was given up for another one stays the deed's."""
        if one.deed:
            return one.deed
        act = self._core.act(one)
        people = [
            (name, each.identity_number)
            for each in one.content.parties
            for name in (each.name_ar, each.name_en)
        ]
        content = {
            "title_ar": act.title_ar,
            "title_en": act.title_en,
            "people": people,
            "parties": [[each.role, each.name_ar, each.name_en] for each in one.content.parties],
        }
        made = await self._register.enter(
            session,
            act=one.act,
            request=one.id,
            notary=actor.id,
            content=content,
            people=people,
        )
        return made.name

    async def _prepare(self, one: Request, stage: Stage, actor: Person) -> Request:
        signers = [
            *(printed.signer_of(each) for each in one.signers(stage.act)),
            printed.notary_signer(actor.id, actor.name_ar, actor.name_en),
        ]
        now = self._core.clock()
        code = one.code or new_code()
        assert one.content.text is not None  # noqa: S101
        data = printed.data(
            one,
            stage.act,
            one.content.text,
            signers,
            register=one.deed,
            code=code,
            address=f"{self._address}/verify/{code}",
            moments=printed.moments_of(now, self._core.zone),
        )
        ceremony = await self._ceremonies.prepare(actor, one.id, data, signers, now)
        async with self._core.database.unit() as session:
            current = await self._core.load(session, actor, one.id, "deed.conduct")
            kept = await self._core.keep(session, current, ceremony=ceremony, code=code)
        return await self._conduct.told(kept)

    async def turn(self, actor: Person, id: str) -> Turn:
        """How far the signing is, for whoever sees the request."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id)
        return await self._turn(one)

    async def _turn(self, one: Request) -> Turn:
        if not one.ceremony:
            return Turn((), "", "", False, False)
        state = await self._ceremonies.state(one.id, one.ceremony)
        order = [f"party_{each.key}" for each in one.signers(self._core.act(one))]
        waiting = [field for field in order if field not in state.done]
        return Turn(
            state.done,
            waiting[0].removeprefix("party_") if waiting else "",
            state.digest,
            not waiting,
            state.sealed,
        )

    async def sign(self, login: Login, id: str, token: str) -> Turn:
        """The next signature, by the person whose turn it is, in the session and on record."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "deed.sign")
            party = one.party_of(login.person.id)
            await self._conduct.signing_stage(session, one, party)
        await self._ceremonies.sign(login, one.ceremony, token)
        signed = await self._ceremonies.state(one.id, one.ceremony)
        await self._signed(one, party, login, signed)
        return await self._turn(one)

    async def _signed(
        self, one: Request, party: Party | None, login: Login, signed: Signed
    ) -> None:
        key = party.key if party else "notary"
        async with self._core.database.unit() as session:
            current = await store.get(session, self._core.secret, one.id)
            if current is not None:
                codes: dict[str, JSON] = {"key": key, "sha256": signed.digest}
                await self._core.write(session, current, "signed", login.person.id, codes=codes)
                await self._conduct.note_signature(session, current, party)
        turn = await self._turn(one)
        await self._conduct.told(one, all_signed=turn.all_signed)

    async def seal(self, login: Login, id: str, token: str) -> Request:
        """The notary signs and seals after everybody else; the deed is registered and delivered.

        Raises Refusal `deed.not_all_signed`. Repeated after a fault, it goes on where it was.
        """
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "deed.seal")
            check_conducts(one, login.person)
            await self._conduct.signing_stage(session, one, None)
        turn = await self._turn(one)
        if not turn.all_signed:
            raise Refusal(
                "deed.not_all_signed", N_("The notary signs last. Wait until everybody has signed.")
            )
        if not turn.sealed:
            await self._ceremonies.close(login, one.ceremony, token)
        return await self._registered(one.id, login.person.id)

    async def _registered(self, id: str, by: str) -> Request:
        """Sealed: note it in the register, keep the document, deliver."""
        async with self._core.database.unit(write=False) as session:
            one = await store.get(session, self._core.secret, id)
        if one is None:
            raise NotFound("deed.unknown")
        pdf = await self._ceremonies.document(one.id, one.ceremony)
        sha256 = hashlib.sha256(pdf).hexdigest()
        file = f"deed{new_id()[:20]}"
        key = await asyncio.to_thread(self._papers.write, one.id, file, pdf)
        act = self._core.act(one)
        async with self._core.database.unit() as session:
            one = await store.get(session, self._core.secret, id)
            assert one is not None  # noqa: S101
            codes: dict[str, JSON] = {"register": one.deed, "sha256": sha256}
            found = await self._register.find(session, one.deed)
            assert found is not None  # noqa: S101
            one = await self._core.move(session, one, Step.SEAL, by, codes=codes)
            await self._register.note(session, found.entry, Note.COMPLETED, by, sha256=sha256)
            await self._conduct.note_seal(session, one)
            await self._revoke(session, one, act, by)
            await store.add_file(
                session,
                store.File(
                    file, one.id, "deed", self._core.secret.seal("deed-file", file, "deed.pdf"),
                    "pdf", len(pdf), 1, sha256, key, self._core.clock(), by,
                ),
            )  # fmt: skip
            one = await self._core.move(session, one, Step.REGISTER, by, codes=codes)
            await journal.write(session, self._core, one, act, conducts(one))
            if one.paid or one.waived:
                one = await self._core.move(session, one, Step.DELIVER, by)
        await self._conduct.told(one)
        await self._tell(one, "delivered" if one.state is State.DELIVERED else "fee_due")
        return one

    async def _revoke(self, session: AsyncSession, one: Request, act: Act, by: str) -> None:
        """An act that revokes another notes it there, if it was this principal's and stands."""
        if not act.revokes:
            return
        named = str(one.content.values.get(act.revokes, ""))
        found = await self._register.find(session, named)
        if found is None or found.standing is not Standing.STANDS:
            return
        if await self._auditing.own(session, one, act, found):
            await self._register.note(session, found.entry, Note.REVOKED, by, refers_to=one.deed)

    async def deliver(self, id: str, by: str) -> Request:
        """After a fee that came last was paid."""
        async with self._core.database.unit() as session:
            one = await store.get(session, self._core.secret, id)
            if one is None:
                raise NotFound("deed.unknown")
            if one.state is State.REGISTERED and (one.paid or one.waived):
                one = await self._core.move(session, one, Step.DELIVER, by)
        await self._tell(one, "delivered")
        return one

    async def recover(self) -> int:
        """At the start: what was sealed and not yet registered, and what was numbered and not yet
        prepared. Returns how many were gone on with."""
        async with self._core.database.unit(write=False) as session:
            open_ones = await store.in_states(
                session, self._core.secret, (State.PARTIES_SIGNING,), most=10_000
            )
        count = 0
        for one in open_ones:
            try:
                if one.ceremony and (await self._turn(one)).sealed:
                    await self._registered(one.id, conducts(one))
                    count += 1
            except Refusal as refusal:
                _logger.error("deeds.not_recovered", request=one.id, code=refusal.code)
        return count

    async def prepare_again(self, actor: Person, id: str) -> Request:
        """Open the signing where the process died before it was open."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.conduct")
            check_conducts(one, actor)
            stage = await self._conduct.surround(session, one)
        if one.state is not State.PARTIES_SIGNING or one.ceremony:
            return one
        return await self._prepare(one, stage, actor)

    async def _is_sealed(self, one: Request) -> bool:
        return (await self._ceremonies.state(one.id, one.ceremony)).sealed

    async def _abandoned(self, notary: Person, ceremony: str, reason: str) -> None:
        try:
            await self._ceremonies.abandon(notary, ceremony, reason)
        except Refusal as refusal:  # it is over already
            _logger.warning("deeds.not_withdrawn", ceremony=ceremony, code=refusal.code)

    async def _not_completed(self, session: AsyncSession, one: Request, by: str) -> None:
        """A request has ended: the register notes that its number is no deed, and why."""
        found = await self._register.find(session, one.deed) if one.deed else None
        if found is not None and found.standing is Standing.PENDING:
            await self._register.note(
                session, found.entry, Note.NOT_COMPLETED, by, refers_to=one.state.value
            )

    # --- copies ----------------------------------------------------------------------------------

    async def document(self, actor: Person, id: str) -> bytes:
        """The deed as it is now, for those who sign it. Raises Refusal `deed.no_document`."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id)
        if not one.ceremony:
            raise Refusal("deed.no_document", N_("There is no document yet."), status=404)
        return await self._ceremonies.document(one.id, one.ceremony)

    async def copy(self, actor: Person, id: str, *, order: str = "") -> tuple[str, bytes]:
        """A certified copy: register number and the signed document. Parties fetch it; others by
        the director's written order (R-NT-15). Each is noted in the margin."""
        order = order.strip()[:80]
        async with self._core.database.unit() as session:
            one, found = await self.delivered(session, actor, id, order)
            file = next(
                each
                for each in reversed(await store.files(session, one.id))
                if each.attachment == "deed"
            )
            what = Note.CERTIFIED_COPY
            await self._register.note(
                session, found.entry, what, actor.id, refers_to=order, sha256=file.sha256
            )
            codes: dict[str, JSON] = {"copy": what.value, "sha256": file.sha256}
            await self._core.write(session, one, "copied", actor.id, codes=codes)
        data = await asyncio.to_thread(self._papers.read, one.id, file.id, file.key)
        return one.deed, data

    async def delivered(
        self, session: AsyncSession, actor: Person, id: str, order: str
    ) -> tuple[Request, Listed]:
        """A deed that may be handed out to this person, and its entry. Raises Refusal
        `deed.order_needed`, `deed.not_delivered`."""
        action = "deed.order_copy" if order else "deed.copy"
        one = await self._core.load(session, actor, id, action)
        if not order and not context(actor, one).is_deed_party:
            raise Refusal(
                "deed.order_needed",
                N_("A copy for others needs the reference of a written order."),
                status=403,
            )
        if one.state is not State.DELIVERED:
            raise Refusal("deed.not_delivered", N_("The deed is handed out when its fee is paid."))
        found = await self._register.find(session, one.deed)
        assert found is not None  # noqa: S101
        return one, found
