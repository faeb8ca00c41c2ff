"""What a hearing sees, and its record says, of a media worker that died."""

from signaling import messages as m
from signaling.engine import Disconnected, RoomBack, RoomLost, TrackId, TrackSilent, TrackStarted
from tests.signaling.test_service import settle
from tests.signaling.world import World


async def test_the_record_is_interrupted_and_goes_on_by_itself(world: World) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())
    track = TrackId("judge", "camera")
    for event in (RoomLost(), TrackSilent(track), Disconnected("judge", "p1", "publish")):
        world.media.on_event(event)
    await settle(world.live)

    assert people["clerk"].state["phase"] == "tech_suspended"
    assert people["clerk"].state["record"]["state"] == "interrupted"
    assert world.calls.count(("desk.stop", "suspended")) == 1
    assert "media_interrupted" in people["counsel"].socket.events()
    lost = people["judge"].socket.of("media_lost")
    assert lost == [{"type": "media_lost", "connection": "p1", "direction": "publish"}]

    world.clock.advance(2)
    world.media.on_event(RoomBack(1.25))
    world.media.on_event(TrackStarted(track))
    await settle(world.live)
    await world.live.tick()
    await settle(world.live)
    assert people["clerk"].state["record"]["state"] == "recording"
    found = [(kind, data) for kind, _, data in await world.journal()]
    kinds = [kind for kind, _ in found]
    assert ("media.restored", {"ms": 1250}) in found
    wanted = ["media.interrupted", "recording.interrupted", "media.silent", "media.restored"]
    at = [kinds.index(kind) for kind in [*wanted, "media.back"]]
    assert at == sorted(at)
    assert kinds[-2:] == ["recording.started", "phase.on_record"]
    for visitor in people.values():
        assert visitor.state["me"]["place"] == "hearing"


async def test_off_record_nothing_but_the_journal_changes(world: World) -> None:
    people = await world.hearing()
    phase = people["clerk"].state["phase"]
    world.media.on_event(RoomLost())
    world.media.on_event(RoomBack(0.5))
    await settle(world.live)
    assert people["clerk"].state["phase"] == phase
    kinds = [kind for kind, _, _ in await world.journal()]
    assert kinds[-2:] == ["media.interrupted", "media.restored"]
