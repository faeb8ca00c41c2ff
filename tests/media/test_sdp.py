"""Descriptions: ours read back, and everything else refused with a code."""

import contextlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import sdp
from signaling.engine import MediaRefused, TrackId

FINGERPRINT = ":".join(["AB"] * 32)
HEAD = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
"""
TRANSPORT = f"""c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 203.0.113.9 50000 typ host
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijkl
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=sendonly
a=rtcp-mux
"""
AUDIO = f"""m=audio 9 UDP/TLS/RTP/SAVPF 111 63
{TRANSPORT}a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:63 red/48000/2
a=rtpmap:111 opus/48000/2
a=ssrc:77 cname:x
"""


def video(mid: int, ssrc: int) -> str:
    return f"""m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97
{TRANSPORT}a=mid:{mid}
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:102 H264/90000
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=ssrc-group:FID {ssrc} {ssrc + 1}
a=ssrc:{ssrc} cname:x
a=ssrc:{ssrc + 1} cname:x
"""


OFFER = HEAD + AUDIO + video(1, 100) + video(2, 200)
LOCAL = sdp.LocalTransport("ufrag", "p" * 22, FINGERPRINT, (("192.0.2.1", 4000, 2130706431),))


def refusal(text: str) -> str:
    with pytest.raises(MediaRefused) as caught:
        sdp.read_publish("judge", text)
    return caught.value.code


def test_reads_an_offer() -> None:
    read = sdp.read_publish("judge", OFFER)
    assert read.remote == sdp.RemoteTransport(
        "abcd", "0123456789abcdefghijkl", FINGERPRINT, "actpass"
    )
    audio, camera, screen = read.sections
    assert audio.track == TrackId("judge", "microphone")
    assert (audio.payload_type, audio.rtx_payload_type, audio.level_id) == (111, None, 1)
    assert (camera.payload_type, camera.rtx_payload_type, camera.ssrcs) == (96, 97, (100, 101))
    assert (screen.mid, screen.track.source, screen.ssrcs) == ("2", "screen", (200, 201))
    assert read.extensions == {sdp.LEVEL: 1, sdp.SEND_TIME: 2, sdp.MID: 4}


def test_answers_with_what_was_offered_and_ours_only() -> None:
    answer = sdp.write_publish_answer(sdp.read_publish("judge", OFFER), LOCAL)
    assert answer.count("a=setup:passive") == answer.count("a=recvonly") == 3
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" in answer
    assert answer.count("a=fmtp:96 x-google-start-bitrate=1200") == 2
    assert "a=fmtp:111 minptime=10;useinbandfec=1" in answer
    assert answer.count("a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host") == 1
    assert "H264" not in answer
    assert "203.0.113.9" not in answer
    assert answer.count("audio-level") == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "media.bad_sdp"),
        ("v=0", "media.bad_sdp"),
        ("garbage", "media.bad_sdp"),
        ("{}", "media.bad_sdp"),
        (OFFER.replace("m=audio 9", "m=audio nine"), "media.bad_sdp"),
        (OFFER + "a=" + "x" * 70_000, "media.sdp_too_large"),
        (OFFER + "\n" * 4000, "media.sdp_too_large"),
        (HEAD + AUDIO, "media.wrong_sections"),
        (HEAD + video(1, 1) + AUDIO + video(2, 9), "media.wrong_sections"),
        (OFFER + video(3, 300), "media.wrong_sections"),
        (OFFER.replace("a=sendonly", "a=recvonly"), "media.wrong_sections"),
        (
            OFFER + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n",
            "media.data_channel",
        ),
        (OFFER.replace("VP8", "VP9"), "media.no_common_codec"),
        (OFFER.replace(" 96 97\n", "\n"), "media.no_common_codec"),
        (OFFER.replace("opus", "PCMU"), "media.no_common_codec"),
        (OFFER.replace("a=rtpmap:111", "a=rtpmap:300"), "media.no_common_codec"),
        (OFFER.replace("BUNDLE 0 1 2", "BUNDLE 0 1"), "media.not_bundled"),
        (OFFER.replace("a=group:BUNDLE 0 1 2", "a=x"), "media.not_bundled"),
        (OFFER.replace("a=mid:2", "a=mid:1"), "media.not_bundled"),
        (OFFER.replace("sha-256", "sha-1"), "media.no_encryption"),
        (OFFER.replace("AB:AB", "AB"), "media.no_encryption"),
        (OFFER.replace("a=ice-pwd:0123456789abcdefghijkl", "a=ice-pwd:short"), "media.bad_sdp"),
        (OFFER.replace("a=ice-ufrag:abcd", ""), "media.bad_sdp"),
        (OFFER.replace("a=setup:actpass", "a=setup:passive"), "media.bad_sdp"),
        (OFFER.replace("a=setup:actpass", "a=setup:holdconn"), "media.bad_sdp"),
        (OFFER.replace("a=rtcp-mux", ""), "media.bad_sdp"),
        (OFFER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "media.bad_sdp"),
        (OFFER.replace("FID 200 201", "FID 100 201"), "media.bad_sdp"),
    ],
)
def test_refuses(text: str, code: str) -> None:
    assert refusal(text) == code


@given(st.integers(0, len(OFFER) - 1), st.text(max_size=30), st.integers(0, 40))
def test_a_damaged_offer_is_read_or_refused(at: int, junk: str, cut: int) -> None:
    with contextlib.suppress(MediaRefused):
        sdp.read_publish("judge", OFFER[:at] + junk + OFFER[at + cut :])


@given(st.text(max_size=400))
def test_any_text_is_refused(text: str) -> None:
    assert refusal("v=0\n" + text).startswith("media.")


@pytest.mark.parametrize(
    "line",
    ["a=rtpmap:96 rtx/90000\n", "a=fmtp:97 apt=96\n", "a=extmap:4 x\n", "m=video 9 A/SAVPF 1\n"],
)
def test_a_hostile_offer_costs_little(line: str) -> None:
    """Twice the lines cost about twice the calls: no square in them. Counted, not timed."""
    count = (sdp.MAX_SIZE - len(OFFER)) // len(line)
    assert calls(OFFER + line * count) < 3 * calls(OFFER + line * (count // 2))


def calls(text: str) -> int:
    """Calls of Python and C functions that reading `text` makes."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        with contextlib.suppress(MediaRefused):
            sdp.read_publish("judge", text)
    finally:
        sys.setprofile(None)
    return counted


