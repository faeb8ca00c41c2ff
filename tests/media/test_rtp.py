import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import rtp
from tests.media.builders import packet


def test_reads_what_a_browser_writes() -> None:
    read = rtp.parse(
        packet(7, 9, b"abc", ssrc=5, marker=True, elements={1: b"x", 4: b"mid"}, padding=4)
    )
    assert read == rtp.RtpPacket(96, True, 7, 9, 5, b"abc", {1: b"x", 4: b"mid"})


def test_skips_contributing_sources() -> None:
    data = bytearray(packet(1, 2, b"\0\0\0\1\0\0\0\2abc"))
    data[0] |= 2
    assert rtp.parse(bytes(data)).payload == b"abc"


def test_reads_two_byte_extensions() -> None:
    body = bytes([4, 2]) + b"ab" + bytes([0, 9, 0, 0])
    head = bytearray(packet(1, 2, b""))
    head[0] |= 0x10
    data = bytes(head) + struct.pack("!HH", 0x1000, 2) + body + b"media"
    assert rtp.parse(data).elements == {4: b"ab", 9: b""}
    assert rtp.parse(data).payload == b"media"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\xbe\xde\xff\xff",
        b"\xa0" + bytes(11),
        b"\xa0" + bytes(11) + b"\x0e",
        b"\x8f" + bytes(11),
        b"\x90" + bytes(11) + b"\xbe\xde\0\1" + b"\x1f\0\0\0",
        b"\x90" + bytes(11) + b"\x10\0\0\1" + b"\1\7\0\0",
    ],
)
def test_refuses_malformed(data: bytes) -> None:
    with pytest.raises(rtp.MalformedPacket):
        rtp.parse(data)


@given(st.binary(max_size=200))
def test_never_fails_otherwise(data: bytes) -> None:
    try:
        read = rtp.parse(b"\x90" + data)
    except rtp.MalformedPacket:
        return
    assert len(read.payload) <= len(data)


@given(
    st.integers(0, 127),
    st.booleans(),
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**63),
)
def test_header_and_extension_are_read_back(
    kind: int, marker: bool, sequence: int, timestamp: int, ssrc: int, now: int
) -> None:
    data = rtp.header(kind, marker, sequence, timestamp, ssrc)
    read = rtp.parse(data + rtp.send_time_extension(3, now) + b"payload")
    assert read[:6] == (kind, marker, sequence, timestamp, ssrc, b"payload")
    assert list(read.elements) == [3]


def test_send_time_is_seconds_in_6_18() -> None:
    assert rtp.send_time_extension(3, 1_500_000_000)[-3:] == (3 << 17).to_bytes(3)
    assert rtp.send_time_extension(3, 64_000_000_000)[-3:] == b"\0\0\0"


def test_retransmission_round_trip() -> None:
    assert rtp.unwrap_rtx(rtp.wrap_rtx(65535, b"abc")) == (65535, b"abc")
    with pytest.raises(rtp.MalformedPacket):
        rtp.unwrap_rtx(b"a")


@pytest.mark.parametrize(
    ("a", "b", "ahead"), [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (5, 5, 0), (0x8000, 0, -0x8000)]
)
def test_sequence_numbers_wrap(a: int, b: int, ahead: int) -> None:
    assert rtp.ahead16(a, b) == ahead


def test_tells_rtcp_from_rtp() -> None:
    assert rtp.is_rtcp(b"\x80\xc8")
    assert rtp.is_rtcp(b"\x81\xce")
    assert not rtp.is_rtcp(packet(1, 2, b"", payload_type=96))
    assert not rtp.is_rtcp(packet(1, 2, b"", payload_type=111, marker=True))
