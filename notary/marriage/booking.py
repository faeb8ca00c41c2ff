"""The fee, and the officiant with the day (law.md 2.2, 3 and 4; R-MR-18, R-MR-30)."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from auth import policy
from auth import store as accounts
from auth.person import Person, Role
from errors import N_, BadInput, NotFound, Refusal
from notary.deeds.fee import Charge, Payments
from notary.marriage import store
from notary.marriage.application import INTERPRETERS, SPOUSES, Part
from notary.marriage.application import Person as Named
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.filing import DELIVERIES, Filing
from notary.marriage.helped import helped, languages
from notary.marriage.labels import RELATIONS
from notary.marriage.track import required
from notary.marriage.workflow import FileState, Move
from sessions import store as booked
from sessions.booking import Draft, Hold, SeatDraft
from sessions.seat import SIGN, SeatRole
from sessions.service import Along, SlotTaken
from sessions.sitting import Sitting

SLOTS_SHOWN = 40
OFFICIANTS = {"maazoun": Role.OFFICIANT, "authentication_judge": Role.JUDGE}
"""Whose accounts contract a marriage of which track."""
SEATS: dict[Part, str] = {
    Part.OFFICIANT: "officiant",
    Part.GROOM: "groom",
    Part.BRIDE: "bride",
    Part.GUARDIAN: "wali",
    Part.WITNESS_1: "contract_witness",
    Part.WITNESS_2: "contract_witness",
    Part.GROOM_AGENT: "marriage_agent",
    Part.BRIDE_AGENT: "marriage_agent",
    Part.INTERPRETER_1: "interpreter",
    Part.INTERPRETER_2: "interpreter",
}
"""Codes of the seats that the kind `marriage_contract` has for each part."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour at which an officiant is free."""

    officiant: Person
    starts_at: datetime


class SittingBook(Protocol):
    """What this room needs of the house's calendar."""

    async def book(
        self, actor: Person, draft: Draft, *, language: str = "", along: Along | None = None
    ) -> object: ...
    async def cancel(self, actor: Person, sitting_id: str, reason: str) -> object: ...
    async def rebook(
        self, actor: Person, sitting_id: str, draft: Draft, reason: str, *, along: Along
    ) -> object: ...


