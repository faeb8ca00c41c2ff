"""What the use cases over orders, holds and keys share: who acts, whether they may, and that a
legal act is confirmed."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

import rfc8785

from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy, stepup
from auth.assurance import Level
from auth.person import Person
from auth.policy import Context
from auth.stepup import StepUp
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal
from recordings import store as records
from recordings.access import store
from recordings.access.store import Session
from recordings.store import RecordingRow
from sessions import store as sessions
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.standing import acts_for, by, context, own_seat

REASON_MOST = 1000
AUTHORITY_MOST = 200
REFERENCE_MOST = 100


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something now: the session and, of a legal act, its confirmation."""

    person: Person
    login: str = ""
    authorisation: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act is done."""

    sitting: Sitting
    context: Context
    row: RecordingRow
    by: dict[str, JSON]
    """For the leaf: `by`, and for a deputy `acts_for`."""
    office: str
    """In whose place the person acts."""


class Acts:
    """Base of the use cases. Each is one unit of work under the record's lock."""

    def __init__(
        self, database: Database, log: AuditLog, sittings: Sittings, stepup: StepUp, clock: Clock
    ) -> None:
        self.database = database
        self.log = log
        self.clock = clock
        self._sittings = sittings
        self._stepup = stepup

    async def place(self, session: Session, person: Person, sitting_id: str, action: str) -> Place:
        """The record of a sitting, for somebody who may do `action` there, if only after a
        step-up. Raises NotFound, Forbidden."""
        sitting = await self._sittings.load(session, person, sitting_id)
        rooms = await sessions.operated_rooms(session, person.id)
        at = context(person, sitting, rooms)
        if not policy.decide(person, action, at).possible:
            policy.require(person, action, at)
        await lock(session, f"record:{sitting_id}")
        row = await records.get(session, sitting_id)
        if row is None:
            raise NotFound("recording.none", N_("Nothing was recorded in this sitting."))
        office = acts_for(person, own_seat(person, sitting)) or person.id
        return Place(sitting, at, row, by(person, sitting), office)

    async def allow(
        self, session: Session, actor: Actor, place: Place, action: str, **what: JSON
    ) -> None:
        """Ask the policy; a legal act counts with a confirmation of exactly `what`.

        Last of the checks of a use case: an act that is refused for another reason uses no
        confirmation up. Raises Forbidden, AssuranceNeeded, Refusal `policy.confirmation_needed`.
        """
        person, sure = actor.person, Level.NONE
        if policy.confirms(person, action):
            policy.require(person, action, replace(place.context, confirmed=Level.HIGH))
            sitting = place.sitting.id
            digest = hashlib.sha256(rfc8785.dumps({"act": action, **what})).hexdigest()
            if not actor.authorisation:
                raise stepup.needed(action, sitting, digest)
            sure = await self._stepup.take(
                session,
                actor.authorisation,
                person=person.id,
                login=actor.login,
                act=action,
                object=sitting,
                digest=digest,
            )
        policy.require(person, action, replace(place.context, confirmed=sure))

    async def tell(self, session: Session, place: Place, type: str, leaf: dict[str, JSON]) -> None:
        """The leaf of what was done."""
        await self.log.append(session, type, {**leaf, **place.by}, subject=place.sitting.id)

    async def no_hold(self, session: Session, sitting: str) -> None:
        """Raise Refusal while a legal hold stands."""
        if any(hold.stands for hold in await store.holds(session, sitting)):
            raise Refusal(
                "recording.on_hold",
                N_("A legal hold stands on this record. Two persons must lift it first."),
            )


def not_the_same(place: Place, person: Person, proposer: str, office: str) -> None:
    """Raise Refusal unless these are two persons in two offices."""
    if {person.id, place.office} & {proposer, office}:
        raise Refusal(
            "recording.two_persons",
            N_("Another person must agree, not the one who proposed it or acts in that place."),
        )


def text(value: str, field: str, most: int, *, lines: bool = False) -> str:
    """What somebody wrote, without spaces around it. Raises BadInput."""
    value = value.strip()
    plain = re.sub(r"[\r\n\t]", " ", value) if lines else value
    if not value or len(value) > most or not plain.isprintable():
        raise BadInput(
            "recording.text",
            N_("Write this, with at most %(most)s characters."),
            field=field,
            most=most,
        )
    return value


def in_future(moment: datetime | None, now: datetime, field: str) -> None:
    """Raise BadInput for an end that has passed."""
    if moment is not None and moment <= now:
        raise BadInput("recording.past", N_("Choose a time that has not passed."), field=field)
