"""The first page says what waits for the applicant and for the office."""

from notary.deeds.tasks import DeedTasks
from sessions.service import MySittings
from tests.notary.acts.world import World

NONE = MySittings((), (), ())


async def test_each_is_told_the_next_step_and_nobody_elses(lite: World) -> None:
    tasks, office = DeedTasks(lite.office), lite.office

    async def of(name: str) -> list[tuple[str, int]]:
        return [(task.text, task.count) for task in await tasks(lite.who(name), NONE)]

    me, clerk = lite.who("claimant"), lite.who("clerk")
    draft = await office.applying.begin(me, "declaration")
    [task] = await tasks(me, NONE)
    assert task.text == "Complete your request for a notarial act"
    assert (task.path, task.about) == (f"/deeds/{draft.id}/{draft.step}", draft.reference)
    await office.cancel(me, draft.id, "Not needed.")
    assert await of("claimant") == []

    one = await lite.submitted()
    assert await of("clerk") == [("Requests to audit", 1)]
    await office.auditing.take(clerk, one.id)
    await office.give_back(clerk, one.id, {"field_matter": "Which case?"}, "")
    assert await of("claimant") == [("Mend what the office marked in your request", 1)]
    one = await lite.approved()
    assert ("Pay the fee of your request", 1) in await of("claimant")
    assert await of("respondent") == [], "a party, not the applicant"
    charge = await office.scheduling.charge(me, one.id, "/")
    lite.payments.pay(charge.reference)
    await office.settle(me, one.id)
    assert ("Choose when you meet the notary", 1) in await of("claimant")
    await office.scheduling.join(me, one.id)
    assert await of("notary") == [("People wait for the next notary", 1)]


async def test_a_grievance_waits_for_the_director(lite: World) -> None:
    one = await lite.booked()
    await lite.office.refuse(
        lite.login("notary"), one.id, ["identity_not_proved"], "No document.", ""
    )
    await lite.office.applying.grieve(lite.who("claimant"), one.id, "I have one.")
    [task] = await DeedTasks(lite.office)(lite.who("director"), NONE)
    assert (task.text, task.path) == ("Grievances to decide", "/notary/grievances")
