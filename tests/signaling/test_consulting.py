import pytest

from signaling import facts as f
from signaling import messages as m
from signaling.engine import HearingSpace, PrivateSpace
from signaling.journal import entry
from signaling.routing import space_of
from signaling.state import Place
from tests.signaling.rooms import Play, hearing, lobby, private
from tests.signaling.test_hosting import refused


def inside(play: Play) -> set[str]:
    return {
        seat.id
        for seat in play.room.sitting.seats
        if isinstance(space_of(play.room, seat.id), PrivateSpace)
    }


class TestAllowList:
    @pytest.mark.parametrize(
        ("inviter", "invited"),
        [
            ("counsel", ["judge"]),
            ("counsel", ["clerk", "accused"]),
            ("counsel", ["prosecutor"]),
            ("counsel", ["victim"]),
            ("counsel", ["counsel2"]),
            ("counsel", ["accused", "counsel2"]),
            ("counsel", ["interpreter"]),
            ("counsel", ["accused", "victim"]),
            ("accused", ["interpreter"]),
            ("accused", ["counsel2"]),
        ],
    )
    def test_others_are_refused(self, inviter: str, invited: list[str]) -> None:
        code = refused(hearing(), inviter, m.PrivateInvite(seats=invited))
        assert code == "private.not_on_list"

    @pytest.mark.parametrize("seat", ["judge", "clerk", "prosecutor", "witness2", "expert"])
    def test_who_may_not_even_ask(self, seat: str) -> None:
        code = refused(hearing(), seat, m.PrivateInvite(seats=["counsel", "accused"]))
        assert code.startswith("policy.")

    def test_interpreter_comes_only_by_invitation(self) -> None:
        code = refused(hearing(), "interpreter", m.PrivateInvite(seats=["counsel", "accused"]))
        assert code == "private.not_on_list"

    def test_from_the_lobby(self) -> None:
        play = lobby()
        private(play)
        assert inside(play) == {"counsel", "accused"}

    def test_with_interpreter(self) -> None:
        play = hearing()
        private(play, "interpreter")
        assert inside(play) == {"counsel", "accused", "interpreter"}


class TestOpening:
    def test_waits_for_the_officer(self) -> None:
        play = hearing()
        play.do("counsel", m.PrivateInvite(seats=["accused"]))
        room = next(iter(play.room.live.private))
        play.do("accused", m.PrivateAnswer(room=room, accept=True))
        assert inside(play) == set()
        assert space_of(play.room, "counsel") == HearingSpace("s1")

        play.do("accused", m.OfficerOut(room=room))
        assert inside(play) == {"counsel", "accused"}

    def test_officer_first(self) -> None:
        play = hearing()
        play.do("counsel", m.PrivateInvite(seats=["accused"]))
        room = next(iter(play.room.live.private))
        play.do("accused", m.OfficerOut(room=room))
        assert inside(play) == set()
        play.do("accused", m.PrivateAnswer(room=room, accept=True))
        assert inside(play) == {"counsel", "accused"}

    def test_nobody_speaks_for_the_officer(self) -> None:
        play = hearing()
        play.do("counsel", m.PrivateInvite(seats=["accused"]))
        room = next(iter(play.room.live.private))
        for seat in ("counsel", "judge", "clerk"):
            assert refused(play, seat, m.OfficerOut(room=room)).startswith("policy.")

    def test_declined(self) -> None:
        play = hearing()
        play.do("counsel", m.PrivateInvite(seats=["accused"]))
        room = next(iter(play.room.live.private))
        facts = play.do("accused", m.PrivateAnswer(room=room, accept=False))

        assert play.room.live.private == {}
        assert [entry(fact) for fact in facts] == [None]

    def test_busy(self) -> None:
        play = hearing()
        private(play)
        assert refused(play, "counsel", m.PrivateInvite(seats=["accused"])) == "private.busy"


