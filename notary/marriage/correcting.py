"""Use cases of a corrected certificate: an entry of the register, then a new revision, signed.

The contract and the application stay as they were signed; a correction says what the certificate
says instead. The register number is kept, the earlier certificate's code answers 'replaced'.
"""

from collections.abc import Iterator, Mapping

from audit.leaf import JSON
from auth import store as accounts
from auth.person import Person
from auth.session import Login
from database import lock
from errors import N_, BadInput, Refusal
from notary.deeds.text import clean
from notary.documents.codes import new_code
from notary.marriage import labels, papers, store, wizard
from notary.marriage.application import SPOUSES, WITNESSES, Application, Part
from notary.marriage.contracting import concluded
from notary.marriage.core import REASON_MOST, Core
from notary.marriage.desk import Desk, signed_once
from notary.marriage.file import Correction, File
from notary.marriage.officiating import track_of
from notary.marriage.questions import Group, Question
from notary.marriage.ratifying import ISSUED, enter, named, not_ended, signing


def asked(one: File) -> tuple[Group, ...]:
    """What of a certificate can be corrected, person by person."""
    people = (*SPOUSES, Part.GUARDIAN, *WITNESSES)
    return tuple(
        Group(labels.PARTS[part], tuple(_questions(part)), fold=True)
        for part in people
        if part in one.application.persons
    )


def _questions(part: Part) -> Iterator[Question]:
    q = Question
    yield q(f"{part}.name_ar", "text", N_("Name in Arabic"))
    yield q(f"{part}.name_en", "text", N_("Name in English"))
    if part in SPOUSES:
        yield q(f"{part}.nationality", "country", N_("Nationality"))
        yield q(f"{part}.document", "choice", N_("Identity document"), labels.DOCUMENTS)
        yield q(f"{part}.number", "code", N_("Number of the document"))
        yield q(f"{part}.born", "date", N_("Date of birth"))


def corrected(one: File) -> Application:
    """The application as the newest correction has it."""
    app, groups = one.application, asked(one)
    for each in one.corrections:
        app = wizard.fill_in(app, groups, {**wizard.shown(app, groups), **each.changes}).application
    return app


class Correcting:
    """One per process."""

    def __init__(self, core: Core, desk: Desk, address: str) -> None:
        self._core = core
        self._desk = desk
        self._address = address

    async def correct(
        self, login: Login, id: str, fields: Mapping[str, str], words: str, token: str
    ) -> File:
        """Write a correction into the register and print the new certificate for the judge.

        `fields`: the certificate's as they are to stand. Raises BadInput `marriage.shape`,
        `marriage.nothing_changed`, Refusal `marriage.reissue_open`, `marriage.ended`,
        `policy.confirmation_needed` bound to what is changed.
        """
        said = clean(words, REASON_MOST, lines=True, field="words")
        if len(said) < 3:
            raise BadInput("marriage.reason", N_("Give the reason in a few words."), field="words")
        async with self._core.database.unit() as session:
            await lock(session, "marriage.register")
            one = await self._core.load(session, login.person, id, "marriage.note")
            self._issued(one)
            not_ended(one)
            if one.reissue_due:
                raise Refusal(
                    "marriage.reissue_open",
                    N_("A corrected certificate waits for its signature. Sign it first."),
                )
            changes = _changes(one, fields)
            await self._core.confirmed(
                session, login, one, "marriage.note", token,
                kind="correction", words=said, changes=dict(sorted(changes.items())),
            )  # fmt: skip
            now, by = self._core.clock(), login.person
            entry = await enter(self._core, session, one, "correction", one.register, by, now, said)
            made = (*one.corrections, Correction(entry.number, changes))
            kept = await self._core.keep(session, one, corrections=made, standing="corrected")
            codes: dict[str, JSON] = {
                "register": entry.number, "about": one.register, "kind": "correction",
                "fields": sorted(changes),
            }  # fmt: skip
            await self._core.write(
                session, kept, "noted", by.id, codes=codes, texts={"words": said}
            )
        return await self._print(login.person, id)

    async def _print(self, actor: Person, id: str) -> File:
        """The corrected certificate, for the signature of whoever prints it."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.note")
            judge = await accounts.get_account(session, one.judge)
        if judge is None:
            raise RuntimeError("a ratified marriage without its judge")
        newest = one.corrections[-1].entry
        code = new_code()
        done = concluded(self._core, one, code, one.number, f"{self._address}/verify/{code}")
        done = papers.ratified(done, one.register, named(judge), one.ratified_at)
        title = papers.JUDGE if judge.id == actor.id else papers.CORRECTING_JUDGE
        revision = papers.Revision(one.revision + 1, newest, named(actor), title)
        app, track = corrected(one), track_of(self._core, one)
        data = papers.certificate(app, track, done, revision)
        signers = signing(actor, title, done.court)
        now = self._core.clock()
        made = await self._desk.prepare(actor, one.id, "marriage_certificate", data, signers, now)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.note")
            if one.reissue or not one.reissue_due:
                raise store.changed()
            kept = await self._core.keep(session, one, reissue=made, reissue_code=code)
            codes: dict[str, JSON] = {"ceremony": made, "revision": one.revision + 1}
            await self._core.write(session, kept, "certificate", actor.id, codes=codes)
        return kept

    async def sign(self, login: Login, id: str, token: str) -> File:
        """The judge who corrected signs, the seal follows, and the earlier certificate is replaced.
        Repeated after a fault, it goes on where it was.

        Raises Refusal `marriage.no_document`, `policy.confirmation_needed` bound to its hash.
        """
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, login.person, id, "marriage.note")
        self._issued(one)
        not_ended(one)
        if not one.reissue_due:
            raise Refusal("marriage.no_document", N_("There is no document yet."), status=404)
        if not one.reissue:
            one = await self._print(login.person, id)
        state = await signed_once(self._desk, login, one.id, one.reissue, token)
        async with self._core.database.unit() as session:
            now = await self._core.load(session, login.person, id, "marriage.note")
            if now.reissue != one.reissue:
                raise store.changed()
            revision, code = now.revision + 1, now.reissue_code
            await store.add_certificate(session, code, now.id, revision, self._core.clock())
            kept = await self._core.keep(
                session, now,
                certificate=now.reissue, revision=revision, reissue="", reissue_code="",
            )  # fmt: skip
            codes: dict[str, JSON] = {
                "sha256": state.digest, "register": now.register, "revision": revision,
            }  # fmt: skip
            await self._core.write(session, kept, "reissued", login.person.id, codes=codes)
        return kept

    def _issued(self, one: File) -> None:
        if one.state not in ISSUED:
            raise Refusal(
                "marriage.not_issued",
                N_("There is no certificate yet. The page shows what comes first."),
            )


def _changes(one: File, fields: Mapping[str, str]) -> dict[str, str]:
    """What differs from what stands, as it is kept. Raises BadInput."""
    groups = asked(one)
    before = wizard.shown(corrected(one), groups)
    read = wizard.fill_in(corrected(one), groups, {**before, **_known(fields, before)})
    if read.errors:
        raise read.errors[0]
    after = wizard.shown(read.application, groups)
    changes = {name: value for name, value in after.items() if value != before[name]}
    if not changes:
        raise BadInput("marriage.nothing_changed", N_("Nothing was changed. Write what is right."))
    if empty := [name for name, value in changes.items() if not value]:
        raise BadInput(
            "marriage.shape",
            N_("A field of the certificate cannot be emptied. Write what is right."),
            field=empty[0],
        )
    return changes


def _known(fields: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name in before}
