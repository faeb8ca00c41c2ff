"""What waits for the bench after a sitting: transcripts and minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth import policy
from auth.person import Person
from database import Database
from errors import N_
from recordings.minutes import store as minutes_store
from recordings.minutes.minutes import Minutes
from recordings.minutes.minutes import State as Written
from recordings.minutes.ports import Signing
from recordings.minutes.service import turn_of
from recordings.transcripts import store as transcripts_store
from recordings.transcripts.transcript import State, Transcript
from sessions.service import Listed, MySittings
from sessions.tasks import Task

_TRANSCRIPTS = {
    State.REQUESTED: ("transcript.authorise", N_("Decide whether a transcript is made")),
    State.AUTHORISED: ("transcript.assign", N_("Choose who types a transcript")),
    State.APPROVED: ("transcript.certify", N_("Certify a transcript")),
}
"""Who has to act, by the policy, and how."""
_TYPE = N_("Type a transcript")


@dataclass(frozen=True, slots=True)
class RecordTasks:
    """Of today's and past sittings. Bench only: others ask for things, nobody asks them."""

    database: Database
    signing: Signing

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """Transcripts, then minutes."""
        listed = {one.sitting.id: one for one in (*sittings.today, *sittings.past)}
        if not listed:
            return []
        async with self.database.unit(write=False) as session:
            transcripts = await transcripts_store.unfinished(session, listed)
            minutes = await minutes_store.unsigned(session, listed)
        found = [_of_transcript(person, listed[one.sitting], one) for one in transcripts]
        found += [await self._of_minutes(person, listed[one.sitting], one) for one in minutes]
        return [task for task in found if task]

    async def _of_minutes(self, person: Person, listed: Listed, one: Minutes) -> Task | None:
        sitting, text = listed.sitting, ""
        if one.state is Written.SIGNING:
            if turn_of(person, sitting, await self.signing.state(sitting.id, one.ceremony)):
                text = N_("Sign the minutes")
        elif policy.decide(person, "minutes.approve", listed.context).possible:
            text = N_("Read and approve the minutes")
        elif policy.decide(person, "minutes.write", listed.context).possible:
            text = N_("Finish the minutes")
        path = f"/sittings/{sitting.id}/minutes"
        return Task(text=text, path=path, about=sitting.case_number) if text else None


def _of_transcript(person: Person, listed: Listed, one: Transcript) -> Task | None:
    sitting, text = listed.sitting, ""
    if one.state in (State.ASSIGNED, State.DRAFT):
        text = _TYPE if one.assigned_to == person.id else ""
    elif policy.decide(person, _TRANSCRIPTS[one.state][0], listed.context).possible:
        text = _TRANSCRIPTS[one.state][1]
    path = f"/sittings/{sitting.id}/transcripts/{one.id}"
    return Task(text=text, path=path, about=sitting.case_number) if text else None
