"""Use cases of the sitting: the officiant conducts, the room reports, everybody signs in order.

What the room reports (who is there, whose line carries speech, on record) comes from the live
room, never from a page; the machine in `majlis.py` decides.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from auth.person import Person
from errors import N_, Refusal
from notary.marriage import store
from notary.marriage.application import SPOUSES, Part
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.filing import Blocked
from notary.marriage.gates import blocking
from notary.marriage.majlis import Act, Event, Majlis, Stage, after, begin
from notary.marriage.track import Track, required, signers
from notary.marriage.workflow import FileState, Move

ROOM = frozenset(
    {Act.JOINED, Act.DROPPED, Act.LINE_POOR, Act.LINE_GOOD, Act.ON_RECORD, Act.OFF_RECORD}
)
"""Only the room says these."""
OWN = frozenset({Act.CANNOT_HEAR, Act.HEARD})
"""Somebody says these of themselves."""


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
            track = _track(self.core, one)
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
            return await self.core.move(session, one, Move.OPEN_SESSION, actor.id, majlis=made)

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
                raise Refusal(
                    "marriage.not_yours", N_("Each says this alone, of themselves."), status=403
                )
            return await self._happen(session, one, event, actor.id)

    async def report(self, sitting: str, event: Event) -> File | None:
        """What the live room saw. None when the sitting is no open marriage."""
        if event.act not in ROOM:
            raise ValueError(f"{event.act} is not for the room to say")
        async with self.core.database.unit() as session:
            one = await store.by_sitting(session, self.core.secret, sitting)
            if one is None or one.state is not FileState.IN_SESSION or one.majlis is None:
                return None
            if event.part is not None and event.part not in one.majlis.required:
                return None
            return await self._happen(session, one, event, "room")

    async def signed(
        self, session: AsyncSession, one: File, part: Part, by: str, now: datetime
    ) -> File:
        """A signature was made, in the unit that keeps it. After the last, the contract stands."""
        done = await self._happen(session, one, Event(Act.SIGN, part), by)
        if done.majlis is not None and done.majlis.stage is Stage.SIGNED:
            return await self.core.move(
                session, done, Move.CONTRACT, by, contracted_at=done.contracted_at or now
            )
        return done

    async def break_off(self, actor: Person, id: str, reason: str) -> File:
        """No contract today: another day is chosen."""
        async with self.core.database.unit() as session:
            one = await self.core.load(session, actor, id, "marriage.conduct")
            return await self.core.move(
                session,
                one,
                Move.BREAK_OFF,
                actor.id,
                reason=reason,
                majlis=None,
                starts_at=None,
                sitting="",
                ceremony="",
            )

    async def _happen(self, session: AsyncSession, one: File, event: Event, by: str) -> File:
        if one.state is not FileState.IN_SESSION or one.majlis is None:
            raise Refusal("marriage.not_open", N_("The sitting of this marriage is not open."))
        majlis, said = after(one.majlis, event)
        formed = majlis.stage in (Stage.ACCEPTED, Stage.CONFIRMED) and one.majlis.stage is (
            Stage.OFFERED
        )
        at = self.core.clock() if formed else one.contracted_at
        if majlis.stage is Stage.READ:
            at = None
        kept = await self.core.keep(session, one, majlis=majlis, contracted_at=at)
        for code, part in said:
            codes = {"part": part.value if part else "", "restarts": majlis.restarts}
            await self.core.write(session, kept, code, by, codes=codes)
        return kept


def _track(core: Core, one: File) -> Track:
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
