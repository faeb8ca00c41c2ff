"""Use cases of the register: enter, note, correct, find, close a year, and say what stands."""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit
from audit.service import AuditLog
from auth import policy
from auth.person import Person
from auth.secret import Secret
from clock import Clock
from database import Database, lock
from errors import N_, NotFound, Refusal
from notary.register import entry as nouns
from notary.register import store
from notary.register.entry import Entry, Margin, Note, Sort, Standing
from sessions.booking import normal_identity_number

FOUND_MOST = 200
_WORD = re.compile(r"\w+")
_ALEF = str.maketrans("أإآٱىة", "اااايه")


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry as the office reads it."""

    entry: Entry
    margins: tuple[Margin, ...]

    @property
    def standing(self) -> Standing:
        """Whether it stands."""
        return nouns.standing(self.margins)


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the register."""

    year: int
    count: int
    closed_at: datetime | None
    digest: str


class Register:
    """One office's register. Units that give numbers hold the lock `register:<office>`."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        secret: Secret,
        clock: Clock,
        *,
        office: str = "NOT",
        zone: str = "Asia/Dubai",
    ) -> None:
        self._database = database
        self._log = log
        self._secret = secret
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self.office = office

    # --- within another unit of work -------------------------------------------------------------

    async def enter(
        self,
        session: AsyncSession,
        *,
        act: str,
        request: str,
        notary: str,
        content: Mapping[str, Any],
        people: Iterable[tuple[str, str]],
        sort: Sort = Sort.DEED,
        about: Entry | None = None,
    ) -> Entry:
        """Give the next number. `people`: names and identity numbers for the index.

        The number belongs to the caller's unit: when that fails, nobody ever had it. Raises
        Refusal `register.year_closed`.
        """
        await lock(session, f"register:{self.office}")
        now = self._clock()
        year = now.astimezone(self._zone).year
        if year in await store.closed(session, self.office):
            raise Refusal(
                "register.year_closed",
                N_("The register of this year is closed. Enter the deed in the new year."),
            )
        number, before = await store.last(session, self.office, year)
        salt = secrets.token_bytes(16)
        text = json.dumps(dict(content), ensure_ascii=False, sort_keys=True)
        made = Entry(
            self.office, year, number + 1, sort.value, act, request, notary, now,
            commit(text.encode(), salt), before, "",
            about.number if about else None, about.year if about else None,
        )  # fmt: skip
        made = replace(made, digest=nouns.entry_link(made))
        sealed = self._secret.seal("register", made.name, salt.hex() + text)
        await store.add_entry(session, made, sealed, self._tags(people))
        leaf: dict[str, JSON] = {
            "register": made.name,
            "sort": sort.value,
            "act": act,
            "request": request,
            "notary": notary,
            "commitment": made.commitment,
            "digest": made.digest,
        }
        await self._log.append(session, "register.entered", leaf, subject=_subject(made.name))
        return replace(made, content=dict(content))

    async def note(
        self,
        session: AsyncSession,
        about: Entry,
        what: Note,
        by: str,
        *,
        refers_to: str = "",
        sha256: str = "",
    ) -> Margin:
        """Write in the margin of an entry. Nothing is ever taken back."""
        await lock(session, f"register:{self.office}")
        before = await store.last_margin(session, about.office)
        made = Margin(
            0, about.office, about.year, about.number, what.value, self._clock(), by, refers_to,
            sha256, before, "",
        )  # fmt: skip
        made = replace(made, digest=nouns.margin_link(made))
        await store.add_margin(session, made)
        leaf: dict[str, JSON] = {
            "register": about.name,
            "note": what.value,
            "by": by,
            "digest": made.digest,
            **({"sha256": sha256} if sha256 else {}),
        }
        await self._log.append(session, "register.noted", leaf, subject=_subject(about.name))
        return made

    async def find(self, session: AsyncSession, name: str) -> Listed | None:
        """The entry that a printed number names, with its margin."""
        parsed = nouns.parse(name)
        found = await store.find(session, *parsed) if parsed else None
        if found is None:
            return None
        one = self._opened(*found)
        margins = await store.margins(session, one.office, one.year, one.number)
        return Listed(one, tuple(margins))

    # --- what others ask -------------------------------------------------------------------------

    async def standing_of(self, deed: str) -> Standing:
        """Whether the deed with this register number stands. Anybody may ask: it says a code."""
        return (await self.stands(deed))[0]

    async def stands(self, deed: str) -> tuple[Standing, Margin | None]:
        """The same with the note in the margin that made it so. Names nobody but an account."""
        async with self._database.unit(write=False) as session:
            parsed = nouns.parse(deed)
            found = await store.find(session, *parsed) if parsed else None
            if found is None:
                return Standing.UNKNOWN, None
            one = found[0]
            return nouns.decided(await store.margins(session, one.office, one.year, one.number))

    async def get(self, actor: Person, name: str) -> Listed:
        """One entry, for the office. Raises Forbidden, NotFound."""
        policy.require(actor, "register.search")
        async with self._database.unit(write=False) as session:
            found = await self.find(session, name)
        if found is None:
            raise _unknown()
        return found

    async def search(
        self, actor: Person, *, words: str = "", act: str = "", year: int | None = None
    ) -> list[Listed]:
        """Entries by register number, identity number, or words of names; newest first."""
        policy.require(actor, "register.search")
        words = words.strip()[:200]
        async with self._database.unit(write=False) as session:
            if nouns.parse(words):
                found = await self.find(session, words)
                return [found] if found else []
            tags = self._query(words)
            rows = await store.entries(
                session, self.office, year=year, act=act, tags=tags, most=FOUND_MOST
            )
            return [await self._listed(session, *row) for row in rows]

    async def _listed(self, session: AsyncSession, one: Entry, sealed: str) -> Listed:
        margins = await store.margins(session, one.office, one.year, one.number)
        return Listed(self._opened(one, sealed), tuple(margins))

    async def years(self, actor: Person) -> list[Year]:
        """Every year of the register."""
        policy.require(actor, "register.search")
        async with self._database.unit(write=False) as session:
            closed = await store.closed(session, self.office)
            counted = await store.years(session, self.office)
        return [
            Year(year, count, closed[year].at, closed[year].digest)
            if year in closed
            else Year(year, count, None, "")
            for year, count in counted
        ]

    async def close_year(self, actor: Person, year: int) -> Year:
        """Close a year that is over; its last number and digest go into the log.

        Raises Refusal `register.year_open` while it goes on, `register.open_deeds` while a deed
        of it is neither completed nor noted as not completed.
        """
        policy.require(actor, "register.close_year")
        now = self._clock()
        if year >= now.astimezone(self._zone).year:
            raise Refusal(
                "register.year_open", N_("This year is not over. Close it when it has ended.")
            )
        async with self._database.unit() as session:
            await lock(session, f"register:{self.office}")
            if year in await store.closed(session, self.office):
                raise Refusal("register.closed_already", N_("This year is closed already."))
            number, digest = await store.last(session, self.office, year)
            noted: dict[int, list[Margin]] = {}
            for one in await store.margins(session, self.office, year):
                noted.setdefault(one.number, []).append(one)
            pending = [
                n
                for n in range(1, number + 1)
                if nouns.standing(noted.get(n, [])) is Standing.PENDING
            ]
            if pending:
                raise Refusal(
                    "register.open_deeds",
                    N_("Number %(number)s is still open. Complete it or note that it was not."),
                    number=pending[0],
                )
            await store.add_year(session, self.office, year, number, digest, now, actor.id)
            leaf: dict[str, JSON] = {
                "office": self.office,
                "year": year,
                "last": number,
                "digest": digest,
                "by": actor.id,
            }
            await self._log.append(session, "register.year_closed", leaf)
        return Year(year, number, now, digest)

    async def annul(self, actor: Person, name: str, note: Note, order: str) -> None:
        """Note that an order annulled or a later deed superseded it. Raises Refusal, NotFound."""
        policy.require(actor, "register.annul")
        order = order.strip()[:80]
        if not order:
            raise Refusal("register.order", N_("Write the reference of the order."), status=400)
        if note not in (Note.ANNULLED, Note.SUPERSEDED):
            raise Refusal("register.note", N_("Choose from the list."), status=400)
        async with self._database.unit() as session:
            found = await self.find(session, name)
            if found is None:
                raise _unknown()
            if found.standing is not Standing.STANDS:
                raise Refusal("register.not_standing", N_("This deed is not in force."))
            await self.note(session, found.entry, note, actor.id, refers_to=order)

    async def correct(self, actor: Person, name: str, words: str) -> Entry:
        """A correction: a new entry that names the one it corrects, and a note in its margin.

        The parties were present and signed the correction (Cabinet Res. 16/2024 Art 10); `words`
        says what is corrected and how.
        """
        policy.require(actor, "register.correct")
        words = words.strip()[:2000]
        if not words:
            raise Refusal("register.words", N_("Write what is corrected, and how."), status=400)
        async with self._database.unit() as session:
            found = await self.find(session, name)
            if found is None:
                raise _unknown()
            content = {**(found.entry.content or {}), "correction": words}
            made = await self.enter(
                session,
                act=found.entry.act,
                request=found.entry.request,
                notary=actor.id,
                content=content,
                people=content.get("people", ()),
                sort=Sort.CORRECTION,
                about=found.entry,
            )
            await self.note(session, made, Note.COMPLETED, actor.id)
            await self.note(session, found.entry, Note.CORRECTED, actor.id, refers_to=made.name)
        return made

    async def check(self) -> list[str]:
        """Look at the whole register: gaps, links that do not fit, content that is not what was
        committed to. Empty: all is as it was written."""
        wrong: list[str] = []
        async with self._database.unit(write=False) as session:
            rows = await store.entries(session, self.office, most=10**9, oldest_first=True)
            margins = await store.margins(session, self.office)
        before, number, year = nouns.FIRST, 0, 0
        for one, sealed in rows:
            if one.year != year:
                before, number, year = nouns.FIRST, 0, one.year
            if one.number != number + 1:
                wrong.append(f"{one.name}: the number before it is {number}")
            if one.before != before or one.digest != nouns.entry_link(one):
                wrong.append(f"{one.name}: its link in the chain does not fit")
            if not self._same(one, sealed):
                wrong.append(f"{one.name}: its content is not what was entered")
            before, number = one.digest, one.number
        before = nouns.FIRST
        for note in margins:
            if note.before != before or note.digest != nouns.margin_link(note):
                wrong.append(f"note {note.id}: its link in the chain does not fit")
            before = note.digest
        return wrong

    # --- inside ----------------------------------------------------------------------------------

    def _unsealed(self, one: Entry, sealed: str) -> tuple[bytes, str]:
        text = self._secret.open("register", one.name, sealed)
        return bytes.fromhex(text[:32]), text[32:]

    def _opened(self, one: Entry, sealed: str) -> Entry:
        return replace(one, content=json.loads(self._unsealed(one, sealed)[1]))

    def _same(self, one: Entry, sealed: str) -> bool:
        salt, text = self._unsealed(one, sealed)
        return commit(text.encode(), salt) == one.commitment

    def _tags(self, people: Iterable[tuple[str, str]]) -> set[str]:
        found: set[str] = set()
        for name, number in people:
            found |= {self._secret.tag("register-name", word) for word in words_of(name)}
            if number:
                found.add(self._secret.tag("identity", normal_identity_number(number)))
        return found

    def _query(self, words: str) -> list[str]:
        number = normal_identity_number(words)
        if sum(letter.isdigit() for letter in number) >= 4:
            return [self._secret.tag("identity", number)]
        return [self._secret.tag("register-name", word) for word in words_of(words)[:8]]


def words_of(name: str) -> list[str]:
    """Words of a name as they are compared: no case, no marks, one form of alef, ya and ta."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_ALEF)
    return [
        word
        for word in _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
        if len(word) > 1
    ]


def _subject(name: str) -> str:
    return name.replace("/", "-")


def _unknown() -> NotFound:
    return NotFound("register.unknown", N_("The register has no such number."))
