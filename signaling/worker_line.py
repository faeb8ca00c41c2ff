"""The main process's end of a media worker: its process, its line, questions and commands.

`call` is a synchronous round trip with a short deadline, so that a plain method of `MediaRoom`
has taken effect in the worker before it returns. A worker that does not answer in time is killed
and waited for: no media flows by a state that the record says is over. Time for which the machine
does not let it run is not held against it (`worker_watch`).
"""

import asyncio
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

import structlog

from settings import ROOT
from signaling import compiled
from signaling.worker_watch import Silence, share
from signaling.worker_wire import Kind, Reader, WireError, frame, lift, lift_error, lower, values

_logger = structlog.get_logger(__name__)

DEADLINE_S = 1.0
"""A worker answers a plain command within a turn of its loop: some milliseconds."""
STARVED_S = 5.0
"""The longest that a plain command waits for a worker that is not let run: our loop waits too."""
LOOK_S = 0.1
REAP_S = 1.0
REQUEST_S = 10.0
"""A question that is awaited (an answer to an offer) may bind sockets first."""
SILENT_S = 2.5
"""Without a sign of life, of which one is due every half second, after which a worker is given
up."""
TICK_S = 0.5
CHUNK = 1 << 18


class WorkerLost(Exception):
    """The worker has ended, or was ended because it did not answer."""


class Listener(Protocol):
    """Takes what a worker says of itself. Called on the event loop."""

    def heard(self, kind: int, body: bytes) -> None:
        """A frame that is no answer."""

    def lost(self, line: "WorkerLine") -> None:
        """The worker is gone, and its process has ended. Called once."""


