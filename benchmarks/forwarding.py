"""The media plane beside Janus VideoRoom and aiortc's `MediaRelay`, in one run.

    python -m benchmarks.forwarding [--quick] [--out FILE.json] [--engine NAME] [--shape PxS]
                                    [--recording off] [--repeats N]

Publishers send pre-encoded VP8 1280x720 at 30 a second and 1.2 Mb/s and opus at 50 packets a
second, with the header extensions of a browser; subscribers take everything, send receiver
reports and ask for 1 % of the video again. The load is the same for every server and comes from
this process; the server is a process of its own. docs/performance.md says how each figure is
taken and what it does not show.
"""

import argparse
import asyncio
import json
import platform
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop
from aiortc.rtcdtlstransport import RTCCertificate
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import Counts, Publisher, Subscriber, pictures, sounds
from benchmarks.target import CannotRun, Target
from benchmarks.targets import make

Shape = tuple[int, int]
SHAPES: tuple[Shape, ...] = ((1, 4), (4, 8), (6, 16), (12, 12))
QUICK_SHAPES: tuple[Shape, ...] = ((1, 4), (6, 16))
ENGINES = ("mahdar", "janus", "mediarelay")
SETTLE_S = 2.0
RAMP_S = 30.0
"""Longest time to wait until a server has found out what the lines carry and sends everything."""
WHOLE = 0.995
FULL = 0.9
"""A process that uses more of a core than this may be the bottleneck."""
RELAY_SHAPE: Shape = (1, 4)
RELAY_NOTE = "decodes every stream and encodes every copy: {} encoders of 720p on {} cores"
console = Console(stderr=True)


@dataclass(frozen=True)
class Row:
    """One cell. None: not measured, `note` says why."""

    engine: str
    publishers: int
    subscribers: int
    recording: bool
    cpu_us_per_packet: float | None = None
    """CPU of the server process, user and system, per packet that reached a subscriber."""
    delay_p50_ms: float | None = None
    delay_p99_ms: float | None = None
    """From a publisher's sendto to the kernel's time of arrival at a subscriber's socket, of the
    last packet of each picture."""
    rss_mb_per_seat: float | None = None
    """Growth of the server's memory from before the first peer, over all seats."""
    join_p95_ms: float | None = None
    """From asking for a subscription to the first packet of a keyframe."""
    packets_per_second: float | None = None
    """That reached subscribers."""
    delivered: float | None = None
    """Share of what all publishers sent to all subscribers."""
    server_cores: float | None = None
    proof_cores: float | None = None
    """The process that decodes what was recorded; not in `cpu_us_per_packet`."""
    generator_cores: float | None = None
    """The process that plays all participants."""
    note: str = ""


class Crowd:
    """Synthetic participants of one cell."""

    def __init__(self, target: Target, host: str) -> None:
        self.counts = Counts()
        self._target, self._host = target, host
        self._certificate = RTCCertificate.generateCertificate()
        self._peers: list[tuple[Publisher | Subscriber, asyncio.Task[None]]] = []

    async def publisher(self, seat: str, video: list[list[bytes]], audio: list[bytes]) -> None:
        """One more that sends; returns when it is connected."""
        peer = Publisher(self._certificate, self.counts, self._host)
        join = peer.join(partial(self._target.publish, seat), video, audio)
        await self._run(peer, asyncio.create_task(join), peer.up)

    async def subscriber(self, seat: str) -> None:
        """One more that receives; returns when it has a keyframe."""
        peer = Subscriber(self._certificate, self.counts, self._host)
        join = peer.join(
            partial(self._target.subscribe, seat), partial(self._target.subscribed, seat)
        )
        await self._run(peer, asyncio.create_task(join), peer.saw_picture)

    async def _run(
        self, peer: Publisher | Subscriber, task: asyncio.Task[None], ready: asyncio.Event
    ) -> None:
        self._peers.append((peer, task))
        waiting = asyncio.create_task(ready.wait())
        try:
            async with asyncio.timeout(20):
                await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if task.done():
            task.result()

    async def settle(self, subscribers: int) -> None:
        """Wait until everybody gets everything, or for a while."""
        await asyncio.sleep(SETTLE_S)
        for _ in range(int(RAMP_S)):
            sent, received = self.counts.sent, self.counts.received
            await asyncio.sleep(1)
            wanted = (self.counts.sent - sent) * subscribers
            if self.counts.received - received >= wanted * WHOLE:
                return

    async def leave(self) -> None:
        """End all."""
        for _, task in self._peers:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._peers), return_exceptions=True)
        await asyncio.gather(*(peer.link.close() for peer, _ in self._peers))


