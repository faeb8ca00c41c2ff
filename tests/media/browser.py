"""Real headless Chromium participants, driven by the tests and joined to a real engine.

The page is served by request interception on http://localhost, which is a secure context, so no
web server runs and nothing but media leaves the browser.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route

from signaling.engine import SOURCES, HearingSpace, MediaEvent
from signaling.media_room import ForwardingRoom
from tests.support.udp_proxy import UdpProxy
from tools.chromium import QUIET, executable

FOLDER = Path(__file__).resolve().parent
ARGUMENTS = [
    *QUIET,
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
T = TypeVar("T")
ADDRESS = "http://localhost/"


async def launch(playwright: Playwright, *more: str) -> Browser:
    """The system's Chromium with a fake camera (640x480, 20 fps) and a beep every second, and
    `more` arguments."""
    return await playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, *more])


async def _serve(route: Route) -> None:
    if route.request.url.endswith(".js"):
        await route.fulfill(path=FOLDER / "client.js", content_type="text/javascript")
    else:
        body = "<!doctype html><title>participant</title><script src='client.js'></script>"
        await route.fulfill(body=body, content_type="text/html")


class Participant:
    """One page on one seat. Use as an asynchronous context manager."""

    def __init__(
        self, browser: Browser, room: ForwardingRoom, seat: str, line: UdpProxy | None = None
    ) -> None:
        """`line`: the network between the page and the server; None for none at all."""
        self.room = room
        self.seat = seat
        self.line = line
        self.connections = 0
        self._browser = browser
        self._context: BrowserContext | None = None
        self._page: Page | None = None

    async def __aenter__(self) -> "Participant":
        self._context = await self._browser.new_context(permissions=["camera", "microphone"])
        await self._context.route(f"{ADDRESS}**", _serve)
        await self.open()
        return self

    async def open(self) -> None:
        """A fresh page, as after a reload or on another device."""
        assert self._context is not None
        if self._page is not None:
            await self._page.close()
        self._page = await self._context.new_page()
        await self._page.goto(ADDRESS)

    async def __aexit__(self, *_: object) -> None:
        assert self._context is not None
        await self._context.close()

    async def call(self, expression: str, argument: object = None) -> Any:
        """Evaluate in the page."""
        assert self._page is not None
        return await self._page.evaluate(expression, argument)

    def _name(self) -> str:
        self.connections += 1
        return f"{self.seat}-{self.connections}"

    async def _through(self, sdp: str) -> str:
        return sdp if self.line is None else await self.line.through(sdp)

    async def publish(self, **options: bool) -> str:
        """Connect to send; returns the connection's name."""
        name = self._name()
        offer = await self.call("publishOffer", options)
        answer = await self.room.publish(self.seat, name, offer)
        await self.call("publishAnswer", await self._through(answer))
        return name

    async def subscribe(self) -> str:
        """Connect to receive; returns the connection's name."""
        name = self._name()
        offer = await self._through(await self.room.subscribe(self.seat, name))
        answer = await self.call("subscribeAnswer", offer)
        await self.room.subscribed(self.seat, name, answer)
        return name

    async def join(self) -> None:
        """Both connections."""
        await self.publish()
        await self.subscribe()

    async def received(self) -> dict[str, dict[str, float]]:
        """What each slot received, by mid."""
        return dict(await self.call("received"))

    async def sent(self) -> dict[str, dict[str, Any]]:
        """What the browser sends, by mid."""
        return dict(await self.call("sent"))


class Hall:
    """Participants of one room; closes their pages at the end."""

    def __init__(self, browser: Browser, room: ForwardingRoom) -> None:
        self.room = room
        self._browser = browser
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Hall":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def enter(
        self, seat: str, *, join: bool = True, admit: bool = True, line: UdpProxy | None = None
    ) -> Participant:
        """A page on a seat; with `admit` in the hearing, with `join` connected both ways."""
        if admit:
            self.room.permit(seat, frozenset(SOURCES))
            self.room.place(seat, HearingSpace(self.room.sitting))
        participant = Participant(self._browser, self.room, seat, line)
        await self._stack.enter_async_context(participant)
        if join:
            await participant.join()
        return participant


class Events(list[MediaEvent]):
    """The events of a room in order."""

    def of(self, kind: type[MediaEvent]) -> list[Any]:
        """Those of one kind."""
        return [event for event in self if isinstance(event, kind)]


async def until(
    ask: Callable[[], Awaitable[T]], good: Callable[[T], object], seconds: float = 30.0
) -> T:
    """Ask again and again until the answer is good. Fails with the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await ask()
        if good(answer):
            return answer
        assert time.monotonic() < deadline, f"still {answer}"
        await asyncio.sleep(0.05)
