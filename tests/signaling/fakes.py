"""A media engine and a recording desk that write down what they are told, in one list."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from clock import Clock
from errors import N_
from signaling.engine import (
    Codec,
    HearingSpace,
    LineReport,
    MediaEvent,
    MediaRefused,
    MediaRoom,
    PrivateSpace,
    RecordedTrack,
    Recorder,
    SinkRefused,
    Source,
    Space,
    TrackId,
    Wish,
)
from signaling.ports import Proof, RecordRefused, RecordStatus, TrackProof

Calls = list[tuple[Any, ...]]


def line(connected: bool = True, loss: float = 0.0) -> LineReport:
    return LineReport(connected, 0.02, loss, loss, 0.001, 1000, 1000, None)


class FakeMediaRoom:
    """Knows spaces and permits like the engine; carries nothing."""

    def __init__(self, sitting: str, on_event: Callable[[MediaEvent], None], calls: Calls) -> None:
        self.sitting = sitting
        self.on_event = on_event
        self.calls = calls
        self.spaces: dict[str, Space] = {}
        self.permits: dict[str, frozenset[Source]] = {}
        self.shows: dict[str, str] = {}
        self.withheld: dict[str, frozenset[TrackId]] = {}
        self.tuned: dict[str, tuple[str, str]] = {}
        self.lines: dict[str, LineReport] = {}
        self.recorder: Recorder | None = None
        self.closed = False
        self.watched: dict[str, tuple[Mapping[TrackId, Wish] | None, bool]] = {}
        self.speaker: str | None = None

    async def publish(self, seat: str, connection: str, offer: str) -> str:
        self.calls.append(("publish", seat, connection))
        if "v=0" not in offer:
            raise MediaRefused("media.bad_sdp")
        return "v=0 answer"

    async def subscribe(self, seat: str, connection: str) -> str:
        self.calls.append(("subscribe", seat, connection))
        return "v=0 offer"

    async def subscribed(self, seat: str, connection: str, answer: str) -> None:
        self.calls.append(("subscribed", seat, connection))

    def place(self, seat: str, space: Space | None, reason: str | None = None) -> None:
        if isinstance(space, PrivateSpace) and seat not in space.allowed:
            raise ValueError("not on the list")
        name = None if space is None else getattr(space, "id", "hearing")
        self.calls.append(("place", seat, name, reason))
        if space is None:
            self.spaces.pop(seat, None)
        else:
            self.spaces[seat] = space

    def permit(self, seat: str, sources: frozenset[Source], reason: str = "muted") -> None:
        self.calls.append(("permit", seat, sources, reason))
        self.permits[seat] = sources

    def show(self, seat: str, shown: str | None) -> None:
        if shown in self.spaces:
            raise ValueError("only a seat in no space is shown")
        self.calls.append(("show", seat, shown))
        if shown is None:
            self.shows.pop(seat, None)
        else:
            self.shows[seat] = shown

    def watch(
        self, seat: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool = False
    ) -> None:
        self.watched[seat] = (wishes, audio_only)

    def floor(self, seat: str | None) -> None:
        self.speaker = seat

    def tune(self, seat: str, speaks: str, listens: str) -> None:
        if speaks and speaks == listens:
            raise ValueError("nobody listens to the own channel")
        if (speaks, listens) != self.tuned.get(seat, ("", "")):
            self.calls.append(("tune", seat, speaks, listens))
        self.tuned[seat] = speaks, listens

    def withhold(self, seat: str, tracks: frozenset[TrackId]) -> None:
        self.withheld[seat] = tracks

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        if not isinstance(space, HearingSpace):
            raise SinkRefused
        self.recorder = recorder

    def detach(self, reason: str) -> None:
        self.recorder = None

    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]:
        return frozenset(
            TrackId(seat, source)
            for seat, where in self.spaces.items()
            if where == space
            for source in self.permits.get(seat, frozenset())
        )

    def tracks(self) -> dict[TrackId, Codec]:
        return {}

    def report(self) -> dict[str, LineReport]:
        return self.lines

    async def leave(self, seat: str) -> None:
        self.calls.append(("leave", seat))
        for known in (self.lines, self.spaces, self.permits, self.shows, self.withheld, self.tuned):
            known.pop(seat, None)  # as the engine forgets the whole seat

    async def close(self) -> None:
        self.closed = True
        self.calls.append(("media.close",))


class FakeEngine:
    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.rooms: dict[str, FakeMediaRoom] = {}

    async def open(self, sitting: str, on_event: Callable[[MediaEvent], None]) -> MediaRoom:
        self.calls.append(("media.open", sitting.split(":")[0]))
        self.rooms[sitting] = FakeMediaRoom(sitting, on_event, self.calls)
        return self.rooms[sitting]

    async def close(self) -> None:
        pass


class FakeDesk:
    """Proves at once, or when `proof_waits` is set; `refuses` makes it refuse."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.refuses: RecordRefused | Exception | None = None
        self.proof_waits: asyncio.Event | None = None
        self.running = False
        self.epoch: datetime | None = None
        self.suspends: Collection[str] = ()
        self.level_db: int | None = None

    async def start(
        self, sitting: str, room: MediaRoom, by: str, suspends: Collection[str] = ()
    ) -> Proof:
        self.calls.append(("desk.start", by))
        self.suspends = suspends
        if self.proof_waits is not None:
            await self.proof_waits.wait()
        if self.refuses is not None:
            raise self.refuses
        self.running = True
        now = self.clock()
        self.epoch = self.epoch or now
        ms = (now - self.epoch) // timedelta(milliseconds=1)
        return Proof(self.epoch, now, ms, (TrackProof("judge", "microphone", True),))

    def speaking(self, sitting: str, seats: Collection[str]) -> None:
        self.calls.append(("desk.speaking", *seats))

    async def stop(self, sitting: str, reason: str, by: str) -> None:
        self.calls.append(("desk.stop", reason))
        self.running = False

    async def resume_after_restart(self, sitting: str, room: MediaRoom) -> None:
        self.calls.append(("desk.resume_after_restart",))

    async def close(self, sitting: str, by: str) -> None:
        self.calls.append(("desk.close",))

    def status(self, sitting: str) -> RecordStatus:
        state = "recording" if self.running else "off"
        track = TrackProof("judge", "microphone", True, level_db=self.level_db)
        tracks = (track,) if self.running else ()
        return RecordStatus(state, None, self.clock(), tracks, 0)  # type: ignore[arg-type]


def no_sound() -> RecordRefused:
    return RecordRefused(
        "record.track_silent", N_("Nothing came from this track."), track=("judge", "microphone")
    )


class FakeSocket:
    """Keeps what was sent."""

    def __init__(self, calls: Calls, seat: str) -> None:
        self.calls = calls
        self.seat = seat
        self.sent: list[dict[str, Any]] = []
        self.code: int | None = None

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        what = message.get("name") or message.get("code") or message["type"]
        self.calls.append(("send", self.seat, what))

    def close(self, code: int) -> None:
        if self.code is None:
            self.code = code

    def of(self, type: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == type]

    def events(self) -> list[str]:
        return [message["name"] for message in self.of("event")]

    @property
    def state(self) -> dict[str, Any]:
        """The newest state."""
        states = [message for message in self.sent if message["type"] in ("state", "welcome")]
        found: dict[str, Any] = states[-1]["state"]
        return found
