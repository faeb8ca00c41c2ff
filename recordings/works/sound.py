"""Mixes the sound of a work: the floor, and each interpreter's channel above a quiet floor.

Blocks of one second go through ffmpeg's mixer and limiter: a sum of many voices must not clip.
"""

from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import av.filter

from recordings.works.program import FPS, RATE, SAMPLES, Scene
from recordings.works.reading import Sound, TrackJob

QUIET_FLOOR = 0.2
"""Of the floor's loudness, under an interpreter: as the player turns it down."""
SCALE = "flt"
TWO_ALIKE = 0.5**0.5
"""A track is announced with two channels (RFC 7587 section 7). Of two that are alike, ffmpeg's mono
is 3 dB louder than each; this takes them back."""
LIMIT = 0.89
"""1 dB below full scale, so that AAC does not reach beyond it (EBU R 128)."""


class Mixer:
    """Sums blocks of tracks with weights: a voice at weight 1 is as loud as it was recorded."""

    def __init__(self, weights: Sequence[float]) -> None:
        graph: Any = av.filter.Graph()
        self._inputs = [
            graph.add_abuffer(
                sample_rate=RATE, format=SCALE, layout="mono", time_base=Fraction(1, RATE)
            )
            for _ in weights
        ]
        values = " ".join(str(weight * TWO_ALIKE) for weight in weights)
        mix = graph.add("amix", f"inputs={len(weights)}:normalize=0:weights={values}")
        for index, source in enumerate(self._inputs):
            source.link_to(mix, 0, index)
        limit = graph.add("alimiter", f"limit={LIMIT}:level=0:latency=1")
        shape = graph.add("aformat", "sample_fmts=fltp:sample_rates=48000:channel_layouts=mono")
        sink = graph.add("abuffersink")
        mix.link_to(limit)
        limit.link_to(shape)
        shape.link_to(sink)
        graph.configure()
        self._graph, self._sink, self._at = graph, sink, 0

    def mix(self, blocks: Sequence["array[float]"]) -> "Iterator[av.AudioFrame]":
        """Blocks of one length, one for each weight, in; what is ready out."""
        for source, block in zip(self._inputs, blocks, strict=True):
            source.push(framed(block, self._at))
        self._at += len(blocks[0])
        yield from self._ready()

    def finish(self) -> "Iterator[av.AudioFrame]":
        """The rest."""
        for source in self._inputs:
            source.push(None)
        yield from self._ready()

    def _ready(self) -> "Iterator[av.AudioFrame]":
        while True:
            try:
                yield self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def framed(block: "array[float]", at: int) -> "av.AudioFrame":
    """Samples as a frame; `at` is their place in samples."""
    frame = av.AudioFrame(format=SCALE, layout="mono", samples=len(block))
    data = block.tobytes()
    frame.planes[0].update(data + bytes(frame.planes[0].buffer_size - len(data)))
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame


def blocks(
    sitting: str, key: bytes, tracks: Sequence[TrackJob], scenes: Sequence[Scene]
) -> Iterator[list["array[float]"]]:
    """A second of every track after the other, exactly as long as the film's pictures."""
    sounds = [Sound(sitting, key, track) for track in tracks]
    for scene in scenes:
        for first in range(0, scene.frames, FPS):
            count = min(FPS, scene.frames - first) * SAMPLES
            if scene.reason:
                yield [array("f", bytes(4 * count)) for _ in tracks]
                continue
            ms = scene.start_ms + first * 1000 // FPS
            yield [sound.block(ms, count) for sound in sounds]
