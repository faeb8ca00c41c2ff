"""The whole path of an act, over real services: request to delivered deed, and its exits."""

from notary.deeds.state import State
from tests.notary.acts.world import World


async def test_a_power_of_attorney_with_three_signers(world: World) -> None:
    one = await world.delivered()
    assert one.state is State.DELIVERED
    assert one.deed == "NOT/2026/1"
    assert (await world.office.register.standing_of(one.deed)).value == "stands"
    paper = world.ceremonies.papers[one.ceremony]
    assert paper.done == ["party_p0", "party_p1", "party_h0", "notary"]
    assert await world.office.register.check() == []