PLANS = sdp.plan_slots(2, 2, 1)


def answer(setup: str = "active") -> str:
    """What a browser makes of our offer."""
    text = sdp.write_subscribe_offer(PLANS, "mahdar", LOCAL)
    return text.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", f"a=setup:{setup}")


def test_offers_slots_in_order_with_a_stream_per_place() -> None:
    offer = sdp.write_subscribe_offer(PLANS, "mahdar", LOCAL)
    assert "a=group:BUNDLE a0 a1 v0 v1 s0\r\n" in offer
    streams = [line for line in offer.split("\r\n") if line.startswith("a=msid:")]
    assert streams == [
        "a=msid:place-0 a0",
        "a=msid:place-1 a1",
        "a=msid:place-0 v0",
        "a=msid:place-1 v1",
        "a=msid:screen-0 s0",
    ]
    assert offer.count("a=candidate") == 1
    ssrcs = [plan.ssrc for plan in PLANS] + [plan.rtx_ssrc for plan in PLANS]
    assert len(set(ssrcs)) == 10


def test_reads_an_answer() -> None:
    read = sdp.read_subscribe_answer(PLANS, answer())
    remote = read.remote
    assert read.transport
    silent = answer().replace(" transport-cc", " ccm fir", 1)
    assert not sdp.read_subscribe_answer(PLANS, silent).transport
    assert (remote.ufrag, remote.setup) == ("ufrag", "active")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("a=mid:v1", "a=mid:v9", "media.wrong_sections"),
        ("m=audio", "m=video", "media.wrong_sections"),
        ("a=recvonly", "a=sendrecv", "media.wrong_sections"),
        ("m=video 9", "m=video 0", "media.no_common_codec"),
        ("VP8", "H264", "media.no_common_codec"),
        ("a=setup:active", "a=setup:actpass", "media.bad_sdp"),
        ("a=rtcp-mux", "", "media.bad_sdp"),
    ],
)
def test_refuses_an_answer(old: str, new: str, code: str) -> None:
    with pytest.raises(MediaRefused) as caught:
        sdp.read_subscribe_answer(PLANS, answer().replace(old, new))
    assert caught.value.code == code


