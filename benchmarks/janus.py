"""Janus and its VideoRoom as a peer to measure against (Debian's package `janus`).

It runs with a configuration of its own in a temporary folder: one transport (a WebSocket on
loopback), one plugin.
"""

import asyncio
import json
import secrets
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.target import CannotRun
from tools.demo.server import free_port

PLUGIN = "janus.plugin.videoroom"
PROTOCOL = Subprotocol("janus-protocol")
ROOM = 1
CAPPED = 3_000_000
OTHER_PLUGINS = (
    "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail"
)
OTHER_TRANSPORTS = "http mqtt nanomsg rabbitmq pfunix"
START_S = 10


def _libraries(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split())


def _configure(folder: Path, port: int) -> None:
    (folder / "janus.jcfg").write_text(f"""
general: {{
  configs_folder = "{folder}"
  debug_level = 2
  session_timeout = 0
  admin_secret = "{secrets.token_hex(16)}"
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "127.0.0.1" }}
plugins: {{ disable = "{_libraries(OTHER_PLUGINS)}" }}
transports: {{ disable = "{_libraries(OTHER_TRANSPORTS)}" }}
events: {{ broadcast = false }}
""")
    (folder / "janus.transport.websockets.jcfg").write_text(f"""
general: {{ json = "compact", ws = true, ws_ip = "127.0.0.1", ws_port = {port}, wss = false }}
admin: {{ admin_ws = false, admin_wss = false }}
""")
    (folder / f"{PLUGIN}.jcfg").write_text("general: { }\n")


class Janus:
    """A running Janus with one room."""

    def __init__(self, folder: Path, *, recording: bool) -> None:
        self._folder, self._recording = folder, recording
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = count()
        self._handles: dict[str, int] = {}
        self._feeds: list[int] = []
        self._session = 0
        self._api: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> int:
        """Start it and make the room; returns the process id. Raises CannotRun."""
        program = shutil.which("janus")
        if program is None:
            raise CannotRun("Debian's package janus is not installed")
        port = free_port()
        _configure(self._folder, port)
        with (self._folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-F", str(self._folder)], stdout=log, stderr=log, cwd=self._folder
            )
        self._api = await self._connect(f"ws://127.0.0.1:{port}")
        self._reader = asyncio.create_task(self._read(self._api))
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        records = self._folder / "records"
        records.mkdir()
        await self._tell(
            "room",
            {
                "request": "create",
                "room": ROOM,
                "publishers": 100,
                "bitrate": CAPPED,
                "audiocodec": "opus",
                "videocodec": "vp8",
                "record": self._recording,
                "rec_dir": str(records),
            },
        )
        return self.process.pid

    async def _connect(self, address: str) -> ClientConnection:
        deadline = asyncio.get_running_loop().time() + START_S
        while True:
            try:
                return await connect(address, subprotocols=[PROTOCOL], max_size=None, proxy=None)
            except OSError:
                assert self.process is not None
                late = asyncio.get_running_loop().time() > deadline
                if late or self.process.poll() is not None:
                    log = (self._folder / "log").read_text("utf-8", "replace")[-500:]
                    raise CannotRun(f"Janus did not start: {log}") from None
                await asyncio.sleep(0.05)

    async def _read(self, api: ClientConnection) -> None:
        async for data in api:
            answer = json.loads(data)
            waiting = self._waiting.get(answer.get("transaction", ""))
            if waiting is not None and not waiting.done() and answer["janus"] != "ack":
                waiting.set_result(answer)

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        name = str(next(self._numbers))
        if self._session:
            question["session_id"] = self._session
        waiting = self._waiting[name] = asyncio.get_running_loop().create_future()
        assert self._api is not None
        await self._api.send(json.dumps(question | {"transaction": name}))
        async with asyncio.timeout(START_S):
            answer: dict[str, Any] = await waiting
        del self._waiting[name]
        data = answer.get("plugindata", {}).get("data", {})
        if answer["janus"] == "error" or "error" in data:
            raise CannotRun(f"Janus refused: {answer}")
        return answer

    async def _tell(
        self, seat: str, body: dict[str, Any], jsep: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        if seat not in self._handles:
            made = await self._ask({"janus": "attach", "plugin": PLUGIN})
            self._handles[seat] = made["data"]["id"]
        message = {"janus": "message", "handle_id": self._handles[seat], "body": body}
        if jsep is not None:
            message["jsep"] = {"type": jsep[0], "sdp": jsep[1]}
        return await self._ask(message)

    async def publish(self, seat: str, offer: str) -> str:
        """Join as a publisher; Janus's answer."""
        body = {"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"}
        answer = await self._tell(seat, body, ("offer", offer))
        self._feeds.append(answer["plugindata"]["data"]["id"])
        return str(answer["jsep"]["sdp"])

    async def subscribe(self, seat: str) -> str:
        """Janus's offer of everybody's microphone and camera."""
        streams = [{"feed": feed, "mid": mid} for feed in self._feeds for mid in ("0", "1")]
        body = {"request": "join", "room": ROOM, "ptype": "subscriber", "streams": streams}
        return str((await self._tell(seat, body))["jsep"]["sdp"])

    async def subscribed(self, seat: str, answer: str) -> None:
        """The subscriber's answer."""
        await self._tell(seat, {"request": "start", "room": ROOM}, ("answer", answer))

    async def stop(self) -> None:
        """End it."""
        if self.process is None:
            return
        if self._api is not None:
            await self._api.close()
        self.process.kill()
        await asyncio.to_thread(self.process.wait)
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