@dataclass(frozen=True)
class Usage:
    """What was used until a moment: seconds, CPU seconds, packets."""

    at: float
    server: float
    proof: float
    generator: float
    sent: int
    received: int

    @classmethod
    def now(cls, server: psutil.Process, counts: Counts) -> "Usage":
        """Look at the processes and the counters."""
        return cls(
            time.monotonic(),
            sum(server.cpu_times()[:2]),
            sum(sum(child.cpu_times()[:2]) for child in server.children()),
            time.process_time(),
            counts.sent,
            counts.received,
        )


class Load:
    """The encoded material that all cells send."""

    def __init__(self) -> None:
        self.video, self.audio = pictures(), sounds()
        self.host = own_address()


def own_address() -> str:
    """An address of this machine that is not loopback, since Janus does not take that one."""
    for addresses in psutil.net_if_addrs().values():
        for item in addresses:
            if item.family.name == "AF_INET" and not item.address.startswith("127."):
                return str(item.address)
    return "127.0.0.1"


async def measure(row: Row, seconds: float, load: Load) -> Row:
    """Fill in one cell."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        target = make(row.engine, Path(folder), load.host, recording=row.recording)
        crowd = Crowd(target, load.host)
        try:
            server = psutil.Process(await target.start())
            empty = server.memory_info().rss
            for index in range(row.publishers):
                await crowd.publisher(f"p{index}", load.video, load.audio)
            for index in range(row.subscribers):
                await crowd.subscriber(f"s{index}")
            await crowd.settle(row.subscribers)
            crowd.counts.delays.clear()
            before = Usage.now(server, crowd.counts)
            await asyncio.sleep(seconds)
            after = Usage.now(server, crowd.counts)
            grown = server.memory_info().rss - empty
        except (CannotRun, TimeoutError, ConnectionError, OSError) as error:
            return replace(row, note=str(error) or type(error).__name__)
        finally:
            await crowd.leave()
            await target.stop()
    return _fill(row, before, after, crowd.counts, grown)


def _fill(row: Row, before: Usage, after: Usage, counts: Counts, grown: int) -> Row:
    elapsed = after.at - before.at
    arrived = after.received - before.received
    if not arrived:
        return replace(row, note="no packet arrived")
    delays = sorted(counts.delays)
    joins = sorted(counts.joins)
    row = replace(
        row,
        cpu_us_per_packet=round((after.server - before.server) / arrived * 1e6, 2),
        rss_mb_per_seat=round(grown / (row.publishers + row.subscribers) / 1e6, 2),
        join_p95_ms=round(_quantile(joins, 0.95) * 1000, 1),
        packets_per_second=round(arrived / elapsed, 1),
        delivered=round(arrived / ((after.sent - before.sent) * row.subscribers), 4),
        server_cores=round((after.server - before.server) / elapsed, 3),
        proof_cores=round((after.proof - before.proof) / elapsed, 3),
        generator_cores=round((after.generator - before.generator) / elapsed, 3),
    )
    if delays:
        row = replace(
            row,
            delay_p50_ms=round(_quantile(delays, 0.5) / 1e6, 3),
            delay_p99_ms=round(_quantile(delays, 0.99) / 1e6, 3),
        )
    return replace(row, note=_note(row))


def _note(row: Row) -> str:
    notes = []
    if row.delay_p50_ms is None:
        notes.append("no delay: the packets are encoded anew, the mark in them is lost")
    if row.delivered is not None and row.delivered < 0.99:
        notes.append("saturated: packets were lost")
    if row.generator_cores is not None and row.generator_cores > FULL:
        notes.append("the load generator was the bottleneck")
    return "; ".join(notes)


def _quantile(values: list[Any], share: float) -> Any:
    return values[min(len(values) - 1, int(len(values) * share))]


def cells(engines: tuple[str, ...], shapes: tuple[Shape, ...], everything: bool) -> list[Row]:
    """All rows of the table, those that are not run with their reason."""
    rows = []
    for publishers, subscribers in shapes:
        for recording in (False, True):
            for engine in engines:
                row = Row(engine, publishers, subscribers, recording)
                if engine == "mediarelay" and (publishers, subscribers) != RELAY_SHAPE:
                    encoders = publishers * (subscribers + recording)
                    note = RELAY_NOTE.format(encoders, psutil.cpu_count())
                    row = row if everything else replace(row, note=note)
                rows.append(row)
    return rows


async def run(rows: list[Row], seconds: float, load: Load) -> list[Row]:
    """Measure what has no note yet, one after another."""
    done = []
    for row in rows:
        if not row.note:
            recording = "recording" if row.recording else "not recording"
            console.print(f"{row.engine} {row.publishers} x {row.subscribers}, {recording}")
            row = await measure(row, seconds, load)
        done.append(row)
    return done


COLUMNS = (
    ("us/packet", "cpu_us_per_packet", "{:,.1f}"),
    ("p50 ms", "delay_p50_ms", "{:.2f}"),
    ("p99 ms", "delay_p99_ms", "{:.2f}"),
    ("MB/seat", "rss_mb_per_seat", "{:.2f}"),
    ("join p95 ms", "join_p95_ms", "{:.0f}"),
    ("packets/s", "packets_per_second", "{:,.0f}"),
    ("delivered", "delivered", "{:.1%}"),
    ("server", "server_cores", "{:.0%}"),
    ("proof", "proof_cores", "{:.0%}"),
    ("load", "generator_cores", "{:.0%}"),
)


def show(rows: list[Row]) -> None:
    """Print the table. The ratio is ours over the other's CPU per packet in the same cell."""
    ours = {
        (row.publishers, row.subscribers, row.recording): row.cpu_us_per_packet
        for row in rows
        if row.engine == "mahdar"
    }
    table = Table(title="Forwarding; server, proof and load are shares of one core")
    for name in ("P x S", "record", "engine", *(name for name, _, _ in COLUMNS), "ours/it", "note"):
        table.add_column(name, justify="left" if name in ("engine", "note") else "right")
    for row in rows:
        mine = ours.get((row.publishers, row.subscribers, row.recording))
        cost = row.cpu_us_per_packet
        values = [(getattr(row, key), form) for _, key, form in COLUMNS]
        table.add_row(
            f"{row.publishers} x {row.subscribers}",
            "on" if row.recording else "off",
            row.engine,
            *("" if value is None else form.format(value) for value, form in values),
            f"{mine / cost:.2f}" if mine and cost and row.engine != "mahdar" else "",
            row.note,
        )
    Console(width=None if Console().is_terminal else 170).print(table)


