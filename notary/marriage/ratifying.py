"""Use cases of the court after the contract: ratify, return, refuse, certificate, copies, notes.

Only a contract that stands is ratified: unity of session, both consents, every required person and
the whole order of signatures are looked at again, in the file and in the signed document. The
register is the marriage's own (`marriage_register`): gapless for each court and year, only inserted
(Min. Res. 761/2016 Art 16; law.md 2.2 steps 12-13).
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy
from auth import store as accounts
from auth.person import Person
from auth.session import Login
from database import lock
from errors import N_, BadInput, Refusal
from notary.deeds.text import clean
from notary.marriage import papers, store
from notary.marriage.contracting import concluded
from notary.marriage.core import REASON_MOST, Core
from notary.marriage.desk import Desk, signed_once
from notary.marriage.file import File
from notary.marriage.majlis import Stage
from notary.marriage.officiating import track_of
from notary.marriage.workflow import FileState, Move
from notary.signing.ceremony import Signer, Sort
from notary.signing.desk import Signed

QUEUE = (FileState.CONTRACTED, FileState.RATIFIED, FileState.CERTIFIED)
"""What waits for judge or clerk after the sitting."""
ISSUED = (FileState.CERTIFIED, FileState.DELIVERED)
NOTES = {"correction": "corrected", "divorce": "divorced", "annulment": "annulled"}
"""Note in the register to what the public page says from then on."""
ENDED = frozenset({"divorced", "annulled"})


class Ratifying:
    """One per process."""

    def __init__(self, core: Core, desk: Desk, address: str) -> None:
        self._core = core
        self._desk = desk
        self._address = address

    async def queue(self, actor: Person) -> list[File]:
        """Contracts that wait for the court, the longest waiting first."""
        policy.require(actor, "marriage.queue")
        async with self._core.database.unit(write=False) as session:
            return await store.in_states(session, self._core.secret, QUEUE)

    # --- the judge -------------------------------------------------------------------------------

    async def ratify(self, login: Login, id: str, token: str) -> File:
        """The court ratifies: the marriage gets its register number, and the certificate waits for
        the judge's signature.

        Raises Refusal `marriage.not_sound` unless everything that makes a contract stands,
        `policy.confirmation_needed` bound to the contract's hash.
        """
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "marriage.ratify")
        self._in(one, FileState.CONTRACTED)
        signed = await self._sound(one)
        async with self._core.database.unit() as session:
            await lock(session, "marriage.register")
            one = await self._core.load(session, login.person, id, "marriage.ratify")
            await self._core.confirmed(
                session, login, one, "marriage.ratify", token, contract=signed.digest
            )
            now = self._core.clock()
            entry = await enter(self._core, session, one, "marriage", "", login.person, now, "")
            codes: dict[str, JSON] = {"register": entry.number, "contract": signed.digest}
            one = await self._core.move(
                session,
                one,
                Move.RATIFY,
                login.person.id,
                codes=codes,
                register=entry.number,
                judge=login.person.id,
                ratified_at=now,
                standing="stands",
            )
        return await self.print_certificate(login.person, id)

    async def _sound(self, one: File) -> Signed:
        """The signed contract. Raises Refusal `marriage.not_sound`."""
        majlis = one.majlis
        stands = (
            majlis is not None
            and majlis.stage is Stage.SIGNED
            and majlis.signed == majlis.signers
            and all(majlis.consents.get(part) for part in majlis.consenting)
            and majlis.verified >= set(majlis.required)
            and majlis.sworn >= set(majlis.helped.values())
            and one.contracted_at is not None
            and bool(one.ceremony)
        )
        state = await self._desk.state(one.id, one.ceremony) if stands else None
        if majlis is None or state is None or not state.sealed:
            raise _not_sound()
        if state.done != tuple(f"S{place}" for place in range(1, len(majlis.signers) + 1)):
            raise _not_sound()
        return state

    async def print_certificate(self, actor: Person, id: str) -> File:
        """Print the certificate and open its signing, where that was not done or failed."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.ratify")
            judge = await accounts.get_account(session, one.judge)
        if one.state is not FileState.RATIFIED or one.certificate or judge is None:
            return one
        if judge.id != actor.id:
            raise Refusal("marriage.other_judge", N_("The judge who ratified it signs it."))
        address = f"{self._address}/verify/{one.code}"
        done = concluded(self._core, one, one.code, one.number, address)
        done = papers.ratified(done, one.register, named(judge), one.ratified_at)
        data = papers.certificate(one.application, track_of(self._core, one), done)
        signers = signing(judge, papers.JUDGE, done.court)
        made = await self._desk.prepare(
            actor, one.id, "marriage_certificate", data, signers, self._core.clock()
        )
        async with self._core.database.unit() as session:
            now = await self._core.load(session, actor, id, "marriage.ratify")
            kept = await self._core.keep(session, now, certificate=made)
            codes: dict[str, JSON] = {"ceremony": made}
            await self._core.write(session, kept, "certificate", actor.id, codes=codes)
        return kept

    async def issue(self, login: Login, id: str, token: str) -> File:
        """The judge signs the certificate and the court's seal follows. Repeated after a fault, it
        goes on where it was. Raises Refusal `marriage.no_document`, `policy.confirmation_needed`
        bound to the certificate's hash."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "marriage.ratify")
        self._in(one, FileState.RATIFIED)
        if not one.certificate:
            one = await self.print_certificate(login.person, id)
        state = await signed_once(self._desk, login, one.id, one.certificate, token)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, login.person, id, "marriage.ratify")
            codes: dict[str, JSON] = {"sha256": state.digest, "register": one.register}
            return await self._core.move(session, one, Move.ISSUE, login.person.id, codes=codes)

    async def give_back(self, actor: Person, id: str, reason: str) -> File:
        """The court returns it: the contract has no effect and another sitting is booked."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.return")
            return await self._core.move(
                session,
                one,
                Move.RETURN_CONTRACT,
                actor.id,
                reason=reason,
                codes={"ceremony": one.ceremony},
                majlis=None,
                devices={},
                ceremony="",
                number="",
                code="",
                contracted_at=None,
                starts_at=None,
                sitting="",
            )

    async def reject(self, login: Login, id: str, reason: str, token: str) -> File:
        """The court refuses to ratify, with reasons. No marriage came about."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, login.person, id, "marriage.reject")
            self._in(one, FileState.CONTRACTED)
            words = " ".join(reason.split())
            await self._core.confirmed(session, login, one, "marriage.reject", token, reason=words)
            return await self._core.move(
                session, one, Move.REFUSE_CONTRACT, login.person.id, reason=words
            )

    # --- the register ----------------------------------------------------------------------------

    async def note(self, login: Login, id: str, kind: str, words: str, token: str) -> File:
        """A correction, a divorce or an annulment: an entry of its own that points at the marriage
        and changes what the public page says. Nothing in the register is changed.

        Raises Refusal `marriage.ended` where the marriage has ended already.
        """
        said = clean(words, REASON_MOST, lines=True, field="words")
        if kind not in NOTES:
            raise BadInput("marriage.note", N_("Choose what is noted."), field="kind")
        if len(said) < 3:
            raise BadInput("marriage.reason", N_("Give the reason in a few words."), field="words")
        async with self._core.database.unit() as session:
            await lock(session, "marriage.register")
            one = await self._core.load(session, login.person, id, "marriage.note")
            self._in(one, *ISSUED)
            not_ended(one)
            await self._core.confirmed(
                session, login, one, "marriage.note", token, kind=kind, words=said
            )
            now = self._core.clock()
            entry = await enter(
                self._core, session, one, kind, one.register, login.person, now, said
            )
            kept = await self._core.keep(session, one, standing=NOTES[kind])
            codes: dict[str, JSON] = {"register": entry.number, "about": one.register, "kind": kind}
            await self._core.write(
                session, kept, "noted", login.person.id, codes=codes, texts={"words": said}
            )
        return kept

    async def entries(self, actor: Person, id: str) -> list[store.Entry]:
        """The marriage and its notes in the register, for who sees the file."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.see")
            return await store.entries(session, one.id)

    # --- certificate and copies ------------------------------------------------------------------

    async def deliver(self, actor: Person, id: str) -> File:
        """The certificate was handed out, or given to the courier."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.deliver")
            codes: dict[str, JSON] = {"way": one.delivery}
            return await self._core.move(session, one, Move.DELIVER, actor.id, codes=codes)

    async def copy(self, actor: Person, id: str) -> tuple[str, bytes]:
        """A certified copy of the certificate, counted in the history: number and PDF."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.copy")
        if one.state not in ISSUED:
            raise Refusal(
                "marriage.not_issued",
                N_("There is no certificate yet. The page shows what comes first."),
            )
        state = await self._desk.state(one.id, one.certificate)
        pdf = await self._desk.document(one.id, one.certificate)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.copy")
            codes: dict[str, JSON] = {"sha256": state.digest, "register": one.register}
            await self._core.write(session, one, "copied", actor.id, codes=codes)
        return one.register, pdf

    def _in(self, one: File, *states: FileState) -> None:
        if one.state not in states:
            raise Refusal(
                "marriage.wrong_state",
                N_("That is not possible at this point of the application. "
                   "The page shows what is."),
            )  # fmt: skip


