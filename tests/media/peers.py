"""Synthetic publishers and subscribers of one room, in this process or in a worker."""

import asyncio
from typing import Any, Generic, TypeVar

from aiortc.rtcdtlstransport import RTCCertificate

from benchmarks.synthetic import Client, Counts, Publisher, Subscriber
from signaling.engine import SOURCES, HearingSpace, MediaRoom
from tests.media.browser import until

Peer = TypeVar("Peer", Publisher, Subscriber)
Room = TypeVar("Room", bound=MediaRoom)
PICTURE, SOUND = [[b"\x00" * 500] * 3, [b"\x01" * 200]], [b"sound"] * 50


class Peers(Generic[Room]):
    """Publishers and subscribers of one room, ended together."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.counts = Counts()
        self.certificate = RTCCertificate.generateCertificate()
        self._running: list[tuple[Client, asyncio.Task[None]]] = []

    def admit(self, seat: str) -> None:
        self.room.permit(seat, frozenset(SOURCES))
        self.room.place(seat, HearingSpace(self.room.sitting))

    async def publisher(self, seat: str, name: str = "p1", admit: bool = True) -> Publisher:
        if admit:
            self.admit(seat)
        peer = Publisher(self.certificate, self.counts)

        async def publish(offer: str) -> str:
            return await self.room.publish(seat, name, offer)

        return await self._run(peer, asyncio.create_task(peer.join(publish, PICTURE, SOUND)))

    async def subscriber(self, seat: str, name: str = "s1", admit: bool = True) -> Subscriber:
        if admit:
            self.admit(seat)
        peer = Subscriber(self.certificate, self.counts)

        async def subscribe() -> str:
            return await self.room.subscribe(seat, name)

        async def answer(text: str) -> None:
            await self.room.subscribed(seat, name, text)

        return await self._run(peer, asyncio.create_task(peer.join(subscribe, answer)))

    async def _run(self, peer: Peer, task: asyncio.Task[None]) -> Peer:
        self._running.append((peer, task))
        up = asyncio.create_task(peer.up.wait())
        await asyncio.wait({up, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            up.cancel()
            await task
        return peer

    async def stall(self, peer: Client) -> None:
        """It does nothing any more, and its sockets stay open."""
        task = next(task for other, task in self._running if other is peer)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        for _, task in self._running:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
        await asyncio.gather(*(peer.link.close() for peer, _ in self._running))


async def growing(peers: Peers[Any], by: int = 30) -> None:
    """Wait until subscribers have received that many packets more."""
    goal = peers.counts.received + by

    async def received() -> int:
        return peers.counts.received

    await until(received, lambda count: count >= goal)