def spread(rounds: list[list[Row]]) -> list[str]:
    """Per cell, our cost by Janus's of the same round: the median of all rounds, and its ends."""
    found: dict[tuple[int, int, bool], list[float]] = {}
    for rows in rounds:
        cost = {(row.engine, *_cell(row)): row.cpu_us_per_packet for row in rows}
        for cell in dict.fromkeys(_cell(row) for row in rows):
            ours, theirs = cost.get(("mahdar", *cell)), cost.get(("janus", *cell))
            if ours and theirs:
                found.setdefault(cell, []).append(ours / theirs)
    return [
        f"{publishers} x {subscribers}, recording {'on' if recording else 'off'}: ours/Janus "
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} rounds)"
        for (publishers, subscribers, recording), ratios in found.items()
    ]


def _cell(row: Row) -> tuple[int, int, bool]:
    return row.publishers, row.subscribers, row.recording


def machine() -> dict[str, Any]:
    """On what this was measured."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": psutil.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _shape(text: str) -> Shape:
    publishers, subscribers = text.split("x")
    return int(publishers), int(subscribers)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Forwarding, beside Janus and MediaRelay.")
    parser.add_argument("--quick", action="store_true", help="two sizes, 2 s each")
    parser.add_argument("--out", type=Path, help="write the rows as JSON too")
    parser.add_argument("--seconds", type=float, help="of measurement in each cell")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--shape", action="append", type=_shape, help="such as 4x8")
    parser.add_argument("--recording", choices=("off", "on"), help="only so; both when not given")
    parser.add_argument("--repeats", type=int, default=1, help="rounds of all rows")
    parser.add_argument(
        "--relay-everywhere",
        action="store_true",
        help="run MediaRelay at every size (it saturates the machine)",
    )
    given = parser.parse_args()
    shapes = tuple(given.shape or (QUICK_SHAPES if given.quick else SHAPES))
    seconds = given.seconds or (2.0 if given.quick else 8.0)
    rows = cells(tuple(given.engine or ENGINES), shapes, given.relay_everywhere)
    rows = [row for row in rows if given.recording in (None, "on" if row.recording else "off")]
    console.print("encoding the test pictures")
    load = Load()
    rounds = [uvloop.run(run(rows, seconds, load)) for _ in range(given.repeats)]
    for done in rounds:
        show(done)
    print(*spread(rounds), sep="\n")
    rows = [row for done in rounds for row in done]
    if given.out:
        found = {"suite": "media", "seconds": seconds, "machine": machine()}
        given.out.write_text(json.dumps(found | {"rows": [asdict(row) for row in rows]}, indent=1))


if __name__ == "__main__":
    main()
