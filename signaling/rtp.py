"""RTP packets as bytes: read, build, and 16/32 bit arithmetic (RFC 3550, 4588, 8285).

Only what a forwarder needs. Payloads are never looked into here.
"""

import struct
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("!BBHLL")
_EXTENSION: Final = struct.Struct("!HH")
_SEQUENCE: Final = struct.Struct("!H")
ONE_BYTE_PROFILE: Final = 0xBEDE
TWO_BYTE_PROFILE: Final = 0x1000


class MalformedPacket(ValueError):
    """The bytes are not a packet of the protocol. Count it and drop it."""


class RtpPacket(NamedTuple):
    """One packet. `payload` has no padding; `elements` are the header extension's, by local id."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    elements: dict[int, bytes]


def is_rtcp(data: bytes | memoryview, start: int = 0) -> bool:
    """Whether a datagram of RTP or RTCP is RTCP (RFC 5761 section 4)."""
    return len(data) > start + 1 and 192 <= data[start + 1] <= 223


def parse(data: bytes) -> RtpPacket:
    """Read one RTP packet. Raises MalformedPacket."""
    end = len(data)
    if end < 12:
        raise MalformedPacket("shorter than a header")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise MalformedPacket("not version 2")
    start = 12 + 4 * (first & 0x0F)
    elements: dict[int, bytes] = {}
    if first & 0x10:
        if end < start + 4:
            raise MalformedPacket("cut in the header extension")
        profile, words = _EXTENSION.unpack_from(data, start)
        start += 4
        stop = start + 4 * words
        if stop > end:
            raise MalformedPacket("cut in the header extension")
        elements = parse_elements(profile, data, start, stop)
        start = stop
    if first & 0x20 and end:
        padding = data[-1]
        end -= padding
        if padding == 0:
            raise MalformedPacket("padding of no length")
    if start > end:
        raise MalformedPacket("longer header or padding than packet")
    return RtpPacket(
        second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end], elements
    )


def parse_elements(profile: int, data: bytes, start: int, stop: int) -> dict[int, bytes]:
    """Elements of a header extension between two offsets (RFC 8285 sections 4.2, 4.3).

    An unknown profile has no elements. Raises MalformedPacket.
    """
    elements: dict[int, bytes] = {}
    if profile == ONE_BYTE_PROFILE:
        while start < stop:
            byte = data[start]
            start += 1
            if byte == 0:
                continue
            if byte >> 4 == 15:
                break
            size = (byte & 0x0F) + 1
            if start + size > stop:
                raise MalformedPacket("cut in an extension element")
            elements[byte >> 4] = data[start : start + size]
            start += size
    elif profile & 0xFFF0 == TWO_BYTE_PROFILE:
        while start < stop:
            identifier = data[start]
            start += 1
            if identifier == 0:
                continue
            if start >= stop or start + 1 + data[start] > stop:
                raise MalformedPacket("cut in an extension element")
            size = data[start]
            elements[identifier] = data[start + 1 : start + 1 + size]
            start += 1 + size
    return elements


def header(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """A 12 byte header for a packet that carries a header extension and no padding."""
    return _HEADER.pack(
        0x90, payload_type | 0x80 if marker else payload_type, sequence, timestamp, ssrc
    )


def send_time_extension(identifier: int, now_ns: int) -> bytes:
    """Header extension with abs-send-time alone: 24 bits, seconds in 6.18 fixed point."""
    value = (now_ns << 18) // 1_000_000_000 & 0xFFFFFF
    return struct.pack("!HHL", ONE_BYTE_PROFILE, 1, (identifier << 4 | 2) << 24 | value)


def unwrap_rtx(payload: bytes) -> tuple[int, bytes]:
    """Original sequence number and payload of a retransmission (RFC 4588 section 4).

    Raises MalformedPacket when there is none, as in a bandwidth probe.
    """
    if len(payload) < 2:
        raise MalformedPacket("retransmission of nothing")
    return _SEQUENCE.unpack_from(payload)[0], payload[2:]


def wrap_rtx(sequence: int, payload: bytes) -> bytes:
    """Payload of a retransmission of packet `sequence`."""
    return _SEQUENCE.pack(sequence) + payload


def ahead16(a: int, b: int) -> int:
    """How far sequence number `a` is ahead of `b`: -32768..32767."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def ahead32(a: int, b: int) -> int:
    """How far timestamp `a` is ahead of `b`, with 32 bits."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000
