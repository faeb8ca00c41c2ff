"""Deeds on the page 'Verify': by the code printed on them, and what the register says of them."""

from dataclasses import dataclass, field

from auth.secret import Secret
from database import Database
from notary.deeds import store
from notary.deeds.act import acts
from notary.deeds.printed import OFFICE
from notary.deeds.request import Request
from notary.deeds.state import State
from notary.documents.codes import parse_code
from notary.register import entry as nouns
from notary.register.entry import Standing
from notary.register.service import Register
from notary.signing import ceremony as signing
from notary.signing.ceremony import Ceremony
from notary.signing.service import Ceremonies
from recordings.checking.codes import Coded, Place, Stands

_OVER = frozenset({State.CANCELLED, State.EXPIRED, State.REFUSED, State.IN_PERSON})
_GRIEVED = frozenset({State.GRIEVANCE, State.UPHELD, State.OVERTURNED})
_DONE = frozenset({State.SEALED, State.REGISTERED, State.DELIVERED})


@dataclass(frozen=True, slots=True)
class Deeds:
    """Answers for the notary's office. One per process."""

    database: Database
    secret: Secret = field(repr=False)
    register: Register
    ceremonies: Ceremonies

    async def of_code(self, typed: str) -> Coded | None:
        """See `recordings.checking.codes.Finder`."""
        code = parse_code(typed)
        if code is None:
            return None
        async with self.database.unit(write=False) as session:
            one = await store.by_code(session, self.secret, code)
        if one is None:
            return None
        act = acts().get(one.act)
        title = {"ar": act.title_ar, "en": act.title_en} if act else {}
        found = await self._ceremony(one)
        stands = await self._stands(one)
        if one.state not in _DONE or found is None:
            return Coded("deed", title, stands, one.deed, OFFICE)
        places = [
            Place({"ar": each.capacity_ar, "en": each.capacity_en}, each.signed_at)
            for each in found.signers
            if each.signed_at is not None
        ]
        return Coded("deed", title, stands, one.deed, OFFICE, places, found.sha256)

    async def of_subject(self, subject: str, _ceremony: str) -> Stands | None:
        """See `notary.verification.standing.OfSubject`: a ceremony's subject is a request's id."""
        async with self.database.unit(write=False) as session:
            one = await store.get(session, self.secret, subject)
        return await self._stands(one) if one is not None else None

    async def _ceremony(self, one: Request) -> Ceremony | None:
        found = await self.ceremonies.of_subject(one.id)
        return next((each for each in found if each.id == one.ceremony), None)

    async def _stands(self, one: Request) -> Stands:
        if one.state in _OVER | _GRIEVED:
            return Stands("cancelled", one.state_since)
        if one.state not in _DONE:
            found = await self._ceremony(one)
            sealed = found is not None and found.state is signing.State.SEALED
            return Stands("unregistered" if sealed else "unfinished")
        standing, note = await self.register.stands(one.deed)
        if standing in (Standing.UNKNOWN, Standing.PENDING):
            return Stands("unregistered")
        # The reference of an order is free text of the office's; a register number is not.
        by = note.refers_to if note is not None and nouns.parse(note.refers_to) else ""
        return Stands(standing.value, note.at if note is not None else None, by)
