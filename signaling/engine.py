"""What the live room asks of a media engine, and what an engine gives to a sink.

Interfaces and values only. `aiortc_engine` implements `MediaEngine`; the recorder implements
`Recorder` and `TrackSink`, and media code does not know that recording exists.

Two kinds of space carry media. A `HearingSpace` can be recorded. A `PrivateSpace` (a private
consultation, a deliberation) cannot: `MediaRoom.attach` takes only a `HearingSpace`, and an
engine must also refuse at run time with `SinkRefused`. A seat in no space (the lobby, the witness
room) gets and gives no media packet at all, but for its camera, which `MediaRoom.show` lets a host
see to check an identity; that is never recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

Source = Literal["microphone", "camera", "screen"]
Codec = Literal["opus", "vp8"]
SOURCES: tuple[Source, ...] = ("microphone", "camera", "screen")


class TrackId(NamedTuple):
    """One source of one seat; it keeps its name over reconnections."""

    seat: str
    source: Source


Layer = Literal["l", "m", "h"]
"""Low, middle, high: the simulcast layers of a camera, named as their RTP stream ids (`rid`). A
track with one layer has `h` alone."""
Why = Literal["none", "line", "hidden", "audio_only", "publisher_off", "full"]
"""Why a picture is not sent: nothing is in its way (it is sent, or begins with the next keyframe);
the listener's line does not carry it; its page does not show it; its person wants sound only; the
publisher sends none; more pictures than the connection has slots."""


class Wish(NamedTuple):
    """How large a page shows a picture, in device pixels."""

    width: int
    height: int


class Picture(NamedTuple):
    """What a seat is sent of one camera or screen, and why not more."""

    layer: Layer | None
    """None: nothing is sent."""
    why: Why


class ChannelTrack(NamedTuple):
    """A microphone while it speaks into an interpreter's channel, as a recorder knows it.

    A track of its own, so that a record tells the floor from every language.
    """

    seat: str
    source: str
    """`channel-<language>`."""


RecordedTrack: TypeAlias = TrackId | ChannelTrack
CHANNEL = "channel-"
"""Prefix of a channel's `source`."""


def channel_track(seat: str, language: str) -> ChannelTrack:
    """The recorded track of a seat that interprets into `language`."""
    return ChannelTrack(seat, CHANNEL + language)


@dataclass(frozen=True, slots=True)
class HearingSpace:
    """The hearing itself. The only space that a recorder can be attached to."""

    sitting: str


@dataclass(frozen=True, slots=True)
class PrivateSpace:
    """A room that is never recorded and that only its listed seats can be placed in."""

    sitting: str
    id: str
    allowed: frozenset[str]


Space = HearingSpace | PrivateSpace


class SinkRefused(Exception):
    """Somebody tried to attach a recorder where nothing may be recorded."""


class MediaPacket(NamedTuple):
    """One decrypted RTP packet as it came: no transcoding, padding and extensions removed."""

    sequence: int
    """16 bits, as sent."""
    timestamp: int
    """32 bits, as sent, in the codec's clock (opus 48,000 Hz, VP8 90,000 Hz)."""
    marker: bool
    payload: bytes
    arrival_ns: int
    """`time.monotonic_ns()` when it reached the process."""


class TrackSink(Protocol):
    """Receives the packets of one track. Called on the event loop: never blocks, never raises."""

    def write(self, packet: MediaPacket) -> None:
        """Take one packet. Duplicates are already removed; order and completeness are not."""

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        """A sender report: RTP `timestamp` was sampled at `ntp_ns` of the *server's monotonic*
        clock (the engine has moved the sender's NTP time there, one offset per publisher)."""

    def close(self, reason: str) -> None:
        """No packet follows. `reason` is a gap code: muted, camera_off, screen_off, left,
        disconnected, lobby, private, channel, off_record, recess, closed."""


class Recorder(Protocol):
    """Opens a sink for every track that is live in the hearing space while it is attached."""

    def open(
        self, track: RecordedTrack, codec: Codec, request_keyframe: Callable[[], None]
    ) -> TrackSink | None:
        """Called when the track starts, and again after each `close`. None: do not record it.

        A microphone in a channel is a `ChannelTrack`, the same one on the floor a `TrackId`.
        """


@dataclass(frozen=True, slots=True)
class LineReport:
    """Line of one seat over the last seconds. Loss is a share 0..1; times are seconds."""

    connected: bool
    round_trip: float | None
    loss_up: float
    loss_down: float
    jitter: float | None
    bitrate_up: int
    bitrate_down: int
    """Bits per second."""
    silent_for: float | None
    """Seconds since the last media packet of a seat that should send; None when it need not."""
    unheard_for: float | None = None
    """Seconds since the last datagram of the seat's subscribe connection (of the newest one, also
    when it is gone), asked for when it says nothing; None when it never had one."""
    layers: Mapping[str, int] = field(default_factory=dict)
    """How many pictures it is sent of each layer; `none`: paused for want of line."""


# Events, in the order in which things happen. `connection` is the transport's id, chosen by the
# client's page for each new peer connection; a seat outlives its connections.
@dataclass(frozen=True, slots=True)
class Connected:
    """ICE and DTLS are up."""

    seat: str
    connection: str
    direction: Literal["publish", "subscribe"]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone and was not replaced by a newer one of the same seat."""

    seat: str
    connection: str
    direction: Literal["publish", "subscribe"]


@dataclass(frozen=True, slots=True)
class TrackStarted:
    """The first packet of a track arrived (or the first after silence)."""

    track: TrackId


@dataclass(frozen=True, slots=True)
class TrackSilent:
    """A permitted, live track has sent nothing for 2 s."""

    track: TrackId


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """Which track each slot (SDP mid) of this seat's subscribe connection now carries."""

    seat: str
    connection: str
    slots: dict[str, TrackId]


