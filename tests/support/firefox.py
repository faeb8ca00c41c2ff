"""Debian's Firefox ESR, driven over WebDriver BiDi (W3C) by a small client of our own.

Playwright drives only its own builds of Firefox. Cameras and microphones are Firefox's fake ones.
"""

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from tools.demo.server import free_port

PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # Nothing of its own goes out: no update, no add-on, no network test, no OpenH264 download.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-provider.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,none",
    "toolkit.telemetry.enabled": False,
}


class FirefoxError(Exception):
    """Firefox refused a command, or the page threw."""


class FirefoxPage:
    """One tab."""

    def __init__(self, firefox: "Firefox", context: str) -> None:
        self._firefox, self._context = firefox, context

    async def goto(self, address: str) -> None:
        """Load a page and wait for it."""
        await self._firefox.command(
            "browsingContext.navigate", context=self._context, url=address, wait="complete"
        )

    async def preload(self, function: str) -> None:
        """Run a function before the scripts of every page that is loaded from now on."""
        await self._firefox.command(
            "script.addPreloadScript", functionDeclaration=function, contexts=[self._context]
        )

    async def run(self, expression: str) -> Any:
        """The value of an expression (awaited), as JSON carries it."""
        answer = await self._firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise FirefoxError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Ask until the expression is true; fails with its last value."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            value = await self.run(expression)
            if value:
                return value
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"{expression} is still {value}")
            await asyncio.sleep(0.1)

    async def screenshot(self) -> str:
        """A PNG in base64."""
        answer = await self._firefox.command(
            "browsingContext.captureScreenshot", context=self._context
        )
        return str(answer["data"])


class Firefox:
    """A running Firefox."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await self._take()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(FirefoxError("Firefox is gone"))

    async def _take(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            waiting = self._waiting.pop(message.get("id"), None)
            if waiting is None or waiting.done():
                continue
            if message["type"] == "error":
                waiting.set_exception(FirefoxError(f"{message['error']}: {message['message']}"))
            else:
                waiting.set_result(message["result"])

    async def command(self, method: str, **parameters: Any) -> Any:
        """Send a BiDi command and wait for its result. Raises FirefoxError."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return await asyncio.wait_for(self._waiting[number], 60)

    async def open(self) -> FirefoxPage:
        """A new tab."""
        found = await self.command("browsingContext.create", type="tab")
        return FirefoxPage(self, found["context"])

    async def close(self) -> None:
        """Stop listening."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)


def executable() -> str:
    """Where Firefox is; raises RuntimeError with the command that installs it."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        raise RuntimeError("Firefox is missing. Run: sh tools/test_programs.sh firefox")
    return found


@asynccontextmanager
async def running() -> AsyncIterator[Firefox]:
    """A headless Firefox with a profile of its own, ended at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mahdar-firefox-") as profile:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines))
        process = await asyncio.create_subprocess_exec(
            executable(),
            "--headless",
            f"--remote-debugging-port={port}",
            "--profile",
            profile,
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with await _connect(process, port) as socket:
                firefox = Firefox(socket)
                await firefox.command("session.new", capabilities={})
                yield firefox
                await firefox.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _connect(process: asyncio.subprocess.Process, port: int) -> websockets.ClientConnection:
    for _ in range(600):
        if process.returncode is not None:
            raise RuntimeError("Firefox ended at once")
        try:
            return await websockets.connect(
                f"ws://127.0.0.1:{port}/session", max_size=1 << 26, proxy=None
            )
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError("Firefox did not listen")
