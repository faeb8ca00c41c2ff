"""kill -9 in the middle of recording, ours and Janus's, under the same load in the same run.

Janus writes what came into .mjr files, whose cut end its own `janus-pp-rec` must make good; our
segments are read as they lie. Counted is what decodes afterwards against what was sent.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import av
import pytest
from av.container import InputContainer

from benchmarks.forwarding import Crowd, Load
from benchmarks.forwarding_server import KEY, SITTING
from benchmarks.synthetic import Publisher
from benchmarks.targets import make
from recordings import cipher
from recordings.vault import Vault

SECONDS = 6.0
LOST_S = 2.0
"""What may be lost of a track (design, promise 5)."""
SIZES = {"video": 1 / 30, "audio": 1 / 50}
"""Seconds of one picture, and of one packet of sound."""


@pytest.fixture(scope="module")
def load() -> Load:
    return Load()


async def _kill(engine: str, folder: Path, load: Load) -> dict[str, float]:
    """Record one person, and kill the server; seconds that were sent of each sort."""
    target = make(engine, folder, load.host, recording=True)
    crowd = Crowd(target, load.host)
    try:
        process = await target.start()
        await crowd.publisher("p0", load.video, load.audio)
        await asyncio.sleep(SECONDS)
        (publisher,) = (peer for peer, _ in crowd._peers)
        assert isinstance(publisher, Publisher)
        os.kill(process, signal.SIGKILL)
        return {
            "video": publisher.pictures * SIZES["video"],
            "audio": publisher.sounds * SIZES["audio"],
        }
    finally:
        await crowd.leave()
        await target.stop()


def _ours(folder: Path) -> dict[str, float]:
    """Seconds that decode of each sort, over all segments, the cut ones included."""
    key, vault = (folder / KEY).read_bytes(), Vault(folder)
    found = {"video": 0.0, "audio": 0.0}
    for track in vault.tracks(SITTING):
        for number in vault.numbers(SITTING, track):
            with vault.path(SITTING, track, number).open("rb") as file:
                header = cipher.read_header(file)
                records = cipher.read_records(file, header, header.segment_key(key))
                plain = b"".join(record.plain for record in records)
            with suppress(av.error.EOFError):  # killed while a segment held nothing but its head
                sort, seconds = _decoded(BytesIO(plain))
                found[sort] += seconds
    return found


def _janus(folder: Path) -> dict[str, float]:
    """The same of .mjr files, after Janus's own tool made them good."""
    found = {}
    for path in (folder / "records").glob("*-[av][ui]d*-[01].mjr"):  # nothing is sent as the screen
        out = path.with_suffix(".webm" if "-video-" in path.name else ".opus")
        subprocess.run(["janus-pp-rec", str(path), str(out)], check=True, capture_output=True)
        sort, seconds = _decoded(out)
        found[sort] = seconds
    return found


def _decoded(file: Path | BytesIO) -> tuple[str, float]:
    """Sort and seconds of what decodes; everything must."""
    with av.open(file) as container:
        assert isinstance(container, InputContainer)
        (stream,) = container.streams
        sort = stream.type
        if sort == "video":
            return sort, len(list(container.decode(stream))) * SIZES[sort]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert all(list(packet.decode()) for packet in packets)
        return sort, len(packets) * SIZES[sort]


@pytest.mark.parametrize(("engine", "kept"), [("mahdar", _ours), ("janus", _janus)])
async def test_what_was_recorded_before_a_kill_decodes(
    engine: str, kept: Callable[[Path], dict[str, float]], load: Load, tmp_path: Path
) -> None:
    sent = await _kill(engine, tmp_path, load)
    found = await asyncio.to_thread(kept, tmp_path)
    print(engine, {sort: (round(sent[sort], 2), round(found[sort], 2)) for sort in sent})
    assert found.keys() == sent.keys()
    for sort, seconds in sent.items():
        assert seconds > SECONDS - 1
        assert seconds - found[sort] <= LOST_S, f"{engine} lost {seconds - found[sort]:.1f} s"
