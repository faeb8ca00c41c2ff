"""The first page says what waits for the couple, the guardian and the court."""

from auth.person import Person
from notary.marriage.application import Part
from notary.marriage.tasks import MarriageTasks
from sessions.service import MySittings
from tests.notary.marriage.conftest import Court

NONE = MySittings((), (), ())


async def test_each_is_told_the_next_step_and_nobody_elses(lite: Court) -> None:
    tasks = MarriageTasks(lite.filing, lite.reviewing)

    async def of(person: Person) -> list[tuple[str, int]]:
        return [(task.text, task.count) for task in await tasks(person, NONE)]

    groom, guardian = lite.who(Part.GROOM), lite.who(Part.GUARDIAN)
    one = await lite.filing.begin(groom, Part.GROOM)
    await lite.filing.join(guardian, await lite.filing.invite(groom, one.id, Part.GUARDIAN))
    assert await of(groom) == [("Complete your application to marry", 1)]
    assert await of(guardian) == [("Say whether you agree to this marriage", 1)]
    assert await of(lite.judge) == []
    await lite.filing.withdraw(groom, one.id)
    assert await of(groom) == await of(guardian) == []

    one = await lite.gathered()
    assert await of(guardian) == [], "answered"
    await lite.filing.submit(lite.who(Part.BRIDE), one.id)
    assert await of(groom) == []
    assert await of(lite.judge) == [("Applications to marry to review", 1)]
    assert await of(lite.who(Part.OFFICIANT)) == []
    await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    assert await of(lite.judge) == []
    assert await of(groom) == [("Pay the fee of your marriage contract", 1)]
    await lite.filing.pay(groom, one.id, "collect", settled=True)
    [task] = await tasks(lite.who(Part.BRIDE), NONE)
    assert task.text == "Choose the officiant and the day of your marriage"
    assert (task.path, task.about) == (f"/marriages/{one.id}", one.reference)
