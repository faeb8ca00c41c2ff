"""What waits for a couple, the guardian and the court: marriage files."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth import policy
from auth.person import Person
from errors import N_
from notary.marriage.application import SPOUSES, Part
from notary.marriage.court import Court
from notary.marriage.file import File
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
_ANSWERS = (*EDITABLE, FileState.SUBMITTED, FileState.POSTPONED)
"""In these the guardian may still answer (`Filing.answer`)."""


@dataclass(frozen=True, slots=True)
class MarriageTasks:
    """The couple's next step; for the court, how many wait."""

    court: Court

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """Own files, then the court's queues."""
        found: list[Task] = []
        if policy.decide(person, "marriage.list").possible:
            own = await self.court.filing.mine(person)
            found += [task for one in own if (task := _of(one, person))]
        if policy.decide(person, "marriage.queue").possible:
            asked = await self.court.reviewing.queue(person)
            new = [one for one in asked if one.state in (FileState.SUBMITTED, FileState.APPEALED)]
            found += queue(N_("Applications to marry to review"), "/court/marriages", len(new))
            after = await self.court.ratifying.queue(person)
            made = [one for one in after if one.state is not FileState.CERTIFIED]
            found += queue(N_("Marriages to ratify"), "/marriages/contracts", len(made))
        return found


def _of(one: File, person: Person) -> Task | None:
    text, path = "", f"/marriages/{one.id}"
    if any(one.seats.get(part) == person.id for part in SPOUSES):
        text = _COUPLE.get(one.state, "")
    elif one.seats.get(Part.GUARDIAN) == person.id and one.state in _ANSWERS:
        answered = one.application.guardianship.consents is not None
        text = "" if answered else N_("Say whether you agree to this marriage")
    return Task(text=text, path=path, about=one.reference) if text else None
