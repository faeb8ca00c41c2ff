"""A media room of real encoded media without a network: what the engine promises a recorder."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from signaling.engine import (
    Codec,
    HearingSpace,
    MediaPacket,
    Recorder,
    SinkRefused,
    Source,
    Space,
    TrackId,
    TrackSink,
)
from tests.recordings import media


@dataclass
class Feed:
    """A track that sends; `packets` loop for ever in real time."""

    track: TrackId
    codec: Codec
    frames: tuple[media.Encoded, ...]
    sender: media.Sender
    flowing: bool = True
    sink: TrackSink | None = None
    sent_ns: int = 0
    asked: int = 0
    at: int = 0
    """Index of the next frame."""
    first: int = 0
    """Where `at` stood when `frames` last began anew."""
    restart: bool = False
    """The next frame has to be a keyframe."""


class Room:
    """Feeds sinks from a task; the recorder sees what the aiortc engine would give it."""

    def __init__(self, sitting: str, *feeds: Feed) -> None:
        self.sitting = sitting
        self.feeds = list(feeds)
        self.recorder: Recorder | None = None
        self.detached: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._start_ns = time.monotonic_ns()

    def __enter__(self) -> "Room":
        self._task = asyncio.create_task(self._run())
        return self

    def __exit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()

    def live_tracks(self, space: Space) -> frozenset[TrackId]:
        now = time.monotonic_ns()
        return frozenset(
            feed.track for feed in self.feeds if feed.sent_ns and now - feed.sent_ns < 2e9
        )

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        if not isinstance(space, HearingSpace):
            raise SinkRefused
        self.recorder = recorder
        for feed in self.feeds:
            if feed.sent_ns and feed.flowing:
                self._open(feed)

    def detach(self, reason: str) -> None:
        self.detached.append(reason)
        self.recorder = None
        for feed in self.feeds:
            self.close_sink(feed, reason)

    def close_sink(self, feed: Feed, reason: str) -> None:
        if feed.sink:
            feed.sink.close(reason)
            feed.sink = None

    def mute(self, feed: Feed, reason: str = "muted") -> None:
        feed.flowing = False
        self.close_sink(feed, reason)

    def unmute(self, feed: Feed) -> None:
        feed.flowing = True

    def _open(self, feed: Feed) -> None:
        if self.recorder:

            def ask(feed: Feed = feed) -> None:
                feed.asked += 1
                feed.restart = True

            feed.sink = self.recorder.open(feed.track, feed.codec, ask)
            feed.restart = True

    async def _run(self) -> None:
        while True:
            now = time.monotonic_ns()
            for feed in self.feeds:
                self._feed(feed, now)
            await asyncio.sleep(0.01)

    def _feed(self, feed: Feed, now: int) -> None:
        step = 50 if feed.codec == "opus" else 30
        due = int((now - self._start_ns) / 1e9 * step)
        while feed.at < due:
            at, feed.at = feed.at, feed.at + 1
            if not feed.flowing:
                continue
            if feed.sink is None:
                self._open(feed)
            if feed.restart and feed.codec == "vp8":
                feed.first = at
            feed.restart = False
            frame = feed.frames[(at - feed.first) % len(feed.frames)]
            stamped = media.Encoded(at / step, frame.data, frame.keyframe)
            for packet in feed.sender.pack([stamped], self._start_ns, delay_ns=0):
                feed.sent_ns = now
                if feed.sink:
                    feed.sink.write(packet._replace(arrival_ns=now))


def microphone(seat: str = "judge1", level: float = 0.25) -> Feed:
    """A seat's tone."""
    return Feed(
        TrackId(seat, "microphone"), "opus", media.opus(4.0, level=level), media.Sender("opus")
    )


def camera(seat: str = "judge1", black: bool = False, source: Source = "camera") -> Feed:
    """A seat's picture."""
    frames = media.vp8(2.0, every=30, black=black)
    return Feed(TrackId(seat, source), "vp8", frames, media.Sender("vp8"))


def drain(packets: Iterable[MediaPacket], sink: TrackSink) -> None:
    """Write all packets at once."""
    for packet in packets:
        sink.write(packet)
