"""What one slot of one subscriber sends, packet by packet."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from signaling import rtcp, rtp, vp8
from signaling.feedback import MS, SECOND, ns_to_ntp
from tests.media.builders import HEARING, RTX, Room, packet, picture


def numbers(packets: list[rtp.RtpPacket]) -> list[int]:
    return [(item.sequence - packets[0].sequence) & 0xFFFF for item in packets]


def hall() -> Room:
    room = Room()
    room.join("judge")
    room.join("lawyer")
    return room


def test_video_begins_at_a_keyframe_and_audio_at_once() -> None:
    room = hall()
    room.send("judge", "microphone")
    for key in (False, False, True, False):
        room.send("judge", key=key)
    assert len(room.heard("lawyer", "microphone")) == 1
    seen = room.heard("lawyer")
    assert [vp8.parse(item.payload).keyframe for item in seen] == [True, False]  # type: ignore[union-attr]
    assert numbers(seen) == [0, 1]
    assert room.heard("judge") == []


def test_our_own_header_extension_replaces_the_publishers() -> None:
    room = hall()
    room.send("judge", "microphone", level=20)
    (heard,) = room.heard("lawyer", "microphone")
    assert heard.elements == {3: rtp.send_time_extension(3, room.now)[-3:]}
    assert heard.payload == b"sound"


def test_a_gap_of_the_publisher_stays_a_gap() -> None:
    room = hall()
    room.send("judge", key=True)
    room.send("judge", skip=2)
    assert numbers(room.heard("lawyer")) == [0, 3]


def test_a_late_packet_keeps_its_number_and_one_before_the_start_is_dropped() -> None:
    room = hall()
    publisher = room.publishers["judge"]
    ssrc = publisher.upstreams[1].section.ssrcs[0]
    for number, key in ((10, True), (12, False), (11, False), (9, False)):
        data = packet(number, number * 3000, picture(number, key=key), ssrc=ssrc)
        room.forwarder.receive_rtp(publisher, data, room.now)
    assert numbers(room.heard("lawyer")) == [0, 2, 1]


def test_a_change_of_source_continues_every_number() -> None:
    room = hall()
    room.send("judge", key=True)
    room.send("judge")
    before = room.heard("lawyer")[-1]
    room.wait(2 * SECOND)
    room.publish("judge")
    room.send("judge")  # not a keyframe: the old source is fenced, the new one waits
    assert room.heard("lawyer")[-1] is before
    room.send("judge", key=True)
    after = room.heard("lawyer")[-1]
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 2 * 90_000
    old, new = vp8.parse(before.payload), vp8.parse(after.payload)
    assert old is not None
    assert new is not None
    assert (new.picture_id - old.picture_id) & 0x7FFF == 1
    assert (new.tl0 - old.tl0) & 0xFF == 1


def test_long_streams_pass_the_wrap_of_the_sequence_number() -> None:
    room = hall()
    room.send("judge", key=True)
    for _ in range(140_000):
        room.send("judge")
    seen = room.heard("lawyer")
    assert len(seen) == 140_001
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(seen)} == {1}


def nack(room: Room, *sequences: int) -> None:
    subscriber = room.subscribers["lawyer"]
    (ssrc,) = {item.ssrc for item in room.heard("lawyer")}
    room.forwarder.receive_subscriber_rtcp(
        subscriber, rtcp.nack(1, ssrc, list(sequences)), room.now
    )


def repeats(room: Room) -> list[rtp.RtpPacket]:
    return [item for item in room.down["lawyer"].rtp if item.payload_type == RTX]


def test_a_lost_packet_is_repeated_from_the_cache_as_it_was_sent() -> None:
    room = hall()
    room.send("judge", key=True)
    room.send("judge")
    room.send("judge")
    lost = room.heard("lawyer")[1]
    nack(room, lost.sequence)
    (again,) = repeats(room)
    assert rtp.unwrap_rtx(again.payload) == (lost.sequence, lost.payload)
    assert again.timestamp == lost.timestamp
    assert again.ssrc != lost.ssrc
    nack(room, lost.sequence)
    assert len(repeats(room)) == 1
    room.wait(50 * MS)
    nack(room, lost.sequence)
    assert [item.sequence for item in repeats(room)] == [again.sequence, again.sequence + 1]


def test_what_was_never_sent_is_never_repeated() -> None:
    room = hall()
    room.send("judge")  # before the keyframe
    room.send("judge", key=True)
    first = room.heard("lawyer")[0].sequence
    nack(room, (first - 1) & 0xFFFF, (first + 1) & 0xFFFF)
    assert repeats(room) == []


def test_nothing_is_repeated_after_the_seat_left_the_room() -> None:
    room = hall()
    room.send("judge", key=True)
    sent = room.heard("lawyer")[0].sequence
    room.place("judge", None)
    nack(room, sent)
    assert repeats(room) == []


def reports(room: Room) -> dict[int, rtcp.SenderReport]:
    found = {}
    for data in room.down["lawyer"].rtcp:
        for message in rtcp.parse(data):
            if isinstance(message, rtcp.SenderReport):
                found[message.ssrc] = message
    return found


def test_sender_reports_keep_sound_and_picture_together() -> None:
    room = hall()
    publisher = room.publishers["judge"]
    room.send("judge", key=True)
    room.send("judge", "microphone")
    # The browser sampled both at its own second 50; one report travelled 30 ms longer.
    ntp = ns_to_ntp(50 * SECOND)
    for index, (rate, delay) in enumerate(((48_000, 10), (90_000, 40))):
        data = rtcp.sender_report(publisher.upstreams[index].streams[0].ssrc, ntp, 7 * rate, 1, 1)
        room.forwarder.receive_publisher_rtcp(publisher, data, room.now + delay * MS)
    room.wait(1100 * MS)
    sound, image = room.heard("lawyer", "microphone")[0], room.heard("lawyer")[0]
    found = reports(room)
    shift = {
        item.ssrc: item.timestamp - original
        for item, original in ((sound, 101 * 960), (image, 101 * 3000))
    }
    at = {}
    for item, rate in ((sound, 48_000), (image, 90_000)):
        report = found[item.ssrc]
        sampled = (report.timestamp - shift[item.ssrc]) & 0xFFFFFFFF
        at[item.ssrc] = (sampled / rate - 7) - rtcp_seconds(report.ntp)
    assert abs(at[sound.ssrc] - at[image.ssrc]) < 0.001


def rtcp_seconds(ntp: int) -> float:
    return ntp / (1 << 32)


def test_round_trip_from_a_receiver_report() -> None:
    room = hall()
    room.send("judge", key=True)
    subscriber = room.subscribers["lawyer"]
    ssrc = room.heard("lawyer")[0].ssrc
    sent = ns_to_ntp(room.now + subscriber.ntp_offset) >> 16 & 0xFFFFFFFF
    block = rtcp.ReportBlock(ssrc, 0, 0, 1, 0, sent, 1 << 15)  # held for half a second
    room.now += 560 * MS
    room.forwarder.receive_subscriber_rtcp(subscriber, rtcp.receiver_report(1, [block]), room.now)
    assert subscriber.round_trip is not None
    assert abs(subscriber.round_trip - 60 * MS) < MS


def test_screens_have_slots_of_their_own_and_give_them_back() -> None:
    room = hall()
    room.send("judge", "screen", key=True)
    assert room.subscribers["lawyer"].carried() == {"s0": ("judge", "screen")}
    room.wait(3 * SECOND)
    assert room.subscribers["lawyer"].carried() == {}
    room.send("judge", "screen", key=True)
    assert len(room.heard("lawyer", "screen")) == 2


def test_a_seat_keeps_its_place_while_others_come_and_go() -> None:
    room = hall()
    for name in ("clerk", "witness"):
        room.join(name)
    for name in ("judge", "clerk", "witness"):
        room.send(name, key=True)
    room.place("judge", None)
    room.send("witness", "microphone")
    carried = room.subscribers["lawyer"].carried()
    assert carried == {
        "v1": ("clerk", "camera"),
        "v2": ("witness", "camera"),
        "a2": ("witness", "microphone"),
    }
    room.place("judge", HEARING)
    assert room.subscribers["lawyer"].carried()["v0"] == ("judge", "camera")


def test_more_seats_than_places_leaves_the_last_out() -> None:
    room = hall()
    for name in ("b", "c", "d", "e"):
        room.join(name)
        room.send(name, key=True)
    assert set(room.subscribers["judge"].carried()) == {"v0", "v1", "v2"}
    room.place("c", None)
    assert room.subscribers["judge"].carried()["v1"] == ("e", "camera")


def test_who_has_no_place_for_a_picture_is_heard() -> None:
    room = Room()
    room.join("judge")
    listener = room.subscribe("judge", (5, 2, 0))
    people = ("a", "b", "c", "d")
    for name in people:
        room.join(name)
        room.send(name, key=True)
        room.send(name, "microphone")
    carried = listener.carried()
    heard = {mid: track.seat for mid, track in carried.items() if track.source == "microphone"}
    seen = {mid: track.seat for mid, track in carried.items() if track.source == "camera"}
    assert seen == {"v0": "a", "v1": "b"}
    assert heard == {"a0": "a", "a1": "b", "a2": "c", "a3": "d"}
    before = len(room.heard("judge", "microphone"))
    for name in people:
        room.send(name, "microphone")
    assert len(room.heard("judge", "microphone")) == before + 4
    room.forwarder.floor("d", room.now)  # is seen now; nobody loses the sound
    carried = listener.carried()
    assert carried["v1"] == ("d", "camera")
    sounds = [track.seat for track in carried.values() if track.source == "microphone"]
    assert sorted(sounds) == ["a", "b", "c", "d"]
    assert carried["a1"].seat == "d", "sound and picture of one person have the same number"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([f"p{number}" for number in range(9)]),
            st.tuples(st.booleans(), st.integers(0, 7)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_nobody_is_unheard_while_there_is_a_place(
    steps: list[dict[str, tuple[bool, int]]],
) -> None:
    """Whoever comes, goes, films or speaks: seven places for sound, three of them with pictures."""
    room = Room()
    subscriber = room.subscribe("judge", (7, 3, 0))
    tracks = {
        name: {item.track.source: item for item in room.publish(name).upstreams}
        for name in {name for step in steps for name in step}
    }
    for step in steps:
        wanted = [tracks[name]["microphone"] for name in step]
        wanted += [tracks[name]["camera"] for name, (films, _) in step.items() if films]
        weights = {name: weight for name, (_, weight) in step.items()}
        subscriber.assign(wanted, weights)
        carried = subscriber.carried()
        heard = [track.seat for track in carried.values() if track.source == "microphone"]
        seen = {track.seat for track in carried.values() if track.source == "camera"}
        assert len(heard) == len(set(heard)) == min(7, len(step))
        filmed = {name for name, (films, _) in step.items() if films}
        assert seen <= filmed
        assert len(seen) == min(3, len(filmed))
        assert {carried[mid.replace("v", "a")].seat for mid in carried if mid[0] == "v"} == seen


@given(st.integers(0, 65535), st.integers(0, 2**32 - 1))
def test_any_start_of_the_numbers_is_continued(sequence: int, timestamp: int) -> None:
    room = hall()
    publisher = room.publishers["judge"]
    ssrc = publisher.upstreams[1].section.ssrcs[0]
    for step in range(5):
        data = packet(
            sequence + step,
            timestamp + 3000 * step,
            picture((32765 + step) & 0x7FFF, key=step == 0),
            ssrc=ssrc,
        )
        room.forwarder.receive_rtp(publisher, data, room.now)
    seen = room.heard("lawyer")
    assert numbers(seen) == [0, 1, 2, 3, 4]
    assert [(item.timestamp - seen[0].timestamp) & 0xFFFFFFFF for item in seen] == [
        0,
        3000,
        6000,
        9000,
        12000,
    ]
