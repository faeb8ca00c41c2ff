"""Interpreters' channels: who may speak into and hear which, and what is written down."""

from typing import Any

import pytest

from errors import Forbidden, Refusal
from sessions.phase import Phase
from signaling import effects
from signaling import facts as f
from signaling import messages as m
from signaling.engine import HearingSpace, PrivateSpace
from signaling.journal import entry
from signaling.routing import leave_to_send, route
from signaling.view import Surroundings, view
from tests.signaling.fakes import FakeMediaRoom
from tests.signaling.rooms import Play, consultation, hearing, lobby, private, who


def sound(play: Play, seat: str) -> tuple[str, str]:
    found = route(play.room, seat)
    return found.speaks, found.listens


def state(play: Play, seat: str) -> dict[str, Any]:
    return view(play.room, who(seat), "en", Surroundings(play.now))


def refused(play: Play, seat: str, command: m.Command) -> str:
    with pytest.raises(Refusal) as caught:
        play.do(seat, command)
    return caught.value.code


def test_an_interpreter_speaks_into_a_channel_and_back_to_the_floor() -> None:
    play = hearing()
    assert sound(play, "interpreter") == ("", "")
    assert play.do("interpreter", m.Interpret(channel="en")) == [
        f.Interpreting("interpreter", "en")
    ]
    assert sound(play, "interpreter") == ("en", "")
    assert play.do("interpreter", m.Interpret(channel="en")) == []
    play.do("interpreter", m.Interpret(channel=None))
    assert sound(play, "interpreter") == ("", "")


def test_anybody_chooses_what_to_hear_also_while_waiting() -> None:
    play = lobby()
    play.do("victim", m.Listen(channel="ur"))
    assert sound(play, "victim") == ("", ""), "who waits hears nothing"
    play = hearing()
    play.do("victim", m.Listen(channel="ur"))
    play.do("accused", m.Listen(channel="en"))
    assert (sound(play, "victim")[1], sound(play, "accused")[1]) == ("ur", "en")
    play.do("victim", m.Listen(channel=None))
    assert sound(play, "victim") == ("", "")


def test_only_interpreters_speak_into_channels_and_only_into_theirs() -> None:
    play = hearing()
    with pytest.raises(Forbidden):
        play.do("counsel", m.Interpret(channel="en"))
    with pytest.raises(Forbidden):
        play.do("judge", m.Interpret(channel="en"))
    assert refused(play, "interpreter", m.Interpret(channel="ur")) == "channel.not_yours"
    assert refused(play, "victim", m.Listen(channel="fr")) == "channel.unknown"
    assert refused(lobby(), "interpreter", m.Interpret(channel="en")) == "channel.not_here"


def test_nobody_hears_the_own_channel_and_a_relay_hears_another() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    play.do("relay", m.Listen(channel="en"))
    play.do("relay", m.Interpret(channel="ur"))
    assert sound(play, "relay") == ("ur", "en")
    assert refused(play, "relay", m.Listen(channel="ur")) == "channel.own"
    facts = play.do("relay", m.Interpret(channel="en"))
    assert facts == [f.Listening("relay", ""), f.Interpreting("relay", "en")]
    assert sound(play, "relay") == ("en", "")


def test_a_private_room_knows_no_channels_and_the_hearing_finds_them_again() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    play.do("accused", m.Listen(channel="en"))
    private(play, "interpreter")
    for seat in ("interpreter", "accused"):
        found = route(play.room, seat)
        assert isinstance(found.space, PrivateSpace)
        assert (found.speaks, found.listens) == ("", "")
    play.do("counsel", m.PrivateReturn())
    assert sound(play, "interpreter") == ("en", "")
    assert sound(play, "accused") == ("", "en")


def test_where_nothing_is_recorded_there_are_no_channels() -> None:
    play = consultation()
    assert state(play, "interpreter")["channels"] == []
    assert refused(play, "interpreter", m.Interpret(channel="en")) == "channel.not_yours"


def test_whoever_leaves_speaks_into_no_channel_when_back() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    facts = play.do("judge", m.ToLobby(seats=["interpreter"]))
    assert f.Interpreting("interpreter", "") in facts
    play.do("judge", m.Admit(seats=["interpreter"]))
    assert sound(play, "interpreter") == ("", "")


