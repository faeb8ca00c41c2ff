"""A server under test of `benchmarks.forwarding`: ours, or aiortc's `MediaRelay`.

Speaks JSON lines on its standard input and output; ends when the input does. Arguments: which, and
a folder to record into (empty: do not record).
"""

import asyncio
import contextlib
import gc
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder, MediaRelay
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy

import logs
from recordings import keys
from recordings.proof import Verifier
from recordings.recorder import SittingRecorder
from recordings.track import Event, Interval, TrackWriter
from recordings.vault import Vault
from recordings.writer import Writer
from signaling.aiortc_engine import AiortcEngine
from signaling.engine import SOURCES, HearingSpace
from signaling.load import spare_collector
from signaling.media_room import ForwardingRoom

KEY = "bench.key"
"""Where a trial's key lies, so that a test can read what was recorded."""
SITTING = "bench"


class Server(Protocol):
    """What the driver can ask for."""

    async def publish(self, seat: str, text: str) -> str:
        """Answer an offer."""

    async def subscribe(self, seat: str, text: str) -> str:
        """Offer everything that is published."""

    async def subscribed(self, seat: str, text: str) -> str:
        """Take the answer."""


class Recording:
    """The real recorder as the desk runs it: encrypting, syncing, and a second process that
    decodes what was written."""

    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()

        def emit(writing: TrackWriter, event: Event) -> None:
            loop.call_soon_threadsafe(self.recorder.told, writing, event)

        key = keys.new_key()
        (folder / KEY).write_bytes(key)
        writer = Writer(Vault(folder), emit)
        self.recorder = SittingRecorder(SITTING, key, writer, time.monotonic_ns)
        writer.start()
        self.recorder.begin(Interval(SITTING, 0, time.monotonic_ns()))
        self.recorder.accept()

    async def prove(self) -> None:
        """Look every second at what was written. Runs until cancelled."""
        verifier = Verifier()
        await verifier.open()
        try:
            while True:
                await asyncio.sleep(1.0)
                self.recorder.facts.clear()
                for finding in await verifier.look(self.recorder.jobs()):
                    if finding.error:
                        print(finding.error, file=sys.stderr)
        finally:
            await verifier.close()


class Ours:
    """The engine of this repository."""

    room: ForwardingRoom
    _proof: asyncio.Task[None] | None = None

    async def start(self, host: str, folder: str) -> None:
        self.room = await AiortcEngine(hosts=(host,)).open("s", lambda event: None)
        if folder:
            recording = Recording(Path(folder))
            self.room.attach(HearingSpace("s"), recording.recorder)
            self._proof = asyncio.create_task(recording.prove())

    async def leave(self, seat: str, text: str) -> str:
        """Somebody goes, for `tools.soak`."""
        await self.room.leave(seat)
        return ""

    async def state(self, seat: str, text: str) -> str:
        """What cannot be seen from outside, for `tools.soak`."""
        gc.collect()
        counters = self.room.forwarder.counters
        return json.dumps(
            {
                "tasks": len(asyncio.all_tasks()),
                "failed": counters.failed,
                "malformed": counters.malformed,
            }
        )

    async def stop(self) -> None:
        if self._proof is not None:
            self._proof.cancel()
            await asyncio.gather(self._proof, return_exceptions=True)

    def _admit(self, seat: str) -> None:
        self.room.permit(seat, frozenset(SOURCES))
        self.room.place(seat, HearingSpace("s"))

    async def publish(self, seat: str, text: str) -> str:
        self._admit(seat)
        return await self.room.publish(seat, seat, text)

    async def subscribe(self, seat: str, text: str) -> str:
        self._admit(seat)
        return await self.room.subscribe(seat, seat)

    async def subscribed(self, seat: str, text: str) -> str:
        await self.room.subscribed(seat, seat, text)
        return ""


class Relay:
    """The documented way with aiortc: decode once, encode for every subscriber; and encode once
    more for its recorder."""

    async def start(self, host: str, folder: str) -> None:
        self.relay = MediaRelay()
        self.tracks: list[MediaStreamTrack] = []
        self.connections: dict[str, RTCPeerConnection] = {}
        self.folder = folder

    async def stop(self) -> None:
        """The process ends anyway."""

    def _connection(self, seat: str) -> RTCPeerConnection:
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.connections[seat] = RTCPeerConnection(configuration)
        return self.connections[seat]

    async def publish(self, seat: str, text: str) -> str:
        connection = self._connection(seat)
        found: list[MediaStreamTrack] = []
        connection.on("track", found.append)
        await connection.setRemoteDescription(RTCSessionDescription(text, "offer"))
        del found[2:]  # the third section is a screen that nobody shares
        self.tracks += found
        if self.folder:
            recorder = MediaRecorder(str(Path(self.folder) / f"{seat}.webm"))
            for track in found:
                recorder.addTrack(self.relay.subscribe(track))
            await recorder.start()
        await connection.setLocalDescription()
        return connection.localDescription.sdp

    async def subscribe(self, seat: str, text: str) -> str:
        connection = self._connection(seat)
        for track in self.tracks:
            connection.addTransceiver(self.relay.subscribe(track), "sendonly")
        await connection.setLocalDescription()
        return connection.localDescription.sdp

    async def subscribed(self, seat: str, text: str) -> str:
        await self.connections[seat].setRemoteDescription(RTCSessionDescription(text, "answer"))
        return ""


async def main(kind: str, host: str, folder: str) -> None:
    """Serve the driver."""
    server: Any = Ours() if kind == "mahdar" else Relay()
    await server.start(host, folder)
    spare_collector()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps("ready"), flush=True)
    while line := await reader.readline():
        what, seat, text = json.loads(line)
        print(json.dumps(await getattr(server, what)(seat, text)), flush=True)
    await server.stop()


if __name__ == "__main__":
    logging.getLogger("aioice").setLevel(logging.WARNING)
    logs.configure()  # to standard error: the output is the driver's
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(*sys.argv[1:]))
