"""What stays true whatever anybody sends, in whatever order."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from errors import Refusal
from sessions.phase import FINAL, IN_SESSION, Phase
from sessions.seat import SeatRole
from signaling import facts as f
from signaling import messages as m
from signaling import presence, record, state
from signaling.engine import HearingSpace, PrivateSpace
from signaling.routing import route, routes
from signaling.state import Place
from tests.signaling.rooms import CRIMINAL, START, hearing, lobby, proof

SEATS = sorted(CRIMINAL)
seat_ids = st.sampled_from([*SEATS, "nobody"])
some_seats = st.lists(seat_ids, min_size=1, max_size=3)
rooms = st.sampled_from([f"p{number}" for number in range(60)] + ["main"])
later = st.just(START + timedelta(days=3))
switch = st.booleans()
channels = st.sampled_from(["ar", "en", "ur", "sgn", "fr", None])

COMMANDS: list[st.SearchStrategy[Any]] = [
    st.builds(m.Sources, microphone=switch, camera=switch, screen=switch),
    st.builds(m.Hand, raised=switch),
    st.builds(m.CannotHear, on=switch),
    st.builds(m.Leave),
    st.builds(m.Listen, channel=channels),
    st.builds(m.Interpret, channel=channels),
    st.builds(m.AckMissed),
    st.builds(m.PrivateInvite, seats=some_seats),
    st.builds(m.PrivateReturn),
    st.builds(m.Attest, identity=switch, restraints_off=switch),
    st.builds(m.Open),
    st.builds(m.Admit, seats=some_seats | st.just("all")),
    st.builds(m.ToLobby, seats=some_seats),
    st.builds(m.Remove, seat=seat_ids, reason=st.just("x")),
    st.builds(m.Readmit, seat=seat_ids),
    st.builds(
        m.IdentityCheck,
        seat=seat_ids,
        result=st.sampled_from(["verified", "not_proved"]),
        document=st.just("passport"),
    ),
    st.builds(m.AdmitUnproved, seat=seat_ids, reason=st.just("x")),
    st.builds(m.AskRoom, seat=seat_ids),
    st.builds(m.DeclareAlone),
    st.builds(m.RoomSeen, seat=seat_ids, alone=switch, others=st.just("x")),
    st.builds(
        m.TakeOath,
        seat=seat_ids,
        result=st.sampled_from(["taken", "refused", "not_sworn"]),
        of_age=switch,
    ),
    st.builds(m.Look, seat=seat_ids | st.none()),
    st.builds(m.Heard, seat=seat_ids),
    st.builds(m.OnRecord),
    st.builds(m.OffRecord, reason=st.just("x")),
    st.builds(m.Recess, minutes=st.just(5)),
    st.builds(m.Resume),
    st.builds(m.Floor, seat=seat_ids | st.none()),
    st.builds(m.Mute, seat=seat_ids | st.just("all"), lock=switch),
    st.builds(m.Unlock, seat=seat_ids | st.just("all")),
    st.builds(m.AllowScreen, seat=seat_ids, allowed=switch),
    st.builds(m.Publicity, public=switch, reason=st.just("x")),
    st.builds(m.Note, text=st.just("x")),
    st.builds(m.PrivateRecall, room=rooms),
]
ENDS: list[st.SearchStrategy[Any]] = [
    st.builds(m.Adjourn, to=later, reason=st.just("x")),
    st.builds(m.Reserve),
    st.builds(m.Close),
]


class Sitting(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.play = hearing()

    def attempt(self, facts: Any) -> None:
        before = state.snapshot(self.play.room.live)
        try:
            found = facts()
        except Refusal:
            assert state.snapshot(self.play.room.live) == before
            return
        recorded = self.play.room.live.phase is Phase.ON_RECORD
        proven = any(isinstance(fact, f.RecordProven) for fact in found)
        self.play.take(found)
        if self.play.room.live.phase is Phase.ON_RECORD:
            assert recorded or proven

    def command(self, seat: str, command: m.Command) -> None:
        from signaling.room import decide
        from tests.signaling.rooms import who

        self.attempt(lambda: decide(self.play.room, who(seat), command, self.play.now))

    @rule(seat=st.sampled_from(SEATS), command=st.one_of(COMMANDS))
    def anybody(self, seat: str, command: m.Command) -> None:
        self.command(seat, command)

    @rule(seat=st.sampled_from(["judge", "clerk"]), command=st.one_of(COMMANDS))
    def hosts(self, seat: str, command: m.Command) -> None:
        self.command(seat, command)

    @rule(
        seat=st.sampled_from(SEATS),
        accept=switch,
        number=st.integers(0, 3),
        officer=switch,
    )
    def private(self, seat: str, accept: bool, number: int, officer: bool) -> None:
        known = sorted(self.play.room.live.private) or ["p1"]
        room = known[number % len(known)]
        if officer:
            self.command(seat, m.OfficerOut(room=room))
        else:
            self.command(seat, m.PrivateAnswer(room=room, accept=accept))

    @rule(
        inviter=st.sampled_from(["counsel", "counsel2", "accused", "victim"]),
        invited=st.sampled_from([["accused"], ["accused", "interpreter"], ["victim"]])
        | st.lists(
            st.sampled_from(["accused", "victim", "counsel", "counsel2", "interpreter", "judge"]),
            min_size=1,
            max_size=3,
        ),
    )
    def consult(self, inviter: str, invited: list[str]) -> None:
        self.command(inviter, m.PrivateInvite(seats=invited))
        for room, found in list(self.play.room.live.private.items()):
            for seat in found.seats:
                self.command(seat, m.PrivateAnswer(room=room, accept=True))
                self.command(seat, m.OfficerOut(room=room))

    @rule(seat=st.sampled_from(["counsel", "accused", "interpreter", "victim"]))
    def come_back(self, seat: str) -> None:
        self.command(seat, m.PrivateReturn())

    @rule(witness=st.sampled_from(["witness", "witness2"]), heard=switch)
    def call(self, witness: str, heard: bool) -> None:
        check = m.IdentityCheck(seat=witness, result="verified", document="passport")
        self.command("clerk", check)
        self.command("judge", m.Admit(seats=[witness]))
        if heard:
            self.command("clerk", m.Heard(seat=witness))

    @rule(seat=st.sampled_from(SEATS), sent_out=switch)
    def speak(self, seat: str, sent_out: bool) -> None:
        self.command("judge", m.Floor(seat=seat))
        if sent_out:
            self.command("judge", m.ToLobby(seats=[seat]))

    @rule(seat=st.sampled_from(["interpreter", "relay"]), speaks=channels, hears=channels)
    def interpret(self, seat: str, speaks: str | None, hears: str | None) -> None:
        self.command(seat, m.Interpret(channel=speaks))
        self.command(seat, m.Listen(channel=hears))

    @rule()
    def record(self) -> None:
        self.command("clerk", m.OnRecord())
        self.prove()

    @rule(command=st.sampled_from([m.OffRecord(reason="x"), m.Recess(minutes=5), m.Resume()]))
    def pause(self, command: m.Command) -> None:
        self.command("judge", command)

    @rule(
        seat=st.sampled_from(SEATS),
        client=st.sampled_from(["c", "d"]),
        gone=st.none() | st.integers(0, 14),
    )
    def arrive(self, seat: str, client: str, gone: int | None) -> None:
        since = None if gone is None else self.play.now - timedelta(seconds=gone)
        self.attempt(
            lambda: presence.arrive(
                self.play.room, seat, self.play.now, client=client, gone_since=since
            )
        )

    @rule(seat=st.sampled_from(SEATS))
    def lose(self, seat: str) -> None:
        self.attempt(lambda: presence.lost(self.play.room, seat, self.play.now))

    @rule(seat=st.sampled_from(SEATS), cut=st.booleans(), ago=st.integers(0, 5))
    def line(self, seat: str, cut: bool, ago: int) -> None:
        if self.play.room.at(seat).cut == cut:
            return
        at = self.play.now - timedelta(seconds=ago)
        change = presence.line_cut if cut else presence.line_back
        self.attempt(lambda: change(self.play.room, seat, at))

    def prove(self) -> None:
        if self.play.room.live.record == "starting":
            made = proof(at=self.play.now)
            self.attempt(lambda: record.proven(self.play.room, "judge", made, self.play.now))

    @rule()
    def alarm(self) -> None:
        self.attempt(lambda: record.lost(self.play.room, "record.disk_full", self.play.now))

    @rule()
    def restart(self) -> None:
        self.attempt(lambda: presence.restored(self.play.room, self.play.now))

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.play.wait(seconds)

    @rule(seat=st.sampled_from(SEATS), command=st.one_of(ENDS), chance=st.integers(0, 9))
    def end(self, seat: str, command: m.Command, chance: int) -> None:
        if chance == 0:
            self.command(seat, command)

    # --- what stays true -------------------------------------------------------------------------

    @invariant()
    def nobody_is_in_a_private_space_who_is_not_on_its_list(self) -> None:
        for seat, found in routes(self.play.room).items():
            if not isinstance(found.space, PrivateSpace):
                continue
            assert seat in found.space.allowed
            roles = [self.play.room.seat(other).role for other in found.space.allowed]
            clients = [
                other
                for other in found.space.allowed
                if self.play.room.seat(other).role not in (SeatRole.COUNSEL, SeatRole.INTERPRETER)
            ]
            assert roles.count(SeatRole.COUNSEL) >= 1
            assert len(clients) == 1
            assert all(
                clients[0] in self.play.room.seat(other).represents
                for other in found.space.allowed
                if self.play.room.seat(other).role is SeatRole.COUNSEL
            )

    @invariant()
    def nobody_is_alone_with_an_interpreter(self) -> None:
        for private in self.play.room.live.private.values():
            if private.opened_at is None:
                continue
            inside = {s for s in private.seats if self.play.place(s) is Place.PRIVATE}
            assert {"counsel", "accused"} <= inside or {"counsel2", "victim"} <= inside

    @invariant()
    def whoever_waits_gets_no_media(self) -> None:
        for seat, found in routes(self.play.room).items():
            if self.play.place(seat) not in (Place.HEARING, Place.PRIVATE):
                assert found.space is None

    @invariant()
    def only_a_host_who_is_here_sees_only_one_who_waits(self) -> None:
        for seat, found in routes(self.play.room).items():
            assert found.looks_at == self.play.room.at(seat).looks_at, "nothing stale is kept"
            if found.looks_at is None:
                continue
            shown = self.play.room.at(found.looks_at)
            assert self.play.room.is_host(seat)
            assert self.play.room.at(seat).present
            assert shown.present
            assert shown.place in (Place.LOBBY, Place.WITNESS_ROOM)
            assert route(self.play.room, found.looks_at).space is None

    @invariant()
    def the_hearing_carries_media_only_in_session(self) -> None:
        if self.play.room.live.phase in IN_SESSION:
            return
        spaces = {found.space for found in routes(self.play.room).values()}
        assert HearingSpace("s1") not in spaces

    @invariant()
    def nothing_of_a_locked_microphone_enters_the_hearing(self) -> None:
        for seat, found in routes(self.play.room).items():
            if isinstance(found.space, HearingSpace) and self.play.room.at(seat).locked:
                assert "microphone" not in found.sources

    @invariant()
    def channels_are_of_the_hearing_and_of_interpreters(self) -> None:
        for seat, found in routes(self.play.room).items():
            if found.speaks or found.listens:
                assert isinstance(found.space, HearingSpace)
                assert found.speaks != found.listens, "nobody hears the own channel"
            if found.speaks:
                assert found.speaks in {"interpreter": ("ar", "en"), "relay": ("en", "ur")}[seat]
            if self.play.room.at(seat).speaks:
                assert self.play.place(seat) in (Place.HEARING, Place.PRIVATE)

    @invariant()
    def on_record_means_recording(self) -> None:
        live = self.play.room.live
        assert (live.phase is Phase.ON_RECORD) == (live.record == "recording")

    @invariant()
    def the_snapshot_is_the_state(self) -> None:
        live = self.play.room.live
        assert state.load(state.snapshot(live)) == live

    @invariant()
    def whoever_is_away_in_session_misses_it_and_nobody_else(self) -> None:
        from signaling.missing import why_away

        for seat in SEATS:
            missing = self.play.room.at(seat).missing
            assert why_away(self.play.room, seat) == (missing.why if missing else None)

    @invariant()
    def unheard_witnesses_do_not_hear_each_other(self) -> None:
        inside = [
            seat
            for seat in ("witness", "witness2")
            if self.play.place(seat) is Place.HEARING and not self.play.room.at(seat).heard
        ]
        assert len(inside) <= 1

    @invariant()
    def the_floor_is_inside(self) -> None:
        live = self.play.room.live
        if live.floor and live.phase not in FINAL:
            assert self.play.place(live.floor) in (Place.HEARING, Place.PRIVATE)


Sitting.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSitting = Sitting.TestCase


def test_an_empty_lobby_holds_the_same() -> None:
    play = lobby()
    assert {found.space for found in routes(play.room).values()} == {None}