def test_a_lost_line_keeps_the_channel() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    play.lose("interpreter")
    play.wait(20).arrive("interpreter", client="another")
    assert sound(play, "interpreter") == ("en", "")


def test_sign_language_goes_out_as_a_picture_only() -> None:
    play = hearing()
    play.do("relay", m.Sources(microphone=True, camera=True))
    play.do("relay", m.Interpret(channel="sgn"))
    assert leave_to_send(play.room, "relay") == {"camera"}
    assert route(play.room, "relay").sources == {"camera"}
    assert sound(play, "relay") == ("", "")
    assert refused(play, "relay", m.Sources(microphone=True, camera=True)) == "channel.sign"
    play.do("victim", m.Listen(channel="sgn"))
    assert sound(play, "victim") == ("", ""), "the floor as it is"
    play.do("relay", m.Interpret(channel=None))
    play.do("relay", m.Sources(microphone=True, camera=True))


def test_who_interpreted_and_who_listened_is_in_the_journal() -> None:
    play = hearing()
    facts = play.do("interpreter", m.Interpret(channel="en"))
    facts += play.do("accused", m.Listen(channel="en"))
    facts += play.do("accused", m.Listen(channel=None))
    found = [entry(fact) for fact in facts]
    assert [(item.type, item.seat, item.codes) for item in found if item] == [
        ("interpreting", "interpreter", {"channel": "en"}),
        ("listening", "accused", {"channel": "en"}),
        ("listening", "accused", {"channel": "floor"}),
    ]


def test_everybody_sees_the_channels_and_only_hosts_who_listens_to_what() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    play.do("accused", m.Listen(channel="en"))
    channels = state(play, "victim")["channels"]
    assert [item["language"] for item in channels] == ["ar", "en", "ur", "sgn"]
    assert channels[1] == {"language": "en", "seats": ["interpreter"], "listeners": None}
    assert state(play, "judge")["channels"][1]["listeners"] == 1
    assert state(play, "relay")["channels"][1]["listeners"] == 1

    def listens(viewer: str) -> Any:
        seats = {seat["id"]: seat for seat in state(play, viewer)["seats"]}
        return seats["accused"]["listens"]

    assert [listens(seat) for seat in ("judge", "accused", "victim")] == ["en", "en", None]
    waiting = state(play, "witness")["channels"]
    assert [item["seats"] for item in waiting] == [[], [], [], []]


def test_a_change_of_channel_is_carried_in_two_halves() -> None:
    play = hearing()
    play.do("interpreter", m.Sources(microphone=True, camera=True))
    play.do("relay", m.Listen(channel="en"))
    calls: list[tuple[Any, ...]] = []
    media = FakeMediaRoom("s1", lambda event: None, calls)
    effects.enter(media, play.room)
    calls.clear()
    before = play.room
    play.do("interpreter", m.Interpret(channel="en"))
    effects.restrict(media, before, play.room)
    assert calls == [("permit", "interpreter", {"camera"}, "channel")], "to nobody meanwhile"
    effects.release(media, before, play.room)
    assert calls[1:] == [
        ("tune", "interpreter", "en", ""),
        ("permit", "interpreter", {"microphone", "camera"}, "muted"),
    ]
    effects.take_back(media, before)
    assert media.tuned["interpreter"] == ("", "")
    calls.clear()
    before = play.room
    play.do("relay", m.Listen(channel=None))
    effects.restrict(media, before, play.room)
    assert calls == [("tune", "relay", "", "")], "less is heard at once"


def test_a_recess_ends_no_channel_but_carries_none() -> None:
    play = hearing()
    play.do("interpreter", m.Interpret(channel="en"))
    play.do("judge", m.Recess(minutes=5))
    assert sound(play, "interpreter") == ("", "")
    play.do("judge", m.Resume())
    assert play.room.live.phase is Phase.OFF_RECORD
    assert sound(play, "interpreter") == ("en", "")
    assert isinstance(route(play.room, "interpreter").space, HearingSpace)
