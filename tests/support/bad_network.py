"""All of one person's network, web and media, between a browser and the product in a process.

with bad_network(server) as network:
    page = context(user_agent=network.agent, ...).new_page()
    page.add_init_script(network.script)
    page.goto(network.address)
    network.cut(); network.mend(); network.change()
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.tcp_proxy import TcpProxy
from tests.support.udp_proxy import UdpProxy
from tools.demo.server import Server, free_port

MARK = "MahdarBadNetwork"
PORTS = (29_000, 29_079)
"""Of the server's media: every page needs two, and two more for each return."""


class BadNetwork:
    """Both proxies, on a loop of their own in a thread."""

    def __init__(self, web: TcpProxy, media: UdpProxy, loop: asyncio.AbstractEventLoop) -> None:
        self.web, self.media, self._loop = web, media, loop
        self.agent = f"Mozilla/5.0 Chrome {MARK}"
        self.script = media.script

    def cut(self) -> None:
        """Nothing passes."""
        self._call(self.web.cut, self.media.cut)

    def mend(self) -> None:
        """Everything passes again."""
        self._call(self.web.mend, self.media.mend)

    def change(self) -> None:
        """Another network with another address: whatever was connected is dead and not told."""
        self._call(self.web.leave, self.media.leave)

    def _call(self, *acts: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            for act in acts:
                act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        if not done.wait(10):
            raise RuntimeError("the network did not answer")


@contextmanager
def served(folder: Path) -> Iterator[tuple[Server, BadNetwork]]:
    """The product with demo sittings, behind a network that is good until it is told otherwise."""
    front, back = free_port(), free_port()
    server = Server(
        folder,
        back,
        MAHDAR_DEMO_SITTINGS="yes",
        MAHDAR_BASE_URL=f"http://localhost:{front}",
        MAHDAR_MEDIA_PORTS=f"{PORTS[0]}-{PORTS[1]}",
    )
    web, media = TcpProxy(front, back, MARK.encode()), UdpProxy(ports=PORTS)
    loops: list[asyncio.AbstractEventLoop] = []
    ready, over = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with web, media:
            loops.append(asyncio.get_running_loop())
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the network did not start")
    try:
        server.start()
        server.address = f"http://localhost:{front}"
        yield server, BadNetwork(web, media, loops[0])
    finally:
        server.stop()
        loops[0].call_soon_threadsafe(over.set)
        thread.join(10)
