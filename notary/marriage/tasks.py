"""What waits for a couple, the guardian and the court: marriage files."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth import policy
from auth.person import Person
from errors import N_
from notary.marriage.application import SPOUSES, Part
from notary.marriage.file import File
from notary.marriage.filing import Filing
from notary.marriage.reviewing import Reviewing
from notary.marriage.workflow import EDITABLE, FileState
from sessions.service import MySittings
from sessions.tasks import Task, queue

_COUPLE = {
    FileState.DRAFT: N_("Complete your application to marry"),
    FileState.RETURNED: N_("Mend what the judge marked in your application to marry"),
    FileState.APPROVED: N_("Pay the fee of your marriage contract"),
    FileState.PAID: N_("Choose the officiant and the day of your marriage"),
    FileState.RETURNED_BY_COURT: N_("Choose the officiant and the day of your marriage"),
    FileState.REFUSED: N_("Read why your application to marry was refused, and what you can do"),
}
_ASKED = (FileState.SUBMITTED, FileState.APPEALED)
_MADE = (FileState.CONTRACTED, FileState.RATIFIED)
_ANSWERS = (*EDITABLE, FileState.SUBMITTED, FileState.POSTPONED)
"""In these the guardian may still answer (`Filing.answer`)."""


@dataclass(frozen=True, slots=True)
class MarriageTasks:
    """The couple's next step; for the court, how many wait."""

    filing: Filing
    reviewing: Reviewing

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """Own files, then the court's queues."""
        found: list[Task] = []
        if policy.decide(person, "marriage.list"):
            own = await self.filing.mine(person)
            found += [task for one in own if (task := _of(one, person))]
        if policy.decide(person, "marriage.queue"):
            states = [one.state for one in await self.reviewing.queue(person)]
            asked = sum(state in _ASKED for state in states)
            found += queue(N_("Applications to marry to review"), "/court/marriages", asked)
            made = sum(state in _MADE for state in states)
            found += queue(N_("Marriages to ratify"), "/marriages/contracts", made)
        return found


def _of(one: File, person: Person) -> Task | None:
    text, path = "", f"/marriages/{one.id}"
    if any(one.seats.get(part) == person.id for part in SPOUSES):
        text = _COUPLE.get(one.state, "")
    elif one.seats.get(Part.GUARDIAN) == person.id and one.state in _ANSWERS:
        answered = one.application.guardianship.consents is not None
        text = "" if answered else N_("Say whether you agree to this marriage")
    return Task(text=text, path=path, about=one.reference) if text else None
