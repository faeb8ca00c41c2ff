"""The sitting of a booked marriage file: who gets which seat, and its place in the calendar."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from auth import store as accounts
from auth.person import Person
from errors import N_, BadInput, NotFound, Refusal
from notary.marriage.application import Part
from notary.marriage.application import Person as Named
from notary.marriage.core import Core
from notary.marriage.file import File, Helper
from notary.marriage.filing import Filing
from notary.marriage.officiating import track_of
from notary.marriage.track import required
from notary.marriage.watching import KIND
from notary.marriage.workflow import FileState
from sessions.booking import Draft, SeatDraft
from sessions.seat import SIGN, SeatRole
from sessions.service import Sittings
from sessions.sitting import Sitting

DURATION = timedelta(minutes=45)
ROLES: dict[Part, SeatRole] = {
    Part.OFFICIANT: SeatRole.OFFICIANT,
    Part.GROOM: SeatRole.GROOM,
    Part.BRIDE: SeatRole.BRIDE,
    Part.GUARDIAN: SeatRole.WALI,
    Part.WITNESS_1: SeatRole.CONTRACT_WITNESS,
    Part.WITNESS_2: SeatRole.CONTRACT_WITNESS,
    Part.GROOM_AGENT: SeatRole.MARRIAGE_AGENT,
    Part.BRIDE_AGENT: SeatRole.MARRIAGE_AGENT,
}
HELPERS_MOST = 4


class Arranging:
    """One per process."""

    def __init__(self, core: Core, filing: Filing, sittings: Sittings) -> None:
        self._core = core
        self._filing = filing
        self._sittings = sittings

    async def book(
        self, actor: Person, id: str, officiant: str, data: Named, starts_at: datetime
    ) -> File:
        """Choose officiant and hour (`Filing.choose` says what that asks) and book the sitting in
        their calendars. Raises Refusal `booking.slot_taken` too; nothing is chosen then."""
        seen = await self._filing.see(actor, id)
        chosen = await self._filing.choose(actor, id, officiant, data, starts_at, "")
        try:
            return await self.seat(chosen.id)
        except Refusal:
            await self._back(chosen.id, actor, seen.file)
            raise

    async def _back(self, id: str, actor: Person, before: File) -> None:
        """The calendar had no place: the file stands where it stood."""
        async with self._core.database.unit() as session:
            now = await self._core.load(session, actor, id, "marriage.book")
            await self._core.keep(
                session, now, state=before.state, seats=before.seats,
                application=before.application, starts_at=before.starts_at, sitting=before.sitting,
            )  # fmt: skip
            await self._core.write(session, now, "not_booked", actor.id)

    async def seat(self, id: str) -> File:
        """Give a scheduled file its sitting with a seat for everybody who must come; the officiant
        books it. A file that has one keeps it; one that was moved gets another."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.known(session, id)
            officiant = await accounts.get_account(session, one.seats.get(Part.OFFICIANT, ""))
        if one.state is not FileState.SCHEDULED or one.starts_at is None or officiant is None:
            raise Refusal(
                "marriage.not_scheduled", N_("Choose officiant and day first. Then it is booked.")
            )
        kept: list[File] = []

        async def along(session: AsyncSession, sitting: Sitting) -> None:
            now = await self._core.known(session, id)
            kept.append(await self._core.keep(session, now, sitting=sitting.id))
            await self._core.write(
                session, kept[0], "seated", "system", codes={"sitting": sitting.id}
            )

        await self._release(one, officiant)
        await self._sittings.book(officiant, self._draft(one), along=along)
        return kept[0]

    async def _release(self, one: File, officiant: Person) -> None:
        """A sitting of an hour that was given up is cancelled, if it has not begun."""
        if one.sitting:
            try:
                await self._sittings.cancel(officiant, one.sitting, "moved")
            except (Refusal, NotFound):
                return  # it has begun, or is over: its own record says so

    def _draft(self, one: File) -> Draft:
        track = track_of(self._core, one)
        parts = required(track, one.application, self._core.pack.jurisdiction)
        seats = [SeatDraft(part.value, ROLES[part], one.seats.get(part)) for part in parts]
        languages = ["ar"]
        for number, helper in enumerate(one.helpers):
            if helper.language != SIGN and helper.language not in languages:
                languages.append(helper.language)
            seats.append(
                SeatDraft(
                    f"helper_{number}",
                    SeatRole.INTERPRETER,
                    helper.person,
                    interpreter_for=frozenset({helper.part.value}),
                    languages=("ar", helper.language),
                )
            )
        assert one.starts_at is not None  # noqa: S101
        return Draft(
            kind=KIND,
            case_number=reference(one),
            case_title=track.title["ar"],
            languages=tuple(languages),
            starts_at=one.starts_at,
            duration=DURATION,
            seats=tuple(seats),
        )

    async def helper(self, actor: Person, id: str, person: str, part: Part, language: str) -> File:
        """The officiant calls an interpreter, of a language or of signs, before the sitting begins.
        The sitting is booked again with that seat."""
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
            if one.state is not FileState.SCHEDULED:
                raise Refusal(
                    "marriage.too_late", N_("This cannot be changed here any more. Ask the court.")
                )
            if part not in one.seats or person in one.seats.values():
                raise BadInput("marriage.who", N_("Choose a person from the list."), field="part")
            if len(one.helpers) >= HELPERS_MOST:
                raise Refusal("marriage.helpers", N_("There are enough interpreters already."))
            made = (*one.helpers, Helper(person, part, language))
            kept = await self._core.keep(session, one, helpers=made)
            codes = {"part": part.value, "language": language}
            await self._core.write(session, kept, "helper", actor.id, codes=codes)
        return await self.seat(id)


def reference(one: File) -> str:
    """What a file is called on lists and papers before it has a register number."""
    return f"M-{one.created_at.year}-{one.id[:6].upper()}"