async def enter(
    core: Core,
    session: AsyncSession,
    one: File,
    kind: str,
    about: str,
    by: Person,
    now: datetime,
    words: str,
) -> store.Entry:
    """The next entry of the court's year. The unit holds the register's lock."""
    year = now.astimezone(ZoneInfo(core.zone)).year
    court = one.application.court or "AE"
    serial = await store.next_serial(session, court, year)
    entry = store.Entry(court, year, serial, kind, one.id, about, now, by.id)
    await store.add_entry(session, core.secret, entry, words)
    return entry


def named(person: Person) -> papers.Both:
    """An officer's name as documents print it."""
    return {"ar": person.name_ar or person.name_en, "en": person.name_en or person.name_ar}


def signing(judge: Person, title: papers.Both, court: papers.Both) -> Sequence[Signer]:
    """Who signs a certificate: the judge, then the court's seal."""
    name, seal = named(judge), papers.SEAL
    return (
        Signer("Judge", judge.id, Sort.JUDGE, name["ar"], name["en"], title["ar"], title["en"]),
        Signer("Seal", "", Sort.SEAL, court["ar"], court["en"], seal["ar"], seal["en"]),
    )


def not_ended(one: File) -> None:
    """Raises Refusal `marriage.ended`."""
    if one.standing in ENDED:
        raise Refusal(
            "marriage.ended", N_("The register says that this marriage has ended already.")
        )


def _not_sound() -> Refusal:
    return Refusal(
        "marriage.not_sound",
        N_("This contract does not stand: unity, consents or signatures are missing. Return it."),
    )
