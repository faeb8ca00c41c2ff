"""Which stream a packet belongs to, with two video sections on one transport."""

import pytest

from signaling import rtp
from signaling.engine import SOURCES, Source, TrackId
from signaling.publisher import Publisher
from signaling.upstream import PublishedSection
from tests.media.builders import (
    IDS,
    MID_ID,
    OPUS,
    RTX,
    START,
    VP8,
    FakeEstimator,
    FakeWire,
    packet,
    picture,
)


def publisher(*, announced: bool) -> Publisher:
    sections = [
        PublishedSection(
            mid=str(index),
            track=TrackId("judge", source),
            codec="opus" if index == 0 else "vp8",
            payload_type=OPUS if index == 0 else VP8,
            rtx_payload_type=None if index == 0 else RTX,
            level_id=None,
            ssrcs=(10 * index + 1, 10 * index + 2) if announced and index else (),
        )
        for index, source in enumerate(SOURCES)
    ]
    return Publisher(
        "judge",
        "c",
        sections,
        FakeWire(),
        FakeEstimator(),
        IDS,
    )


def read(
    peer: Publisher, ssrc: int, sequence: int, *, kind: int = VP8, mid: bytes = b""
) -> tuple[Source, int] | None:
    payload = picture(sequence, key=True)
    if kind == RTX:
        payload = rtp.wrap_rtx(sequence, payload)
    elements = {MID_ID: mid} if mid else {}
    data = packet(sequence, 0, payload, ssrc=ssrc, payload_type=kind, elements=elements)
    found = peer.read(data, START)
    return None if found is None else (found[0].track.source, found[1].sequence)


@pytest.mark.parametrize(("mid", "source"), [(b"1", "camera"), (b"2", "screen")])
def test_an_unannounced_stream_is_bound_by_its_mid(mid: bytes, source: Source) -> None:
    peer = publisher(announced=False)
    assert read(peer, 500, 1) is None
    assert read(peer, 500, 2, mid=mid) == (source, 2)
    assert read(peer, 500, 3) == (source, 3)


@pytest.mark.parametrize("announced", [True, False])
def test_repairs_of_two_video_sections_are_told_apart(announced: bool) -> None:
    peer = publisher(announced=announced)
    mids = (b"", b"") if announced else (b"1", b"2")
    for (media, repair), mid, source in zip(
        ((11, 12), (21, 22)), mids, ("camera", "screen"), strict=True
    ):
        assert read(peer, media, 5, mid=mid) == (source, 5)
        assert read(peer, media, 7, mid=mid) == (source, 7)
        assert read(peer, repair, 6, kind=RTX, mid=mid) == (source, 6)
        assert read(peer, repair, 6, kind=RTX, mid=mid) is None
    assert [item.streams[0].reception.repaired for item in peer.upstreams] == [0, 1, 1]


def test_audio_needs_no_mid_and_a_wrong_mid_binds_nothing() -> None:
    peer = publisher(announced=False)
    assert read(peer, 500, 1, kind=OPUS, mid=b"2") is None
    assert read(peer, 500, 2, kind=OPUS) == ("microphone", 2)
    assert read(peer, 600, 1, mid=b"9") is None


def test_another_payload_type_on_a_known_stream_is_dropped() -> None:
    peer = publisher(announced=True)
    assert read(peer, 11, 1, kind=OPUS) is None
    assert read(peer, 11, 1) == ("camera", 1)


def test_a_probe_of_nothing_is_dropped() -> None:
    peer = publisher(announced=True)
    read(peer, 11, 1)
    data = packet(9, 0, b"", ssrc=12, payload_type=RTX, padding=200)
    assert peer.read(data, START) is None