@dataclass(frozen=True, slots=True)
class Speaking:
    """Loudest seats of one space in the last half second, loudest first (RFC 6464 levels). Only
    seats of that space may be told: who speaks in a private space is nobody else's business."""

    space: Space
    seats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PicturesChanged:
    """What this seat is sent of every camera and screen that it may see, always the whole map."""

    seat: str
    pictures: dict[TrackId, Picture]


@dataclass(frozen=True, slots=True)
class RoomLost:
    """What carried the room is gone, with every connection; it is being brought back elsewhere.
    Places and permissions stand. `Disconnected` and `TrackSilent` follow for what there was."""


@dataclass(frozen=True, slots=True)
class RoomBack:
    """The room is there again, and takes connections. No recorder but the one attached before."""

    seconds: float
    """So long was it gone."""


MediaEvent = (
    Connected
    | Disconnected
    | TrackStarted
    | TrackSilent
    | SlotsChanged
    | PicturesChanged
    | Speaking
    | RoomLost
    | RoomBack
)


class MediaRefused(Exception):
    """The description or connection cannot be used; `code` is stable, e.g. `media.bad_sdp`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MediaRoom(Protocol):
    """The media of one sitting. All methods belong to the event loop that opened it.

    The plain methods take effect before they return: no packet that arrives later is routed by
    the old state.
    """

    sitting: str

    async def publish(self, seat: str, connection: str, offer: str) -> str:
        """Answer a browser's offer. It holds three sendonly sections in this order: audio
        (microphone), video (camera), video (screen); a section without a track yet is there too,
        so that a track is started later with `replaceTrack` and no renegotiation.

        A newer publish connection of the seat replaces the older one once its media flows; the
        packets of the superseded one are dropped. Raises MediaRefused.
        """

    async def subscribe(self, seat: str, connection: str) -> str:
        """Make a subscribe connection with fixed slots; returns the server's offer."""

    async def subscribed(self, seat: str, connection: str, answer: str) -> None:
        """Apply the browser's answer to `subscribe`. Raises MediaRefused."""

    def place(self, seat: str, space: Space | None, reason: str | None = None) -> None:
        """Move a seat. A seat starts in no space. Its open sinks are closed with `reason`, or
        without one with `private` (into a PrivateSpace) or `lobby` (into no space).

        Raises ValueError for a PrivateSpace whose `allowed` lacks the seat, and for a space of
        another sitting.
        """

    def permit(self, seat: str, sources: frozenset[Source], reason: str = "muted") -> None:
        """Which sources of a seat are forwarded and recorded; others are dropped at arrival, and
        the sink of a source that stops is closed with `reason`. A seat starts with none."""

    def show(self, seat: str, shown: str | None) -> None:
        """Let `seat` also see the camera of `shown`, one seat that is in no space; None ends it.

        Only the camera, as far as it is permitted, in a free slot of `seat`'s subscribe
        connection; one way, never the microphone, and no recorder is told of it. It begins with
        a keyframe, which is asked for. Placing `shown` in a space ends it, and `leave` of either.

        Raises ValueError for a `shown` that is in a space, and for the seat itself.
        """

    def watch(
        self, seat: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool = False
    ) -> None:
        """What the page of a seat shows: these cameras and screens, so large. No other picture is
        sent to it, and with `audio_only` none at all; sound is not touched. `wishes` None: the
        page has not said, and everything counts as visible (so a seat starts).

        A wish is no right: names of tracks that the seat may not see do nothing.
        """

    def floor(self, seat: str | None) -> None:
        """Who has the floor: on a poor line its picture comes first, after a screen."""

    def tune(self, seat: str, speaks: str, listens: str) -> None:
        """Interpreters' channels: where a seat's microphone goes and what the seat hears besides
        the floor. Both are language tags, or empty: the floor, as every seat starts.

        A microphone in a channel reaches only the seats of its space that listen to it, counts as
        nobody's voice in `Speaking`, and is recorded as a `ChannelTrack`; pictures stay as they
        are. A change closes the microphone's sink with the reason `channel`.

        Raises ValueError for a seat that would listen to its own channel.
        """

    def withhold(self, seat: str, tracks: frozenset[TrackId]) -> None:
        """The tracks that this seat never gets, in whatever space both are. Others and recorders
        are not touched. A seat starts with none; what flowed stops before this returns."""

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        """Record everything that flows in the hearing. Raises SinkRefused for any other space,
        for another sitting, and while a recorder is attached."""

    def detach(self, reason: str) -> None:
        """Close all sinks, with `reason`, and record nothing any more."""

    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]:
        """Tracks of the space that are permitted and sent a packet in the last 2 s."""

    def tracks(self) -> dict[TrackId, Codec]:
        """All published tracks, live or not."""

    def report(self) -> dict[str, LineReport]:
        """Line quality per seat."""

    async def leave(self, seat: str) -> None:
        """Close both connections of the seat, and forget what was commanded of it. Idempotent."""

    async def close(self) -> None:
        """Close everything. Idempotent."""


class MediaEngine(Protocol):
    """Opens media rooms. The implementation decides where they run."""

    async def open(self, sitting: str, on_event: Callable[[MediaEvent], None]) -> MediaRoom:
        """The media room of a sitting; `on_event` is called on the event loop, never awaits."""

    async def close(self) -> None:
        """Close all rooms."""
