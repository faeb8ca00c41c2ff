"""What the main process and a media worker say to each other: frames, values, batches of packets.

A frame is its length, its kind and its body. Values are msgpack in which every type of
`signaling.engine` goes by its name, so that a new event or field needs no line here; nothing is
pickled, because a worker talks to strangers. Recorded packets have a form of their own, many to a
frame. The line is ordered: what was sent first is read first, and the promises of
`MediaRoom.detach` rest on that. Pure.
"""

import dataclasses
import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

import msgspec

from signaling import engine
from signaling.engine import MediaPacket, MediaRefused, SinkRefused
from signaling.media_room import SlotCounts

LIMIT = 16 << 20
"""Bytes of one frame; more than that is not ours."""
_HEAD = struct.Struct("<IB")
_PACKET = struct.Struct("<IQIHBH")


class Kind(IntEnum):
    """What a frame is."""

    CALL = 1
    """To the worker: id, room, method, arguments. Answered by REPLY."""
    TELL = 2
    """To the worker: room, method, arguments. Not answered."""
    REPLY = 3
    """id, name of the error or "", value."""
    EVENT = 4
    """room, event."""
    SINK_OPEN = 5
    """room, sink, track, codec."""
    SINK_CLOSE = 6
    """room, sink, reason."""
    SINK_CLOCK = 7
    """room, sink, timestamp, ntp_ns."""
    PACKETS = 8
    """Recorded packets, each with its sink."""
    STATS = 9
    """`WorkerStats`."""


class WireError(Exception):
    """The other side sent what is no frame of ours."""


# --- values --------------------------------------------------------------------------------------


def _fields(kind: type) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(item.name for item in dataclasses.fields(kind))
    return tuple(kind._fields)  # type: ignore[attr-defined]


_TYPES: dict[str, type] = {
    name: item
    for name, item in vars(engine).items()
    if isinstance(item, type)
    and item.__module__ == engine.__name__
    and (dataclasses.is_dataclass(item) or hasattr(item, "_fields"))
} | {"SlotCounts": SlotCounts}
_NAMES = {item: (name, _fields(item)) for name, item in _TYPES.items()}
_TAG = "!"


def lower(value: Any) -> Any:
    """A value as msgpack can carry it. Raises TypeError for a type that is not of the engine."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str, bytes):
        return value
    if kind is list:
        return [lower(item) for item in value]
    if kind in (tuple, frozenset, set):
        return {_TAG: kind.__name__, "f": [lower(item) for item in value]}
    if isinstance(value, Mapping):
        return {_TAG: "dict", "f": [[lower(key), lower(item)] for key, item in value.items()]}
    name, fields = _NAMES.get(kind, ("", ()))
    if not name:
        raise TypeError(f"{kind.__name__} does not go over the line")
    return {_TAG: name, "f": [lower(getattr(value, field)) for field in fields]}


def lift(value: Any) -> Any:
    """The value that `lower` made this of. Raises WireError."""
    if isinstance(value, list):
        return [lift(item) for item in value]
    if not isinstance(value, dict):
        return value
    try:
        name, found = value[_TAG], value["f"]
        match name:
            case "tuple":
                return tuple(map(lift, found))
            case "frozenset":
                return frozenset(map(lift, found))
            case "set":
                return set(map(lift, found))
            case "dict":
                return {lift(key): lift(item) for key, item in found}
        kind = _TYPES[name]
        return kind(**dict(zip(_NAMES[kind][1], map(lift, found), strict=True)))
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(str(error)) from None


# --- errors --------------------------------------------------------------------------------------


def lower_error(error: Exception) -> tuple[str, str]:
    """Name and text of an error that a method of `MediaRoom` documents; others are `failed`."""
    if isinstance(error, MediaRefused):
        return "MediaRefused", error.code
    if isinstance(error, SinkRefused):
        return "SinkRefused", str(error)
    if isinstance(error, ValueError):
        return "ValueError", str(error)
    return "failed", f"{type(error).__name__}: {error}"


def lift_error(name: str, text: str) -> Exception:
    """The error to raise on this side."""
    match name:
        case "MediaRefused":
            return MediaRefused(text)
        case "SinkRefused":
            return SinkRefused(text)
        case "ValueError":
            return ValueError(text)
    return RuntimeError(f"a media worker failed: {text}")


# --- frames --------------------------------------------------------------------------------------

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode


def frame(kind: Kind, *values: Any) -> bytes:
    """One frame of values that are lowered already."""
    return raw_frame(kind, _encode(values))


def raw_frame(kind: Kind, body: bytes) -> bytes:
    """One frame of bytes."""
    return _HEAD.pack(len(body), kind) + body


def values(body: bytes) -> list[Any]:
    """The values of a frame, still lowered. Raises WireError."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from None


class Reader:
    """Cuts the byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Frames that are whole now, as kind and body. Raises WireError."""
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _HEAD.size:
            length, kind = _HEAD.unpack_from(buffer, at)
            if length > LIMIT:
                raise WireError(f"a frame of {length} bytes")
            start = at + _HEAD.size
            if len(buffer) - start < length:
                break
            at = start + length
            yield kind, bytes(buffer[start:at])
        del buffer[:at]


# --- recorded packets ----------------------------------------------------------------------------


def packet(sink: int, item: MediaPacket) -> bytes:
    """One packet of a batch."""
    return (
        _PACKET.pack(
            sink,
            item.arrival_ns,
            item.timestamp,
            item.sequence,
            item.marker,
            len(item.payload),
        )
        + item.payload
    )


def packets(body: bytes) -> Iterator[tuple[int, MediaPacket]]:
    """The packets of a batch, each with its sink. Raises WireError."""
    at, end, size = 0, len(body), _PACKET.size
    while at < end:
        if end - at < size:
            raise WireError("a batch is cut short")
        sink, arrival, timestamp, sequence, marker, length = _PACKET.unpack_from(body, at)
        at += size
        if end - at < length:
            raise WireError("a packet is cut short")
        payload = body[at : at + length]
        at += length
        yield sink, MediaPacket(sequence, timestamp, bool(marker), payload, arrival)
