"""Use cases: detention facilities, their video rooms, and the officers who operate them."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy
from auth import store as accounts
from auth.person import Person, Role
from auth.service import clean_name, new_id
from database import Database, lock
from errors import N_, BadInput, NotFound
from sessions import store
from sessions.detention import DetentionRoom, Facility


class Rooms:
    """The administrator's list of rooms. One per process."""

    def __init__(self, database: Database, log: AuditLog) -> None:
        self._database = database
        self._log = log

    async def all(self, actor: Person) -> list[DetentionRoom]:
        """Every room; for who books, the active ones."""
        manages = policy.decide(actor, "rooms.manage")
        if not manages:
            policy.require(actor, "people.choose")
        async with self._database.unit(write=False) as session:
            found = await store.rooms(session)
        return found if manages else [room for room in found if room.active]

    async def facilities(self, actor: Person) -> list[Facility]:
        """Every facility."""
        policy.require(actor, "rooms.manage")
        async with self._database.unit(write=False) as session:
            return await store.facilities(session)

    async def add_facility(self, actor: Person, name_ar: str, name_en: str) -> Facility:
        """Add a facility."""
        policy.require(actor, "rooms.manage")
        facility = Facility(new_id(), *_names(name_ar, name_en))
        async with self._database.unit() as session:
            await store.add_facility(session, facility)
            leaf = {"facility": facility.id, "by": actor.id}
            await self._log.append(session, "facility.added", leaf)
        return facility

    async def add(
        self,
        actor: Person,
        facility: str,
        name_ar: str,
        name_en: str,
        officers: Iterable[str] = (),
    ) -> DetentionRoom:
        """Add a room with its officers."""
        policy.require(actor, "rooms.manage")
        names = _names(name_ar, name_en)
        async with self._database.unit() as session:
            known = {one.id: one for one in await store.facilities(session)}
            if facility not in known:
                raise BadInput(
                    "rooms.facility", N_("Choose a facility from the list."), field="facility"
                )
            chosen = await _officers(session, officers)
            room = DetentionRoom(new_id(), known[facility], *names, True, chosen)
            await store.add_room(session, room)
            leaf = {"room": room.id, "officers": sorted(chosen), "by": actor.id}
            await self._log.append(session, "room.added", leaf)
        return room

    async def add_in(
        self, actor: Person, facility: tuple[str, str], names: tuple[str, str]
    ) -> DetentionRoom:
        """Add a room in the facility of these names, which is added if there is none."""
        wanted = _names(*facility, fields=("facility_ar", "facility_en"))
        _names(*names)
        known = await self.facilities(actor)
        found = next((one for one in known if (one.name_ar, one.name_en) == wanted), None)
        place = found or await self.add_facility(actor, *wanted)
        return await self.add(actor, place.id, *names)

    async def add_officer(self, actor: Person, room: str, officer: str) -> None:
        """One more officer operates the room."""
        known = next((one for one in await self.all(actor) if one.id == room), None)
        officers = known.officers if known else frozenset()
        await self.change(actor, room, officers=officers | {officer})

    async def change(
        self,
        actor: Person,
        room: str,
        *,
        active: bool | None = None,
        officers: Iterable[str] | None = None,
    ) -> None:
        """Open or shut a room, or change who operates it."""
        policy.require(actor, "rooms.manage")
        async with self._database.unit() as session:
            await lock(session, "rooms")
            known = {one.id: one for one in await store.rooms(session)}
            if room not in known:
                raise NotFound("rooms.unknown", N_("There is no such room."))
            chosen = known[room].officers
            if officers is not None:
                chosen = await _officers(session, officers)
                await store.set_officers(session, room, chosen)
            if active is not None:
                await store.set_room_active(session, room, active)
            leaf: dict[str, JSON] = {
                "room": room,
                "active": known[room].active if active is None else active,
                "officers": sorted(chosen),
                "by": actor.id,
            }
            await self._log.append(session, "room.changed", leaf)


def _names(
    name_ar: str, name_en: str, *, fields: tuple[str, str] = ("name_ar", "name_en")
) -> tuple[str, str]:
    name_ar, name_en = clean_name(name_ar), clean_name(name_en)
    if not (name_ar or name_en):
        raise BadInput("rooms.name", N_("Write the name in Arabic or English."), field=fields[0])
    return name_ar, name_en


async def _officers(session: AsyncSession, ids: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(ids)
    known = await accounts.accounts(session, [Role.FACILITY_OFFICER])
    if wanted - {one.id for one in known if one.active}:
        raise BadInput("rooms.officers", N_("Choose officers from the list."), field="officers")
    return wanted
