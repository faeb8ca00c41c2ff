"""A continuous file of one track, made from its segments without transcoding. Derived work.

Times are those of the recording's clock, so that gaps stay gaps and all tracks of a sitting line
up. For players and for people; what counts as evidence is the segments.
"""

import io
from collections.abc import Iterable, Iterator

import av

from recordings.webm import Muxer
from signaling.engine import Codec


def continuous(
    codec: Codec, segments: Iterable[tuple[int, bytes]], *, title: str = ""
) -> Iterator[bytes]:
    """Give a WebM in pieces from (start_ms, WebM) of each segment, in order. Blocks. Players show
    the title: it bears the mark of a copy."""
    muxer: Muxer | None = None
    last_ms = -1
    for start_ms, webm in segments:
        with av.open(io.BytesIO(webm), "r", format="webm") as container:
            stream = container.streams[0]
            if muxer is None:
                video = container.streams.video[0] if codec == "vp8" else None
                size = (video.width, video.height) if video else (0, 0)
                muxer = Muxer(codec, *size, title=title)
            for packet in container.demux(stream):
                if packet.pts is None or packet.time_base is None:
                    continue
                at_ms = start_ms + round(packet.pts * packet.time_base * 1000)
                last_ms = max(at_ms, last_ms + 1)
                length = round((packet.duration or 0) * packet.time_base * 1000)
                yield muxer.add(bytes(packet), last_ms, length, packet.is_keyframe)
    if muxer:
        yield muxer.close()