def test_refuses_an_answer_of_another_length() -> None:
    with pytest.raises(MediaRefused):
        sdp.read_subscribe_answer(PLANS[:-1], answer())


NUMBERED = f"a=extmap:5 {sdp.TRANSPORT}\n"
RIDS = """a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
"""
SIMULCAST = "a=rid:h send\na=rid:m send\na=rid:l send\na=simulcast:send h;m;l\n"


def with_lines(text: str, *, camera: str = "", every: str = "") -> str:
    """Add lines to the camera's section, or to all."""
    head, *sections = text.split("\nm=")
    sections = [
        section.rstrip() + "\n" + every + (camera if at == 1 else "")
        for at, section in enumerate(sections)
    ]
    return "\nm=".join([head, *(section.rstrip() for section in sections), ""]).removesuffix("m=")


def test_the_layers_of_a_camera_are_answered() -> None:
    read = sdp.read_publish("judge", with_lines(OFFER, camera=RIDS + SIMULCAST))
    assert [item.layers for item in read.sections] == [("h",), ("l", "m", "h"), ("h",)]
    assert (read.ids.rid, read.ids.repaired_rid) == (10, 11)
    lines = sdp.write_publish_answer(read, LOCAL).split("m=")[2].split("\r\n")
    assert [line for line in lines if "rid" in line or "simulcast" in line] == [
        "a=rid:l recv",
        "a=rid:m recv",
        "a=rid:h recv",
        "a=simulcast:recv l;m;h",
    ]
    assert "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" in lines


@pytest.mark.parametrize(
    "camera",
    [
        SIMULCAST,  # no extension to tell them apart
        RIDS + SIMULCAST.replace("l", "x"),
        RIDS + SIMULCAST.replace("a=rid:m send\n", ""),
        RIDS + "a=simulcast:send\n",
        RIDS + "a=rid:h send\na=simulcast:send h\n",
    ],
)
def test_layers_that_we_do_not_know_are_not_answered(camera: str) -> None:
    read = sdp.read_publish("judge", with_lines(OFFER, camera=camera))
    assert read.sections[1].layers == ("h",)
    assert "simulcast" not in sdp.write_publish_answer(read, LOCAL)


def test_arrivals_are_told_where_every_section_numbers_its_packets() -> None:
    feedback = "".join(f"a=rtcp-fb:{number} transport-cc\n" for number in (111, 96))
    whole = with_lines(OFFER, every=NUMBERED + feedback)
    assert sdp.read_publish("judge", whole).ids.transport == 5
    assert "transport-cc" in sdp.write_publish_answer(sdp.read_publish("judge", whole), LOCAL)
    for lacking in (
        with_lines(OFFER, camera=NUMBERED + feedback),
        with_lines(OFFER, every=NUMBERED),
        OFFER,
    ):
        read = sdp.read_publish("judge", lacking)
        assert read.ids.transport is None
        assert "transport-cc" not in sdp.write_publish_answer(read, LOCAL)


def test_one_extension_has_one_id() -> None:
    assert refusal(with_lines(OFFER, camera=f"a=extmap:6 {sdp.MID}\n")) == "media.bad_sdp"


def test_each_section_is_answered_with_what_it_offered() -> None:
    """Firefox has abs-send-time in some sections only, and refuses an answer that has it in the
    others ('Answer has extmap ... that was not present in offer')."""
    assert sdp.SEND_TIME in AUDIO
    assert sdp.SEND_TIME not in video(1, 100)
    answer = sdp.write_publish_answer(sdp.read_publish("judge", OFFER), LOCAL)
    audio, *videos = answer.split("m=")[1:]
    assert sdp.SEND_TIME in audio
    assert not any(sdp.SEND_TIME in video for video in videos)
