"""A bad network between a browser and our server: a UDP proxy with faults that repeat.

A `UdpProxy` is the line of one person. It listens on an address of its own (of 127.64.0.0/10) at
the same ports as the server's media sockets, so a description goes through it when the
server's address in it is replaced. The server reads no candidates of the browser; it answers where
the datagrams came from, which is the proxy.

In tests with an engine of their own (`tests/media/browser.py` does it for you):

    async with UdpProxy() as line:
        judge = await hall.enter("judge", line=line)
        line.down.rate = 150_000              # bits per second towards the browser
        line.up.loss = 0.02                   # share of datagrams towards the server
        line.cut()                            # nothing passes, either way
        line.mend()
        line.rebind()                         # the NAT gives new addresses to what is connected
        line.leave()                          # what is connected is dead; new connections work

Without `Hall`: `answer = await line.through(answer)` on each description of the server before the
page gets it.

With the whole product in a process of its own (MAHDAR_MEDIA_HOSTS=127.0.0.1 and a small
MAHDAR_MEDIA_PORTS): `UdpProxy(ports=(first, last))` listens on the whole range; `line.script` is
the page's init script that sends every description through it; `tests/support/bad_network.py` runs
it in a thread, together with the web's half, for tests that are not asynchronous.
"""

import asyncio
import itertools
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

SERVER = "127.0.0.1"
HEADERS = 28
"""IPv4 and UDP headers count on a real line (RFC 791, RFC 768)."""
_numbers = itertools.count(1)

Address = tuple[str, int]


@dataclass
class Direction:
    """Faults of one direction. May be changed at any time; what waits already keeps its time."""

    random: random.Random
    loss: float = 0.0
    """Share of datagrams dropped."""
    blocked: bool = False
    """Drop everything."""
    delay: float = 0.0
    """Seconds added to each."""
    jitter: float = 0.0
    """Up to so many seconds more, drawn for each: later ones overtake earlier ones."""
    rate: int | None = None
    """Bits per second, headers included."""
    queue: float = 0.4
    """Seconds that a datagram may wait for its turn at `rate`; the one that had to wait longer is
    dropped, as in a router's queue."""
    passed: int = 0
    dropped: int = 0
    """Datagrams."""
    busy_until: float = field(default=0.0, repr=False)

    def schedule(self, size: int, now: float) -> float | None:
        """When a datagram of `size` bytes comes out, or None when it is lost."""
        if self.blocked or (self.loss and self.random.random() < self.loss):
            self.dropped += 1
            return None
        at = now
        if self.rate is not None:
            begins = max(now, self.busy_until)
            if begins - now > self.queue:
                self.dropped += 1
                return None
            at = self.busy_until = begins + (size + HEADERS) * 8 / self.rate
        if self.jitter:
            at += self.random.uniform(0.0, self.jitter)
        self.passed += 1
        return at + self.delay


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._take(data, addr)


