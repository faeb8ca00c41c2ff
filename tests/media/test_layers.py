"""Simulcast layers: told apart by rid, chosen for each listener, recorded as one stream."""

import itertools

import pytest

from signaling import rtcp, rtp, vp8
from signaling.engine import Layer, Picture, PicturesChanged, TrackId, Wish
from signaling.feedback import MS, SECOND, ns_to_ntp
from signaling.line_estimate import LineEstimate
from signaling.publisher import BANDWIDTH_CAP
from tests.media.builders import (
    HEARING,
    MID_ID,
    START,
    VP8,
    FakeRecorder,
    Room,
    packet,
    picture,
)

CAMERA = TrackId("judge", "camera")
LAYERS: tuple[Layer, ...] = ("l", "m", "h")
SIZES = {"l": 350, "m": 1200, "h": 4000}
"""Bytes of a picture at 30 a second: about 100, 300 and 950 kb/s."""


class Hall(Room):
    """A judge who sends three layers, and a lawyer who watches."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: tuple[Layer, ...] = LAYERS
        self.publish("judge", LAYERS)
        self.subscribe("judge")
        self.permit("judge")
        self.place("judge", HEARING)
        self.join("lawyer")

    def film(self, seconds: float) -> None:
        """30 pictures a second on each layer; a keyframe on all where one was asked for."""
        for _ in range(round(seconds * 30)):
            self.now += SECOND // 30
            asked = self._asked()
            for layer in self.sent:
                self.send("judge", layer=layer, key=asked, size=SIZES[layer])
            self.forwarder.tick(self.now, self.publishers.values())

    def _asked(self) -> bool:
        wire = self.up["judge"]
        found = [item for data in wire.rtcp for item in rtcp.parse(data)]
        wire.rtcp.clear()
        return any(isinstance(item, rtcp.KeyframeRequest) for item in found)

    def watch(self, width: int = 0, height: int = 0, *, audio_only: bool = False) -> None:
        wishes = {CAMERA: Wish(width, height)} if width else {}
        self.forwarder.watch("lawyer", wishes, audio_only, self.now)

    def line(self, bitrate: int) -> None:
        """The lawyer's line carries so much, and nobody tries for more."""
        subscriber = self.subscribers["lawyer"]
        if subscriber.line is None:
            subscriber.line = LineEstimate(self.now)
        subscriber.line.target = bitrate

    @property
    def told(self) -> Picture:
        """What the lawyer's page knows of the judge's camera."""
        events = [item for item in self.events if isinstance(item, PicturesChanged)]
        return [item for item in events if item.seat == "lawyer"][-1].pictures[CAMERA]

    @property
    def seen(self) -> list[rtp.RtpPacket]:
        return self.heard("lawyer")


def test_nothing_is_guessed_without_a_rid() -> None:
    room = Hall()
    data = packet(1, 1, picture(1, key=True), ssrc=99, payload_type=VP8, elements={MID_ID: b"1"})
    room.forwarder.receive_rtp(room.publishers["judge"], data, room.now)
    assert room.forwarder.counters.ignored == 1
    assert room.publishers["judge"].upstreams[1].last_packet is None


def test_a_new_ssrc_of_a_layer_replaces_the_old_one() -> None:
    room = Hall()
    room.film(1)
    publisher = room.publishers["judge"]
    room._seats[publisher.connection] += 7  # the browser began anew
    room.film(1)
    ssrcs = [stream.ssrc for stream in publisher.upstreams[1].streams]
    assert ssrcs == [70_000 + 700 + at for at in (1, 2, 3)]
    assert len(publisher._by_ssrc) == 3 + 3  # three layers; microphone, screen and its repeats


@pytest.mark.parametrize(("width", "layer"), [(300, "l"), (700, "m"), (1280, "h")])
def test_a_tile_gets_the_layer_that_fills_it(width: int, layer: Layer) -> None:
    room = Hall()
    room.watch(width, width * 9 // 16)
    room.film(2)
    assert room.told == Picture(layer, "none")
    before = len(room.seen)
    room.film(1)
    sizes = {len(item.payload) for item in room.seen[before:]}
    assert sizes == {len(picture(0)) + SIZES[layer]}


def test_twenty_six_switches_never_break_the_numbers() -> None:
    room = Hall()
    room.film(1)
    for width in itertools.islice(itertools.cycle((300, 1280, 700, 1280)), 26):
        room.watch(width, width * 9 // 16)
        room.film(0.7)
    seen = room.seen
    pairs = list(itertools.pairwise(seen))
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairs} == {1}
    steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairs}
    assert max(steps) <= 2 * 3000 + 100
    assert min(steps) >= 1500
    found = [vp8.parse(item.payload) for item in seen]
    ids = [item.picture_id for item in found if item is not None]
    assert {(b - a) & 0x7FFF for a, b in itertools.pairwise(ids)} == {1}
    keys = [item for item in found if item is not None and item.keyframe]
    assert len(keys) >= 26


def test_a_hidden_picture_is_not_sent_and_comes_back_with_a_keyframe() -> None:
    room = Hall()
    room.film(1)
    room.watch()
    before = len(room.seen)
    room.film(1)
    assert len(room.seen) == before
    assert room.told == Picture(None, "hidden")
    room.watch(1280, 720)
    room.film(0.2)
    first = vp8.parse(room.seen[before].payload)
    assert first is not None
    assert first.keyframe
    assert room.told == Picture("h", "none")


