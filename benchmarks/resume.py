"""How fast a person is back after a cut, a new network and a reload, and what the sound pays.

    python -m benchmarks.resume [--runs N]

The product runs in a process of its own with two Chromium pages, one of them behind a network that
fails (tests/support). 'up' is when the other sees a new picture of this person, 'down' when this
person sees a new picture of the other, 'sound' when the other hears again; seconds from the
network's return. `--sound` measures the audio delay before and after a return and after loss.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright
from playwright.sync_api import Page, sync_playwright

from signaling import forwarder
from signaling.aiortc_engine import AiortcEngine
from tests.browser.room_pages import ARGUMENTS
from tests.browser.test_same_seat import enter
from tests.media.browser import Hall, Participant, launch
from tests.support.bad_network import BadNetwork, served
from tests.support.udp_proxy import UdpProxy
from tools.chromium import executable

ARRIVED_S = 1.0
"""After a change of network: what was on its way has arrived, and no page can be back yet."""
WATCH = """(seat) => {
  window.back = {};
  const since = Date.now();
  const frames = () => {
    const video = document.querySelector(`.tile-camera[data-seat="${seat}"] video`);
    return video === null ? 0 : video.getVideoPlaybackQuality().totalVideoFrames;
  };
  let last = frames(); // another element of the same person counts from 0
  const timer = setInterval(() => {
    const now = frames();
    if (now > last) {
      window.back.picture = Date.now();
      clearInterval(timer);
    }
    last = now;
  }, 10);
  return since;
}"""


def _seat(page: Page) -> str:
    return str(page.locator(".tile", has_text="(you)").get_attribute("data-seat"))


def _back(page: Page, since: float) -> float:
    for _ in range(600):
        picture = page.evaluate("window.back.picture ?? null")
        if picture is not None:
            return float(picture) / 1000 - since
        page.wait_for_timeout(100)
    raise RuntimeError("no new picture in 60 s")


def _one(judge: Page, clerk: Page, fault: Callable[[], None]) -> tuple[float, float]:
    """Seconds until the picture is back (up, down) after `fault`, which ends with the return."""
    seats = _seat(judge), _seat(clerk)
    fault()
    since = time.time()
    clerk.evaluate(WATCH, seats[0])
    judge.evaluate(WATCH, seats[1])
    return _back(clerk, since), _back(judge, since)


def pages(runs: int) -> dict[str, Any]:
    """The product's pages through their own network."""
    found: dict[str, list[tuple[float, float]]] = {"cut 10 s": [], "new network": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with served(Path(folder)) as (server, line):
            judge = enter(chromium, server, "judge", line)
            clerk = enter(chromium, server, "clerk")
            judge.get_by_role("button", name="Open the sitting").click()
            judge.wait_for_timeout(8000)

            def cut() -> None:
                line.cut()
                judge.wait_for_timeout(10_000)
                line.mend()

            def change(line: BadNetwork = line) -> None:
                line.change()
                judge.wait_for_timeout(1000 * ARRIVED_S)

            for _ in range(runs):
                found["cut 10 s"].append(_one(judge, clerk, cut))
                judge.wait_for_timeout(8000)
                up, down = _one(judge, clerk, change)
                found["new network"].append((up + ARRIVED_S, down + ARRIVED_S))
                judge.wait_for_timeout(8000)
        chromium.close()
    return {
        name: {
            "up_s": [round(up, 2) for up, _ in rows],
            "down_s": [round(down, 2) for _, down in rows],
            "worst_s": round(max(max(row) for row in rows), 2),
        }
        for name, rows in found.items()
    }


async def _delay(who: Participant, seconds: float) -> float:
    """Mean milliseconds that sound waits in the listener's buffer, over some seconds."""

    async def totals() -> tuple[float, float]:
        delay, count = await who.call(TOTALS)
        return delay, count

    before = await totals()
    await asyncio.sleep(seconds)
    after = await totals()
    return 1000 * (after[0] - before[0]) / max(1.0, after[1] - before[1])


TOTALS = """async () => {
  for (const report of (await state.subscribe.getStats()).values()) {
    if (report.type === 'inbound-rtp' && report.mid === 'a0') {
      return [report.jitterBufferDelay, report.jitterBufferEmittedCount];
    }
  }
  return [0, 0];
}"""


async def sound(hold_ms: int) -> dict[str, float]:
    """Audio delay: at the start, 2..4 s after a resume, and after 60 s at 1 % loss and 10 s
    clean. `hold_ms` is how long a new connection's sound is held back."""
    forwarder.AUDIO_HOLD = hold_ms * 1_000_000
    engine = AiortcEngine(hosts=("127.0.0.1",))
    room = await engine.open("sitting", lambda event: None)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        async with UdpProxy() as line, Hall(browser, room) as hall:
            judge, clerk = await hall.enter("judge"), await hall.enter("clerk", line=line)
            await asyncio.sleep(4)
            start = await _delay(clerk, 4)
            await judge.publish()
            await asyncio.sleep(2)
            resumed = await _delay(clerk, 2)
            await asyncio.sleep(4)
            settled = await _delay(clerk, 2)
            line.down.loss = 0.01
            await asyncio.sleep(60)
            line.down.loss = 0.0
            await asyncio.sleep(8)
            ratchet = await _delay(clerk, 2)
        await browser.close()
    await engine.close()
    names = ("start_ms", "resumed_2_s_ms", "resumed_8_s_ms", "after_loss_ms")
    values = (start, resumed, settled, ratchet)
    return dict(zip(names, (round(value) for value in values), strict=True))


def main() -> None:
    """Print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sound", action="store_true", help="audio delay instead of returns")
    parser.add_argument("--hold", type=int, default=300, help="milliseconds, with --sound")
    options = parser.parse_args()
    found = asyncio.run(sound(options.hold)) if options.sound else pages(options.runs)
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
