import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from auth import store
from errors import Refusal
from signaling import messages as m
from signaling.engine import (
    Picture,
    PicturesChanged,
    SlotsChanged,
    Speaking,
    TrackId,
    TrackSilent,
    TrackStarted,
    Wish,
)
from signaling.page import OVER, REMOVED, TAKEN_OVER, TICKET
from signaling.ports import RecordAlarm
from signaling.routing import space_of
from signaling.service import LiveRooms
from tests.signaling.fakes import FakeSocket, line, no_sound
from tests.signaling.world import OFFER, Visitor, World


async def settle(live: LiveRooms) -> None:
    """Wait for what the rooms have begun by themselves."""
    for room in list(live._rooms.values()):
        await room.changes.idle()


async def consult(people: dict[str, Visitor]) -> str:
    counsel, accused = people["counsel"], people["accused"]
    await counsel.ok(m.PrivateInvite(seats=["accused"]))
    room = str(counsel.state["private"][0]["id"])
    await accused.ok(m.PrivateAnswer(room=room, accept=True))
    await accused.ok(m.OfficerOut(room=room))
    return room


class TestComingIn:
    async def test_too_early(self, world: World) -> None:
        world.clock.advance(-3600)
        with pytest.raises(Refusal) as refused:
            await world.ticket("judge")
        assert refused.value.code == "sitting.too_early"
        assert "opens_at" in refused.value.params

    async def test_lobby_opens_at_the_first_hello(self, world: World) -> None:
        judge = await world.come("judge")

        assert judge.socket.sent[0]["type"] == "welcome"
        assert judge.socket.sent[0]["you"] == "judge"
        assert judge.state["phase"] == "lobby"
        assert (await world.stored()).phase == "lobby"
        assert ("media.open", "sitting1") in world.calls

    async def test_ticket_opens_one_socket(self, world: World) -> None:
        ticket = await world.ticket("judge")
        hello = m.Hello(v=1, ticket=ticket, client="page-judge")
        await world.live.hello(hello, FakeSocket(world.calls, "judge"))
        with pytest.raises(Refusal, match=r"ticket\.used"):
            await world.live.hello(hello, FakeSocket(world.calls, "judge"))

    async def test_expired_ticket(self, world: World) -> None:
        hello = m.Hello(v=1, ticket=await world.ticket("judge"), client="page-judge")
        world.clock.advance(61)
        with pytest.raises(Refusal, match=r"ticket\.expired"):
            await world.live.hello(hello, FakeSocket(world.calls, "judge"))

    async def test_somebody_elses_seat(self, world: World) -> None:
        login = await world.login("counsel")
        with pytest.raises(Refusal, match=r"policy\."):
            await world.live.ticket(login, "sitting1", "judge")

    async def test_signed_out_meanwhile(self, world: World) -> None:
        hello = m.Hello(v=1, ticket=await world.ticket("judge"), client="page-judge")
        await world.house.accounts.sign_out_everywhere(world.house.people["judge"])
        with pytest.raises(Refusal, match=r"ticket\.signed_out"):
            await world.live.hello(hello, FakeSocket(world.calls, "judge"))

    async def test_another_page_takes_the_seat(self, world: World) -> None:
        first = await world.come("judge", "page-one")
        second = await world.come("judge", "page-two")

        assert first.socket.sent[-1] == {"type": "bye", "reason": "taken_over"}
        assert first.socket.code == TAKEN_OVER
        assert await first.refused(m.Hand(raised=True)) == "protocol.taken_over"
        assert await second.ok(m.Hand(raised=True))
        first.gone()
        assert await second.ok(m.Hand(raised=False))

    async def test_twenty_at_once(self, world: World) -> None:
        names = ["judge", "clerk", "counsel", "accused", "prosecutor", "victim", "counsel2"]
        people = await asyncio.gather(*(world.come(name) for name in names))

        assert [call for call in world.calls if call[0] == "media.open"] == [
            ("media.open", "sitting1")
        ]
        assert {page.seat for page in world.live.pages("sitting1")} == set(names)
        assert all(visitor.state["phase"] == "lobby" for visitor in people)

    async def test_removed_seat_gets_no_ticket(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.Remove(seat="prosecutor", reason="x"))

        assert people["prosecutor"].socket.code == REMOVED
        with pytest.raises(Refusal, match=r"seat\.removed"):
            await world.ticket("prosecutor")