class TestClosed:
    @pytest.mark.parametrize(
        "seat", ["judge", "clerk", "prosecutor", "counsel2", "victim", "interpreter", "witness2"]
    )
    def test_nobody_else_joins_whatever_they_send(self, seat: str) -> None:
        play = hearing()
        room = private(play)
        attempts: list[m.Command] = [
            m.PrivateAnswer(room=room, accept=True),
            m.PrivateInvite(seats=["counsel", "accused"]),
            m.PrivateInvite(seats=["counsel"]),
            m.OfficerOut(room=room),
            m.PrivateReturn(),
        ]
        for command in attempts:
            refused(play, seat, command)
            assert inside(play) == {"counsel", "accused"}

    def test_an_unknown_room_and_another_ones_look_the_same(self) -> None:
        play = hearing()
        room = private(play)
        first = refused(play, "counsel2", m.PrivateAnswer(room=room, accept=True))
        assert first == refused(play, "counsel2", m.PrivateAnswer(room="p9999", accept=True))

    def test_hosts_take_nobody_out(self) -> None:
        play = hearing()
        private(play)
        for command in (
            m.Admit(seats=["counsel"]),
            m.ToLobby(seats=["counsel"]),
            m.Remove(seat="counsel", reason="x"),
            m.Mute(seat="counsel"),
        ):
            assert refused(play, "judge", command) == "seat.in_private"

    def test_recall_asks(self) -> None:
        play = hearing()
        room = private(play)
        play.do("judge", m.PrivateRecall(room=room))
        assert inside(play) == {"counsel", "accused"}


class TestReturning:
    def test_counsel_goes_and_the_room_ends(self) -> None:
        play = hearing()
        private(play, "interpreter")
        play.wait(60).do("counsel", m.PrivateReturn())

        assert play.room.live.private == {}
        assert play.place("accused") is Place.HEARING

    def test_interpreter_goes_and_the_room_stays(self) -> None:
        play = hearing()
        private(play, "interpreter")
        play.do("interpreter", m.PrivateReturn())

        assert inside(play) == {"counsel", "accused"}
        assert play.place("interpreter") is Place.HEARING

    def test_each_goes_back_to_where_each_was(self) -> None:
        play = lobby()
        play.do("clerk", m.Open())
        play.do("clerk", m.Admit(seats=["counsel"]))
        private(play)
        play.do("accused", m.PrivateReturn())

        assert play.place("counsel") is Place.HEARING
        assert play.place("accused") is Place.LOBBY

    def test_missed_seconds(self) -> None:
        play = hearing()
        play.on_record()
        private(play)
        play.wait(75)
        facts = play.do("counsel", m.PrivateReturn())

        stretches = {fact.seat: fact for fact in facts if isinstance(fact, f.MissedUntil)}
        assert {seat: fact.why for seat, fact in stretches.items()} == {
            "counsel": "private",
            "accused": "private",
        }
        assert play.room.at("accused").missed_seconds == 75
        play.do("accused", m.AckMissed())
        assert play.room.at("accused").missed == ()
        assert play.room.at("accused").missed_seconds == 75

    def test_a_recess_is_not_missed(self) -> None:
        play = hearing()
        private(play)
        play.wait(10).do("judge", m.Recess(minutes=5))
        play.wait(300).do("judge", m.Resume())
        play.wait(10).do("counsel", m.PrivateReturn())

        assert play.room.at("counsel").missed_seconds == 20

    def test_end_of_the_sitting_ends_it(self) -> None:
        play = hearing()
        private(play)
        play.do("judge", m.Close())

        assert play.room.live.private == {}
        assert inside(play) == set()

    def test_leaving_the_sitting_ends_it(self) -> None:
        play = hearing()
        private(play)
        play.do("counsel", m.Leave())

        assert play.place("accused") is Place.HEARING
        assert play.place("counsel") is Place.OUTSIDE


def test_the_record_shows_that_it_happened_and_nothing_else() -> None:
    play = hearing()
    play.on_record()
    start = len(play.facts)
    private(play)
    play.wait(30).do("counsel", m.PrivateReturn())

    entries = [found for fact in play.facts[start:] if (found := entry(fact))]
    assert [found.type for found in entries] == [
        "private.opened",
        "private.ended",
        "missed",
        "missed",
    ]
    assert entries[0].codes["seats"] == ["accused", "counsel"]
    assert all(found.texts == {} for found in entries)
