"""What waits for applicants and for the office: requests for notarial acts."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth import policy
from auth.person import Person
from errors import N_
from notary.deeds.office import Office
from notary.deeds.request import Request
from notary.deeds.state import State
from sessions.service import MySittings
from sessions.tasks import Task, queue

_APPLICANT = {
    State.DRAFT: N_("Complete your request for a notarial act"),
    State.RETURNED: N_("Mend what the office marked in your request"),
    State.FEE_DUE: N_("Pay the fee of your request"),
    State.PAID: N_("Choose when you meet the notary"),
    State.APPROVED: N_("Choose when you meet the notary"),
    State.SUSPENDED: N_("Choose when the session goes on"),
}


@dataclass(frozen=True, slots=True)
class DeedTasks:
    """The applicant's next step; for the office, how many wait in each queue."""

    office: Office

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """Own requests, then the office's queues."""
        found: list[Task] = []
        if policy.decide(person, "deed.list"):
            own = await self.office.applying.mine(person)
            found += [_of(one) for one in own if one.applicant == person.id and _open(one)]
        if policy.decide(person, "deed.audit"):
            waiting = len(await self.office.auditing.desk(person))
            found += queue(N_("Requests to audit"), "/notary/audit", waiting)
        if policy.decide(person, "deed.desk"):
            waiting = len((await self.office.scheduling.desk(person))[0])
            found += queue(N_("People wait for the next notary"), "/notary/desk", waiting)
        if policy.decide(person, "deed.decide").possible:
            waiting = len(await self.office.deciding.desk(person))
            found += queue(N_("Grievances to decide"), "/notary/grievances", waiting)
        return found


def _open(one: Request) -> bool:
    fee_later = one.state is State.REGISTERED and not (one.paid or one.waived)
    return one.state in _APPLICANT or (fee_later and one.fee_fils > 0)


def _of(one: Request) -> Task:
    wizard = one.state in (State.DRAFT, State.RETURNED)
    path = f"/deeds/{one.id}/{one.step}" if wizard else f"/deeds/{one.id}"
    text = _APPLICANT.get(one.state, _APPLICANT[State.FEE_DUE])
    return Task(text=text, path=path, about=one.deed or one.reference)
