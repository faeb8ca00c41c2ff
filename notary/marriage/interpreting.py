"""Use cases of interpreters: the court names them, they take their part (R-MR-21).

Applicants say who needs one (`Application.needs`); they never choose the person. One of the
court's own interpreters has the part at once, anybody else takes it by a link that works once. In
the sitting the oath is the room's (R-OA-02), taken on record; without it nothing is read aloud.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from auth import store as accounts
from auth.person import Person, Role
from auth.session import Login
from errors import N_, BadInput, Refusal
from notary.deeds.text import clean
from notary.marriage import labels, store
from notary.marriage.application import INTERPRETERS, Application, Interpreter, Part
from notary.marriage.application import Person as Named
from notary.marriage.booking import Booking
from notary.marriage.core import Core
from notary.marriage.file import Contact, File
from notary.marriage.filing import LINK_LIVES, Blocked
from notary.marriage.gates import blocking
from notary.marriage.gates_helped import RULE
from notary.marriage.helped import languages
from notary.marriage.telling import address
from notary.marriage.workflow import FileState
from sessions.sitting import Sitting

BY_COURT = (FileState.SUBMITTED, FileState.POSTPONED, FileState.APPROVED, FileState.PAID)
NUMBER_MOST = 40


@dataclass(frozen=True, slots=True)
class Typed:
    """Who interprets, as an officer typed it. `account`: one of the court's own; else the names."""

    account: str
    name_ar: str
    name_en: str
    document: str
    number: str
    licence: str
    relation_to_groom: str
    relation_to_bride: str
    email: str = ""
    """Where this person is told; the one before is never told of the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """A language that somebody needs, with its interpreter where one is named."""

    language: str
    needed_by: tuple[Part, ...]
    part: Part | None
    person: Named
    licence: str
    joined: bool


def places(one: File) -> list[Place]:
    """Every language that is needed, in the order of the application."""
    app = one.application
    by_language = {given.language: part for part, given in app.interpreters.items()}
    found = []
    for code in languages(app):
        part = by_language.get(code)
        found.append(
            Place(
                code,
                tuple(who for who, need in app.needs.items() if need == code),
                part,
                app.person(part) if part else Named(),
                app.interpreters[part].licence if part else "",
                part in one.seats,
            )
        )
    return found


class Interpreting:
    """One per process."""

    def __init__(self, core: Core, booking: Booking) -> None:
        self._core = core
        self._booking = booking

    async def known(self) -> list[Person]:
        """The court's own interpreters."""
        async with self._core.database.unit(write=False) as session:
            found = await accounts.accounts(session)
        return [one for one in found if one.active and one.role is Role.INTERPRETER]

    async def name(self, actor: Person, id: str, language: str, typed: Typed) -> File:
        """Name who interprets a language, or another person in the place of the one before.

        The court's clerk and judge do it before the day is booked. Raises BadInput, Blocked naming
        R-MR-01 and R-MR-21, Refusal `marriage.wrong_state`.
        """
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.interpreter")
            if one.state not in BY_COURT:
                raise _too_late()
            part, named = await self._named(session, one, language, typed)
            return await self._keep(session, named, one, actor, part, language)

    async def replace(self, login: Login, id: str, language: str, typed: Typed, token: str) -> File:
        """The officiant of a booked marriage names another of the court's own interpreters.

        One unit: the sitting is cancelled and booked anew at its hour, the file names the new one,
        and both interpreters are told. Naming the earlier one again undoes it. Raises what `name`
        raises, Refusal `marriage.no_slot`, `policy.confirmation_needed` bound to whom is named.
        """
        actor, action = login.person, "marriage.replace_interpreter"
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, action)
            if one.state is not FileState.SCHEDULED or not typed.account:
                raise _too_late()
            part, named = await self._named(session, one, language, typed)
            if named.seats[part] == one.seats.get(part):
                raise Refusal(
                    "marriage.same_interpreter",
                    N_("This person is the interpreter already. Choose another one."),
                )
        kept: list[File] = []

        async def along(session: AsyncSession, sitting: Sitting) -> None:
            now = await self._core.load(session, actor, id, action)
            if now.version != one.version:
                raise store.changed()
            number = named.application.person(part).number
            await self._core.confirmed(
                session, login, now, action, token,
                language=language, account=named.seats[part], number=number, sitting=one.sitting,
            )  # fmt: skip
            new = replace(named, sitting=sitting.id)
            done = await self._keep(session, new, now, actor, part, language)
            if self._core.telling is not None:
                await self._core.telling.replaced(session, now, done, part, self._core.clock())
            kept.append(done)

        await self._booking.rebook(actor, named, along)
        return kept[0]

    async def _named(
        self, session: AsyncSession, one: File, language: str, typed: Typed
    ) -> tuple[Part, File]:
        """The part, and the file as it will be."""
        if language not in languages(one.application):
            raise BadInput("marriage.language", N_("Nobody needs this language."), field="language")
        part, person, account = await self._read(session, one, language, typed)
        named = self._with(one, part, language, person, account, typed.licence)
        contacts = {who: contact for who, contact in one.contacts.items() if who is not part}
        if email := address(typed.email):
            contacts[part] = Contact(email, await self._language(session, account))
        return part, replace(named, contacts=contacts)

    async def _language(self, session: AsyncSession, account: str) -> str:
        found = await accounts.get_account(session, account) if account else None
        return found.language if found is not None else "ar"

    async def _keep(
        self,
        session: AsyncSession,
        named: File,
        before: File,
        actor: Person,
        part: Part,
        language: str,
    ) -> File:
        kept = await self._core.keep(
            session,
            before,
            seats=named.seats,
            application=named.application,
            sitting=named.sitting,
            contacts=named.contacts,
        )
        codes = {"part": part.value, "language": language}
        await self._core.write(session, kept, "interpreter", actor.id, codes=codes)
        return kept

    async def _read(
        self, session: AsyncSession, one: File, language: str, typed: Typed
    ) -> tuple[Part, Named, str]:
        """The part that is free or is given anew, the person, and the account if there is one."""
        known = {given.language: part for part, given in one.application.interpreters.items()}
        free = (part for part in INTERPRETERS if part not in _needed(one.application))
        part = known.get(language) or next(free, None)
        if part is None:
            raise Refusal(
                "marriage.interpreters", N_("Every interpreter's place of this sitting is taken.")
            )
        name_ar, name_en = _line(typed.name_ar, 120), _line(typed.name_en, 120)
        if typed.account:
            account = await accounts.get_account(session, typed.account[:32])
            if account is None or not account.active or account.role is not Role.INTERPRETER:
                raise BadInput(
                    "marriage.who", N_("Choose a person from the list."), field="account"
                )
            if one.part_of(account.id) not in (None, part):
                raise Refusal(
                    "marriage.one_part",
                    N_("This person has a part in this marriage already: nobody takes two "
                       "(R-MR-01)."),
                )  # fmt: skip
            name_ar, name_en = account.name_ar, account.name_en
        elif not (name_ar or name_en):
            raise BadInput(
                "marriage.name",
                N_("Choose one of the court's interpreters, or write a name."),
                field="name_ar",
            )
        number = _line(typed.number, NUMBER_MOST)
        if typed.document not in labels.DOCUMENTS or len(number) < 4:
            raise BadInput(
                "marriage.document",
                N_("Give the identity document and its number."),
                field="number",
            )
        for field in ("relation_to_groom", "relation_to_bride"):
            if getattr(typed, field) not in labels.RELATIONS:
                raise BadInput("marriage.relation", N_("Choose from the list."), field=field)
        person = Named(
            name_ar,
            name_en,
            document=typed.document,
            number=number,
            relation_to_groom=typed.relation_to_groom,
            relation_to_bride=typed.relation_to_bride,
        )
        return part, person, typed.account[:32]

    def _with(
        self, one: File, part: Part, language: str, person: Named, account: str, licence: str
    ) -> File:
        app = one.application
        given = Interpreter(language, _line(licence, NUMBER_MOST))
        named = replace(
            app,
            persons={**app.persons, part: person},
            interpreters={**app.interpreters, part: given},
        )
        seats: Mapping[Part, str] = {k: who for k, who in one.seats.items() if k is not part}
        if account:
            seats = {**seats, part: account}
        found = replace(one, application=named, seats=seats)
        closed = [
            each
            for each in blocking(self._core.gates(found))
            if each.rule in (RULE, "R-MR-01") and part.value in _places(each.fields)
        ]
        if closed:
            raise Blocked(tuple(closed))
        return found

    async def link(self, actor: Person, id: str, part: Part) -> str:
        """A link for an interpreter who has no account of the court's; its token, shown once."""
        token = secrets.token_urlsafe(24)
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.interpreter")
            if part not in one.application.interpreters or part in one.seats:
                raise BadInput("marriage.part", N_("Choose from the list."), field="part")
            if one.state not in BY_COURT:
                raise _too_late()
            link = store.Join(one.id, part, self._core.clock() + LINK_LIVES, "")
            await store.add_join(session, self._core.secret.tag("marriage-join", token), link)
            await self._core.write(session, one, "invited", actor.id, codes={"part": part.value})
        return token


def _needed(app: Application) -> set[Part]:
    """Parts whose language is still needed; another's place may be given anew."""
    wanted = languages(app)
    return {part for part, given in app.interpreters.items() if given.language in wanted}


def _too_late() -> Refusal:
    return Refusal(
        "marriage.wrong_state",
        N_("That is not possible at this point of the application. The page shows what is."),
    )


def _places(fields: tuple[str, ...]) -> set[str]:
    return {field.partition(".")[0] for field in fields}


def _line(text: str, most: int) -> str:
    return " ".join(clean(text, most).split())
