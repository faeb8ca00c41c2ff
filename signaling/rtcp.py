"""RTCP packets: read what browsers send, build what a forwarder sends (RFC 3550, 4585, 5104).

REMB is draft-alvestrand-rmcat-remb-03. Compound packets are read whole or refused whole.
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from signaling import twcc
from signaling.rtp import MalformedPacket

SR: Final = 200
RR: Final = 201
SDES: Final = 202
BYE: Final = 203
RTPFB: Final = 205
PSFB: Final = 206
_BLOCK: Final = struct.Struct("!LLLLLL")
_SENDER: Final = struct.Struct("!LLLLLL")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Reception of one stream as its receiver saw it (RFC 3550 section 6.4.1).

    `fraction` is 0..255; `last_sr` and `delay` are in 1/65536 s; `jitter` in clock units.
    """

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` has 64 bits: seconds since 1900 in 32.32 fixed point."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """Report blocks of a peer that sends no media itself."""

    ssrc: int
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A PLI (RFC 4585 section 6.3.1) or one entry of a FIR (RFC 5104 section 4.3.1)."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Lost sequence numbers of one stream (RFC 4585 section 6.2.1)."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Remb:
    """What the receiver can take altogether, in bits per second."""

    bitrate: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    """Streams that ended."""

    ssrcs: tuple[int, ...]


class TransportFeedback(NamedTuple):
    """Which packets of the whole connection arrived, and when (`signaling.twcc`)."""

    feedback: twcc.Feedback


Message = SenderReport | ReceiverReport | KeyframeRequest | Nack | Remb | Bye | TransportFeedback


def parse(data: bytes) -> list[Message]:
    """All messages of a compound that a forwarder acts on. Raises MalformedPacket."""
    messages: list[Message] = []
    start = 0
    while start < len(data):
        if len(data) - start < 4:
            raise MalformedPacket("cut in an RTCP header")
        first, kind, words = struct.unpack_from("!BBH", data, start)
        stop = start + 4 + 4 * words
        if first >> 6 != 2 or stop > len(data):
            raise MalformedPacket("not version 2 or cut")
        body = data[start + 4 : stop]
        if first & 0x20:
            body = _without_padding(body)
        try:
            messages += _READERS[kind](first & 0x1F, body) if kind in _READERS else []
        except struct.error:
            raise MalformedPacket("cut in an RTCP packet") from None
        start = stop
    return messages


def _without_padding(body: bytes) -> bytes:
    if not body or not 0 < body[-1] <= len(body):
        raise MalformedPacket("bad RTCP padding")
    return body[: -body[-1]]


def _blocks(count: int, body: bytes, start: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for index in range(count):
        ssrc, loss, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, start + 24 * index)
        lost = (loss & 0xFFFFFF) - (0x1000000 if loss & 0x800000 else 0)
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_sr, delay))
    return tuple(blocks)


def _sender_report(count: int, body: bytes) -> list[Message]:
    ssrc, seconds, fraction, timestamp, packets, octets = _SENDER.unpack_from(body)
    ntp = seconds << 32 | fraction
    return [SenderReport(ssrc, ntp, timestamp, packets, octets, _blocks(count, body, 24))]


def _receiver_report(count: int, body: bytes) -> list[Message]:
    return [ReceiverReport(struct.unpack_from("!L", body)[0], _blocks(count, body, 4))]


def _bye(count: int, body: bytes) -> list[Message]:
    return [Bye(struct.unpack_from(f"!{count}L", body))]


def _transport_feedback(form: int, body: bytes) -> list[Message]:
    _, ssrc = struct.unpack_from("!LL", body)
    if form == twcc.FORM:
        return [TransportFeedback(twcc.read(body))]
    if form != 1:
        return []
    sequences = []
    for start in range(8, len(body), 4):
        first, following = struct.unpack_from("!HH", body, start)
        sequences.append(first)
        sequences += [(first + 1 + bit) & 0xFFFF for bit in range(16) if following >> bit & 1]
    return [Nack(ssrc, tuple(sequences))]


def _payload_feedback(form: int, body: bytes) -> list[Message]:
    _, ssrc = struct.unpack_from("!LL", body)
    if form == 1:
        return [KeyframeRequest(ssrc)]
    if form == 4:
        return [
            KeyframeRequest(struct.unpack_from("!L", body, start)[0])
            for start in range(8, len(body) - 7, 8)
        ]
    if form == 15 and body[8:12] == b"REMB":
        count, high, low = struct.unpack_from("!BBH", body, 12)
        bitrate = ((high & 3) << 16 | low) << (high >> 2)
        return [Remb(bitrate, struct.unpack_from(f"!{count}L", body, 16))]
    return []


_READERS: Final = {
    SR: _sender_report,
    RR: _receiver_report,
    BYE: _bye,
    RTPFB: _transport_feedback,
    PSFB: _payload_feedback,
}


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """An SR without report blocks."""
    body = _SENDER.pack(
        ssrc,
        ntp >> 32 & 0xFFFFFFFF,  # from 2036 on it counts anew (RFC 5905 section 6)
        ntp & 0xFFFFFFFF,
        timestamp,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    return _packet(0, SR, body)


def receiver_report(ssrc: int, blocks: list[ReportBlock]) -> bytes:
    """An RR from `ssrc`; at most 31 blocks."""
    body = b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction << 24 | block.lost & 0xFFFFFF,
            block.highest,
            block.jitter,
            block.last_sr,
            block.delay,
        )
        for block in blocks
    )
    return _packet(len(blocks), RR, struct.pack("!L", ssrc) + body)


def source_description(ssrc: int, cname: str) -> bytes:
    """An SDES with a CNAME for one source (RFC 3550 section 6.5)."""
    name = cname.encode()
    item = struct.pack("!LBB", ssrc, 1, len(name)) + name
    return _packet(1, SDES, item + bytes(4 - len(item) % 4))


def keyframe_request(sender: int, ssrc: int) -> bytes:
    """A PLI for the stream `ssrc`."""
    return _packet(1, PSFB, struct.pack("!LL", sender, ssrc))


def nack(sender: int, ssrc: int, sequences: list[int]) -> bytes:
    """A NACK for sequence numbers in ascending order (of their 16 bit circle)."""
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        if pairs and 0 < (sequence - pairs[-1][0]) & 0xFFFF <= 16:
            first, following = pairs[-1]
            pairs[-1] = first, following | 1 << ((sequence - first - 1) & 0xFFFF)
        else:
            pairs.append((sequence, 0))
    body = b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return _packet(1, RTPFB, struct.pack("!LL", sender, ssrc) + body)


def remb(sender: int, bitrate: int, ssrcs: list[int]) -> bytes:
    """A REMB: the streams together may use `bitrate` bits per second."""
    exponent = max(bitrate.bit_length() - 18, 0)
    mantissa = bitrate >> exponent
    body = struct.pack(
        "!LL4sBBH",
        sender,
        0,
        b"REMB",
        len(ssrcs),
        exponent << 2 | mantissa >> 16,
        mantissa & 0xFFFF,
    )
    return _packet(15, PSFB, body + struct.pack(f"!{len(ssrcs)}L", *ssrcs))