class Booking:
    """One per process."""

    def __init__(
        self, core: Core, filing: Filing, sittings: SittingBook, payments: Payments | None
    ) -> None:
        self._core = core
        self._filing = filing
        self._sittings = sittings
        self.payments = payments

    # --- the fee ---------------------------------------------------------------------------------

    def fee(self, one: File) -> int:
        """In fils, by the track (R-MR-30)."""
        table = self._core.pack.rule("R-MR-30", self._core.today()).value["fils"]
        return int(table.get(one.application.track, max(table.values())))

    async def charge(self, actor: Person, id: str, delivery: str) -> Charge:
        """Note how the certificate is delivered and open the payment of the fee.

        Raises BadInput `marriage.delivery`, Refusal `payment.*`."""
        if delivery not in DELIVERIES:
            raise BadInput(
                "marriage.delivery",
                N_("Choose how you receive the certificate."),
                field="delivery",
            )
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.pay")
            if one.state is not FileState.APPROVED:
                raise Refusal("payment.nothing_due", N_("Nothing is due for this file now."))
            if self.payments is None:
                raise Refusal(
                    "payment.unavailable",
                    N_("Paying is not possible here at present. Ask the office."),
                    status=503,
                )
            if one.delivery != delivery:
                one = await self._core.keep(session, one, delivery=delivery)
                codes = {"delivery": delivery}
                await self._core.write(session, one, "delivery", actor.id, codes=codes)
        fils = self.fee(one)
        return await self.payments.ask(f"{one.id}-{fils}", fils, f"/marriages/{one.id}/paid")

    async def settle(self, actor: Person, id: str) -> File:
        """Ask the provider whether the fee was paid, and go on. Asked twice, it pays once.

        Raises Refusal `marriage.unpaid`."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.pay")
        if one.paid:
            return one
        fils = self.fee(one)
        asked = self.payments
        paid = await asked.settled(f"{one.id}-{fils}") if asked is not None else None
        return await self._filing.pay(actor, id, one.delivery, settled=paid == fils)

    # --- officiant and day -----------------------------------------------------------------------

    async def slots(self, actor: Person, id: str) -> list[Slot]:
        """Free hours of every officiant of the track, from the first day that R-MR-18 allows;
        hours at which everybody of the file is free, evenly from all officiants."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.book")
            found = await self._officiants(session, one)
            rule = self._core.pack.rule("R-MR-18", self._core.today()).value
            length = timedelta(minutes=rule["minutes"])
            people = {account for part, account in one.seats.items() if part is not Part.OFFICIANT}
            wanted = [f"person:{id}" for id in [*people, *(each.id for each in found)]]
            held = await booked.held(session, wanted, self._core.clock(), but=one.sitting)
        busy: dict[str, list[Hold]] = {}
        for hold in held:
            busy.setdefault(hold.subject, []).append(hold)

        def free(person: str, start: datetime) -> bool:
            taken = busy.get(f"person:{person}", ())
            return not any(hold.start < start + length and start < hold.end for hold in taken)

        return [
            Slot(officiant, start)
            for start in self._times(rule)
            if all(free(person, start) for person in people)
            for officiant in found
            if free(officiant.id, start)
        ][:SLOTS_SHOWN]

    async def _officiants(self, session: AsyncSession, one: File) -> list[Person]:
        track = self._core.track(one)
        role = OFFICIANTS.get(track.officiant) if track else None
        parties = {who for part, who in one.seats.items() if part is not Part.OFFICIANT}
        return [
            each
            for each in await accounts.accounts(session)
            if each.active and each.role is role and each.id not in parties
        ]

    def _times(self, rule: dict[str, object]) -> list[datetime]:
        zone = ZoneInfo(self._core.zone)
        first = self._core.clock().astimezone(zone) + timedelta(days=int(str(rule["days"])))
        grid = timedelta(minutes=int(str(rule["grid_minutes"])))
        length = timedelta(minutes=int(str(rule["minutes"])))
        weekdays = rule["weekdays"]
        found = []
        for ahead in range(int(str(rule["days_ahead"]))):
            day = (first + timedelta(days=ahead)).date()
            if not isinstance(weekdays, list) or day.weekday() not in weekdays:
                continue
            start = datetime.combine(day, time.fromisoformat(str(rule["from"])), zone)
            end = datetime.combine(day, time.fromisoformat(str(rule["to"])), zone)
            while start + length <= end:
                if start >= first:
                    found.append(start)
                start += grid
        return found

    async def book(
        self,
        actor: Person,
        id: str,
        officiant: str,
        starts_at: datetime,
        *,
        relation_to_groom: str,
        relation_to_bride: str,
    ) -> File:
        """Book an officiant's hour, the sitting and the step of the file in one unit.

        The spouses say whether the officiant is a relative of theirs; so may the officiant later
        (`decline`). Raises Refusal `marriage.no_slot`, `marriage.too_soon`, Blocked (R-MR-17, and
        every other gate for that day), BadInput `marriage.relation`.
        """
        for field, relation in (
            ("relation_to_groom", relation_to_groom),
            ("relation_to_bride", relation_to_bride),
        ):
            if relation not in RELATIONS:
                raise BadInput(
                    "marriage.relation",
                    N_("Say whether the officiant is a relative of yours."),
                    field=field,
                )
        slot = next(
            (
                each
                for each in await self.slots(actor, id)
                if each.officiant.id == officiant and each.starts_at == starts_at
            ),
            None,
        )
        if slot is None:
            raise Refusal("marriage.no_slot", N_("This hour is not free. Choose another one."))
        who = slot.officiant
        data = Named(
            who.name_ar,
            who.name_en,
            relation_to_groom=relation_to_groom,
            relation_to_bride=relation_to_bride,
        )
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "marriage.book")
        checked = self._filing.chosen(one, who.id, data, starts_at)
        kept: list[File] = []

        async def along(session: AsyncSession, sitting: Sitting) -> None:
            kept.append(
                await self._filing.choose_in(
                    session, actor, id, who.id, data, starts_at, sitting.id
                )
            )

        await self._sittings.book(who, self.draft(checked, who, starts_at), along=along)
        await self._release(one, "another day was chosen")
        return kept[0]

    def draft(self, one: File, officiant: Person, starts_at: datetime) -> Draft:
        """The sitting of a file as it is booked: a seat for everybody who must come, and for
        interpreters."""
        rule = self._core.pack.rule("R-MR-18", self._core.today()).value
        track = self._core.track(one)
        if track is None:
            raise RuntimeError("a booked file has a track")
        needed = required(track, one.application, self._core.pack.jurisdiction)
        if missing := [part for part in needed if part not in one.seats]:
            raise Refusal(
                "marriage.unjoined",
                N_("%(count)s persons have not taken their part yet. Send them their links."),
                count=len(missing),
            )
        app = one.application
        for_whom = helped(app, needed)
        seats = []
        for part in needed:
            tongue = app.interpreters[part].language if part in INTERPRETERS else ""
            seats.append(
                SeatDraft(
                    part.value,
                    SeatRole(SEATS[part]),
                    one.seats[part],
                    interpreter_for=frozenset(k.value for k, by in for_whom.items() if by is part),
                    languages=(track.languages[0], tongue) if tongue else (),
                )
            )
        spoken = (code for code in languages(app) if code != SIGN)
        return Draft(
            kind="marriage_contract",
            case_number=one.reference,
            case_title=track.title["ar"],
            languages=tuple(dict.fromkeys((*track.languages, *spoken))),
            starts_at=starts_at,
            duration=timedelta(minutes=rule["minutes"]),
            seats=tuple(seats),
        )

    async def rebook(self, actor: Person, one: File, along: Along) -> None:
        """A booked file's sitting again at its hour, with other interpreters, in one unit with
        `along` and with the end of the sitting before.

        Raises Refusal `marriage.no_slot` where one of them is not free, and what `along` raises;
        then nothing changed.
        """
        assert one.starts_at is not None  # noqa: S101
        draft = self.draft(one, actor, one.starts_at)
        reason = "another interpreter was named"
        try:
            await self._sittings.rebook(actor, one.sitting, draft, reason, along=along)
        except SlotTaken:
            raise Refusal("marriage.no_slot", N_("This person is not free at that hour.")) from None

    async def decline(self, actor: Person, id: str, reason: str, *, relative: str, of: str) -> File:
        """The officiant cannot come, or is a relative of a spouse (R-MR-17): another is chosen."""
        if relative not in RELATIONS or of not in SPOUSES:
            raise BadInput("marriage.relation", N_("Choose from the list."), field="relative")
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "marriage.conduct")
            app, before = one.application, one
            people: dict[Part, Named] = {
                part: who for part, who in app.persons.items() if part is not Part.OFFICIANT
            }
            seats = {part: who for part, who in one.seats.items() if part is not Part.OFFICIANT}
            done = await self._core.move(
                session,
                one,
                Move.CANCEL_SESSION,
                actor.id,
                reason=reason,
                codes={"relative": relative != "none"},
                application=replace(app, persons=people),
                seats=seats,
                starts_at=None,
                sitting="",
                majlis=None,
            )
        await self._release(before, "the officiant declined")
        return done

    async def release_left(self, actor: Person, id: str) -> None:
        """Cancel the sitting of a file that is no longer booked (returned, withdrawn)."""
        async with self._core.database.unit() as session:
            one = await store.get(session, self._core.secret, id[:32])
            if one is None or not one.sitting or one.state in _BOOKED:
                return
            await self._core.keep(session, one, sitting="", starts_at=None)
        await self._release(one, "the file is no longer booked")

    async def _release(self, one: File, why: str) -> None:
        """Cancel the sitting that was booked for a file, if it has not begun."""
        account = one.seats.get(Part.OFFICIANT)
        if not one.sitting or account is None:
            return
        async with self._core.database.unit(write=False) as session:
            officiant = await accounts.get_account(session, account)
        if officiant is None:
            return
        try:
            await self._sittings.cancel(officiant, one.sitting, why)
        except (Refusal, NotFound):
            return  # it has begun, or is over: its own record says so

    async def desk(self, actor: Person) -> list[File]:
        """An officiant's own files, by their hour."""
        policy.require(actor, "marriage.desk")
        async with self._core.database.unit(write=False) as session:
            return await store.of_officiant(session, self._core.secret, actor.id)


_BOOKED = frozenset(
    {FileState.SCHEDULED, FileState.IN_SESSION, FileState.CONTRACTED, FileState.RATIFIED}
    | {FileState.CERTIFIED, FileState.DELIVERED, FileState.RETURNED_BY_COURT}
)
