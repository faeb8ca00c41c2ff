"""Executory copies and extracts on the page 'Verify': what they are of, and whether that stands."""

from dataclasses import dataclass

from database import Database
from notary.deeds.printed import OFFICE, SEAL
from notary.documents.codes import parse_code
from notary.register import entry as nouns
from notary.register import store
from notary.register.entry import Note, Standing
from notary.register.paper import TITLES, Paper, Sort
from notary.register.service import Register
from recordings.checking.codes import Coded, Place, Stands

_COPIES = frozenset({Note.CERTIFIED_COPY, Note.EXECUTORY_COPY, Note.EXTRACT})


@dataclass(frozen=True, slots=True)
class Papers:
    """Answers for the register. One per process."""

    database: Database
    register: Register

    async def of_code(self, typed: str) -> Coded | None:
        """See `recordings.checking.codes.Finder`."""
        code = parse_code(typed)
        if code is None:
            return None
        async with self.database.unit(write=False) as session:
            one = await store.paper(session, code=code)
        if one is None:
            return None
        sort = Sort(one.sort)
        places = (Place(SEAL["capacity"], one.at),)
        stands = await self._stands(one)
        return Coded(one.sort, TITLES[sort], stands, one.deed, OFFICE, places, one.sha256)

    async def of_subject(self, subject: str, _ceremony: str) -> Stands | None:
        """See `notary.verification.standing.OfSubject`: a ceremony's subject is a paper's id."""
        async with self.database.unit(write=False) as session:
            one = await store.paper(session, id=subject)
        return await self._stands(one) if one is not None else None

    async def _stands(self, one: Paper) -> Stands:
        if one.sort == Sort.EXTRACT:
            return await self._current(one)
        standing, note = await self.register.stands(one.deed)
        if standing in (Standing.UNKNOWN, Standing.PENDING):
            return Stands("unregistered")
        by = note.refers_to if note is not None and nouns.parse(note.refers_to) else ""
        return Stands(standing.value, note.at if note is not None else None, by)

    async def _current(self, one: Paper) -> Stands:
        """Whether the entry is still as the extract shows it. Copies that were handed out since
        change nothing of what it says."""
        parsed = nouns.parse(one.deed)
        async with self.database.unit(write=False) as session:
            margins = await store.margins(session, *parsed) if parsed else []
        later = [each for each in margins[one.notes :] if each.note not in _COPIES]
        return Stands("extract_older", later[0].at) if later else Stands("extract_current")
