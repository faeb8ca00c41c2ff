"""Sealed segments of encoded media, written without waiting: a record for tests and benchmarks."""

from base64 import b64encode
from collections.abc import Sequence

from recordings import cipher, keys
from recordings.manifest import Span
from recordings.reading import Part
from recordings.vault import Vault
from recordings.webm import Muxer
from recordings.works.reading import TrackJob
from signaling.engine import Codec
from tests.recordings.media import Encoded

SEGMENT_MS = 6000


def webm(codec: Codec, frames: Sequence[Encoded], size: tuple[int, int]) -> bytes:
    """One segment's WebM; `at` of the frames is seconds from its start."""
    muxer = Muxer(codec, *size) if codec == "vp8" else Muxer(codec)
    step = 20 if codec == "opus" else 33
    pieces = [muxer.add(one.data, round(one.at * 1000), step, one.keyframe) for one in frames]
    return b"".join([*pieces, muxer.close()])


def write(
    vault: Vault,
    sitting: str,
    key: bytes,
    track: str,
    codec: Codec,
    spans: Sequence[tuple[int, bytes]],
    length_ms: int = SEGMENT_MS,
) -> TrackJob:
    """Seal (start_ms, WebM) as segments of a track; everything of it is open."""
    seat, _, source = track.partition("-")
    track_key, parts, previous = keys.new_key(), [], cipher.NO_PREVIOUS
    for seq, (start_ms, data) in enumerate(spans):
        header = cipher.Header(
            sitting=sitting,
            track=track,
            seat=seat,
            source=source,
            codec=codec,
            stretch="s",
            seq=seq,
            start_ms=start_ms,
            previous=previous,
            key=b64encode(keys.wrap(track_key, key)).decode(),
            salt=cipher.new_salt(),
        )
        sealer = cipher.Sealer(header, cipher.derive(track_key, cipher.salt_of(header)))
        content = sealer.begin()
        content += sealer.seal(data)
        sealer.written(content)
        path = vault.path(sitting, track, seq)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        previous = sealer.sha256
        parts.append(Part(path, sealer.sha256, seq, "s", start_ms, start_ms + length_ms))
    return TrackJob(track, tuple(parts), (Span(0, 1 << 40),))
