"""Orders open a record, part by part and for a while; two persons destroy it, not under a hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auth.assurance import Level
from auth.delegation import Delegation
from auth.person import OPERATOR, Person
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings import bundle, verify
from recordings import contents as recorded
from recordings import store as records
from recordings.access import custodian, custody, store, watching
from recordings.access.acts import Actor
from recordings.access.book import OrderDraft
from recordings.access.order import Part, Use
from recordings.access.overview import Overview
from recordings.access.retention import kept as kept_by
from recordings.access.retention import policies
from recordings.bundle import BundleError, Contents, Draft
from recordings.spare import TwinVault
from sessions.rules import RulePack, RulesError, load
from sessions.seat import SeatRole
from tests.recordings.sealed import LENGTH_MS, Kept, kept, plain

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as made:
        yield made


def draft(reference: str = "12/2026", **more: Any) -> OrderDraft:
    given = {"authority": "Court of appeal", "uses": frozenset({Use.VIEW}), **more}
    return OrderDraft(reference=reference, **given)


async def code(work: Awaitable[Any]) -> str:
    """The code of the refusal."""
    with pytest.raises(Refusal) as refused:
        await work
    return refused.value.code


# --- orders and grants ---------------------------------------------------------------------------


async def test_nobody_sees_without_leave_and_a_grant_opens_its_part(world: Kept) -> None:
    playback, sitting = world.house.playback, world.sitting
    _, clerk = world.bench()
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    stranger = world.people["prosecutor"]
    assert await code(playback.view(lawyer, sitting.id)) == "policy.leave_needed"
    with pytest.raises(NotFound):
        await playback.view(stranger, sitting.id)

    part = Part(LENGTH_MS, 3 * LENGTH_MS, frozenset({world.track(SeatRole.PRESIDING_JUDGE)}))
    order = await world.house.orders.enter(clerk, sitting.id, draft(part=part))
    entered = await world.last(sitting.id)
    assert entered.type == "order.entered"
    assert "12/2026" not in str(entered.data)
    auditor = world.house.orders.give(clerk, sitting.id, order.id, "auditor", NOW + HOUR)
    assert await code(auditor) == "recording.apart"
    await world.house.orders.give(clerk, sitting.id, order.id, stranger.username, NOW + HOUR)
    viewing = await playback.view(stranger, sitting.id)
    shown = await playback.timeline(stranger, sitting.id, viewing, "en")
    assert [one["id"] for one in shown["tracks"]] == [world.track(SeatRole.PRESIDING_JUDGE)]
    assert [one["seq"] for one in shown["tracks"][0]["segments"]] == [1, 2]
    assert stranger.name_en in shown["mark"]
    assert shown["whole"] is False

    mine, others = world.track(SeatRole.PRESIDING_JUDGE), world.track(SeatRole.COUNSEL)
    assert await world.media(stranger, viewing, mine, 1) == plain(mine, 1)
    for track, seq in ((mine, 0), (mine, 3), (others, 1)):
        assert await code(world.media(stranger, viewing, track, seq)) == "recording.outside_scope"
    assert await code(world.media(lawyer, viewing, mine, 1)) == "recording.no_viewing"
    export = playback.export(stranger, sitting.id, world.house.settings.data_dir / "x.zip")
    assert await code(export) == "policy.leave_needed"  # viewing is not copying


async def test_a_revoked_or_expired_grant_ends_a_viewing_that_lasts(world: Kept) -> None:
    sitting, book = world.sitting, world.house.orders
    _, clerk = world.bench()
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    track = world.track(SeatRole.CLERK)

    async def watch() -> bytes:
        return await world.media(lawyer, viewing, track, 0)

    order = await book.enter(clerk, sitting.id, draft(ends=NOW + 3 * HOUR))
    grant = await book.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    viewing = await world.house.playback.view(lawyer, sitting.id)
    assert await watch()
    await book.take_back(clerk, sitting.id, grant.id)
    assert await code(watch()) == "recording.order_over"
    await book.take_back(clerk, sitting.id, grant.id)  # again: nothing more

    await book.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    assert await watch()
    world.clock.now = NOW + HOUR
    assert await code(watch()) == "recording.order_over"

    later = await book.give(clerk, sitting.id, order.id, lawyer.username, NOW + 99 * HOUR)
    assert later.ends == NOW + 3 * HOUR, "no longer than the order"
    assert await watch()
    await book.revoke(clerk, sitting.id, order.id)
    assert await code(watch()) == "recording.order_over"
    assert (await world.types(sitting.id)).count("grant.revoked") == 1


async def test_sealed_stretches_are_for_the_bench(world: Kept) -> None:
    sitting, book, playback = world.sitting, world.house.orders, world.house.playback
    judge, clerk = world.bench()
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    track = world.track(SeatRole.CLERK)
    order = await book.enter(clerk, sitting.id, draft(uses=frozenset({Use.VIEW, Use.COPY})))
    await book.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    viewing = await playback.view(lawyer, sitting.id)
    seal = await book.seal(judge, sitting.id, 7000, 8000, "A minor speaks")
    shown = await playback.timeline(lawyer, sitting.id, viewing, "en")
    for line in shown["tracks"]:
        assert 1 not in {one["seq"] for one in line["segments"]}
        assert [one["reason"] for one in line["gaps"]] == ["sealed"]
    assert await code(world.media(lawyer, viewing, track, 1)) == "recording.outside_scope"
    assert await world.media(lawyer, viewing, track, 0)
    out = world.house.settings.data_dir / "x.zip"
    with pytest.MonkeyPatch.context() as patch:  # what lies in the vault here is no WebM
        patch.setattr(recorded, "_continuous", lambda *_: lambda: iter(()))
        report = await playback.export(lawyer, sitting.id, out, confirmed=Level.HIGH)
    assert report.valid
    assert report.withheld == {"sealed": len(shown["tracks"])}
    own = await playback.view(judge, sitting.id)
    assert await world.media(judge, own, track, 1)
    assert await code(book.seal(clerk, sitting.id, 0, 10, "no")) == "policy.wrong_role"
    await book.unseal(judge, sitting.id, seal.id)
    assert await world.media(lawyer, viewing, track, 1)


async def test_the_bench_needs_the_order_where_the_kind_does(world: Kept) -> None:
    """R-CR-10: what the bench names is entered; an order that is over opens nothing."""
    sitting = world.sittings["criminal_hearing"]
    judge, clerk = world.bench("criminal_hearing")
    playback, book = world.house.playback, world.house.orders
    assert await code(playback.view(judge, sitting.id)) == "policy.order_needed"
    assert await playback.view(judge, sitting.id, "7/2026")
    async with world.house.database.unit(write=False) as session:
        [entered] = await store.orders(session, sitting.id)
    assert (entered.reference, entered.by) == ("7/2026", judge.id)
    await book.revoke(clerk, sitting.id, entered.id)
    assert await code(playback.view(judge, sitting.id, "7/2026")) == "recording.order_over"
    part = Part(0, LENGTH_MS)
    await book.enter(clerk, sitting.id, draft("8/2026", part=part, ends=NOW + HOUR))
    viewing = await playback.view(judge, sitting.id, "8/2026")
    shown = await playback.timeline(judge, sitting.id, viewing, "en")
    assert {one["seq"] for line in shown["tracks"] for one in line["segments"]} == {0}
    world.clock.now = NOW + HOUR
    timeline = playback.timeline(judge, sitting.id, viewing, "en")
    assert await code(timeline) == "recording.order_over"


async def test_bad_orders_are_refused_with_the_field(world: Kept) -> None:
    sitting, book = world.sitting, world.house.orders
    _, clerk = world.bench()
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    wrong: list[tuple[OrderDraft, str]] = [
        (draft(" "), "reference"),
        (draft("x" * 101), "reference"),
        (draft("a\nb"), "reference"),
        (draft(authority=""), "authority"),
        (draft(uses=frozenset()), "uses"),
        (draft(part=Part(5, 5)), "until"),
        (draft(part=Part(seats=frozenset({"nobody"}))), "seats"),
        (draft(part=Part(tracks=frozenset({"nobody-camera"}))), "seats"),
        (draft(uses=frozenset({Use.DELETE}), part=Part(0, 5)), "uses"),
        (draft(ends=NOW), "ends"),
    ]
    before = await world.types(sitting.id)
    for given, field in wrong:
        with pytest.raises(BadInput) as refused:
            await book.enter(clerk, sitting.id, given)
        assert refused.value.field == field
    assert await code(book.enter(lawyer, sitting.id, draft())) == "policy.wrong_role"
    order = await book.enter(clerk, sitting.id, draft())
    with pytest.raises(BadInput):
        await book.enter(clerk, sitting.id, draft())
    with pytest.raises(BadInput):
        await book.give(clerk, sitting.id, order.id, "nobody", NOW + HOUR)
    other = world.sittings["criminal_hearing"].id
    with pytest.raises(NotFound):
        await book.give(clerk, other, order.id, lawyer.username, NOW + HOUR)
    assert len(await world.types(sitting.id)) == len(before) + 1


# --- what was watched ----------------------------------------------------------------------------


async def test_what_was_watched_is_one_leaf_without_personal_data(world: Kept) -> None:
    judge, _ = world.bench()
    house, sitting = world.house, world.sitting
    viewing = await house.playback.view(judge, sitting.id)
    track, other = world.track(SeatRole.CLERK), world.track(SeatRole.COUNSEL)
    for name, seq in ((track, 0), (track, 1), (other, 3), (track, 1), (track, 3)):
        await world.media(judge, viewing, name, seq)
    assert await watching.tell(house.database, house.log, NOW) == 0  # it goes on
    assert await watching.tell(house.database, house.log, NOW + watching.QUIET) == 1
    leaf = await world.last(sitting.id)
    assert leaf.type == "access.watched"
    assert leaf.data == {
        "viewing": viewing,
        "person": judge.id,
        "tracks": {track: [[0, 12_000], [18_000, 24_000]], other: [[18_000, 24_000]]},
    }
    assert await watching.tell(house.database, house.log, NOW + HOUR) == 0


# --- holds and destruction -----------------------------------------------------------------------


async def to_delete(world: Kept) -> str:
    _, clerk = world.bench()
    uses = frozenset({Use.DELETE})
    return (await world.house.orders.enter(clerk, world.sitting.id, draft(uses=uses))).id


async def has_key(world: Kept) -> bool:
    async with world.house.database.unit(write=False) as session:
        row = await records.get(session, world.sitting.id)
        assert row is not None
        salts = [one.salt for one in await records.segments(session, world.sitting.id)]
    assert all(salts) if row.wrapped_key else not any(salts)
    return row.wrapped_key is not None


async def test_two_persons_destroy_a_record_and_the_log_explains_it(world: Kept) -> None:
    keeper, sitting = world.house.custody, world.sitting
    judge, clerk = world.bench()
    view_only = await world.house.orders.enter(clerk, sitting.id, draft("view only"))
    propose = keeper.propose_destruction
    assert await code(propose(Actor(clerk), sitting.id, view_only.id)) == "recording.order_over"
    order = await to_delete(world)
    one = await propose(Actor(clerk), sitting.id, order)
    assert await code(propose(Actor(judge), sitting.id, order)) == "recording.waits"

    def agree(person: Person) -> Awaitable[None]:
        return keeper.decide_destruction(Actor(person), sitting.id, one.id, agree=True)

    assert await code(agree(clerk)) == "recording.two_persons"
    held = Delegation("d", clerk.id, "deputy", NOW, NOW + HOUR, "", "", "r", clerk.id, NOW)
    deputy = replace(clerk, id="deputy", deputy_for=(held,))
    assert await code(agree(deputy)) == "recording.two_persons", "one office is one person"
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    assert await code(agree(lawyer)) == "policy.wrong_role"
    assert await has_key(world)
    await agree(judge)
    assert not await has_key(world)
    assert not (world.house.settings.vault / sitting.id).exists()
    leaf = await world.last(sitting.id)
    assert leaf.type == "key.shredded"
    assert leaf.data == {
        "destruction": one.id,
        "order": order,
        "proposed_by": clerk.id,
        "by": judge.id,
    }
    assert await code(agree(judge)) == "recording.decided"
    viewing = await world.house.playback.view(judge, sitting.id)
    assert await code(world.media(judge, viewing, world.track(SeatRole.CLERK), 0)) == (
        "recording.erased"
    )


async def test_a_record_that_a_notarial_act_rests_on_outlives_the_order(world: Kept) -> None:
    """The room to the right says until when; asked at the proposal and again at the deed."""
    keeper, sitting = world.house.custody, world.sitting
    judge, clerk = world.bench()
    order = await to_delete(world)
    until: datetime | None = NOW + timedelta(days=3650)

    async def kept_until(asked: str) -> datetime | None:
        assert asked == sitting.id
        return until

    keeper.kept_until = kept_until
    propose = keeper.propose_destruction
    assert await code(propose(Actor(clerk), sitting.id, order)) == "recording.kept_until"
    until = None
    one = await propose(Actor(clerk), sitting.id, order)
    until = NOW + timedelta(days=3650)
    agree = keeper.decide_destruction(Actor(judge), sitting.id, one.id, agree=True)
    assert await code(agree) == "recording.kept_until"
    assert await has_key(world)


async def test_the_bundle_of_a_destroyed_record_verifies_and_says_so(
    world: Kept, tmp_path: Path
) -> None:
    keeper, sitting, house = world.house.custody, world.sitting, world.house
    judge, clerk = world.bench()
    one = await keeper.propose_destruction(Actor(clerk), sitting.id, await to_delete(world))
    await keeper.decide_destruction(Actor(judge), sitting.id, one.id, agree=True)
    out = tmp_path / "bundle.zip"
    report = await house.playback.export(OPERATOR, sitting.id, out)
    assert report.valid, report
    assert report.destroyed == f"on 2026-11-22 09:00:00 UTC by order {one.order}"
    assert any("DESTROYED" in line for line in verify.summary(report))
    other = world.sittings["criminal_hearing"].id
    contents = Draft.write

    def forged(self: Draft, given: Contents, *rest: Any) -> str:
        bare = [replace(item, salt=None) for item in given.segments]
        return contents(self, replace(given, segments=bare), *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "_files", _without_media)
        patch.setattr(Draft, "write", forged)
        patch.setattr(recorded, "_continuous", lambda *_: lambda: iter(()))
        with pytest.raises(BundleError, match="no destruction"):
            await house.playback.export(OPERATOR, other, tmp_path / "x.zip", order="1/2026")


def _without_media(given: Contents, *rest: Any) -> Any:
    bare = [replace(item, salt=None) for item in given.segments]
    return _FILES(replace(given, segments=bare, files={}), *rest)


_FILES = bundle._files


async def test_a_hold_forbids_destruction_until_two_lift_it(world: Kept) -> None:
    keeper, sitting = world.house.custody, world.sitting
    judge, clerk = world.bench()
    order = await to_delete(world)
    one = await keeper.propose_destruction(Actor(judge), sitting.id, order)
    hold = await keeper.hold(clerk, sitting.id, "Appeal is pending", "Court of appeal")
    leaf_types = await world.types(sitting.id)
    assert leaf_types[-2:] == ["hold.set", "destruction.turned_down"]
    agree = keeper.decide_destruction(Actor(clerk), sitting.id, one.id, agree=True)
    assert await code(agree) == "recording.decided"
    propose = keeper.propose_destruction(Actor(judge), sitting.id, order)
    assert await code(propose) == "recording.on_hold"

    def lift(person: Person) -> Awaitable[None]:
        return keeper.decide_lift(Actor(person), sitting.id, hold.id, agree=True)

    assert await code(lift(judge)) == "recording.not_proposed"
    await keeper.propose_lift(Actor(clerk), sitting.id, hold.id, "Appeal was withdrawn")
    again = keeper.propose_lift(Actor(judge), sitting.id, hold.id, "me too")
    assert await code(again) == "recording.waits"
    assert await code(lift(clerk)) == "recording.two_persons"
    await keeper.decide_lift(Actor(judge), sitting.id, hold.id, agree=False)
    assert await code(lift(judge)) == "recording.not_proposed"
    await keeper.propose_lift(Actor(clerk), sitting.id, hold.id, "Appeal was withdrawn")
    await lift(judge)
    assert await code(lift(judge)) == "recording.lifted"
    assert "withdrawn" not in str((await world.last(sitting.id)).data)
    one = await keeper.propose_destruction(Actor(judge), sitting.id, order)
    await keeper.decide_destruction(Actor(clerk), sitting.id, one.id, agree=True)
    assert not await has_key(world)
    late = keeper.hold(clerk, sitting.id, "too late", "Court of appeal")
    assert await code(late) == "recording.erased"


@pytest.mark.parametrize("first", ["hold", "shred"])
async def test_hold_and_destruction_at_once(world: Kept, first: str) -> None:
    """Whoever comes first wins whole: a record under a hold keeps its key."""
    keeper, sitting = world.house.custody, world.sitting
    judge, clerk = world.bench()
    one = await keeper.propose_destruction(Actor(clerk), sitting.id, await to_delete(world))
    work = {
        "hold": keeper.hold(judge, sitting.id, "Appeal", "Court of appeal"),
        "shred": keeper.decide_destruction(Actor(judge), sitting.id, one.id, agree=True),
    }
    names = [first, *(work.keys() - {first})]
    results = await asyncio.gather(*(work[name] for name in names), return_exceptions=True)
    refused = [one for one in results if isinstance(one, Refusal)]
    assert len(refused) == 1
    async with world.house.database.unit(write=False) as session:
        held = [one for one in await store.holds(session, sitting.id) if one.stands]
    assert await has_key(world) == bool(held)
    types = await world.types(sitting.id)
    assert ("key.shredded" in types) != ("hold.set" in types)


async def test_a_crash_between_the_steps_leaves_a_whole_state(
    world: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, sitting, house = world.house.custody, world.sitting, world.house
    judge, clerk = world.bench()
    one = await keeper.propose_destruction(Actor(clerk), sitting.id, await to_delete(world))

    def agree() -> Awaitable[None]:
        return keeper.decide_destruction(Actor(judge), sitting.id, one.id, agree=True)

    append = house.log.append

    async def killed(*_: Any, **__: Any) -> int:
        raise SystemExit

    monkeypatch.setattr(house.log, "append", killed)  # the key is erased, the leaf not written
    with pytest.raises(SystemExit):
        await agree()
    assert await has_key(world)
    monkeypatch.setattr(house.log, "append", append)

    def died(*_: Any) -> None:
        raise OSError("killed before the files were deleted")

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "erase", died)
        with pytest.raises(OSError, match="killed"):
            await agree()
    assert not await has_key(world)
    assert (house.settings.vault / sitting.id).exists()
    assert await custody.sweep(house.database, house.vault) == 1
    assert not (house.settings.vault / sitting.id).exists()
    other = world.sittings["criminal_hearing"].id
    assert (house.settings.vault / other).exists()


async def test_a_legal_act_is_confirmed_where_the_profile_asks(world: Kept) -> None:
    keeper, sitting = world.house.custody, world.sitting
    _, clerk = world.bench()
    order = await to_delete(world)
    careful = replace(clerk, assurance=replace(clerk.assurance, each_act=True))
    with pytest.raises(Forbidden) as asked:
        await keeper.propose_destruction(Actor(careful), sitting.id, order)
    assert asked.value.code == "policy.confirmation_needed"
    assert asked.value.params["act"] == "recording.destroy"
    assert asked.value.params["object"] == sitting.id
    forged = Actor(careful, "login", "no such token")
    assert await code(keeper.propose_destruction(forged, sitting.id, order)) == (
        "confirmation.refused"
    )


def test_a_spare_is_erased_too(tmp_path: Path) -> None:
    twin = TwinVault(tmp_path / "one", tmp_path / "two")
    for root in ("one", "two"):
        for sitting in ("s1", "s2"):
            path = tmp_path / root / sitting / "t" / "00000000.seg"
            path.parent.mkdir(parents=True)
            path.write_bytes(b"x")
    twin.erase("s1")
    left = sorted(path.parts[-4:-2] for path in tmp_path.rglob("*.seg"))
    assert left == [("one", "s2"), ("two", "s2")]


# --- retention -----------------------------------------------------------------------------------


def pack(*values: dict[str, Any]) -> RulePack:
    rule = next(one for one in load().rules if one.id == "R-RET-02")
    rules = [replace(rule, id=f"R-RET-{n:02}", value=value) for n, value in enumerate(values, 2)]
    return RulePack("AE", tuple(rules))


ANY = {"kind": "*", "outcome": "*", "years": None}


def test_policies_are_data_and_the_more_exact_one_wins() -> None:
    day = datetime(2024, 2, 29, 12, tzinfo=UTC)
    found = kept_by(load(), "civil_hearing", "closed", day, NOW)
    assert (found.policy.rule, found.due_at) == ("R-RET-02", None)
    chosen = pack(
        ANY,
        {"kind": "*", "outcome": "closed", "years": 20},
        {"kind": "civil_hearing", "outcome": "*", "years": 1},
        {"kind": "civil_hearing", "outcome": "adjourned", "years": 2},
    )

    def due(kind: str, outcome: str) -> datetime | None:
        return kept_by(chosen, kind, outcome, day, NOW).due_at

    assert due("civil_hearing", "closed") == datetime(2025, 2, 28, 12, tzinfo=UTC)
    assert due("civil_hearing", "adjourned") == datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert due("criminal_hearing", "closed") == datetime(2044, 2, 29, 12, tzinfo=UTC)
    assert due("criminal_hearing", "adjourned") is None
    for wrong in ({**ANY, "years": 0}, {**ANY, "years": True}, {**ANY, "more": 1}):
        with pytest.raises(RulesError):
            policies(pack(wrong), NOW)


async def test_what_falls_due_is_proposed_once_and_never_destroyed(world: Kept) -> None:
    house = world.house
    one_year = pack(ANY, {"kind": "civil_hearing", "outcome": "*", "years": 1})
    propose = custodian.propose_due
    assert await propose(house.database, house.log, one_year, NOW + timedelta(days=300)) == 0
    later = NOW + timedelta(days=400)
    assert await propose(house.database, house.log, one_year, later) == 1
    assert await propose(house.database, house.log, one_year, later) == 0
    leaf = await world.last(world.sitting.id)
    assert (leaf.type, leaf.data["rule"]) == ("retention.due", "R-RET-03")
    assert await has_key(world)


async def test_what_an_act_rests_on_is_not_due(world: Kept) -> None:
    """Neither proposed nor shown as due before the act lets go of it, whatever the policy says."""
    house, (_, clerk) = world.house, world.bench()
    one_year = pack(ANY, {"kind": "civil_hearing", "outcome": "*", "years": 1})
    world.clock.now = later = NOW + timedelta(days=400)
    until = NOW + timedelta(days=3650)

    async def kept_until(asked: str) -> datetime | None:
        return until if asked == world.sitting.id else None

    async def due() -> int:
        return await custodian.propose_due(
            house.database, house.log, one_year, world.clock.now, kept_until
        )

    assert kept_by(one_year, "civil_hearing", "closed", NOW, later).is_due(later)
    assert await due() == 0
    overview = Overview(house.database, house.sittings, world.clock)
    overview.kept_until = kept_until
    house.sittings.pack = one_year
    held = (await overview.record(clerk, world.sitting.id)).held
    assert not held.is_due
    assert held.kept is not None
    assert (held.kept.due_at, held.kept.rests_until) == (until, until)
    world.clock.now = until
    assert await due() == 1
    assert (await overview.record(clerk, world.sitting.id)).held.is_due
