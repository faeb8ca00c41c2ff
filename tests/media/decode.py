"""Puts recorded RTP together and decodes it, as the proof that it is whole."""

from array import array

import av
from av.packet import Packet

from signaling import vp8
from signaling.engine import MediaPacket
from signaling.rtp import ahead16


def in_order(packets: list[MediaPacket]) -> list[MediaPacket]:
    """Packets by sequence number, counted from the first."""
    first = packets[0].sequence
    return sorted(packets, key=lambda packet: ahead16(packet.sequence, first))


def vp8_frames(packets: list[MediaPacket]) -> list[bytes]:
    """Complete VP8 frames, beginning with a keyframe."""
    frames: dict[int, list[MediaPacket]] = {}
    for packet in in_order(packets):
        frames.setdefault(packet.timestamp, []).append(packet)
    whole: list[bytes] = []
    for parts in frames.values():
        head = vp8.parse(parts[0].payload)
        assert head is not None
        if head.starts_frame and parts[-1].marker and (whole or head.keyframe):
            whole.append(b"".join(_body(part.payload) for part in parts))
    return whole


def _body(payload: bytes) -> bytes:
    """Payload without its VP8 descriptor (RFC 7741 section 4.2)."""
    at = 1
    if payload[0] & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(flags & 0x40) + bool(flags & 0x30)
    return payload[at:]


def decoded_pictures(packets: list[MediaPacket]) -> list[tuple[int, int]]:
    """Size of each decoded picture. Raises on a frame that does not decode."""
    decoder = av.CodecContext.create("vp8", "r")
    sizes = []
    for frame in vp8_frames(packets):
        sizes += [(item.width, item.height) for item in decoder.decode(Packet(frame))]
    return sizes


def loudest_sample(packets: list[MediaPacket]) -> float:
    """Highest amplitude of the decoded opus packets. Raises on one that does not decode."""
    decoder = av.CodecContext.create("opus", "r")
    peak = 0.0
    for packet in in_order(packets):
        for frame in decoder.decode(Packet(packet.payload)):
            samples = array("f", bytes(frame.planes[0]))
            peak = max(peak, max(samples), -min(samples))
    return peak
