"""Use cases of a ceremony: prepare, sign, close and seal, withdraw, renew.

A signature is three steps. *Intent*, one unit of work: whose turn it is, the policy, the signer's
own confirmation of this very file (used up here), the claim on the place, leaf `sign.intent`.
*Making*, in worker processes: nothing is stored meanwhile. *Applied*, one unit: the claim is still
ours, the certificate was not revoked, the revision and leaf `sign.applied`. Whatever happens
between leaves the document as it was, and the claim is given back.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy, stepup
from auth.assurance import Level
from auth.person import Person
from auth.policy import Context
from auth.secret import Secret
from auth.session import Login
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound
from notary.documents.render import Documents, Rendered
from notary.signing import appearance, ceremony, files, store
from notary.signing.backend import BUILT_IN, Backend, BuiltIn, Order, Waiting
from notary.signing.ceremony import Ceremony, Signer, Sort
from notary.signing.engine import Engine, Job, Signed
from notary.signing.errors import SigningFailed, refusal
from recordings.keys import KeyStore, new_key

SIGN, CLOSE = "signing.sign", "signing.close"
RENEW_AFTER: timedelta = timedelta(days=365)
T = TypeVar("T")

_logger = structlog.get_logger(__name__)


class Confirms(Protocol):
    """What is needed of `auth.stepup.StepUp`."""

    async def require(
        self, session: AsyncSession, login: Login, act: str, object: str, bound: str, token: str,
        at: Context,
    ) -> Level: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """The back-end that a signer uses and the signer's account there."""

    backend: str = BUILT_IN
    account: str = ""
    back: str = ""


