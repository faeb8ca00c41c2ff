"""A small record with real WebM segments, as the player's API gives it (docs/interface.md).

Two seats and 24 s on the record's clock: on record 0-8 s and 14-24 s, a recess between. Each
picture is one grey for each second (brighter with each), each sound a tone.
"""

import array
import math
from base64 import b64encode
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av

from recordings.study.levels import STEP_MS, speech
from recordings.webm import Muxer

STRETCHES = ((0, 8000), (14000, 24000))
SEGMENT_MS = 4000
SEATS = (("s1", "القاضي سالم", "Presiding judge"), ("s3", "Abdullah Hassan", "Accused"))
INTERPRETER = ("s7", "Sunita Rao", "Interpreter")
"""Speaks into the English channel, and has no other track."""
LOST = (16000, 20000)
"""The accused's camera has nothing here."""


def _segments(camera_of_accused: bool) -> list[dict[str, int]]:
    out: list[dict[str, int]] = []
    for start, end in STRETCHES:
        for at in range(start, end, SEGMENT_MS):
            stop = min(at + SEGMENT_MS, end)
            if not (camera_of_accused and LOST[0] < stop and at < LOST[1]):
                out.append({"seq": len(out), "start_ms": at, "end_ms": stop})
    return out


def timeline() -> dict[str, Any]:
    """The answer of the data address."""
    tracks = []
    for seat, _, _ in SEATS:
        for source, codec in (("microphone", "opus"), ("camera", "vp8")):
            accused = seat == "s3" and source == "camera"
            # 14-18 and 18-22 both touch what is lost
            gaps = [{"start_ms": 8000, "end_ms": 14000, "reason": "recess"}]
            if accused:
                gaps.append({"start_ms": 14000, "end_ms": 22000, "reason": "lost"})
            tracks.append(
                {
                    "id": f"{seat}-{source}",
                    "seat": seat,
                    "source": source,
                    "channel": "",
                    "codec": codec,
                    "segments": _segments(accused),
                    "gaps": gaps,
                }
            )
    tracks.append(
        {
            "id": "s7-channel-en",
            "seat": "s7",
            "source": "channel-en",
            "channel": "en",
            "codec": "opus",
            "segments": _segments(False),
            "gaps": [{"start_ms": 8000, "end_ms": 14000, "reason": "recess"}],
        }
    )
    return {
        "epoch": "2026-11-22T05:30:00.000Z",
        "duration_ms": 24000,
        "stretches": [{"start_ms": a, "end_ms": b} for a, b in STRETCHES],
        "pauses": [{"start_ms": 8000, "end_ms": 14000, "reason": "recess"}],
        "seats": [
            {"id": i, "name": name, "role_title": role} for i, name, role in (*SEATS, INTERPRETER)
        ],
        "tracks": tracks,
        "mark": "Confidential. For Maryam Al Kaabi, 2026-11-22 09:30:00 +0400",
        "segment_url": "/api/sample/recording/{track}/{seq}",
        "exhibit_url": "/api/sample/exhibits/{exhibit}/pages/{page}",
        "levels_url": "/api/sample/recording/levels?viewing=v",
        "marks_url": "/api/sample/recording/marks?viewing=v",
        "chapters": [
            {"clock_ms": 0, "type": "recording.started"},
            {"clock_ms": 1000, "type": "floor", "seat": "s3"},
            {"clock_ms": 5000, "type": "note", "text": "المتهم يطلب أجلاً للاطلاع"},
            {"clock_ms": 8000, "type": "phase.recess"},
            {"clock_ms": 14000, "type": "phase.on_record"},
            {"clock_ms": 15000, "type": "agenda", "title": "The accused speaks last"},
            {"clock_ms": 20000, "type": "interpreting", "seat": "s7", "channel": "en"},
            {"clock_ms": 20500, "type": "listening", "seat": "s3", "channel": "en"},
            {
                "clock_ms": 21000,
                "type": "exhibit.shown",
                "text": "P-1 صورة العقد المؤرخ 2026-03-01",
                "exhibit": "e1",
                "page": 1,
            },
            {
                "clock_ms": 22000,
                "type": "exhibit.page",
                "text": "P-1 صورة العقد المؤرخ 2026-03-01",
                "exhibit": "e1",
                "page": 2,
            },
            {"clock_ms": 23000, "type": "exhibit.admitted", "text": "P-1", "exhibit": "e1"},
            {"clock_ms": 24000, "type": "phase.adjourned", "text": "للنطق بالحكم"},
        ],
    }


def levels() -> dict[str, Any]:
    """The answer of the levels' address: speech in waves, the accused and the judge in turn."""
    tracks = []
    for item in timeline()["tracks"]:
        if item["codec"] != "opus":
            continue
        found = bytearray(24000 // STEP_MS + 1)
        for piece in item["segments"]:
            for at in range(piece["start_ms"] // STEP_MS, piece["end_ms"] // STEP_MS):
                speaks = (at // 15) % 3 == ["s1", "s3", "s7"].index(item["seat"])
                found[at] = 120 + at * 37 % 25 + (90 if speaks else 0)
        tracks.append(
            {
                "id": item["id"],
                "step_ms": STEP_MS,
                "levels": b64encode(bytes(found)).decode(),
                "speech": [
                    {"start_ms": span.start_ms, "end_ms": span.end_ms}
                    for span in speech(bytes(found))
                ],
            }
        )
    return {"tracks": tracks}


def marks() -> dict[str, Any]:
    """The answer of the address of a judge's own notes."""
    return {
        "marks": [
            {"id": "m1", "at_ms": 2000, "text": ""},
            {"id": "m2", "at_ms": 15500, "text": "تُقارن بأقوال الشاهد"},
        ]
    }


@lru_cache(maxsize=64)
def segment(track: str, seq: int) -> bytes:
    """One WebM as the recorder muxes it; its own times start at 0."""
    data = next(item for item in timeline()["tracks"] if item["id"] == track)
    span = data["segments"][seq]
    first, length = span["start_ms"] // 1000, (span["end_ms"] - span["start_ms"]) // 1000
    if data["codec"] == "vp8":
        muxer, packets, pace_ms = Muxer("vp8", 160, 120), _pictures(first, length), 100
    else:
        muxer, packets, pace_ms = Muxer("opus"), _tone(length), 20
    pieces = [
        muxer.add(bytes(packet), index * pace_ms, pace_ms, packet.is_keyframe)
        for index, packet in enumerate(packets)
    ]
    return b"".join([*pieces, muxer.close()])


def _pictures(first: int, seconds: int) -> list[Any]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 160, 120, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 10), Fraction(10)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    out: list[Any] = []
    for index in range(seconds * 10):
        frame = av.VideoFrame(160, 120, "yuv420p")
        grey = 16 + (first + index // 10) * 8
        for plane, value in zip(frame.planes, (grey, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = index, Fraction(1, 10)
        out += encoder.encode(frame)
    return out + encoder.encode(None)


def _tone(seconds: int) -> list[Any]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    wave = array.array("h", (int(8000 * math.sin(n * math.tau / 120)) for n in range(960)))
    out: list[Any] = []
    for index in range(seconds * 50):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(wave.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = 48000, index * 960, Fraction(1, 48000)
        out += encoder.encode(frame)
    return out
