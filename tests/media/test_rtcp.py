import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import rtcp, twcc
from signaling.feedback import MS
from signaling.rtp import MalformedPacket

U32 = st.integers(0, 2**32 - 1)
BLOCKS = st.lists(
    st.builds(
        rtcp.ReportBlock,
        U32,
        st.integers(0, 255),
        st.integers(-(2**23), 2**23 - 1),
        U32,
        U32,
        U32,
        U32,
    ),
    max_size=5,
)


@given(U32, BLOCKS)
def test_receiver_report_is_read_back(ssrc: int, blocks: list[rtcp.ReportBlock]) -> None:
    assert rtcp.parse(rtcp.receiver_report(ssrc, blocks)) == [
        rtcp.ReceiverReport(ssrc, tuple(blocks))
    ]


def test_compound_of_sender_reports_is_read_back() -> None:
    data = rtcp.sender_report(1, 5 << 32 | 7, 90000, 3, 1000)
    data += rtcp.source_description(1, "mahdar") + rtcp.sender_report(2, 1, 2, 3, 4)
    assert rtcp.parse(data) == [
        rtcp.SenderReport(1, 5 << 32 | 7, 90000, 3, 1000),
        rtcp.SenderReport(2, 1, 2, 3, 4),
    ]


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abcd", "mahdar"])
def test_source_description_ends_on_a_word_with_a_terminator(name: str) -> None:
    data = rtcp.source_description(1, name)
    assert len(data) % 4 == 0
    assert data[-1] == 0


@given(st.integers(0, 2**32 - 1), st.lists(U32, max_size=20))
def test_remb_is_read_back_within_its_precision(bitrate: int, ssrcs: list[int]) -> None:
    (read,) = rtcp.parse(rtcp.remb(1, bitrate, ssrcs))
    assert isinstance(read, rtcp.Remb)
    assert read.ssrcs == tuple(ssrcs)
    assert bitrate * (1 - 2**-17) <= read.bitrate <= bitrate


@given(st.sets(st.integers(0, 400), max_size=60), st.integers(0, 65535))
def test_nack_names_exactly_the_lost_packets(offsets: set[int], base: int) -> None:
    lost = [(base + offset) & 0xFFFF for offset in sorted(offsets)]
    if lost:
        assert rtcp.parse(rtcp.nack(1, 2, lost)) == [rtcp.Nack(2, tuple(lost))]


def test_nack_is_packed_in_words_of_seventeen() -> None:
    assert len(rtcp.nack(1, 2, list(range(17)))) == 16
    assert len(rtcp.nack(1, 2, list(range(18)))) == 20


def test_pli_bytes() -> None:
    assert rtcp.keyframe_request(0x01020304, 0x05060708).hex() == "81ce00020102030405060708"


def test_fir_asks_per_entry() -> None:
    data = bytes.fromhex("84ce0006 00000001 00000000 0000000a 01000000 0000000b 02000000")
    assert rtcp.parse(data) == [rtcp.KeyframeRequest(10), rtcp.KeyframeRequest(11)]


def test_bye_and_unknown_kinds() -> None:
    assert rtcp.parse(bytes.fromhex("81cb0001 0000002a")) == [rtcp.Bye((42,))]
    assert rtcp.parse(bytes.fromhex("80cf0001 0000002a")) == []
    # Transport-wide feedback (fmt 15) must not be taken for a NACK.
    feedback = bytes.fromhex("8fcd0005 00000001 00000002 00070001 00000000 20010400")
    assert rtcp.parse(feedback) == [rtcp.TransportFeedback(twcc.Feedback(7, (MS,)))]


def test_reads_a_padded_packet() -> None:
    data = bytes.fromhex("a1ce0003 00000001 00000002 00000004")
    assert rtcp.parse(data) == [rtcp.KeyframeRequest(2)]


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "80",
        "80c8ffff",
        "00c80000",
        "81c90001 00000001",
        "80c80002 00000001 00000000",
        "8fce0004 00000001 00000000 52454d42 03000000",
        "82cb0001 00000001",
        "a1ce0002 00000001 000000ff",
        "81cd0002 00000001 00000002 80",
    ],
)
def test_refuses_malformed(hexadecimal: str) -> None:
    with pytest.raises(MalformedPacket):
        rtcp.parse(bytes.fromhex(hexadecimal))


@given(st.binary(max_size=120), st.sampled_from([200, 201, 203, 205, 206]), st.integers(0, 31))
def test_never_fails_otherwise(body: bytes, kind: int, count: int) -> None:
    body += bytes(-len(body) % 4)
    data = bytes([0x80 | count, kind, 0, len(body) // 4]) + body
    for item in (data, data + body):
        try:
            rtcp.parse(item)
        except MalformedPacket:
            continue


def test_the_clock_of_reports_begins_anew_in_2036() -> None:
    [report] = rtcp.parse(rtcp.sender_report(1, (1 << 64) + 5, 2, 3, 4))
    assert isinstance(report, rtcp.SenderReport)
    assert report.ntp == 5