def test_audio_only_is_obeyed_and_sound_is_not_touched() -> None:
    room = Hall()
    room.film(1)
    room.watch(1280, 720, audio_only=True)
    before = len(room.seen)
    room.film(1)
    room.send("judge", "microphone")
    assert len(room.seen) == before
    assert len(room.heard("lawyer", "microphone")) == 1
    assert room.told == Picture(None, "audio_only")


def test_a_poor_line_gets_the_low_layer_and_then_none_and_says_so() -> None:
    room = Hall()
    room.film(2)
    room.line(400_000)
    room.film(1)
    assert room.told == Picture("m", "none")
    room.line(150_000)
    room.film(1)
    assert room.told == Picture("l", "none")
    room.line(60_000)
    before = len(room.seen)
    room.film(1)
    assert room.told == Picture(None, "line")
    assert len(room.seen) <= before + 7  # up to the next look at the line
    for _ in range(10):
        room.send("judge", "microphone")
    assert len(room.heard("lawyer", "microphone")) == 10
    room.line(5_000_000)
    room.film(1)
    assert room.told == Picture("h", "none")


def test_who_is_paused_asks_for_no_keyframes_and_gets_no_repeats() -> None:
    room = Hall()
    room.film(2)
    ssrc, number = room.seen[-1].ssrc, room.seen[-1].sequence
    room.line(60_000)
    room.film(1)
    before = len(room.down["lawyer"].rtp)
    room.up["judge"].rtcp.clear()
    for data in (rtcp.keyframe_request(1, ssrc), rtcp.nack(1, ssrc, [number])):
        room.forwarder.receive_subscriber_rtcp(room.subscribers["lawyer"], data, room.now)
    assert len(room.down["lawyer"].rtp) == before
    assert not room._asked()


def test_a_layer_that_is_switched_off_is_left_for_the_next() -> None:
    room = Hall()
    room.film(1)
    assert room.told == Picture("h", "none")
    room.sent = ("l", "m")
    room.film(2)
    assert room.told == Picture("m", "none")
    before = len(room.seen)
    room.film(1)
    assert len(room.seen) == before + 30
    room.sent = LAYERS
    room.film(2)
    assert room.told == Picture("h", "none")


def test_one_listeners_misery_is_nobody_elses() -> None:
    room = Hall()
    room.join("clerk")
    room.film(2)
    room.line(60_000)
    before = len(room.heard("clerk"))
    room.film(3)
    assert len(room.heard("clerk")) == before + 90
    allowed = {item.bitrate for item in _parsed(room) if isinstance(item, rtcp.Remb)}
    assert min(allowed, default=BANDWIDTH_CAP) >= BANDWIDTH_CAP * 0.99


def _parsed(room: Room) -> list[rtcp.Message]:
    return [item for data in room.up["judge"].rtcp for item in rtcp.parse(data)]


def test_the_recorder_gets_one_steady_stream_of_the_best_layer() -> None:
    room = Hall()
    recorder = FakeRecorder()
    room.forwarder.attach(HEARING, recorder, room.now)
    room.film(2)
    room.watch(300, 170)
    room.film(1)
    (sink,) = recorder.of("judge", "camera")
    room.sent = ("l", "m")
    room.film(2)
    room.sent = LAYERS
    room.film(6)
    numbers = [item.sequence for item in sink.packets]
    assert {(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)} == {1}
    stamps = [item.timestamp for item in sink.packets]
    longest = max((b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(stamps))
    assert longest < 90_000 * 1.2  # the layer that was switched off is missed for a second
    sizes = [len(item.payload) - len(picture(0)) for item in sink.packets]
    order = [
        size for size, _ in itertools.groupby(size for size in sizes if size in SIZES.values())
    ]
    assert order == [SIZES["h"], SIZES["m"], SIZES["h"]]
    assert (stamps[-1] - stamps[0]) / 90_000 == pytest.approx(11, abs=0.3)
    assert room.of(PicturesChanged)


def test_sender_reports_join_the_layers_exactly() -> None:
    room = Hall()
    recorder = FakeRecorder()
    room.forwarder.attach(HEARING, recorder, room.now)
    room.film(1)
    publisher = room.publishers["judge"]
    for at, stream in enumerate(publisher.upstreams[1].streams, 1):
        stamp = (room.now - START) * 90 // MS + 1_000_000 * at
        data = rtcp.sender_report(stream.ssrc, ns_to_ntp(room.now), stamp, 1, 1)
        room.forwarder.receive_publisher_rtcp(publisher, data, room.now + 10 * MS)
    room.sent = ("l", "m")
    room.film(2)
    (sink,) = recorder.of("judge", "camera")
    relations = {stamp - (local - START) * 90 // MS for stamp, local in sink.clocks}
    assert max(relations) - min(relations) <= 2
    assert len(sink.clocks) == 2


def test_with_more_cameras_than_places_who_speaks_is_seen() -> None:
    room = Room()
    for name in ("judge", "a", "b", "c", "d"):
        room.join(name)
    for name in ("a", "b", "c", "d"):
        room.send(name, key=True)
    carried = room.subscribers["judge"].carried
    assert {track.seat for track in carried().values()} == {"a", "b", "c"}
    for _ in range(12):
        room.send("d", "microphone", level=20)
        for name in ("a", "b", "c", "d"):
            room.send(name, key=True)
        room.wait(50 * MS)
    assert "d" in {track.seat for track in carried().values()}
    told = [
        item.pictures
        for item in room.events
        if isinstance(item, PicturesChanged) and item.seat == "judge"
    ][-1]
    assert sorted(item.why for item in told.values()) == ["full", "none", "none", "none"]
    assert room.forwarder.report(room.now)["judge"].layers == {"h": 3}
    room.forwarder.floor("c", room.now)
    assert "c" in {track.seat for track in carried().values()}