class WorkerLine:
    """One worker. All methods belong to the event loop that started it."""

    def __init__(self, name: str, listener: Listener) -> None:
        self.name = name
        self.pid = 0
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._pidfd = -1
        self._reader = Reader()
        self._inbox: deque[tuple[int, bytes]] = deque()
        self._out = bytearray()
        self._writing = False
        self._count = 0
        self._answers: dict[int, tuple[str, Any]] = {}
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._asked: set[int] = set()
        self._silence = Silence(TICK_S)
        self._timer: asyncio.TimerHandle | None = None
        self._reaper: asyncio.Task[int] | None = None

    @property
    def up(self) -> bool:
        """The worker can be asked."""
        return self._socket is not None

    # --- beginning and end -----------------------------------------------------------------------

    async def start(self) -> None:
        """Start the process. Raises OSError. It gets none of our settings, which hold
        secrets, but the one that is read when modules are imported."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {
            name: value
            for name, value in os.environ.items()
            if name == compiled.SETTING or not name.startswith("MAHDAR_")
        }
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "signaling.worker",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                cwd=ROOT,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        ours.setblocking(False)
        self._socket = ours
        self._loop.add_reader(ours.fileno(), self._readable)
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def kill(self, why: str) -> None:
        """End the worker now, and wait until it has ended: it sends nothing any more."""
        if self._socket is None:
            return
        _logger.error("media.worker_killed", worker=self.name, pid=self.pid, why=why)
        self._end()

    def _end(self) -> None:
        """Release everything; futures of what was asked fail. Waits for the process's death."""
        line, self._socket = self._socket, None
        if line is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(line.fileno())
        if self._writing:
            self._loop.remove_writer(line.fileno())
        line.close()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        waiter = select.poll()
        waiter.register(self._pidfd, select.POLLIN)
        if not waiter.poll(REAP_S * 1000):
            _logger.critical("media.worker_does_not_die", worker=self.name, pid=self.pid)
        os.close(self._pidfd)
        if self._process is not None:
            self._reaper = asyncio.ensure_future(self._process.wait())
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(WorkerLost(self.name))
        self._inbox.clear()
        self._listener.lost(self)

    async def close(self) -> None:
        """End the worker and reap it. Its rooms are closed already. Idempotent."""
        self._end()
        if self._reaper is not None:
            await self._reaper

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK_S, self._tick)
        if self._silence.look(time.monotonic(), share(self.pid)) > SILENT_S:
            self.kill("silent")

    # --- asking ----------------------------------------------------------------------------------

    def call(self, room: int, name: str, *arguments: Any) -> Any:
        """A plain method, done when this returns. Raises WorkerLost, and what the method does."""
        number = self._ask(room, name, arguments)
        self._asked.add(number)
        deadline, silence = time.monotonic() + STARVED_S, Silence(STARVED_S)
        try:
            while True:
                self._wait(LOOK_S)
                if number in self._answers:
                    return _result(*self._answers.pop(number))
                if self._socket is None:
                    raise WorkerLost(self.name)
                now = time.monotonic()
                if silence.look(now, share(self.pid)) > DEADLINE_S or now > deadline:
                    self.kill("no answer")
                    raise WorkerLost(self.name)
        finally:
            self._asked.discard(number)

    async def request(self, room: int, name: str, *arguments: Any) -> Any:
        """A coroutine method. Raises WorkerLost, and what the method does.

        Cancelled: the answer is thrown away.
        """
        number = self._ask(room, name, arguments)
        self._waiting[number] = future = self._loop.create_future()
        try:
            async with asyncio.timeout(REQUEST_S):
                return await future
        except TimeoutError:
            self.kill("no answer")
            raise WorkerLost(self.name) from None
        finally:
            self._waiting.pop(number, None)

    def tell(self, room: int, name: str, *arguments: Any) -> None:
        """Something that is not answered."""
        self._send(frame(Kind.TELL, room, name, lower(list(arguments))))

    def _ask(self, room: int, name: str, arguments: tuple[Any, ...]) -> int:
        self._count += 1
        self._send(frame(Kind.CALL, self._count, room, name, lower(list(arguments))))
        if self._socket is None:
            raise WorkerLost(self.name)
        return self._count

    # --- bytes -----------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        self._out += data
        self._flush()

    def _flush(self) -> None:
        line = self._socket
        if line is None:
            return
        try:
            while self._out:
                del self._out[: line.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self._end()
            return
        if bool(self._out) != self._writing:
            self._writing = not self._writing
            if self._writing:
                self._loop.add_writer(line.fileno(), self._flush)
            else:
                self._loop.remove_writer(line.fileno())

    def _wait(self, seconds: float) -> None:
        """Read what comes within that time."""
        line = self._socket
        if line is None:
            return  # who asked sees that it is gone
        waiter = select.poll()
        waiter.register(line, select.POLLIN | (select.POLLOUT if self._out else 0))
        for _, events in waiter.poll(seconds * 1000):
            if events & select.POLLOUT:
                self._flush()
            if events & ~select.POLLOUT:
                self._readable()

    def _readable(self) -> None:
        line = self._socket
        if line is None:
            return
        try:
            data = line.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            _logger.error("media.worker_ended", worker=self.name, pid=self.pid)
            self._end()
            return
        self._silence.heard()
        try:
            self._inbox.extend(self._reader.feed(data))
            self._dispatch()
        except (WireError, TypeError, ValueError, LookupError) as error:
            self.kill(f"nonsense: {error!r}")

    def _dispatch(self) -> None:
        """In the order of the line, also when a listener asks the worker something meanwhile."""
        while self._inbox:
            kind, body = self._inbox.popleft()
            if kind == Kind.REPLY:
                self._answered(*values(body))
            else:
                self._listener.heard(kind, body)

    def _answered(self, number: int, error: str, value: Any) -> None:
        if number in self._asked:
            self._answers[number] = error, value
            return
        future = self._waiting.pop(number, None)
        if future is None or future.done():
            return
        if error:
            future.set_exception(lift_error(error, value))
        else:
            future.set_result(lift(value))


def _result(error: str, value: Any) -> Any:
    if error:
        raise lift_error(error, value)
    return lift(value)
