"""WebM muxing of encoded frames through PyAV: nothing is encoded or decoded here.

The muxer is given no file that it could seek in. So it writes its header, and then whole clusters
only: every piece that comes out after the first is one or more complete clusters, and header plus
any run of pieces is a WebM of its own. FFmpeg keeps a cluster in memory until it is complete,
which bounds what a killed process loses.
"""

import io
import struct
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from signaling.engine import Codec

CLUSTER_MS = 700
"""With the wait for late packets (600 ms at most) a killed process loses less than 2 s."""
MS = Fraction(1, 1000)
RATE = 999
"""Frames a second that a picture's header announces: an upper bound, for its frames come when the
sender's camera gives them. Without it ffmpeg guesses a regular rate from the first frames, rounds
the times to that, and a strict decode then complains of two frames at one time."""
STEP_MS = 2
"""Frames nearer to each other than this would fall together at RATE."""


class Muxer:
    """One WebM with one track. Times are milliseconds from its start; they must grow."""

    def __init__(self, codec: Codec, width: int = 0, height: int = 0, *, title: str = "") -> None:
        self._out = _Pieces()
        self._container = _open(self._out)
        if title:
            self._container.metadata["title"] = title
        self._step = 1 if codec == "opus" else STEP_MS
        self._next = 0
        if codec == "opus":
            self._stream: Stream = self._container.add_stream_from_template(_opus_template())
        else:
            self._stream = self._container.add_mux_stream(
                "vp8", rate=RATE, width=width, height=height
            )

    def add(self, data: bytes, at_ms: int, duration_ms: int, keyframe: bool) -> bytes:
        """Mux one frame; return what is complete now: often nothing."""
        at_ms = max(at_ms, self._next)
        self._next = at_ms + self._step
        self._container.mux_one(_packet(self._stream, data, at_ms, duration_ms, keyframe))
        return self._out.take()

    def close(self) -> bytes:
        """The rest."""
        self._container.close()
        return self._out.take()


class _Pieces(io.RawIOBase):
    """Collects what libavformat writes. No seek method: the muxer must stream."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _open(out: _Pieces) -> OutputContainer:
    # flush_packets: or the 32 KiB buffer of libavformat hides seconds of a quiet track.
    options = {"cluster_time_limit": str(CLUSTER_MS), "flush_packets": "1"}
    return av.open(out, "w", format="webm", options=options)


def _packet(
    stream: Stream, data: bytes, at_ms: int, duration_ms: int, keyframe: bool
) -> "av.Packet[Stream]":
    packet: av.Packet[Stream] = av.Packet(data)
    packet.stream = stream
    packet.time_base = MS
    packet.pts = packet.dts = at_ms
    packet.duration = duration_ms
    packet.is_keyframe = keyframe
    return packet


def opus_head(pre_skip: int = 0) -> bytes:
    """The CodecPrivate that WebM demands of opus (RFC 7845 section 5.1).

    A segment is cut out of a running stream, so there is nothing to skip at its start. RTP opus
    is always announced with two channels (RFC 7587 section 7); the packets say what they hold.
    """
    return b"OpusHead" + struct.pack("<BBHIhB", 1, 2, pre_skip, 48_000, 0, 0)


_template: InputContainer | None = None


def _opus_template() -> Any:
    """A stream to copy the parameters of, since `add_mux_stream` cannot set a CodecPrivate.

    The alternative, `add_stream("libopus")`, opens an encoder for each segment and announces its
    312 samples of pre-skip, which players then cut from the start of every segment.
    """
    global _template
    if _template is None:
        _template = av.open(io.BytesIO(_opus_sample()), "r", format="webm")
    return _template.streams.audio[0]


def _opus_sample() -> bytes:
    audio = _element(0xE1, _element(0xB5, struct.pack(">f", 48_000.0)), _element(0x9F, b"\x02"))
    entry = _element(
        0xAE,
        _element(0xD7, b"\x01"),  # TrackNumber
        _element(0x73C5, b"\x01"),  # TrackUID
        _element(0x83, b"\x02"),  # TrackType: audio
        _element(0x86, b"A_OPUS"),
        _element(0x56BB, (80_000_000).to_bytes(4, "big")),  # SeekPreRoll (RFC 7845 section 4.6)
        _element(0x63A2, opus_head()),
        audio,
    )
    silence = b"\x81\x00\x00\x80\xfc\xff\xfe"
    return _element(0x1A45DFA3, _element(0x4282, b"webm")) + _element(
        0x18538067,
        _element(0x1549A966, _element(0x2AD7B1, (1_000_000).to_bytes(3, "big"))),
        _element(0x1654AE6B, entry),
        _element(0x1F43B675, _element(0xE7, b"\x00"), _element(0xA3, silence)),
    )


def _element(identity: int, *parts: bytes) -> bytes:
    """An EBML element (RFC 8794) with a size of 4 octets."""
    body = b"".join(parts)
    head = identity.to_bytes((identity.bit_length() + 7) // 8, "big")
    return head + (0x10000000 | len(body)).to_bytes(4, "big") + body
