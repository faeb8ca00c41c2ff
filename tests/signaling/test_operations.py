"""What operators are told: figures for Prometheus, and reasons beside the grade of a line."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from quart import Quart

from signaling import line_quality, metrics, web_operations
from signaling import messages as m
from signaling.gate import Gate, MainLoad
from signaling.line_quality import LineMeter, Sample, findings
from signaling.load import RoomLoad, WorkerLoad
from tests.auth.house import Browser
from tests.signaling.fakes import line
from tests.signaling.world import World
from tests.support.clock import SettableClock


@pytest.mark.parametrize(
    ("sample", "reasons"),
    [
        (Sample(), {}),
        (Sample(loss_up=0.04), {"loss_up": "poor"}),
        (Sample(loss_down=0.2, round_trip_ms=400), {"loss_down": "bad", "delay": "poor"}),
        (Sample(jitter_ms=200), {"jitter": "bad"}),
        (Sample(silent=True), {"no_media": "bad"}),
        (Sample(weak_device=True, freezes=1), {"weak_device": "poor", "freezes": "poor"}),
    ],
)
def test_every_grade_has_its_reasons(sample: Sample, reasons: dict[str, str]) -> None:
    assert findings(sample) == reasons
    assert line_quality.grade(sample) == max(reasons.values(), default="good") or reasons


def test_the_reasons_go_with_the_grade(clock: SettableClock) -> None:
    meter = LineMeter()
    assert meter.update(line(loss=0.2), clock())
    assert (meter.grade, set(meter.reasons)) == ("bad", {"loss_up", "loss_down"})
    clock.advance(1)
    assert not meter.update(line(), clock())  # steady: the last reasons stay
    assert meter.reasons
    clock.advance(7)
    assert meter.update(line(), clock())
    assert (meter.grade, meter.reasons) == ("good", ())


async def test_hosts_see_why_and_others_do_not(world: World) -> None:
    people = await world.hearing()
    world.media.lines = {seat: line() for seat in people} | {"counsel": line(loss=0.3)}
    await world.live.tick()
    for name, expected in (("clerk", True), ("counsel", True), ("prosecutor", False)):
        (seat,) = [one for one in people[name].state["seats"] if one["id"] == "counsel"]
        assert bool(seat["line_why"]) is expected
    await world.live.receive(people["judge"].came, m.Line(weak_device=True, freezes=3))


async def test_metrics_hold_figures_and_nobodys_name(world: World) -> None:
    people = await world.hearing()
    layers = {"h": 2, "none": 1}
    world.media.lines = {"counsel": replace(line(loss=0.25), layers=layers)}
    await world.live.receive(people["counsel"].came, m.Line(freezes=4))
    room = RoomLoad(world.sitting.id, 1, {"forwarded": 70, "malformed": 2})
    load = WorkerLoad("1", 1, True, 0.5, 0.004, 0.01, 1234.0, 2, (room,))
    gate = Gate(10_000, MainLoad(), lambda: [load])
    gate.people = world.live.people
    gate.refusals["another", "busy"] += 3
    text = metrics.exposition(gate, world.live.figures()).decode()
    found = {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    sitting = world.sitting.id
    assert found["mahdar_worker_forwarded_per_second", "1"] == 1234
    assert found["mahdar_worker_restarts_total", "1"] == 2
    assert found["mahdar_packets_total", "malformed", "1"] == 2
    assert found["mahdar_capacity", "1"] == 10_000
    assert found["mahdar_capacity_need", "1"] == 5 * 200 + 5 * 4 * 200
    assert found["mahdar_seat_loss_up_ratio", "counsel", sitting] == 0.25
    assert found["mahdar_seat_freezes_total", "counsel", sitting] == 4
    assert found["mahdar_seat_sent_pictures", "h", "counsel", sitting] == 2
    assert found["mahdar_seat_sent_pictures", "none", "counsel", sitting] == 1
    assert found["mahdar_refused_joins_total", "busy"] == 3
    assert found["mahdar_refused_joins_total", "full"] == 0
    assert found["mahdar_record_state", sitting, "off"] == 1
    assert ("mahdar_worker_up", "main") in found
    for seat in world.sitting.seats:
        for name in (seat.name("ar"), seat.name("en")):
            assert not name or name not in text
    assert world.sitting.case_number not in text


def app_of(world: World, token: str = "") -> Quart:
    world.live.gate = Gate(10_000, MainLoad())
    app = world.house.app()
    web_operations.init_app(app, world.live, replace(world.house.settings, metrics_token=token))
    return app


LOCAL = {"client": ("127.0.0.1", 40_000)}
FAR = {"client": ("192.0.2.1", 40_000)}


async def test_metrics_are_for_this_machine_or_for_the_token(world: World) -> None:
    client = app_of(world).test_client()
    answer = await client.get("/metrics", scope_base=LOCAL)
    assert answer.status_code == 200
    assert b"mahdar_worker_up" in await answer.get_data()
    assert (await client.get("/metrics", scope_base=FAR)).status_code == 403
    through = {"X-Forwarded-For": "192.0.2.1"}  # a proxy on this machine
    assert (await client.get("/metrics", scope_base=LOCAL, headers=through)).status_code == 403

    client = app_of(world, "open sesame").test_client()
    shown = {"Authorization": "Bearer open sesame"}
    assert (await client.get("/metrics", scope_base=FAR, headers=shown)).status_code == 200
    for wrong in ({}, {"Authorization": "Bearer open"}):
        assert (await client.get("/metrics", scope_base=LOCAL, headers=wrong)).status_code == 403


async def test_the_page_is_for_administrators(world: World) -> None:
    await world.hearing()
    world.media.lines = {"counsel": line(loss=0.25)}
    await world.live.tick()
    app = app_of(world)
    assert world.live.gate is not None
    world.live.gate.refusals[world.sitting.id, "full"] = 2
    admin = Browser(app)
    await admin.sign_in("admin")
    for path in ("/en/admin/operations", "/en/admin/operations?part=1"):
        text = await (await admin.get(path)).get_data(as_text=True)
        assert world.sitting.id in text
        assert "25%" in text
        assert "need what the workers may carry" in text
        for seat in world.sitting.seats:
            assert not seat.name("en") or seat.name("en") not in text
    clerk = Browser(app)
    await clerk.sign_in("clerk")
    assert (await clerk.get("/en/admin/operations")).status_code == 403
