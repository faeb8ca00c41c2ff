"""What recording costs. python -m benchmarks.recording [--seconds N] [--people N]

People send VP8 1280x720 at 30 a second and 1.2 Mb/s, and opus; everything is written, encrypted,
synced and decoded again by the verifier's process, in real time. Measured: what `write` costs the
event loop, how late the loop runs, CPU of the whole recorder per packet, CPU of the verifier per
second of picture. Nothing else may run on the machine meanwhile.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import pictures, sounds
from recordings import keys
from recordings.decoding import Job
from recordings.proof import Verifier
from recordings.recorder import Sink, SittingRecorder
from recordings.track import Event, Interval, TrackWriter
from recordings.vault import Vault
from recordings.writer import Writer
from signaling.engine import MediaPacket, TrackId

STEP = 0.01
VP8_FIRST, VP8_NEXT = b"\x90\x80\x80\x01", b"\x80\x80\x80\x01"


class Person:
    """Sends for ever; `due` is what a browser would have sent by now."""

    def __init__(self, seat: str, frames: list[list[bytes]], sound: list[bytes]) -> None:
        self.seat = seat
        self.frames, self.sound = frames, sound
        self.numbers = {"camera": 0, "microphone": 0}
        self.sent = {"camera": 0, "microphone": 0}

    def due(self, source: str, seconds: float, now: int) -> list[MediaPacket]:
        """Packets of one source since the last call."""
        out: list[MediaPacket] = []
        rate, clock = (30, 90_000) if source == "camera" else (50, 48_000)
        while self.sent[source] < seconds * rate:
            index = self.sent[source]
            self.sent[source] += 1
            parts = self._parts(source, index)
            for place, part in enumerate(parts):
                number = self.numbers[source] % 65536
                self.numbers[source] += 1
                last = place == len(parts) - 1
                stamp = index * clock // rate % 2**32
                out.append(MediaPacket(number, stamp, last, part, now))
        return out

    def _parts(self, source: str, index: int) -> list[bytes]:
        if source == "microphone":
            return [self.sound[index % len(self.sound)]]
        parts = self.frames[index % len(self.frames)]
        return [(VP8_NEXT if at else VP8_FIRST) + part for at, part in enumerate(parts)]


async def run(seconds: float, people: int, folder: Path) -> None:
    """Record and print."""
    frames, sound = pictures(), sounds()
    loop = asyncio.get_running_loop()
    told: list[Event] = []
    recorder: SittingRecorder

    def take(writing: TrackWriter, event: Event) -> None:
        told.append(event)
        recorder.told(writing, event)

    def emit(writing: TrackWriter, event: Event) -> None:
        loop.call_soon_threadsafe(take, writing, event)

    vault = Vault(folder)
    writer = Writer(vault, emit)
    recorder = SittingRecorder("bench", keys.new_key(), writer, time.monotonic_ns)
    writer.start()
    verifier = Verifier()
    await verifier.open()
    recorder.begin(Interval("bench", 0, time.monotonic_ns()))
    recorder.accept()
    crowd = [Person(f"p{index}", frames, sound) for index in range(people)]
    sinks: dict[tuple[str, str], Sink] = {}
    for person in crowd:
        for name, codec in (("camera", "vp8"), ("microphone", "opus")):
            sink = recorder.open(TrackId(person.seat, name), codec, lambda: None)  # type: ignore[arg-type]
            if sink:
                sinks[person.seat, name] = sink

    lags: list[float] = []
    writes, packets = 0.0, 0
    verifying = asyncio.create_task(look(verifier, recorder))
    usage = psutil.Process()
    child = usage.children()[-1]
    before, child_before = usage.cpu_times(), sum(child.cpu_times()[:2])
    start = loop.time()
    tick = start
    makes = 0.0
    while tick < start + seconds:
        tick += STEP
        await asyncio.sleep(max(0.0, tick - loop.time()))
        lags.append(loop.time() - tick)
        now = time.monotonic_ns()
        making = time.thread_time()
        batch = [
            (sinks[person.seat, source], person.due(source, tick - start, now))
            for person in crowd
            for source in person.sent
        ]
        makes += time.thread_time() - making
        began = time.perf_counter()
        for sink, due in batch:
            for packet in due:
                sink.write(packet)
        writes += time.perf_counter() - began
        packets += sum(len(due) for _, due in batch)
    after, child_after = usage.cpu_times(), sum(child.cpu_times()[:2])
    verifying.cancel()
    for one in sinks.values():
        one.close("off_record")
    await asyncio.to_thread(writer.stop)
    await asyncio.gather(verifying, return_exceptions=True)
    await verifier.close()
    cpu = after.user + after.system - before.user - before.system - makes
    lags.sort()
    size = sum(path.stat().st_size for path in folder.rglob("*.seg"))
    table = Table(title=f"Recording {people} people for {seconds:.0f} s", show_header=False)
    for name, value in (
        ("packets", f"{packets}  ({packets / seconds:.0f}/s, {size / seconds / 125_000:.1f} Mb/s)"),
        ("write() on the event loop", f"{writes / packets * 1e6:.2f} us a packet"),
        ("event loop late", f"p50 {lags[len(lags) // 2] * 1e3:.1f} ms, "
         f"p99 {lags[int(len(lags) * 0.99)] * 1e3:.1f} ms"),
        ("recorder's CPU", f"{cpu / packets * 1e6:.1f} us a packet, {cpu / seconds:.1%} of a core"),
        ("verifier's CPU", f"{(child_after - child_before) / seconds:.1%} of a core, "
         f"{(child_after - child_before) / seconds / people:.1%} a person"),
        ("dropped", str(writer.dropped)),
    ):  # fmt: skip
        table.add_row(name, value)
    Console().print(table)


async def look(verifier: Verifier, recorder: SittingRecorder) -> None:
    """What the desk does every second."""
    while True:
        await asyncio.sleep(1.0)
        jobs: list[Job] = recorder.jobs()
        for finding in await verifier.look(jobs):
            if finding.error:
                print(finding.error)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--people", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options.seconds, options.people, Path(folder)))


if __name__ == "__main__":
    main()