class TestOrderOfThings:
    async def test_stored_then_media_then_answers(self, world: World) -> None:
        people = await world.hearing()
        world.calls.clear()
        await people["clerk"].ok(m.ToLobby(seats=["prosecutor"]))

        kinds = [call[:2] for call in world.calls]
        assert kinds[0] == ("place", "prosecutor")
        assert kinds.index(("place", "prosecutor")) < kinds.index(("send", "prosecutor"))
        assert (await world.journal())[-1][0] == "seat.to_lobby"

    async def test_off_record_stops_the_desk_before_anything_is_said(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        world.calls.clear()
        await people["judge"].ok(m.OffRecord(reason="sidebar"))

        assert world.calls[0] == ("desk.stop", "off_record")

    async def test_private_room_leaves_the_hearing_before_it_is_stored(self, world: World) -> None:
        people = await world.hearing()
        written: list[Any] = []
        write = world.live._tools.writer.write

        async def spy(*args: Any, **kwargs: Any) -> Any:
            written.append(dict(world.media.spaces))
            return await write(*args, **kwargs)

        world.live._tools.writer.write = spy  # type: ignore[method-assign]
        room = await consult(people)

        assert not {"counsel", "accused"} & set(written[-1])
        assert world.media.spaces["counsel"].id == room  # type: ignore[union-attr]

    async def test_a_look_begins_after_it_is_stored_and_ends_before(self, world: World) -> None:
        people = await world.hearing()
        witness = await world.come("witness2")
        await witness.ok(m.Sources(microphone=True, camera=True))
        shown: list[dict[str, str]] = []
        write = world.live._tools.writer.write

        async def spy(*args: Any, **kwargs: Any) -> Any:
            shown.append(dict(world.media.shows))
            return await write(*args, **kwargs)

        world.live._tools.writer.write = spy  # type: ignore[method-assign]
        world.calls.clear()
        await people["clerk"].ok(m.Look(seat="witness2"))
        assert (shown[-1], world.media.shows) == ({}, {"clerk": "witness2"})
        assert world.calls.index(("show", "clerk", "witness2")) == 0
        assert witness.state["me"]["looked_at"]
        assert "witness2" not in world.media.spaces

        await people["clerk"].ok(m.Admit(seats=["witness2"]))
        assert (shown[-1], world.media.shows) == ({}, {})
        assert not witness.state["me"]["looked_at"]
        calls = [call[:2] for call in world.calls]
        assert calls.index(("place", "witness2")) > world.calls.index(("show", "clerk", None))
        looks = [entry for entry in await world.journal() if entry[0] == "look"]
        assert [(seat, data["by"]) for _, seat, data in looks] == [("witness2", "clerk")]

    async def test_a_store_that_fails_leaves_a_look_as_it_was(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = await world.hearing()
        await world.come("witness2")
        await people["clerk"].ok(m.Look(seat="witness2"))

        async def fails(*args: Any, **kwargs: Any) -> Any:
            raise OSError("disk")

        with monkeypatch.context() as patch:
            patch.setattr(world.live._tools.writer, "write", fails)
            for command in (m.Look(seat=None), m.Admit(seats=["witness2"])):
                assert await people["clerk"].refused(command) == "server.failed"
                assert world.media.shows == {"clerk": "witness2"}
            assert await people["judge"].refused(m.Look(seat="witness2")) == "server.failed"
        assert world.media.shows == {"clerk": "witness2"}

    async def test_a_store_that_fails_changes_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = await world.hearing()
        before = dict(world.media.spaces)

        async def fails(*args: Any, **kwargs: Any) -> Any:
            raise OSError("disk")

        with monkeypatch.context() as patch:
            patch.setattr(world.live._tools.writer, "write", fails)
            assert await people["clerk"].refused(m.ToLobby(seats=["counsel"])) == "server.failed"

        assert world.media.spaces == before
        assert people["counsel"].state["me"]["place"] == "hearing"
        await people["clerk"].ok(m.ToLobby(seats=["counsel"]))

    async def test_a_refusal_writes_nothing(self, world: World) -> None:
        people = await world.hearing()
        before = await world.journal()

        code = await people["counsel"].refused(m.Admit(seats="all"))
        assert code.startswith("policy.")
        assert await world.journal() == before

    async def test_who_asked_and_left_does_not_leave_a_change_half_made(self, world: World) -> None:
        people = await world.hearing()
        world.desk.proof_waits = asyncio.Event()
        asking = asyncio.create_task(world.live.receive(people["judge"].came, m.OnRecord(id="on")))
        while ("desk.start", "judge") not in world.calls:
            await asyncio.sleep(0)
        asking.cancel()
        world.desk.proof_waits.set()
        await settle(world.live)

        assert people["clerk"].state["phase"] == "on_record"


class TestRecord:
    async def test_on_record(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())

        assert people["clerk"].state["phase"] == "on_record"
        assert people["clerk"].state["record"]["state"] == "recording"
        assert "on_record" in people["counsel"].socket.events()
        types = [entry[0] for entry in await world.journal()]
        assert types[-2:] == ["recording.started", "phase.on_record"]

    async def test_refused_start_names_the_track(self, world: World) -> None:
        people = await world.hearing()
        world.desk.refuses = no_sound()
        answer = await people["judge"].do(m.OnRecord())

        assert answer["code"] == "record.track_silent"
        assert answer["params"] == {"seat": "judge", "source": "microphone"}
        assert people["clerk"].state["phase"] == "roll_call"
        assert people["clerk"].state["record"]["state"] == "off"
        world.desk.refuses = None
        await people["judge"].ok(m.OnRecord())

    async def test_a_desk_that_breaks(self, world: World) -> None:
        people = await world.hearing()
        world.desk.refuses = OSError("no")
        assert await people["judge"].refused(m.OnRecord()) == "record.not_proved"
        assert people["clerk"].state["phase"] == "roll_call"

    async def test_others_go_on_while_it_is_proved(self, world: World) -> None:
        people = await world.hearing()
        world.desk.proof_waits = asyncio.Event()
        asking = asyncio.create_task(people["judge"].do(m.OnRecord()))
        while people["clerk"].state["record"]["state"] != "starting":
            await asyncio.sleep(0)

        await people["counsel"].ok(m.Hand(raised=True))
        assert await people["clerk"].refused(m.OnRecord()) == "record.starting"
        assert await people["clerk"].refused(m.Close()) == "record.starting"
        world.desk.proof_waits.set()
        assert (await asking)["type"] == "ok"

    async def test_alarm_suspends_and_tells_the_hosts(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        world.live.on_alarm(RecordAlarm("sitting1", "record.disk_full"))
        await settle(world.live)

        assert people["judge"].state["phase"] == "tech_suspended"
        assert people["judge"].state["record"]["state"] == "suspended"
        assert "record_alarm" in people["clerk"].socket.events()
        assert "record_alarm" not in people["counsel"].socket.events()
        alarm = {"alarm": 1, "code": "record.disk_full"}
        assert ("recording.alarm", None, alarm) in await world.journal()

    async def test_alarm_in_the_moment_of_the_proof(self, world: World) -> None:
        people = await world.hearing()
        world.desk.proof_waits = asyncio.Event()
        asking = asyncio.create_task(people["judge"].do(m.OnRecord()))
        while ("desk.start", "judge") not in world.calls:
            await asyncio.sleep(0)
        world.live.on_alarm(RecordAlarm("sitting1", "record.disk_full"))
        world.desk.proof_waits.set()

        assert (await asking)["code"] == "record.disk_full"
        assert not world.desk.running
        assert people["judge"].state["phase"] == "roll_call"

    async def test_a_desk_that_stopped_without_a_word(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        world.desk.running = False
        await world.live.tick()
        await settle(world.live)

        assert people["judge"].state["phase"] == "tech_suspended"

    async def test_status_once_a_second(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        await world.live.tick()

        [status] = people["judge"].socket.of("record")
        assert status["record"]["state"] == "recording"
        assert status["record"]["tracks"]
        [status] = people["counsel"].socket.of("record")
        assert status["record"]["tracks"] == []

    async def test_opposite_buttons_at_once(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        answers = await asyncio.gather(
            people["judge"].do(m.Recess(minutes=5)),
            people["clerk"].do(m.OffRecord(reason="x")),
        )
        assert [answer["type"] for answer in answers] == ["ok", "refused"]
        assert answers[1]["code"] == "sitting.wrong_phase"
        assert people["clerk"].state["phase"] == "recess"

    async def test_close_seals_answers_and_says_goodbye(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        world.calls.clear()
        await people["judge"].ok(m.Close())

        first = [call[0] for call in world.calls]
        assert first.index("desk.stop") < first.index("desk.close") < first.index("send")
        assert people["judge"].socket.sent[-1]["reason"] == "closed"
        assert [sent["type"] for sent in people["judge"].socket.sent[-2:]] == ["ok", "bye"]
        assert {visitor.socket.code for visitor in people.values()} == {OVER}
        assert people["counsel"].state["outcome"] is not None
        assert world.media.closed
        with pytest.raises(Refusal, match=r"over"):
            await world.ticket("judge")

    async def test_adjourn_is_in_the_booking(self, world: World) -> None:
        people = await world.hearing()
        to = world.clock() + timedelta(days=7)
        await people["judge"].ok(m.Adjourn(to=to, reason="expert report"))

        stored = await world.stored()
        assert (stored.phase, stored.outcome_reason, stored.adjourned_to) == (
            "adjourned",
            "expert report",
            to,
        )


class TestLeaves:
    async def test_no_text_and_no_name_in_the_log(self, both: World) -> None:
        people = await both.hearing()
        await people["clerk"].ok(m.Note(text="the accused is ill"))
        await people["judge"].ok(m.Remove(seat="prosecutor", reason="shouting"))
        leaves = await both.house.log.leaves("sitting1")
        text = b"\n".join(leaf.entry for leaf in leaves).decode()

        assert "ill" not in text
        assert "shouting" not in text
        assert "Name" not in text
        note = next(json.loads(x.entry) for x in leaves if b"live.note" in x.entry)
        journal = next(data for type, _, data in await both.journal() if type == "note")
        from audit.leaf import commit

        assert note["d"]["text"] == commit(journal["text"].encode(), bytes.fromhex(journal["salt"]))

    async def test_a_legal_act_is_covered_when_it_is_answered(self, both: World) -> None:
        people = await both.hearing()
        await people["judge"].ok(m.OnRecord())
        size = (await both.house.log.newest()).size
        last = (await both.house.log.leaves("sitting1"))[-1]

        assert b"live.phase.on_record" in last.entry
        assert last.index < size

    async def test_private_consultation(self, world: World) -> None:
        people = await world.hearing()
        room = await consult(people)
        await people["counsel"].ok(m.PrivateReturn())
        found = [json.loads(leaf.entry) for leaf in await world.house.log.leaves("sitting1")]
        private = [leaf for leaf in found if leaf["t"].startswith("live.private")]

        assert [leaf["t"] for leaf in private] == ["live.private.opened", "live.private.ended"]
        assert private[0]["d"]["private"] == private[1]["d"]["private"] == room
        assert private[0]["d"]["seats"] == ["accused", "counsel"]
        assert "seats" not in private[1]["d"]


class TestMedia:
    async def test_descriptions(self, world: World) -> None:
        judge = await world.come("judge")
        answer = await judge.ok(m.Publish(connection="c1", sdp=OFFER))
        assert answer["sdp"] == "v=0 answer"
        assert (await judge.ok(m.Subscribe(connection="c2")))["sdp"] == "v=0 offer"
        await judge.ok(m.Answer(connection="c2", sdp="v=0"))
        assert await judge.refused(m.Publish(connection="c3", sdp="nonsense")) == "media.bad_sdp"

    async def test_admission_places_and_permits(self, world: World) -> None:
        await world.hearing()

        assert set(world.media.spaces) == {"judge", "clerk", "counsel", "accused", "prosecutor"}
        assert world.media.permits["counsel"] == {"microphone", "camera"}

    async def test_mute_reaches_the_engine_before_the_answer(self, world: World) -> None:
        people = await world.hearing()
        world.calls.clear()
        await people["clerk"].ok(m.Mute(seat="counsel", lock=True))

        assert world.calls[0] == ("permit", "counsel", frozenset({"camera"}), "muted")
        code = await people["counsel"].refused(m.Sources(microphone=True, camera=True))
        assert code == "seat.locked"

    async def test_the_page_says_what_it_shows(self, world: World) -> None:
        people = await world.hearing()
        track = TrackId("judge", "camera")
        watched: dict[str, object] = dict(world.media.watched)
        assert watched["counsel"] == (None, False)
        shown = m.Shown(seat="judge", source="camera", width=640, height=360)
        message = m.Layout(tracks=[shown], audio_only=True)
        await world.live.receive(people["counsel"].came, message)

        assert world.media.watched["counsel"] == ({track: Wish(640, 360)}, True)
        world.media.on_event(PicturesChanged("counsel", {track: Picture(None, "audio_only")}))
        assert people["counsel"].socket.sent[-1] == {
            "type": "pictures",
            "pictures": [{"seat": "judge", "source": "camera", "layer": None, "why": "audio_only"}],
        }

    async def test_a_page_that_lost_its_seat_decides_no_layout(self, world: World) -> None:
        first = await world.come("judge", "page-one")
        await world.come("judge", "page-two")
        await world.live.receive(first.came, m.Layout(tracks=[]))

        assert world.media.watched["judge"] == (None, False)

    async def test_the_engine_knows_who_has_the_floor(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.Floor(seat="counsel"))

        assert world.media.speaker == "counsel"

    async def test_slots_and_speaking_go_where_they_belong(self, world: World) -> None:
        people = await world.hearing()
        await consult(people)
        space = space_of(world.live._rooms["sitting1"].room, "counsel")
        assert space is not None
        world.media.on_event(Speaking(space, ("counsel",)))
        slots = {"a0": TrackId("accused", "microphone")}
        world.media.on_event(SlotsChanged("counsel", "c9", slots))

        assert people["counsel"].socket.of("speaking")
        assert not people["judge"].socket.of("speaking")
        [told] = people["counsel"].socket.of("slots")
        assert told["slots"] == {"a0": {"seat": "accused", "source": "microphone"}}

    async def test_silence_is_shown_and_written_down(self, world: World) -> None:
        people = await world.hearing()
        world.media.on_event(TrackSilent(TrackId("counsel", "microphone")))
        await settle(world.live)

        assert "media_silent" in people["clerk"].socket.events()
        assert (await world.journal())[-1][:2] == ("media.silent", "counsel")
        world.media.on_event(TrackStarted(TrackId("counsel", "microphone")))
        await settle(world.live)
        assert (await world.journal())[-1][:2] == ("media.back", "counsel")

    async def test_silence_in_a_private_room_is_nobodys_business(self, world: World) -> None:
        people = await world.hearing()
        await consult(people)
        before = await world.journal()
        world.media.on_event(TrackSilent(TrackId("counsel", "microphone")))
        await settle(world.live)

        assert await world.journal() == before

    async def test_line(self, world: World) -> None:
        people = await world.hearing()
        world.media.lines["counsel"] = line(loss=0.2)
        await world.live.tick()
        of = {seat["id"]: seat for seat in people["judge"].state["seats"]}

        assert of["counsel"]["line"] == "bad"


class TestPresence:
    async def test_lost_after_fifteen_seconds_and_back_in_place(self, world: World) -> None:
        people = await world.hearing()
        people["counsel"].gone()
        world.clock.advance(14)
        await world.live.tick()
        assert world.live._rooms["sitting1"].room.at("counsel").present

        world.clock.advance(2)
        await world.live.tick()
        assert not world.live._rooms["sitting1"].room.at("counsel").present
        assert ("seat.left", "counsel", {"how": "lost"}) in await world.journal()

        world.clock.advance(4)
        back = await world.come("counsel")
        assert back.state["me"]["place"] == "hearing"
        assert back.state["me"]["missed"][0]["seconds"] == 20
        assert "missed" in people["judge"].socket.events()
        assert world.media.permits["counsel"] == {"microphone", "camera"}

    async def test_media_alone_keeps_a_seat(self, world: World) -> None:
        people = await world.hearing()
        world.media.lines["counsel"] = line()
        people["counsel"].gone()
        world.clock.advance(60)
        await world.live.tick()

        assert world.live._rooms["sitting1"].room.at("counsel").present

    async def test_quick_return_of_the_same_page(self, world: World) -> None:
        people = await world.hearing()
        people["counsel"].gone()
        world.clock.advance(1)
        back = await world.come("counsel")

        assert back.state["me"]["missed"] == []
        assert back.state["me"]["place"] == "hearing"

    async def test_leave(self, world: World) -> None:
        people = await world.hearing()
        await people["counsel"].ok(m.Leave())

        assert people["counsel"].socket.sent[-1] == {"type": "bye", "reason": "left"}
        assert ("leave", "counsel") in world.calls
        assert world.media.spaces.get("counsel") is None

    async def test_signing_out_ends_the_page(self, world: World) -> None:
        people = await world.hearing()
        await world.house.accounts.sign_out_everywhere(world.house.people["lawyer"])
        world.clock.advance(61)
        await world.live.tick()

        assert people["counsel"].socket.code == TICKET
        assert people["judge"].socket.code is None

    async def test_long_sitting_keeps_sessions(self, world: World) -> None:
        people = await world.hearing()
        for _ in range(8):
            world.clock.advance(1800)
            for visitor in people.values():
                visitor.page.heard_at = world.clock()
            await world.live.tick()

        assert people["judge"].socket.code is None


class TestBookingSide:
    async def test_cancelled_while_the_lobby_is_open(self, world: World) -> None:
        judge = await world.come("judge")
        clerk = world.house.people["clerk"]
        await world.house.sittings.cancel(clerk, "sitting1", "the judge is ill")

        assert judge.state["phase"] == "cancelled"
        assert judge.socket.code == OVER
        assert world.media.closed


class TestConsultation:
    async def test_whole(self, consultation: World) -> None:
        counsel = await consultation.come("counsel")
        client = await consultation.come("client")
        await client.ok(m.Attest(identity=True, restraints_off=True))
        await counsel.ok(m.Open())
        await counsel.ok(m.Admit(seats=["client"]))
        assert set(consultation.media.spaces) == {"counsel"}
        assert client.state["private"][0]["state"] == "waiting_officer"

        await client.ok(m.OfficerOut(room="main"))
        assert set(consultation.media.spaces) == {"counsel", "client"}
        code = await counsel.refused(m.OnRecord())
        assert code.startswith("policy.")
        await counsel.ok(m.Close())
        assert not [call for call in consultation.calls if call[0].startswith("desk.")]


class TestLanguage:
    async def test_state_in_the_new_language(self, world: World) -> None:
        judge = await world.come("judge")
        await judge.ok(m.SetLanguage(language="en"))
        assert judge.state["seats"][0]["name"] == "Name of judge"
        await judge.ok(m.SetLanguage(language="ar"))
        assert judge.state["seats"][0]["name"] == "اسم judge"


class TestNextTicket:
    async def test_a_page_keeps_the_ticket_of_its_next_socket(self, world: World) -> None:
        judge = await world.come("judge")
        token = (await judge.ok(m.NextTicket()))["ticket"]
        judge.gone()
        socket = FakeSocket(world.calls, "judge")
        hello = m.Hello(v=1, ticket=token, client="page-judge")
        back = await world.live.hello(hello, socket)
        assert back.page.seat == "judge"
        with pytest.raises(Refusal, match=r"ticket\.used"):
            await world.live.hello(hello, FakeSocket(world.calls, "judge"))

    async def test_it_is_worth_nothing_after_signing_out(self, world: World) -> None:
        judge = await world.come("judge")
        token = (await judge.ok(m.NextTicket()))["ticket"]
        async with world.house.database.unit() as session:
            await store.end_logins(session, world.house.people["judge"].id)
        with pytest.raises(Refusal, match=r"ticket\."):
            await world.live.hello(
                m.Hello(v=1, ticket=token, client="page-judge"), FakeSocket(world.calls, "judge")
            )