@dataclass(slots=True)
class Ceremonies:
    """One per process."""

    database: Database
    log: AuditLog
    engine: Engine
    documents: Documents
    confirms: Confirms
    keys: KeyStore
    clock: Clock
    zone: str
    secret: Secret = field(repr=False)
    """For pseudonyms in certificates: they tell one signer from another, and not who it is."""
    backends: Mapping[str, Backend] = field(default_factory=dict)

    # --- the document --------------------------------------------------------------------------

    async def prepare(
        self, person: Person, subject: str, document: Rendered, signers: Sequence[Signer]
    ) -> Ceremony:
        """Freeze the document, with an empty field for each signer in their order.

        `signers` name boxes of the document. Only the notary among them may. Raises Refusal.
        """
        id = secrets.token_hex(16)
        drafted = ceremony.begin(id, subject, signers, "", self.clock())
        policy.require(person, "signing.prepare", _at(drafted, person, closes=True))
        return await self._frozen(id, subject, document, signers)

    async def issue(self, subject: str, document: Rendered, seal: Signer) -> Ceremony:
        """A paper of the office under its seal alone: an extract, an executory copy. For other
        use cases, which ask the policy themselves. Raises Refusal; then it was not issued."""
        made = await self._frozen(secrets.token_hex(16), subject, document, (seal,))
        return await self._seal(made)

    async def _frozen(
        self, id: str, subject: str, document: Rendered, signers: Sequence[Signer]
    ) -> Ceremony:
        boxes = {one.name: one for one in document.boxes}
        now = self.clock()
        places = [boxes[one.field] for one in signers]
        labels = [f"{one.capacity_ar} - {one.capacity_en}: {one.name_ar}" for one in signers]
        pdf = await self._made(self.engine.add_fields(document.pdf, places, labels))
        digest = await asyncio.to_thread(_sha256, pdf)
        made = ceremony.begin(id, subject, signers, digest, now)
        key = new_key()
        wrapped = await asyncio.to_thread(self.keys.wrap, key)
        sealed = await asyncio.to_thread(files.seal, pdf, key, id, 0)
        async with self.database.unit() as session:
            await store.add_ceremony(session, made, places, wrapped)
            await store.add_revision(session, store.Revision(id, 0, now, digest, 0), sealed)
            leaf: dict[str, JSON] = {
                "ceremony": id,
                "sha256": digest,
                "signers": [{"place": i, "sort": s.sort.value} for i, s in enumerate(signers)],
            }
            index = await self.log.append(session, "doc.rendered", leaf, subject=subject)
        await self.log.wait_covered(index)
        return made

    async def see(self, person: Person, id: str) -> Ceremony:
        """Where it stands, for its signers. Raises NotFound, Forbidden."""
        async with self.database.unit(write=False) as session:
            found = await _get(session, id)
        policy.require(person, "signing.see", _at(found, person))
        return found

    async def file(self, person: Person, id: str, revision: int | None = None) -> bytes:
        """The newest file, or an older one, for its signers."""
        found = await self.see(person, id)
        return await self.content(id, found.revision if revision is None else revision)

    async def content(self, id: str, revision: int) -> bytes:
        """A file for other use cases, which ask the policy themselves. Raises NotFound."""
        async with self.database.unit(write=False) as session:
            sealed = await store.content(session, id, revision)
            wrapped = await store.wrapped_key(session, id)
        if sealed is None:
            raise _unknown()
        key = await asyncio.to_thread(self.keys.unwrap, wrapped)
        return await asyncio.to_thread(files.unseal, sealed, key, id, revision)

    async def of_subject(self, subject: str) -> list[Ceremony]:
        """The ceremonies of a deed, oldest first, for other use cases."""
        async with self.database.unit(write=False) as session:
            ids = await store.of_subject(session, subject)
            return [await _get(session, id) for id in ids]

    async def of_file(self, sha256: str) -> tuple[store.Revision, Ceremony] | None:
        """The version with this hash and its ceremony."""
        async with self.database.unit(write=False) as session:
            version = await store.by_hash(session, sha256)
            return (version, await _get(session, version.ceremony)) if version else None

    # --- signing -------------------------------------------------------------------------------

    async def sign(
        self, login: Login, id: str, confirmation: str | None, choice: Choice | None = None
    ) -> Ceremony | Waiting:
        """A party signs. `confirmation`: the token of a step-up, act `signing.sign`, object the
        ceremony, digest its `sha256`. Raises Refusal; then nothing was signed."""
        return await self._sign(login, id, confirmation, SIGN, choice or Choice())

    async def close(
        self, login: Login, id: str, confirmation: str | None, choice: Choice | None = None
    ) -> Ceremony | Waiting:
        """The notary signs and the office's seal follows. Like `sign`, act `signing.close`.

        When the seal fails the notary's signature stands and `seal` is called again.
        """
        found = await self._sign(login, id, confirmation, CLOSE, choice or Choice())
        if isinstance(found, Ceremony) and found.state is not ceremony.State.SEALED:
            return await self._seal(found)
        return found

    async def seal(self, person: Person, id: str) -> Ceremony:
        """Put the seal on what the notary has signed, where that failed before."""
        async with self.database.unit(write=False) as session:
            found = await _get(session, id)
        policy.require(person, "signing.prepare", _at(found, person, closes=True))
        return await self._seal(found)

    async def resume(self, login: Login, id: str, choice: Choice) -> Ceremony | Waiting:
        """Look at an outside service again, after the signer came back from it."""
        async with self.database.unit(write=False) as session:
            found = await _get(session, id)
            place = ceremony.place_of(found, login.person.id)
            reference = await store.waiting(session, id, place)
        one = found.signers[place]
        policy.require(login.person, "signing.see", _at(found, login.person))
        if not reference or not one.claim:
            raise _unknown()
        claim = _Claim(found, place, one.claim, 0, login.person.id)
        async with self._held(claim):
            order = await self._order(claim, choice)
            outcome = await self._made(self._backend(choice).look(order, reference))
            return await self._outcome(claim, outcome, choice)

    async def withdraw(self, person: Person, id: str, reason: str) -> Ceremony:
        """The notary ends it: somebody left, or will not sign. `reason` is a code."""
        async with self.database.unit(write=False) as session:
            found = await _get(session, id)
        policy.require(person, "signing.withdraw", _at(found, person, closes=True))
        return await self.abandon(id, reason)

    async def abandon(self, id: str, reason: str) -> Ceremony:
        """End it for other use cases, which ask the policy themselves: whoever has the matter now
        need not be the one who opened the signing. Raises Refusal."""
        async with self.database.unit() as session:
            found = await _get(session, id, lock=True)
            changed = ceremony.withdraw(found)
            await store.save(session, changed)
            leaf: dict[str, JSON] = {"ceremony": id, "reason": reason, "signed": found.signed}
            index = await self.log.append(session, "sign.withdrawn", leaf, subject=found.subject)
        await self.log.wait_covered(index)
        return changed

    async def revoke(self, serial: str, reason: str) -> bool:
        """Revoke a certificate of the internal authority (the operator's own act)."""
        async with self.database.unit() as session:
            if not await store.revoke(session, serial, self.clock()):
                return False
            leaf: dict[str, JSON] = {"serial": serial, "reason": reason}
            await self.log.append(session, "certificate.revoked", leaf)
        return True

    async def due(self) -> list[str]:
        """Ids of sealed ceremonies whose newest time-stamp is a year old."""
        async with self.database.unit(write=False) as session:
            return await store.due(session, self.clock() - RENEW_AFTER)

    async def renew(self, id: str, by: str) -> Ceremony:
        """One more archive time-stamp over a sealed document, as a new revision. What was there
        stays a part of it, byte for byte. For the yearly job. Raises Refusal."""
        async with self.database.unit(write=False) as session:
            found = await _get(session, id)
        before = await self.content(id, found.revision)
        pdf = await self._made(self.engine.renew(before, found.signed))
        if not pdf.startswith(before):
            raise refusal(SigningFailed("document", "the renewal is of another document"))
        digest = await asyncio.to_thread(_sha256, pdf)
        now, number = self.clock(), found.revision + 1
        async with self.database.unit(write=False) as session:
            wrapped = await store.wrapped_key(session, id)
        key = await asyncio.to_thread(self.keys.unwrap, wrapped)
        sealed = await asyncio.to_thread(files.seal, pdf, key, id, number)
        async with self.database.unit() as session:
            await lock(session, f"signing.{id}")
            fresh = await _get(session, id, lock=True)
            if fresh.revision != found.revision:
                raise refusal(SigningFailed("document", "another run was faster"))
            changed = ceremony.renew(fresh, digest)
            await store.save(session, changed)
            row = store.Revision(id, number, now, digest, changed.signed)
            await store.add_revision(session, row, sealed)
            await store.stamped(session, id, now)
            leaf: dict[str, JSON] = {
                "ceremony": id,
                "revision": number,
                "sha256": digest,
                "signatures": changed.signed,
                "by": by,
            }
            await self.log.append(session, "doc.renewed", leaf, subject=found.subject)
        return changed  # nobody waits for it: the next checkpoint covers the leaf

    async def revocation_list(self) -> bytes:
        """The issuing authority's list as outsiders fetch it, DER. Made anew at each call."""
        async with self.database.unit(write=False) as session:
            revoked = await store.revoked(session)
        workshop = self.engine.workshop
        if workshop is None:
            raise _unknown()
        return await asyncio.to_thread(workshop.public_list, revoked)

    async def _sign(
        self, login: Login, id: str, confirmation: str | None, act: str, choice: Choice
    ) -> Ceremony | Waiting:
        claim = await self._intent(login, id, confirmation, act, choice)
        async with self._held(claim):
            order = await self._order(claim, choice)
            outcome = await self._made(self._backend(choice).begin(order))
            return await self._outcome(claim, outcome, choice)

    async def _intent(
        self, login: Login, id: str, confirmation: str | None, act: str, choice: Choice
    ) -> "_Claim":
        person, token, now = login.person, secrets.token_hex(8), self.clock()
        serial = secrets.randbits(127)
        self._backend(choice)
        async with self.database.unit() as session:
            await lock(session, f"signing.{id}")
            found = await _get(session, id, lock=True)
            place = ceremony.place_of(found, person.id)
            sort = found.signers[place].sort
            if (act == CLOSE) is not sort.closes:
                raise BadInput(
                    "signing.wrong_act", N_("Sign this document from its own page, in your role.")
                )
            # First as if it were confirmed: a confirmation is not used up for what is refused.
            policy.require(person, act, Context(is_signer=True, confirmed=Level.HIGH))
            claimed = ceremony.claim(found, place, token, now)
            signer = Context(is_signer=True)
            level = await self.confirms.require(
                session, login, act, id, found.sha256, confirmation or "", signer
            )
            await store.save(session, claimed, place)
            if choice.backend == BUILT_IN:
                await store.add_certificate(session, format(serial, "x"), id, now)
            leaf: dict[str, JSON] = {
                "ceremony": id,
                "place": place,
                "person": person.id,
                "sha256": found.sha256,
                "backend": choice.backend,
                "confirmation": stepup.token_hash(confirmation) if confirmation else "",
                "level": (level or person.assurance.level).code,
            }
            await self.log.append(session, "sign.intent", leaf, subject=found.subject)
        return _Claim(claimed, place, token, serial, person.id)

    async def _seal(self, found: Ceremony) -> Ceremony:
        place = ceremony.turn(found)
        if place is None or found.signers[place].sort is not Sort.SEAL:
            return found
        token, now, serial = secrets.token_hex(8), self.clock(), secrets.randbits(127)
        async with self.database.unit() as session:
            await lock(session, f"signing.{found.id}")
            fresh = await _get(session, found.id, lock=True)
            claimed = ceremony.claim(fresh, place, token, now)
            await store.save(session, claimed, place)
            await store.add_certificate(session, format(serial, "x"), found.id, now)
        claim = _Claim(claimed, place, token, serial, "seal")
        async with self._held(claim):
            order = await self._order(claim, Choice())
            outcome = await self._made(BuiltIn(self.engine).begin(order))
            sealed = await self._outcome(claim, outcome, Choice())
        if isinstance(sealed, Waiting):
            raise refusal(SigningFailed("service", "the seal waits for nobody"))
        return sealed

    async def _order(self, claim: "_Claim", choice: Choice) -> Order:
        found, one = claim.ceremony, claim.signer
        async with self.database.unit(write=False) as session:
            box = await store.box(session, found.id, claim.place)
            revoked = await store.revoked(session)
        words = {"ar": (one.name_ar, one.capacity_ar), "en": (one.name_en, one.capacity_en)}
        # The claim's time, not the clock's: an outside service gets the same order twice.
        at = one.claimed_at or self.clock()
        drawn = await asyncio.to_thread(appearance.draw, self.documents, box, words, at, self.zone)
        job = Job(
            pdf=await self.content(found.id, found.revision),
            place=one.field,
            common=one.name_ar or one.name_en,
            unit=one.sort.value,
            capacity=" / ".join(filter(None, (one.capacity_ar, one.capacity_en))),
            pseudonym=self._pseudonym(one),
            serial=claim.serial,
            certify=found.signed == 0,
            before=found.signed,
            appearance=drawn,
            last=claim.place == len(found.signers) - 1,
            revoked=revoked,
        )
        return Order(job, (one.name_ar, one.name_en), choice.account, choice.back)

    async def _outcome(
        self, claim: "_Claim", outcome: Signed | Waiting, choice: Choice
    ) -> Ceremony | Waiting:
        if isinstance(outcome, Waiting):
            async with self.database.unit() as session:
                await store.set_waiting(session, claim.ceremony.id, claim.place, outcome.reference)
            claim.kept = True
            return outcome
        return await self._apply(claim, outcome, choice)

    async def _apply(self, claim: "_Claim", signed: Signed, choice: Choice) -> Ceremony:
        id, now = claim.ceremony.id, self.clock()
        digest = await asyncio.to_thread(_sha256, signed.pdf)
        async with self.database.unit(write=False) as session:
            wrapped = await store.wrapped_key(session, id)
        key = await asyncio.to_thread(self.keys.unwrap, wrapped)
        number = claim.ceremony.revision + 1
        sealed = await asyncio.to_thread(files.seal, signed.pdf, key, id, number)
        async with self.database.unit() as session:
            await lock(session, f"signing.{id}")
            found = await _get(session, id, lock=True)
            if int(signed.certificate, 16) in {one.serial for one in await store.revoked(session)}:
                raise refusal(SigningFailed("revoked"))
            changed = ceremony.apply(
                found, claim.place, claim.token, digest, signed.certificate, now
            )
            await store.save(session, changed, claim.place)
            await store.set_waiting(session, id, claim.place, "")
            row = store.Revision(id, changed.revision, now, digest, changed.signed)
            await store.add_revision(session, row, sealed)
            await store.stamped(session, id, signed.stamped_at)
            leaf: dict[str, JSON] = {
                "ceremony": id,
                "place": claim.place,
                "person": claim.person,
                "revision": changed.revision,
                "sha256": digest,
                "signatures": changed.signed,
                "certificate": signed.certificate,
                "timestamp": signed.stamp,
                "backend": choice.backend,
                "state": changed.state.value,
            }
            index = await self.log.append(session, "sign.applied", leaf, subject=found.subject)
        claim.kept = True
        await self.log.wait_covered(index)
        return changed

    @asynccontextmanager
    async def _held(self, claim: "_Claim") -> AsyncIterator[None]:
        """The place is given back unless a revision was made or an outside service waits.

        Cancelled (the signer has left), it is given back too: nothing half-signed is kept.
        """
        code = "cancelled"
        try:
            yield
        except Exception as error:
            code = getattr(error, "code", "failed")
            raise
        finally:
            if not claim.kept:
                await asyncio.shield(self._release(claim, code))

    async def _release(self, claim: "_Claim", code: str) -> None:
        """Give a claim back and say so in the log."""
        id = claim.ceremony.id
        async with self.database.unit() as session:
            found = await _get(session, id, lock=True)
            await store.save(
                session, ceremony.release(found, claim.place, claim.token), claim.place
            )
            await store.set_waiting(session, id, claim.place, "")
            leaf: dict[str, JSON] = {"ceremony": id, "place": claim.place, "code": code}
            await self.log.append(session, "sign.failed", leaf, subject=found.subject)

    async def _made(self, making: Awaitable[T]) -> T:
        try:
            return await making
        except SigningFailed as error:
            _logger.warning("signing.failed", code=error.code, detail=error.detail[:300])
            raise refusal(error) from None

    def _backend(self, choice: Choice) -> Backend:
        if choice.backend == BUILT_IN:
            return BuiltIn(self.engine)
        found = self.backends.get(choice.backend)
        if found is None:
            raise _unknown()
        return found

    def _pseudonym(self, signer: Signer) -> str:
        who = signer.person or "seal"
        return self.secret.tag("signer", who)[:20]


@dataclass(slots=True)
class _Claim:
    """A place that is being signed."""

    ceremony: Ceremony
    place: int
    token: str
    serial: int
    person: str
    kept: bool = False
    """A revision was stored, or an outside service waits: do not give the place back."""

    @property
    def signer(self) -> Signer:
        return self.ceremony.signers[self.place]


def _at(found: Ceremony, person: Person, *, closes: bool = False) -> Context:
    """The policy's context: whether `person` is among the signers (is the one who closes)."""
    return Context(
        is_signer=any(
            one.person == person.id and (one.sort.closes or not closes) for one in found.signers
        )
    )


async def _get(session: AsyncSession, id: str, *, lock: bool = False) -> Ceremony:
    found = await store.get_ceremony(session, id, lock=lock)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("signing.unknown", N_("There is no such document."))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
