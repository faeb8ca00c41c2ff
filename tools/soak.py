"""The media plane for hours: python -m tools.soak --hours 8 (or --minutes 5).

A server process (our engine, the real recorder, the process that proves the record) carries a
hearing of two people who send and two who listen, over real sockets. Their sequence numbers and
timestamps wrap soon after the start; guests join and leave the whole time. At the end all leave,
and memory, threads, sockets and tasks must be back where they were after a first such round.
Prints a table; exit status 1 when a limit is broken.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import uvloop
from aiortc.rtcdtlstransport import RTCCertificate
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import Counts, Publisher, Subscriber, pictures, sounds
from benchmarks.targets import Child

HOST = "127.0.0.1"
GUESTS = 200
AT_ONCE = 4
STAY_S = 1.0
REST_S = 5.0
"""After everybody left: sockets close, files are finished."""
WRAP_AFTER_S = 20
"""The forced wraps come so long after the start."""
RSS_LIMIT_MB = 50
GAP_LIMIT_S = 2.0
JOIN_LIMIT_S = 5.0
"""A guest that waits longer for a picture counts as failed (timing itself gates nothing)."""

LATE, LONGEST = "of them without a picture in time", "longest time without a picture"
TIMED = (LATE, LONGEST)


class Listener(Subscriber):
    """A subscriber that notes the longest time without a picture from those who stay."""

    def __init__(self, certificate: RTCCertificate, counts: Counts, host: str) -> None:
        super().__init__(certificate, counts, host)
        self.longest_s = 0.0
        self._last: dict[bytes, int] = {}
        self._watched: frozenset[bytes] = frozenset()

    def watch(self) -> None:
        """Who is seen now stays; who comes later may go."""
        self._watched = frozenset(self._last)

    def _picture(self, data: bytes, at: int) -> None:
        ssrc = data[8:12]
        if ssrc in self._watched:
            self.longest_s = max(self.longest_s, (at - self._last[ssrc]) / 1e9)
        self._last[ssrc] = at
        super()._picture(data, at)


@dataclass(frozen=True)
class State:
    """What a server process holds."""

    rss_mb: float
    threads: int
    descriptors: int
    tasks: int
    failed: int
    """Exceptions that were contained."""
    malformed: int


class Soak:
    """One run."""

    def __init__(self, folder: Path) -> None:
        self.server = Child("mahdar", folder, HOST, recording=True)
        self.folder = folder
        self.counts = Counts()
        self.joined = self.late = 0
        self._certificate = RTCCertificate.generateCertificate()
        self._video, self._audio = pictures(), sounds()
        self._guests = 0

    async def state(self) -> State:
        """Ask the process, and the system about it."""
        inside = json.loads(await self.server.ask("state"))
        with self._process.oneshot():
            return State(
                self._process.memory_info().rss / 1e6,
                self._process.num_threads(),
                self._process.num_fds(),
                **inside,
            )

    async def publisher(self, seat: str, *, wrap: bool = False) -> "Peer":
        """Somebody who sends."""
        peer = Publisher(self._certificate, self.counts, HOST)
        if wrap:
            peer.first_sequence = (1 << 16) - WRAP_AFTER_S * 50
            sound, picture = ((1 << 32) - WRAP_AFTER_S * rate for rate in (48_000, 90_000))
            peer.first_timestamps = sound, picture
        join = peer.join(partial(self.server.publish, seat), self._video, self._audio)
        return await self._enter(seat, peer, join, peer.up)

    async def listener(self, seat: str) -> "Peer":
        """Somebody who listens."""
        peer = Listener(self._certificate, self.counts, HOST)
        join = peer.join(
            partial(self.server.subscribe, seat), partial(self.server.subscribed, seat)
        )
        return await self._enter(seat, peer, join, peer.saw_picture)

    async def _enter(
        self,
        seat: str,
        peer: Publisher | Subscriber,
        join: Coroutine[None, None, None],
        ready: asyncio.Event,
    ) -> "Peer":
        task = asyncio.create_task(join)
        entered = Peer(seat, peer, task)
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait(
            {waiting, task}, timeout=JOIN_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        self.joined += ready.is_set()
        self.late += not ready.is_set()
        return entered

    async def leave(self, peer: "Peer") -> None:
        """Away, the server told first, as a page does."""
        await self.server.ask("leave", peer.seat)
        peer.task.cancel()
        await asyncio.gather(peer.task, return_exceptions=True)
        await peer.client.link.close()

    async def guest(self) -> None:
        """Join, stay a moment, leave; every other one sends too."""
        self._guests += 1
        seat = f"g{self._guests}"
        peers = [await self.listener(seat)]
        if self._guests % 2:
            peers.append(await self.publisher(f"{seat}p"))
        await asyncio.sleep(STAY_S)
        for peer in peers:
            await self.leave(peer)

    async def run(self, seconds: float, guests: int, tell: Callable[[str], None]) -> "Result":
        """The whole of it."""
        self._process = psutil.Process(await self.server.start())
        tell("a first round")
        first = [await self.publisher("w0"), await self.listener("w1")]
        await asyncio.gather(*(self.guest() for _ in range(AT_ONCE)))
        for peer in first:
            await self.leave(peer)
        await asyncio.sleep(REST_S)
        before = await self.state()
        self.counts, self.joined, self.late = Counts(), 0, 0
        people = [await self.publisher(f"p{index}", wrap=True) for index in range(2)]
        people += [await self.listener(f"s{index}") for index in range(2)]
        heard = [peer.client for peer in people if isinstance(peer.client, Listener)]
        await asyncio.sleep(2)
        for item in heard:
            item.watch()
        await self._come_and_go(seconds, guests, tell)
        sent = [peer.client for peer in people if isinstance(peer.client, Publisher)]
        result = Result(
            before,
            before,
            guests,
            self.late,
            max(item.longest_s for item in heard),
            sum(item.wraps for item in sent),
            self.counts.received,
            sum(path.stat().st_size for path in self.folder.rglob("*.seg")) / 1e6,
        )
        for peer in people:
            await self.leave(peer)
        await asyncio.sleep(REST_S)
        result.after = await self.state()
        await self.server.stop()
        return result

    async def _come_and_go(self, seconds: float, guests: int, tell: Callable[[str], None]) -> None:
        began, slots = time.monotonic(), asyncio.Semaphore(AT_ONCE)

        async def one(index: int) -> None:
            await asyncio.sleep(max(0.0, began + seconds * index / guests - time.monotonic()))
            async with slots:
                await self.guest()
            if (index + 1) % max(1, guests // 10) == 0:
                state = await self.state()
                tell(f"{index + 1} guests, {time.monotonic() - began:.0f} s: {state.rss_mb:.0f} MB")

        await asyncio.gather(*(one(index) for index in range(guests)))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))


@dataclass(frozen=True)
class Peer:
    """A participant and what runs it."""

    seat: str
    client: Publisher | Subscriber
    task: "asyncio.Task[None]"


@dataclass
class Result:
    """What a run found."""

    before: State
    after: State
    guests: int
    late: int
    longest_s: float
    wraps: int
    received: int
    recorded_mb: float

    def rows(self) -> list[tuple[str, str, str, bool]]:
        """What, found, limit, kept."""
        before, after = self.before, self.after
        grown = after.rss_mb - before.rss_mb
        return [
            ("guests that came and went", str(self.guests), "", True),
            (LATE, str(self.late), "0", self.late == 0),
            (LONGEST, f"{self.longest_s:.2f} s", f"{GAP_LIMIT_S:.0f} s",
             self.longest_s <= GAP_LIMIT_S),
            ("wraps of numbers and timestamps", str(self.wraps), "8 or more", self.wraps >= 8),
            ("packets received", f"{self.received:,}", "", self.received > 0),
            ("recorded", f"{self.recorded_mb:.1f} MB", "more than 0", self.recorded_mb > 0),
            ("memory", f"{before.rss_mb:.0f} -> {after.rss_mb:.0f} MB", f"+{RSS_LIMIT_MB} MB",
             grown < RSS_LIMIT_MB),
            ("threads", f"{before.threads} -> {after.threads}", "as before",
             after.threads <= before.threads),
            ("sockets and files", f"{before.descriptors} -> {after.descriptors}", "as before",
             after.descriptors <= before.descriptors),
            ("tasks", f"{before.tasks} -> {after.tasks}", "as before", after.tasks <= before.tasks),
            ("exceptions", str(after.failed), "0", after.failed == 0),
            ("malformed packets", str(after.malformed), "0", after.malformed == 0),
        ]  # fmt: skip

    def broken(self, *, timed: bool) -> list[str]:
        """Limits that were not kept; without `timed` those that a busy machine can break are left
        out."""
        return [
            what for what, _, _, kept in self.rows() if not kept and (timed or what not in TIMED)
        ]


def soak(seconds: float, guests: int, tell: Callable[[str], None]) -> Result:
    """Run it in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        return uvloop.run(Soak(Path(folder)).run(seconds, guests, tell))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    duration = parser.add_mutually_exclusive_group()
    duration.add_argument("--hours", type=float)
    duration.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument(
        "--untimed", action="store_true", help="let no time decide: for a busy machine"
    )
    given = parser.parse_args()
    seconds = given.hours * 3600 if given.hours else given.minutes * 60
    console = Console(stderr=True)
    result = soak(seconds, given.guests, console.print)
    table = Table("what", "found", "limit", "", title=f"Soak of {seconds:.0f} s")
    for what, found, limit, kept in result.rows():
        table.add_row(what, found, limit, "" if kept else "[bold red]broken[/]")
    Console().print(table)
    return 1 if result.broken(timed=not given.untimed) else 0


if __name__ == "__main__":
    sys.exit(main())
