"""The VP8 payload descriptor (RFC 7741 section 4.2): picture numbers and keyframe starts."""

import struct
from typing import Final, NamedTuple

_NUMBERS: Final = struct.Struct("!HB").pack


class Vp8Descriptor(NamedTuple):
    """What a forwarder needs of one packet. An offset of 0 means that the field is absent."""

    starts_frame: bool
    keyframe: bool
    """This packet is the first of a keyframe."""
    picture_id: int
    picture_id_at: int
    wide: bool
    """The picture id has 15 bits, not 7."""
    tl0: int
    tl0_at: int


def parse(payload: bytes) -> Vp8Descriptor | None:
    """Read the descriptor; None when the payload ends inside it."""
    size = len(payload)
    if size < 2:
        return None
    first = payload[0]
    offset = 1
    picture_id = picture_id_at = tl0 = tl0_at = 0
    wide = False
    if first & 0x80:
        flags = payload[1]
        offset = 2
        if flags & 0x80:
            if offset >= size:
                return None
            picture_id_at = offset
            picture_id = payload[offset] & 0x7F
            wide = payload[offset] >= 0x80
            offset += 1
            if wide:
                if offset >= size:
                    return None
                picture_id = picture_id << 8 | payload[offset]
                offset += 1
        if flags & 0x40:
            if offset >= size:
                return None
            tl0_at = offset
            tl0 = payload[offset]
            offset += 1
        if flags & 0x30:
            offset += 1
    if offset >= size:
        return None
    starts = bool(first & 0x10) and not first & 0x07
    # The P bit of the frame header is 0 in a keyframe (RFC 6386 section 9.1).
    return Vp8Descriptor(
        starts, starts and not payload[offset] & 1, picture_id, picture_id_at, wide, tl0, tl0_at
    )


def rewrite(payload: bytes, at: Vp8Descriptor, picture_shift: int, tl0_shift: int) -> bytes:
    """The payload with its picture id and TL0PICIDX moved, so that a new source continues the
    numbering of the old one (RFC 7741 section 4.2: both must not jump backwards)."""
    if not at.picture_id_at and not at.tl0_at:
        return payload
    if at.wide and at.tl0_at == at.picture_id_at + 2:  # as all browsers write it
        picture, tl0 = (at.picture_id + picture_shift) & 0x7FFF, (at.tl0 + tl0_shift) & 0xFF
        numbers = _NUMBERS(0x8000 | picture, tl0)
        return b"".join((payload[: at.picture_id_at], numbers, payload[at.tl0_at + 1 :]))
    out = bytearray(payload)
    if at.picture_id_at:
        if at.wide:
            picture = (at.picture_id + picture_shift) & 0x7FFF
            out[at.picture_id_at] = 0x80 | picture >> 8
            out[at.picture_id_at + 1] = picture & 0xFF
        else:
            out[at.picture_id_at] = (at.picture_id + picture_shift) & 0x7F
    if at.tl0_at:
        out[at.tl0_at] = (at.tl0 + tl0_shift) & 0xFF
    return bytes(out)


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height in the first packet of a keyframe (RFC 6386 section 9.1); None where
    they are not there."""
    at = payload.find(b"\x9d\x01\x2a", 4, 20)
    if at < 0 or at + 7 > len(payload):
        return None
    width = int.from_bytes(payload[at + 3 : at + 5], "little") & 0x3FFF
    height = int.from_bytes(payload[at + 5 : at + 7], "little") & 0x3FFF
    return (width, height) if width and height else None
