"""Real VP8 and opus, made by PyAV's encoders and packed into RTP as a browser packs them."""

import array
import io
import math
import random
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import av

from signaling.engine import MediaPacket

MS = 1_000_000
SECOND = 1_000_000_000
MTU = 1100


@dataclass(frozen=True)
class Encoded:
    """One encoded frame; `at` is seconds from the start of the media."""

    at: float
    data: bytes
    keyframe: bool = True


@cache
def opus(seconds: float, tone: int = 400, level: float = 0.25) -> tuple[Encoded, ...]:
    """A tone (a multiple of 50 Hz) in frames of 20 ms. `level` 1.0 is full scale."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    out = []
    wave = [math.sin(2 * math.pi * tone * i / 48_000) for i in range(960)]
    samples = array.array("h", (round(32767 * level * value) for value in wave)).tobytes()
    for index in range(round(seconds * 50)):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate, frame.pts = 48_000, index * 960
        frame.planes[0].update(samples)
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(Encoded(index / 50, data) for index, data in enumerate(out))


@cache
def vp8(
    seconds: float, width: int = 320, height: int = 180, every: int = 60, black: bool = False
) -> tuple[Encoded, ...]:
    """A moving picture at 30 a second with a keyframe every `every` frames."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate = 400_000
    encoder.thread_count = 1
    encoder.options = {
        "deadline": "realtime", "cpu-used": "16", "lag-in-frames": "0", "g": str(every),
        "keyint_min": str(every),
    }  # fmt: skip
    picture = random.Random(1)
    noise = bytes(picture.randrange(60, 200) for _ in range(width))
    out = []
    for index in range(round(seconds * 30)):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, grey in zip(frame.planes, (16, 128, 128), strict=True):
            plane.update(bytes([grey]) * plane.buffer_size)
        if not black:
            luma = frame.planes[0]
            shift = index * 3 % width
            line = (noise[shift:] + noise[:shift]).ljust(luma.line_size, b"\x80")
            luma.update(line * height)
        frame.pts = index
        out += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return tuple(Encoded(index / 30, data, key) for index, (data, key) in enumerate(out))


class Sender:
    """Numbers, stamps and packs the frames of one track."""

    def __init__(self, codec: str, sequence: int = 100, timestamp: int = 5000) -> None:
        self.codec = codec
        self.rate = 48_000 if codec == "opus" else 90_000
        self.sequence = sequence
        self.timestamp = timestamp
        self.picture = 7

    def pack(
        self, frames: Iterable[Encoded], start_ns: int, *, delay_ns: int = 20 * MS
    ) -> list[MediaPacket]:
        """Packets of `frames`, whose time 0 is monotonic `start_ns`."""
        out = []
        for frame in frames:
            stamp = (self.timestamp + round(frame.at * self.rate)) % 2**32
            arrival = start_ns + round(frame.at * SECOND) + delay_ns
            parts = [frame.data] if self.codec == "opus" else self._vp8(frame.data)
            for index, part in enumerate(parts):
                last = index == len(parts) - 1
                out.append(
                    MediaPacket(
                        self.sequence, stamp, last and self.codec != "opus", part, arrival + index
                    )
                )
                self.sequence = (self.sequence + 1) % 2**16
        return out

    def stamp(self, at: float) -> int:
        """The RTP timestamp of media time `at`."""
        return (self.timestamp + round(at * self.rate)) % 2**32

    def _vp8(self, data: bytes) -> list[bytes]:
        # X, and I with a picture id of 15 bits (RFC 7741 section 4.2), as Chromium sends it.
        self.picture = (self.picture + 1) % 2**15
        number = (0x8000 | self.picture).to_bytes(2, "big")
        chunks = [data[at : at + MTU] for at in range(0, len(data), MTU)]
        return [
            bytes([0x80 | (0x10 if index == 0 else 0), 0x80]) + number + chunk
            for index, chunk in enumerate(chunks)
        ]


def shifted(frames: Iterable[Encoded], seconds: float) -> list[Encoded]:
    """The same frames, later."""
    return [replace(frame, at=frame.at + seconds) for frame in frames]


Picture = av.VideoFrame | av.AudioFrame


def decode(webm: bytes) -> list[tuple[float, Picture]]:
    """All frames with their times in seconds; any error is raised."""
    out: list[tuple[float, Picture]] = []
    with av.open(io.BytesIO(webm), "r") as container:
        for frame in container.decode(container.streams[0]):
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            out.append((frame.time or 0.0, frame))
    return out


def strict(path: Path) -> None:
    """`ffprobe` and a strict decode by FFmpeg's own programs: both must be silent."""
    probe = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    play = ["ffmpeg", "-v", "error", "-xerror", "-threads", "1", "-i", str(path), "-f", "null", "-"]
    for command in (probe, play):
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b""), (path.name, done.stderr)


def times(webm: bytes) -> list[float]:
    """Presentation times of the packets, in seconds."""
    with av.open(io.BytesIO(webm), "r") as container:
        packets = list(container.demux(container.streams[0]))
        return [float(p.pts * p.time_base) for p in packets if p.pts is not None]
