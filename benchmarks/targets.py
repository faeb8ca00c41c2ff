"""Servers to measure, each in a process of its own: one way to start, drive and end all of them."""

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.janus import Janus
from benchmarks.target import CannotRun, Target

STOP_S = 5.0
"""For the process that proves the record to end too."""


class Child:
    """`benchmarks.forwarding_server`, driven by JSON lines."""

    def __init__(self, kind: str, folder: Path, host: str, *, recording: bool) -> None:
        self._arguments = kind, host, str(folder) if recording else ""
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> int:
        """See `Target`."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.forwarding_server",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        await self._answer()
        return self._process.pid

    async def _answer(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise CannotRun("the server ended")
        return str(json.loads(line))

    async def ask(self, what: str, seat: str = "", text: str = "") -> str:
        """One question, one answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._lock:
            self._process.stdin.write(json.dumps([what, seat, text]).encode() + b"\n")
            return await self._answer()

    async def publish(self, seat: str, offer: str) -> str:
        """See `Target`."""
        return await self.ask("publish", seat, offer)

    async def subscribe(self, seat: str) -> str:
        """See `Target`."""
        return await self.ask("subscribe", seat)

    async def subscribed(self, seat: str, answer: str) -> None:
        """See `Target`."""
        await self.ask("subscribed", seat, answer)

    async def stop(self) -> None:
        """See `Target`."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def make(engine: str, folder: Path, host: str, *, recording: bool) -> Target:
    """The server of that name."""
    if engine == "janus":
        return Janus(folder, recording=recording)
    return Child(engine, folder, host, recording=recording)
