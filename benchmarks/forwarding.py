"""Server CPU per forwarded packet, ours and aiortc's `MediaRelay`, in one run.

    python -m benchmarks.forwarding [--quick] [--relay-everywhere]

Publishers send VP8 1280x720 at 30 fps and 1.2 Mb/s and opus at 50 packets a second, with the
header extensions of a browser; subscribers send receiver reports and ask for 1 % of the video
again. The server is a process of its own; its CPU time (user and system) is divided by the packets
that it sent to subscribers. Clients run in this process and may be the bottleneck: `arrived` tells.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from functools import partial

import psutil  # type: ignore[import-untyped]
import uvloop
from aiortc.rtcdtlstransport import RTCCertificate
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import Counts, Publisher, Subscriber, pictures, sounds

SHAPES = ((1, 4), (4, 8), (6, 16))


@dataclass(frozen=True)
class Result:
    """One measurement."""

    server: str
    publishers: int
    subscribers: int
    seconds: float
    cpu: float
    sent: int
    arrived: int

    @property
    def microseconds(self) -> float:
        """CPU per packet sent to a subscriber."""
        return self.cpu / self.sent * 1e6 if self.sent else float("nan")


class Server:
    """A server process and a line to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.usage = psutil.Process(process.pid)
        self._lock = asyncio.Lock()

    async def ask(self, what: str, seat: str = "", text: str = "") -> str:
        """One question, one answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        async with self._lock:
            self.process.stdin.write(json.dumps([what, seat, text]).encode() + b"\n")
            line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the server ended")
        return json.loads(line)  # type: ignore[no-any-return]

    def cpu(self) -> float:
        """Seconds of user and system time so far."""
        times = self.usage.cpu_times()
        return float(times.user + times.system)


async def measure(
    kind: str, shape: tuple[int, int], seconds: float, video: list[list[bytes]], audio: list[bytes]
) -> Result:
    """Start a server and its clients, let them settle for 2 s, measure."""
    publishers, subscribers = shape
    server = Server(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.forwarding_server",
            kind,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
    )
    certificate, counts = RTCCertificate.generateCertificate(), Counts()
    clients: list[Publisher | Subscriber] = []
    tasks: list[asyncio.Task[None]] = []

    async def start(client: Publisher | Subscriber, task: asyncio.Task[None]) -> None:
        clients.append(client)
        tasks.append(task)
        up = asyncio.create_task(client.up.wait())
        await asyncio.wait({up, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            up.cancel()
            task.result()

    try:
        for index in range(publishers):
            seat = f"p{index}"
            sender = Publisher(certificate, counts)
            join = sender.join(partial(server.ask, "publish", seat), video, audio)
            await start(sender, asyncio.create_task(join))
        for index in range(subscribers):
            seat = f"s{index}"
            receiver = Subscriber(certificate, counts)
            joining = receiver.join(
                partial(server.ask, "subscribe", seat), partial(server.ask, "subscribed", seat)
            )
            await start(receiver, asyncio.create_task(joining))
        await asyncio.sleep(2)
        began, cpu = asyncio.get_running_loop().time(), server.cpu()
        sent, arrived = int(await server.ask("count")), counts.received
        await asyncio.sleep(seconds)
        cpu = server.cpu() - cpu
        sent, arrived = int(await server.ask("count")) - sent, counts.received - arrived
        elapsed = asyncio.get_running_loop().time() - began
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(client.link.close() for client in clients))
        server.process.kill()
        await server.process.wait()
    return Result(kind, publishers, subscribers, elapsed, cpu, sent, arrived)


def show(results: list[Result]) -> None:
    """Print the table; the last column compares with MediaRelay at the same or its only shape."""
    relays = {
        (item.publishers, item.subscribers): item for item in results if item.server != "mahdar"
    }
    table = Table(title="server CPU per forwarded packet")
    for name in (
        "server",
        "P x S",
        "packets/s",
        "arrived",
        "core",
        "us/packet",
        "MediaRelay costs",
    ):
        table.add_column(name, justify="left" if name == "server" else "right")
    for item in results:
        relay = relays.get((item.publishers, item.subscribers)) or next(iter(relays.values()))
        ratio = f"{relay.microseconds / item.microseconds:.0f} x" if item is not relay else ""
        table.add_row(
            item.server,
            f"{item.publishers} x {item.subscribers}",
            f"{item.sent / item.seconds:,.0f}",
            f"{item.arrived / max(1, item.sent):.0%}",
            f"{item.cpu / item.seconds:.0%}",
            f"{item.microseconds:,.1f}",
            ratio,
        )
    Console().print(table)


async def run(seconds: float, relay_everywhere: bool) -> list[Result]:
    """All measurements, one after another."""
    console = Console(stderr=True)
    console.print("encoding the test pictures")
    video, audio = pictures(), sounds()
    results = []
    for shape in SHAPES:
        for kind in ("mahdar", "mediarelay"):
            if kind == "mediarelay" and shape != SHAPES[0] and not relay_everywhere:
                continue
            console.print(f"{kind} {shape[0]} x {shape[1]}")
            results.append(await measure(kind, shape, seconds, video, audio))
    return results


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Server CPU per forwarded packet.")
    parser.add_argument("--quick", action="store_true", help="3 s per measurement instead of 10")
    parser.add_argument(
        "--relay-everywhere",
        action="store_true",
        help="run MediaRelay at every size (it saturates the machine)",
    )
    arguments = parser.parse_args()
    show(uvloop.run(run(3 if arguments.quick else 10, arguments.relay_everywhere)))


if __name__ == "__main__":
    main()
