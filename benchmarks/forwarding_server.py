"""The server under test of `benchmarks.forwarding`: ours, or aiortc's `MediaRelay`.

Speaks JSON lines on its standard input and output; ends when the input does.
"""

import asyncio
import json
import logging
import sys
from typing import Any, Protocol

import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy

from signaling.aiortc_engine import AiortcEngine
from signaling.engine import SOURCES, HearingSpace
from signaling.media_room import ForwardingRoom


class Server(Protocol):
    """What the driver can ask for."""

    async def publish(self, seat: str, text: str) -> str:
        """Answer an offer."""

    async def subscribe(self, seat: str, text: str) -> str:
        """Offer everything that is published."""

    async def subscribed(self, seat: str, text: str) -> str:
        """Take the answer."""

    async def count(self, seat: str, text: str) -> int:
        """Packets sent to subscribers so far."""


class Ours:
    """The engine of this repository."""

    room: ForwardingRoom

    async def start(self) -> None:
        self.room = await AiortcEngine(hosts=("127.0.0.1",)).open("s", lambda event: None)

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

    async def count(self, seat: str, text: str) -> int:
        seats = self.room.forwarder.seats.values()
        repeated = sum(item.subscriber.repeated for item in seats if item.subscriber)
        return self.room.forwarder.counters.forwarded + repeated


class Relay:
    """The documented way with aiortc: decode once, encode for every subscriber."""

    async def start(self) -> None:
        self.relay = MediaRelay()
        self.tracks: list[MediaStreamTrack] = []
        self.connections: dict[str, RTCPeerConnection] = {}

    def _connection(self, seat: str) -> RTCPeerConnection:
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.connections[seat] = RTCPeerConnection(configuration)
        return self.connections[seat]

    async def publish(self, seat: str, text: str) -> str:
        connection = self._connection(seat)
        found: list[MediaStreamTrack] = []
        connection.on("track", found.append)
        await connection.setRemoteDescription(RTCSessionDescription(text, "offer"))
        self.tracks += found[:2]  # the third section is a screen that nobody shares
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

    async def count(self, seat: str, text: str) -> int:
        total = 0
        for name, connection in self.connections.items():
            if name.startswith("s"):
                for sender in connection.getSenders():
                    for report in (await sender.getStats()).values():
                        total += getattr(report, "packetsSent", 0) * (report.type == "outbound-rtp")
        return total


async def main(kind: str) -> None:
    """Serve the driver."""
    server: Any = Ours() if kind == "mahdar" else Relay()
    await server.start()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        what, seat, text = json.loads(line)
        print(json.dumps(await getattr(server, what)(seat, text)), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    uvloop.run(main(sys.argv[1]))