class _Flow:
    """One address of the browser at one port of the server, and what the server sees of it."""

    def __init__(self, proxy: "UdpProxy", port: int, client: Address) -> None:
        self.proxy, self.port, self.client = proxy, port, client
        self.dead = False
        self._waiting: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._opening: asyncio.Task[None] | None = None

    def rebind(self) -> None:
        """Seen by the server from a new address; the next datagram opens it."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def send(self, data: bytes) -> None:
        """Towards the server."""
        if self.dead:
            return
        if self._transport is not None:
            self._transport.sendto(data)
            return
        self._waiting.append(data)
        if self._opening is None or self._opening.done():
            self._opening = self.proxy.loop.create_task(self._open())

    async def _open(self) -> None:
        transport, _ = await self.proxy.loop.create_datagram_endpoint(
            lambda: _Endpoint(self._back),
            local_addr=(self.proxy.outside, 0),
            remote_addr=(SERVER, self.port),
        )
        if self.dead:
            transport.close()
            return
        self._transport = transport
        for data in self._waiting:
            transport.sendto(data)
        self._waiting.clear()

    def _back(self, data: bytes, _: Address) -> None:
        if not self.dead:
            self.proxy.pass_on(self.proxy.down, data, self._deliver)

    def _deliver(self, data: bytes) -> None:
        front = self.proxy.fronts.get(self.port)
        if front is not None and not self.dead:
            front.sendto(data, self.client)

    def close(self) -> None:
        self.dead = True
        self.rebind()


class UdpProxy:
    """See the module. Use as an asynchronous context manager."""

    def __init__(self, seed: int = 1, ports: tuple[int, int] | None = None) -> None:
        """`seed` of the faults; `ports` of the server to listen for from the beginning."""
        number, process = next(_numbers) % 250 + 1, os.getpid()
        own = f"{process // 64 % 250 + 1}.{number}"  # two test runs do not meet
        self.host = f"127.{64 + process % 64}.{own}"
        """What the browser is told in place of the server's address (127.64.0.0/10)."""
        self.outside = f"127.{128 + process % 64}.{own}"
        """The address that the server sees; `rebind` and `leave` change it."""
        self.up = Direction(random.Random(f"{seed} up"))
        self.down = Direction(random.Random(f"{seed} down"))
        self.admits: Callable[[Address], bool] = lambda client: True
        """Whose datagrams are taken; others see a firewall."""
        self.fronts: dict[int, asyncio.DatagramTransport] = {}
        self.loop: asyncio.AbstractEventLoop
        self._ports = ports
        self._flows: dict[tuple[int, Address], _Flow] = {}

    async def __aenter__(self) -> "UdpProxy":
        self.loop = asyncio.get_running_loop()
        if self._ports is not None:
            for port in range(self._ports[0], self._ports[1] + 1):
                await self._listen(port)
        return self

    async def __aexit__(self, *_: object) -> None:
        for flow in self._flows.values():
            flow.close()
        for front in self.fronts.values():
            front.close()
        self.fronts.clear()
        await asyncio.sleep(0)

    async def through(self, sdp: str) -> str:
        """The server's description, with this line in between."""
        for port in re.findall(rf"(?m)^a=candidate:.* {re.escape(SERVER)} (\d+) typ host", sdp):
            await self._listen(int(port))
        return sdp.replace(f" {SERVER} ", f" {self.host} ")

    @property
    def script(self) -> str:
        """An init script for a page: its descriptions of the server go through this line."""
        return f"""(() => {{
          const real = RTCPeerConnection.prototype.setRemoteDescription;
          RTCPeerConnection.prototype.setRemoteDescription = function (description) {{
            const sdp = description.sdp.replaceAll(' {SERVER} ', ' {self.host} ');
            return real.call(this, {{ type: description.type, sdp }});
          }};
        }})();"""

    def cut(self) -> None:
        """Nothing passes."""
        self.up.blocked = self.down.blocked = True

    def mend(self) -> None:
        """Everything passes again (other faults stay)."""
        self.up.blocked = self.down.blocked = False

    def rebind(self) -> None:
        """The server sees what is connected from another address, as after a NAT's time-out."""
        self._move()
        for flow in self._flows.values():
            flow.rebind()

    def leave(self) -> None:
        """Another network: what was connected is dead for good, the next connection comes from
        another address."""
        self._move()
        for flow in self._flows.values():
            flow.close()

    def _move(self) -> None:
        first, second, third, last = self.outside.split(".")
        self.outside = f"{first}.{second}.{int(third) % 250 + 1}.{last}"

    async def _listen(self, port: int) -> None:
        if port in self.fronts:
            return
        transport, _ = await self.loop.create_datagram_endpoint(
            lambda: _Endpoint(lambda data, addr: self._front(port, data, addr)),
            local_addr=(self.host, port),
        )
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
        self.fronts[port] = transport

    def _front(self, port: int, data: bytes, client: Address) -> None:
        if not self.admits(client):
            self.up.dropped += 1
            return
        flow = self._flows.get((port, client))
        if flow is None:
            flow = self._flows[port, client] = _Flow(self, port, client)
        self.pass_on(self.up, data, flow.send)

    def pass_on(self, way: Direction, data: bytes, send: Callable[[bytes], None]) -> None:
        """Give a datagram to `send`, now, later or never."""
        now = self.loop.time()
        at = way.schedule(len(data), now)
        if at is None:
            return
        if at <= now:
            send(data)
        else:
            self.loop.call_at(at, send, data)
