"""One segment: what is known of it when it is closed, and the file that is being written.

Runs on the writer's thread. Nothing here is kept in memory but the open cluster: each piece that
the muxer gives out is sealed and written as one record.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import rfc8785

from recordings import cipher
from recordings.vault import RawFile
from recordings.webm import Muxer
from signaling.engine import Codec

State = Literal["closed", "interrupted"]
NO_LINK = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A closed segment. Times are milliseconds on the recording's clock."""

    track: str
    seq: int
    stretch: str
    start_ms: int
    end_ms: int
    frames: int
    lost: int
    """Packets known to be lost inside."""
    plain_size: int
    """Bytes of the WebM inside."""
    size: int
    """Bytes of the file."""
    sha256: str
    """Of the file, hex."""
    plain_sha256: bytes
    state: State = "closed"


def leaf(
    segment: Segment, seat: str, source: str, codec: str, commitment: str, link: str
) -> dict[str, str | int]:
    """`d` of the leaf `rec.segment` (docs/evidence.md); `link` chains it to the one before."""
    return {
        "track": segment.track,
        "seat": seat,
        "source": source,
        "codec": codec,
        "seq": segment.seq,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "bytes": segment.plain_size,
        "sha256": segment.sha256,
        "commitment": commitment,
        "prev": link,
    }


def link(data: dict[str, str | int]) -> str:
    """What the next segment's leaf holds in `prev`."""
    return hashlib.sha256(rfc8785.dumps(data)).hexdigest()


class SegmentFile:
    """The segment that a track is writing. Not thread-safe but for `sync` and `discard`.

    Every method may raise OSError; what was written before stays readable.
    """

    def __init__(
        self,
        file: RawFile,
        header: cipher.Header,
        track_key: bytes,
        codec: Codec,
        size: tuple[int, int],
    ) -> None:
        self.header = header
        self._file = file
        self._sealer = cipher.Sealer(header, cipher.derive(track_key, cipher.salt_of(header)))
        self._muxer = Muxer(codec, *size)
        self._plain_size = 0
        self._frames = 0
        self._newest_ms = header.start_ms
        self._safe = (0, header.start_ms)
        """Frames in whole clusters, and where they end."""
        self._holds_back = 1 if codec == "opus" else 0
        self.lost = 0
        self.dirty = False
        self._append(self._sealer.begin())

    @property
    def size(self) -> int:
        """Bytes of whole records in the file."""
        return self._sealer.size

    def add(self, data: bytes, at_ms: int, duration_ms: int, keyframe: bool) -> None:
        """Take one frame, `at_ms` on the recording's clock."""
        piece = self._muxer.add(data, at_ms - self.header.start_ms, duration_ms, keyframe)
        self._seal(piece)
        if piece:
            # The muxer keeps this frame for the next cluster; of sound, the one before it too.
            end_ms = self._newest_ms if self._holds_back else at_ms
            self._safe = (max(0, self._frames - self._holds_back), end_ms)
        self._frames += 1
        self._newest_ms = at_ms

    def finish(self, end_ms: int) -> Segment:
        """Write the rest and say what the file holds. The file stays open for `sync`."""
        self._seal(self._muxer.close())
        self._safe = (self._frames, end_ms)
        return self._closed("closed")

    def abandon(self) -> Segment | None:
        """Say what the file holds after an OSError: the records before it. None: no frame."""
        return self._closed("interrupted") if self._safe[0] else None

    def sync(self) -> None:
        """fsync what was written so far, and the file's name. From any thread, before `close`."""
        self.dirty = False
        self._file.sync()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _closed(self, state: State) -> Segment:
        frames, end_ms = self._safe
        return Segment(
            track=self.header.track,
            seq=self.header.seq,
            stretch=self.header.stretch,
            start_ms=self.header.start_ms,
            end_ms=max(end_ms, self.header.start_ms),
            frames=frames,
            lost=self.lost,
            plain_size=self._plain_size,
            size=self._sealer.size,
            sha256=self._sealer.sha256,
            plain_sha256=self._sealer.plain_sha256,
            state=state,
        )

    def _seal(self, piece: bytes) -> None:
        if piece:
            self._append(self._sealer.seal(piece))
            self._plain_size += len(piece)
            self._sealer.count(piece)

    def _append(self, data: bytes) -> None:
        """Write all of `data` or leave none of it behind."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError:
            self._file.truncate(self._sealer.size)
            raise
        self._sealer.written(data)
        self.dirty = True
