"""How fast a film is made of a record. python -m benchmarks.composite [--seconds N] [--people N]

People sent VP8 1280x720 at 30 a second and 1.2 Mb/s, and opus; the film is 1280x720 with all of
them, made by as many processes as in service. Printed: times faster than the record. Beside it the
limit: decoding the same pictures alone, with as many processes.
"""

import argparse
import io
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

from benchmarks.synthetic import pictures, sounds
from recordings import keys
from recordings.manifest import Span
from recordings.vault import Vault
from recordings.works import assembly, credentials, film
from recordings.works.film import FilmJob, TileJob
from recordings.works.program import Scene, chunks
from recordings.works.service import PROCESSES
from tests.recordings import reel
from tests.recordings.media import Encoded

SITTING = "benchmark"
SEGMENT_S = 3


def material() -> tuple[bytes, bytes]:
    """WebM of SEGMENT_S seconds of picture and of sound."""
    frames = [b"".join(parts) for parts in pictures()]
    video = [Encoded(at / 30, data, at == 0) for at, data in enumerate(frames)]
    own = sounds()
    audio = [Encoded(at / 50, own[at % len(own)], True) for at in range(SEGMENT_S * 50)]
    return reel.webm("vp8", video, (1280, 720)), reel.webm("opus", audio, (0, 0))


def job(folder: Path, seconds: int, people: int) -> tuple[FilmJob, assembly.Assembly]:
    """A record on disk, and what is to be made of it."""
    key, vault = keys.new_key(), Vault(folder / "vault")
    video, audio = material()
    starts = range(0, seconds * 1000, SEGMENT_S * 1000)
    tiles, sound = [], []
    for number in range(people):
        seat = f"p{number}"
        spans = [(at, video) for at in starts]
        camera = reel.write(vault, SITTING, key, f"{seat}-camera", "vp8", spans, 3000)
        spans = [(at, audio) for at in starts]
        sound.append(reel.write(vault, SITTING, key, f"{seat}-microphone", "opus", spans, 3000))
        speech = tuple(Span(at, at + 4000) for at in range(number * 4000, seconds * 1000, 16000))
        tiles.append(TileJob("سالم المنصوري", "رئيس الجلسة", camera, speech))
    scenes = (Scene(0, seconds * 1000),)
    work = folder / "work"
    work.mkdir()
    made = FilmJob(
        sitting=SITTING,
        key=key,
        tiles=tuple(tiles),
        screens=(),
        epoch=datetime.now(UTC),
        zone="Asia/Dubai",
        title="118/2026",
        mark="benchmark",
        plates={"": ""},
        rtl=True,
    )
    whole = assembly.Assembly(
        work="w",
        sitting=SITTING,
        key=key,
        folder=work,
        scenes=scenes,
        chunks=tuple(chunks(scenes)),
        sounds=(assembly.SoundTrack("", tuple(sound), (1.0,) * people),),
        title="benchmark",
        inputs={},
        credentials=credentials.open_credentials(folder / "c.pem", "", datetime.now(UTC)),
    )
    return made, whole


def decode(data: bytes) -> int:
    """Decode a segment's pictures; how many."""
    with av.open(io.BytesIO(data), "r", format="webm") as container:
        container.streams.video[0].codec_context.thread_count = 1
        return sum(1 for _ in container.decode(video=0))


def timed(act: Callable[[], Any]) -> float:
    """Seconds of wall time."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    """Make the record, then the film; print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--people", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made, whole = job(Path(name), given.seconds, given.people)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, context) as pool:
            list(pool.map(abs, range(PROCESSES)))  # both are up
            video = material()[0]
            count = given.seconds // SEGMENT_S * given.people
            alone = timed(lambda: list(pool.map(decode, [video] * count)))

            def draw() -> None:
                waiting = [pool.submit(film.render, made, one) for one in whole.chunks]
                for number, one in enumerate(waiting):
                    assembly.keep_chunk(whole.folder, "w", number, made.key, one.result())

            drawing = timed(draw)
            joining = timed(lambda: pool.submit(assembly.assemble, whole).result())
    print(f"film of {given.people} people, {given.seconds} s, {PROCESSES} processes")
    for what, seconds in (
        ("pictures decoded alone (the limit)", alone),
        ("pictures drawn and encoded", drawing),
        ("sound mixed, put together, sealed", joining),
        ("the film", drawing + joining),
    ):
        print(f"  {what:<40}{given.seconds / seconds:8.1f} times the record's speed", flush=True)


if __name__ == "__main__":
    main()
