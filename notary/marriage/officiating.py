"""Use cases of the sitting at their root: open, what happens, what the room saw, break off.

What the room reports (who is there, whose line carries speech, on record) comes from the live
room, never from a page; the machine in `majlis.py` decides. `conducting.py` has the steps as people
take them in the room.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit
from auth.person import Person
from errors import N_, Refusal
from notary.marriage import store
from notary.marriage.application import SPOUSES, Part
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.filing import Blocked
from notary.marriage.gates import blocking
from notary.marriage.helped import helped
from notary.marriage.majlis import Act, Event, Majlis, Said, Stage, after, begin
from notary.marriage.track import Track, required, signers
from notary.marriage.watching import events
from notary.marriage.workflow import FileState, Move
from sessions import store as booked
from sessions.phase import FINAL
from signaling.sight import Sight

ROOM = frozenset(
    {Act.JOINED, Act.DROPPED, Act.LINE_POOR, Act.LINE_GOOD, Act.ON_RECORD, Act.OFF_RECORD}
    | {Act.REPLACED, Act.SWORN}
)
"""Only the room says these."""
OWN = frozenset({Act.CANNOT_HEAR, Act.HEARD})
"""Somebody says these of themselves."""
FORMED = (Stage.ACCEPTED, Stage.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Officiating:
    """One per process."""

    core: Core

    async def open(self, actor: Person, id: str) -> File:
        """Begin. Every gate is asked again today: data may have changed since the approval.

        Raises Blocked naming the rules, Refusal `marriage.unjoined`.
        """
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.conduct")
            track = track_of(self.core, one)
            if stands := blocking(self.core.gates(one)):
                raise Blocked(stands)
            needed = required(track, one.application, self.core.pack.jurisdiction)
            if missing := set(needed) - set(one.seats):
                raise Refusal(
                    "marriage.unjoined",
                    N_("%(count)s persons have not taken their part yet. Send them their links."),
                    count=len(missing),
                )
            made = self._begin(one, track)
            return await self.core.move(
                session, one, Move.OPEN_SESSION, actor.id, majlis=made, devices={}
            )

    def _begin(self, one: File, track: Track) -> Majlis:
        app, state = one.application, self.core.pack.jurisdiction
        present = required(track, app, state)
        offer = self.core.pack.rule("R-MR-19", self.core.today()).value[track.code]
        return begin(
            present,
            tuple(part for part in track.hearers if part in present),
            signers(track, app, state),
            _speaker(Part(offer), Part.BRIDE, present),
            _speaker(Part.GROOM, Part.GROOM, present),
            tuple(_speaker(part, part, present) for part in SPOUSES),
            helped(app, present),
        )

    async def conduct(self, actor: Person, id: str, event: Event) -> File:
        """A step of the officiant: identity, consent, unity, reading, offer, acceptance.

        Raises Refusal `marriage.*` of the machine; nothing changed then.
        """
        if event.act in ROOM or event.act is Act.SIGN:
            raise Refusal("marriage.not_by_hand", N_("This is reported by the room itself."))
        action = "marriage.own_step" if event.act in OWN else "marriage.conduct"
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, action)
            if event.act in OWN and one.part_of(actor.id) is not event.part:
                raise not_yours()
            return await self.happen(session, one, (event,), actor.id)

    async def report(self, sitting: str, event: Event) -> File | None:
        """What the live room saw. None when the sitting is no open marriage."""
        if event.act not in ROOM:
            raise ValueError(f"{event.act} is not for the room to say")
        async with self.core.database.unit() as session:
            one = await self._open(session, sitting)
            if one is None or one.majlis is None:
                return None
            if event.part is not None and event.part not in one.majlis.required:
                return None
            return await self.happen(session, one, (event,), "room")

    async def seen(self, sight: Sight) -> File | None:
        """What changed in the live room since the last look. None when it is no open marriage.

        A sitting that was ended in the room without a contract is broken off here too.
        """
        async with self.core.database.unit() as session:
            one = await self._open(session, sight.sitting)
            sitting = await booked.get_sitting(session, sight.sitting)
            if one is None or one.majlis is None or sitting is None:
                return None
            found = tuple(events(one, sitting, sight))
            if found:
                one = await self.happen(session, one, found, "room")
            if sight.phase in FINAL:
                return await self._broken_off(session, one, "room", "The sitting was ended.")
            return one

    async def _open(self, session: AsyncSession, sitting: str) -> File | None:
        one = await store.by_sitting(session, self.core.secret, sitting)
        return one if one is not None and one.state is FileState.IN_SESSION else None

    async def signed(
        self, session: AsyncSession, one: File, part: Part, by: str, now: datetime
    ) -> File:
        """A signature was made, in the unit that keeps it. After the last, the contract stands."""
        done = await self.happen(session, one, (Event(Act.SIGN, part),), by)
        if done.majlis is not None and done.majlis.stage is Stage.SIGNED:
            return await self.core.move(
                session, done, Move.CONTRACT, by, contracted_at=done.contracted_at or now
            )
        return done

    async def break_off(self, actor: Person, id: str, reason: str) -> File:
        """No contract today: another day is chosen."""
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.conduct")
            return await self._broken_off(session, one, actor.id, reason)

    async def _broken_off(self, session: AsyncSession, one: File, by: str, reason: str) -> File:
        return await self.core.move(
            session,
            one,
            Move.BREAK_OFF,
            by,
            reason=reason,
            majlis=None,
            devices={},
            starts_at=None,
            contracted_at=None,
            sitting="",
            ceremony="",
        )

    async def happen(
        self,
        session: AsyncSession,
        one: File,
        happened: Iterable[Event],
        by: str,
        *,
        codes: Mapping[str, JSON] | None = None,
        texts: Mapping[str, str] | None = None,
        devices: Mapping[Part, str] | None = None,
    ) -> File:
        """Let events happen to the majlis, all or none: the file, its history, the sitting's
        journal and the leaves, in this unit. `codes` and `texts` are of the last event.

        Raises Refusal `marriage.*`.
        """
        if one.state is not FileState.IN_SESSION or one.majlis is None:
            raise Refusal("marriage.not_open", N_("The sitting of this marriage is not open."))
        majlis, at, told = one.majlis, one.contracted_at, list[tuple[Said, int]]()
        for event in happened:
            before = majlis.stage
            majlis, said = after(majlis, event)
            if majlis.stage in FORMED and before is Stage.OFFERED:
                at = self.core.clock()
            if majlis.stage is Stage.READ:
                at = None
            told += [(found, majlis.restarts) for found in said]
        voided = majlis.stage is Stage.READ and one.majlis.stage in FORMED
        kept = await self.core.keep(
            session,
            one,
            majlis=majlis,
            contracted_at=at,
            devices=one.devices if devices is None else devices,
            ceremony="" if voided else one.ceremony,
        )
        for (code, part), restarts in told:
            data: dict[str, JSON] = {"part": part.value if part else "", "restarts": restarts}
            data |= codes or {}
            await self.core.write(session, kept, code, by, codes=data, texts=texts)
            await self._journal(session, kept, code, part, data, texts or {})
        return kept

    async def _journal(
        self,
        session: AsyncSession,
        one: File,
        type: str,
        part: Part | None,
        codes: Mapping[str, JSON],
        texts: Mapping[str, str],
    ) -> None:
        """Into the sitting's journal on the record's clock, and its own chain of leaves."""
        sitting = await booked.get_sitting(session, one.sitting)
        if sitting is None:
            return
        seat = sitting.seat_of(one.seats.get(part, "")) if part else None
        salt = secrets.token_bytes(16)
        said = {name: text for name, text in texts.items() if text}
        data = {**codes, **said, **({"salt": salt.hex()} if said else {})}
        id = seat.id if seat else None
        await booked.add_event(session, sitting.id, self.core.clock(), type, id, data)
        leaf: dict[str, JSON] = {**codes, **({"seat": id} if id else {})}
        leaf |= {name: commit(text.encode(), salt) for name, text in said.items()}
        await self.core.log.append(session, f"live.{type}", leaf, subject=sitting.id)


def not_yours() -> Refusal:
    """Somebody says of another what only that one can say."""
    return Refusal("marriage.not_yours", N_("Each says this alone, of themselves."), status=403)


def track_of(core: Core, one: File) -> Track:
    """The track that was chosen. Raises Refusal `marriage.track`."""
    track = core.track(one)
    if track is None:
        raise Refusal("marriage.track", N_("Choose a track first."))
    return track


def _speaker(wished: Part, principal: Part, present: tuple[Part, ...]) -> Part:
    """Who speaks: the one wished, who stands in for that one, or the principal's side."""
    agents = {Part.GROOM: Part.GROOM_AGENT, Part.BRIDE: Part.BRIDE_AGENT}
    for part in (wished, agents.get(wished), principal, agents.get(principal)):
        if part is not None and part in present:
            return part
    raise ValueError(f"nobody here speaks for {wished}")
