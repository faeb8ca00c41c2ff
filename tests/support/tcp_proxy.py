"""The web's half of a bad network: a TCP proxy that goes quiet the way a dead line does.

Nobody is told that the line is cut: bytes wait, and come when TCP would have sent them again
(RFC 6298: 0.2, 0.4, 0.8 ... s later), new connections wait as their SYNs would. With `leave`,
what is connected stays silent for good, as after a change of network.

Several people may use one address; the proxy's faults are for those whose first request carries
`mark` (give their browser context a User-Agent with it).
"""

import asyncio
import contextlib

FIRST_AGAIN, FIRST_SYN = 0.2, 1.0
"""Seconds until the first retransmission of data, of a SYN (Linux)."""


class TcpProxy:
    """Listens on `port` for a server on `target` (both on 127.0.0.1)."""

    def __init__(self, port: int, target: int, mark: bytes) -> None:
        self.port, self.target, self.mark = port, target, mark
        self._passing = asyncio.Event()
        self._passing.set()
        self._age = 0
        """Connections of an older age are dead."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "TcpProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close their sockets in the next round

    def cut(self) -> None:
        """Bytes of marked connections wait from now on."""
        self._passing.clear()

    def mend(self) -> None:
        """They come, when TCP tries again."""
        self._passing.set()

    def leave(self) -> None:
        """Marked connections of before are silent for good."""
        self._age += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        task.add_done_callback(self._tasks.discard)
        # asyncio prints the cancellation of a handler, which is how every one of these ends.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            first = await reader.read(65536)
            marked = self.mark in first
            if marked:
                await self._turn(FIRST_SYN)
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.target)
            age = self._age if marked else None
            ends.append(back_writer)
            back_writer.write(first)
            await asyncio.gather(
                self._pump(reader, back_writer, age), self._pump(back_reader, writer, age)
            )
        for end in ends:
            end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, age: int | None
    ) -> None:
        try:
            while data := await reader.read(65536):
                if age is not None:
                    await self._turn(FIRST_AGAIN)
                    if age != self._age:
                        await asyncio.Event().wait()  # until the proxy ends
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _turn(self, wait: float) -> None:
        """Wait for the line, in the steps in which TCP tries."""
        while not self._passing.is_set():
            await asyncio.sleep(wait)
            wait *= 2
