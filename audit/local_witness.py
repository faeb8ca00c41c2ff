"""The witness that is started beside the server when no other machine runs one.

It is a process with a key and a state of its own. That shows a database that was put back or
written anew; it does not stop somebody who rules the whole machine: for that, name a witness of
other people in MAHDAR_WITNESSES.
"""

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import structlog

from audit.errors import AuditError
from audit.note import parse_vkey
from audit.witnessing import Peer

START_S = 20.0
PAUSE_S = 1.0
"""Before one that died is started again."""

_logger = structlog.get_logger(__name__)


class LocalWitness:
    """`open`, then `run` until cancelled; `close` ends the process."""

    def __init__(self, program: Path, folder: Path, name: str, log: str, passphrase: str) -> None:
        """`program`: the command line's module, with the command `witness`. `log`: its vkey."""
        self._arguments = [str(program), "witness", "--folder", str(folder), "--name", name]
        self._arguments += ["--log", log, "--passphrase-stdin"]
        self._passphrase = passphrase
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.process: asyncio.subprocess.Process | None = None

    async def open(self) -> Peer:
        """Start it and return how to reach it. Raises AuditError when it does not start."""
        vkey = await self._start()
        port = self._socket.getsockname()[1]
        return Peer(parse_vkey(vkey), f"http://127.0.0.1:{port}")

    async def run(self) -> None:
        """Start it again whenever it dies. Its socket stays ours, so its address stays too."""
        while True:
            if self.process is not None:
                await self.process.wait()
                _logger.error("audit.witness_died", status=self.process.returncode)
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(AuditError):
                await self._start()

    async def close(self) -> None:
        """End the process."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()
        self._socket.close()

    async def _start(self) -> str:
        number = self._socket.fileno()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            "--listen",
            f"fd://{number}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(number,),
        )
        try:
            async with asyncio.timeout(START_S):
                line = await self._tell_and_hear(self.process)
        except TimeoutError:
            self.process.kill()
            raise AuditError("the witness did not start in time") from None
        if not line:
            raise AuditError("the witness did not start; its words are above")
        return line.decode().strip()

    async def _tell_and_hear(self, process: asyncio.subprocess.Process) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise AuditError("the witness has no pipes")
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self._passphrase.encode() + b"\n")
            await process.stdin.drain()
            process.stdin.close()
        return await process.stdout.readline()
