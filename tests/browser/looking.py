"""Look for a colour in a recorded picture and for a pitch in a recorded sound."""

import math
from array import array
from pathlib import Path

import av
from av import AudioResampler

RATE = 48_000
WINDOW = RATE // 20
"""50 ms."""


def colours(path: Path) -> list[tuple[int, int, int]]:
    """The middle pixel of every frame, as (red, green, blue)."""
    found = []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            small = frame.reformat(8, 8, "rgb24")
            plane = small.planes[0]
            at = 4 * plane.line_size + 4 * 3
            red, green, blue = bytes(plane)[at : at + 3]
            found.append((red, green, blue))
    return found


def loudness_at(path: Path, pitch: float) -> float:
    """The strongest share (0..1) of one pitch in any 50 ms of a file, by Goertzel's algorithm."""
    samples = array("h")
    resampler = AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return max(
        (
            _share(samples[start : start + WINDOW], pitch)
            for start in range(0, len(samples) - WINDOW, WINDOW)
        ),
        default=0.0,
    )


def _share(window: "array[int]", pitch: float) -> float:
    energy = sum(value * value for value in window)
    if energy < WINDOW * 100:  # silence has no pitch
        return 0.0
    turn = 2 * math.cos(2 * math.pi * pitch / RATE)
    before = last = 0.0
    for value in window:
        before, last = last, value + turn * last - before
    power = last * last + before * before - turn * last * before
    return 2 * power / (energy * len(window))
