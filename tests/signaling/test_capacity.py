"""One more than the server can carry is refused; nobody who is in is."""

import asyncio
from itertools import pairwise

import pytest

from errors import Refusal
from signaling import capacity
from signaling import messages as m
from signaling.capacity import Hearing, WorkerState
from signaling.gate import Gate, MainLoad
from signaling.load import LagMeter, Rate, WorkerLoad
from tests.signaling.fakes import FakeSocket
from tests.signaling.world import World

FREE = WorkerState("1", up=True, cpu=0.2, lag=0.001)
OTHER = WorkerState("2", up=True, cpu=0.2, lag=0.001)


def fits(
    room: int, people: int, *workers: WorkerState, host: bool = False, elsewhere: int = 0
) -> bool:
    """Whether one more comes into a hearing of `people` on worker 1 with capacity `room`."""
    hearings = [Hearing("s", people, "1"), Hearing("t", elsewhere, "2")]
    try:
        capacity.check(room, workers or (FREE,), hearings, "s", host=host)
    except Refusal:
        return False
    return True


def test_need_grows_with_everybody_who_is_in() -> None:
    needs = [capacity.need(people) for people in range(30)]
    assert needs[0] == 0
    assert all(before < after for before, after in pairwise(needs))
    assert capacity.need(4) == 4 * 200 + 4 * 3 * 200
    # Beyond the slots of a listener one more costs a constant amount.
    assert capacity.need(30) - capacity.need(29) == capacity.need(29) - capacity.need(28)


def test_a_core_that_forwards_for_20_us_carries_a_hearing_of_twelve() -> None:
    room = capacity.of_cost(20)
    assert capacity.need(12) <= room * (1 - capacity.RESERVE)
    assert capacity.need(16) > room


def test_one_more_is_refused_where_it_does_not_fit() -> None:
    room = capacity.need(4)
    assert fits(int(room / 0.9) + 1, 3)
    assert not fits(room, 3)  # the reserve is not for everybody
    assert fits(room, 3, host=True)
    assert not fits(room, 4, host=True)


def test_a_hearing_is_not_refused_for_what_another_worker_carries() -> None:
    room = int(capacity.need(4) / 0.9) + 1
    assert fits(room, 3, FREE, OTHER, elsewhere=50)
    hearings = [Hearing("t", 50, "2")]
    capacity.check(room, (FREE, OTHER), hearings, "new", host=False)  # goes to worker 1
    with pytest.raises(Refusal):
        capacity.check(room, (OTHER,), hearings, "new", host=False)


def test_a_busy_or_dead_worker_takes_nobody_new() -> None:
    room = 100_000
    late = WorkerState("1", up=True, cpu=0.2, lag=0.2)
    hot = WorkerState("1", up=True, cpu=0.95, lag=0.001)
    busy = WorkerState("1", up=True, cpu=0.95, lag=0.2)
    dead = WorkerState("1", up=False, cpu=0.0, lag=0.0)
    for worker in (busy, dead):
        assert not fits(room, 3, worker)
    for worker in (late, hot):  # what else this machine does is no reason
        assert fits(room, 3, worker)
    assert fits(room, 3, busy, host=True)


def test_meters() -> None:
    lag = LagMeter()
    assert lag.p99 == lag.max == 0
    for _ in range(198):
        lag.add(0.001)
    lag.add(0.3)
    lag.add(0.3)
    assert lag.p99 == 0.3 == lag.max
    for _ in range(200):
        lag.add(-1.0)
    assert lag.max == 0
    rate = Rate()
    assert [rate.update(total, now) for total, now in ((5, 0), (15, 1), (16, 1.1), (2, 2))] == [
        0,
        10,
        10,
        10,
    ]


@pytest.fixture
def gate(world: World) -> Gate:
    """Worker 1 carries the sitting; there is room for five people."""
    load = WorkerLoad("1", 1, True, 0.1, 0.001, 0.002, 0.0, 0)
    gate = Gate(int(capacity.need(5) / 0.9) + 1, MainLoad(), lambda: [load])
    gate.people = world.live.people
    world.live.gate = gate
    return gate


async def test_one_more_is_refused_over_the_wire_and_nobody_else_notices(
    world: World, gate: Gate
) -> None:
    people = await world.hearing()
    assert world.live.people() == {world.sitting.id: 5}
    with pytest.raises(Refusal) as caught:
        await world.come("victim")
    assert caught.value.code == "capacity.full"
    assert caught.value.status == 503
    assert gate.refused == 1
    assert dict(gate.refusals) == {(world.sitting.id, "full"): 1}
    for _ in range(2):  # a page tries again and again; the hosts are told once
        with pytest.raises(Refusal):
            await world.come("victim")
    for name, host in (("judge", True), ("clerk", True), ("counsel", False)):
        told = [
            message["params"]
            for message in people[name].socket.sent
            if message["type"] == "event" and message["name"] == "no_room"
        ]
        assert told == ([{"seat": "victim"}] if host else [])
    world.clock.advance(31)
    with pytest.raises(Refusal):
        await world.come("victim")
    assert people["judge"].socket.sent[-1]["name"] == "no_room"
    for visitor in people.values():
        assert visitor.socket.code is None
        await visitor.ok(m.Hand(raised=True))
    assert ("full", "1") not in gate.alarms()

    # Those who are in come back, by a new page and after a long absence.
    await world.come("counsel", "another-page")
    people["prosecutor"].gone()
    for _ in range(3):
        world.clock.advance(10)
        for name in ("judge", "clerk", "counsel", "accused"):
            await world.live.receive(people[name].came, m.Ping(t=1))
        await world.live.tick()
    back = await world.come("prosecutor")
    assert back.state["me"]["place"] == "hearing"

    # Somebody leaves: there is room.
    await people["accused"].do(m.Leave())
    assert (await world.come("victim")).state["me"]["place"] == "lobby"


async def test_two_who_hold_tickets_for_one_place(world: World, gate: Gate) -> None:
    for name in ("judge", "clerk", "counsel", "prosecutor"):
        await world.come(name)
    tickets = [await world.ticket("accused"), await world.ticket("victim")]
    found = await asyncio.gather(
        *(
            world.live.hello(m.Hello(v=1, ticket=ticket, client="page-1234"), FakeSocket([], "x"))
            for ticket in tickets
        ),
        return_exceptions=True,
    )
    assert [type(item).__name__ for item in found].count("Refusal") == 1


async def test_after_a_restart_nobody_is_refused_who_was_in(world: World, gate: Gate) -> None:
    await world.hearing()
    await world.start_again()
    gate.per_worker = 1
    gate.people = world.live.people
    world.live.gate = gate
    for name in ("judge", "counsel", "accused"):
        assert (await world.come(name)).state["me"]["place"] == "hearing"
